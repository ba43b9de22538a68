"""What a client may send to look into the audit trail."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from blog.app.auth.whom import PersonOrNobody
from blog.app.posts.schemas import Id, Limit


class AuditFilter(BaseModel):
    """Which events. Everything said must hold."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="", max_length=100, description="What was done, such as post.revised.")
    person: PersonOrNobody | None = None
    subject_kind: str = Field(default="", max_length=100)
    subject_id: Id | None = None
    address: str = Field(
        default="", max_length=50, description="An address, or a network such as 10.0.0.0/8."
    )
    request_id: str = Field(default="", max_length=64)
    since: date | None = None
    until: date | None = None


class AuditQuery(AuditFilter):
    """The same, and which page of them."""

    after: Id | None = Field(None, description="The `next` of the page before.")
    limit: Limit = 50


class AuditExport(AuditFilter):
    """Which events to export, and how."""

    format: Literal["jsonl", "csv"] = "jsonl"


class AuditRetentionChange(BaseModel):
    """`days` null: for ever. What is over is removed within minutes and cannot be brought back."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=30, le=36_500)] | None
