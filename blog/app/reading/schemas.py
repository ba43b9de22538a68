"""What the links and forms of previews, exports and histories send."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from blog.app.automation.schemas import BaseRevision
from blog.app.posts.schemas import Id, Limit


def _in_utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _plus(value: object) -> object:
    """An address's + is a space by the time it gets here."""
    return value.replace(" ", "+") if isinstance(value, str) else value


Moment = Annotated[datetime, BeforeValidator(_plus), AfterValidator(_in_utc)]


class HistoryFilter(BaseModel):
    """Which revisions of a post to list, and from where."""

    model_config = ConfigDict(extra="forbid")

    field: Id | None = Field(None, description="The field's id.")
    section: Id | None = Field(None, description="The section's id; with `field`, exactly one place.")
    person: Id | None = Field(None, description="Who wrote or accepted it.")
    run: Id | None = Field(None, description="The run that wrote it.")
    after: Id | None = Field(None, description="The `next` of an earlier page.")
    limit: Limit = 30


class HistoryPageQuery(HistoryFilter):
    """The same for the page; `at` shows the post as it was, `restored` what has just been restored."""

    at: Moment | None = None
    restored: Id | None = None


class ComparisonQuery(BaseModel):
    """Two revisions of one field."""

    model_config = ConfigDict(extra="forbid")

    old: Id
    new: Id


class SnapshotQuery(BaseModel):
    """A moment; without an offset it is UTC."""

    model_config = ConfigDict(extra="forbid")

    at: Moment


class HistoryRestoration(BaseModel):
    """The revision an older one is to follow."""

    model_config = ConfigDict(extra="forbid")

    base_revision_id: BaseRevision
