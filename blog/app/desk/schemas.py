"""What the forms and links of a post's page send."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from blog.app.automation.schemas import BaseRevision, Fence, FlatSelection
from blog.app.posts.schemas import Id


def _unix_lines(value: object) -> object:
    """A form sends line ends as CRLF; no field has those."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


def _separated(value: object) -> object:
    """Ids in an address: 3,1,2."""
    return value.split(",") if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_unix_lines)]
Chosen = Annotated[Id | None, BeforeValidator(_blank_is_none)]
Ids = Annotated[list[Id], BeforeValidator(_separated), Field(max_length=10_000)]


class DeskQuery(BaseModel):
    """What the panel shows, `own` being the model that nobody chose; what has just been done and can be
    undone, or was refused; `near`: the section whose fields, with those around it, are on the page at once
    when there are very many."""

    model_config = ConfigDict(extra="forbid")

    action: Chosen = None
    model: Chosen = None
    own: Chosen = None
    run: Chosen = None
    wish: Annotated[str, Field(max_length=1000)] = ""
    accepted: Chosen = None
    discarded: Chosen = None
    removed: Chosen = None
    refused: Chosen = None
    section: Chosen = None
    other: Chosen = None
    near: Chosen = None
    revisions: Ids = Field(default_factory=list[int])
    was: Ids = Field(default_factory=list[int])


class PassageQuery(BaseModel):
    """A passage of a field, by its words or by its place."""

    model_config = ConfigDict(extra="forbid")

    words: Annotated[str, BeforeValidator(_unix_lines)] = Field("", max_length=100_000)
    start: int | None = Field(None, ge=0)
    end: int | None = Field(None, ge=0)


class RunStart(FlatSelection):
    """Run as a page sends it: for the whole field, or for a passage of it."""

    llm_action_id: Chosen = None
    llm_model_id: Chosen = None
    base_revision_id: BaseRevision | Literal["current"] = "current"
    fence: Fence = None
    wish: str = Field("", max_length=1000)


class Idea(BaseModel):
    """What a new post begins with."""

    model_config = ConfigDict(extra="forbid")

    idea: Text


class FieldSave(BaseModel):
    """A field as it was typed, after the revision the editor saw."""

    model_config = ConfigDict(extra="forbid")

    value: Text
    base_revision_id: BaseRevision


class Typed(BaseModel):
    """What stands in a field, saved or not."""

    model_config = ConfigDict(extra="forbid")

    value: Text


class Acceptance(BaseModel):
    """A suggestion taken over, compared with that revision. `value` None: as it is.

    `picks` tells a form whose boxes are all unticked, which sends none, from one that has no boxes.
    """

    model_config = ConfigDict(extra="forbid")

    base_revision_id: BaseRevision
    value: Text | None = None
    picks: bool = False
    hunks: list[int] = Field(default_factory=list[int], max_length=100_000)


class HistoryQuery(BaseModel):
    """From where a history is shown."""

    model_config = ConfigDict(extra="forbid")

    after: Chosen = None
    restored: Chosen = None


class Restoration(BaseModel):
    """The revision an older one is to follow."""

    model_config = ConfigDict(extra="forbid")

    base_revision_id: BaseRevision


class NewSection(BaseModel):
    """A section to add at the end."""

    model_config = ConfigDict(extra="forbid")

    heading: str = Field("", max_length=1000)


class SectionName(BaseModel):
    """A section's new name. `seen` is the one the editor saw."""

    model_config = ConfigDict(extra="forbid")

    heading: str = Field(max_length=1000)
    seen: str = Field("", max_length=1000)


class SectionMove(BaseModel):
    """One place up or down."""

    model_config = ConfigDict(extra="forbid")

    direction: Literal["up", "down"]


class SplitQuery(BaseModel):
    """The text with the cursor, and where in it that is."""

    model_config = ConfigDict(extra="forbid")

    field: str | None = None
    offset: int | None = Field(None, ge=0)
    at: str | None = None


class SectionUndo(BaseModel):
    """A split or merge to take back, as the page told it."""

    model_config = ConfigDict(extra="forbid")

    other_section_id: Id
    revision_ids: Ids


class StageChoice(BaseModel):
    """Where a post is to stand."""

    model_config = ConfigDict(extra="forbid")

    sub_stage: str


class Retry(BaseModel):
    """A run to do again, by each of these models; by its own when none is named. `note`: what to change."""

    model_config = ConfigDict(extra="forbid")

    llm_model_id: list[Id] = Field(default_factory=list[int], max_length=20)
    note: Text = Field("", max_length=10_000)


class Going(BaseModel):
    """The runs at work when the suggestions of a field were shown."""

    model_config = ConfigDict(extra="forbid")

    runs: str = ""


class TrialChoice(BaseModel):
    """What the form of a test is to show. What may repeat the edge reads itself.

    `has_drafts`: the boxes for drafts of parts were there, so that none ticked means none.
    """

    model_config = ConfigDict(extra="ignore")

    post_id: Chosen = None
    section_id: Chosen = None
    trial_id: Chosen = None
    by_hand: bool = False
    has_drafts: bool = False
    beside_live_wordings: bool = False


class TrialSent(BaseModel):
    """What the form of a test sends, beside values under the names that prompts read them by."""

    model_config = ConfigDict(extra="ignore")

    post_id: Chosen = None
    section_id: Chosen = None
    by_hand: bool = False
    version_ids: list[str] = Field(default_factory=list[str])
    llm_model_ids: list[str] = Field(default_factory=list[str])
    part_version_ids: list[str] = Field(default_factory=list[str])
    beside_live_wordings: bool = False


class CaseInputSent(BaseModel):
    """What the form of a case's input sends, beside values under the names that prompts read them by."""

    model_config = ConfigDict(extra="ignore")

    base_version_id: int
