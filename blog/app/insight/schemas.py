"""What a client may send to look into runs and usage."""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from blog.app.auth.whom import PersonOrNobody
from blog.app.insight.models import ExportFormat
from blog.app.insight.retention_models import EndStatus, What
from blog.app.insight.usage_models import By
from blog.app.llm.runs.models import RunPurpose, RunStatus
from blog.app.posts.schemas import Id, Limit


class RunFilter(BaseModel):
    """Which runs. Everything said must hold."""

    model_config = ConfigDict(extra="forbid")

    search: str = Field(default="", max_length=500)
    status: RunStatus | None = None
    error_kind: str | None = Field(default=None, max_length=100)
    purpose: RunPurpose | None = None
    llm_action_id: Id | None = None
    action_version_id: Id | None = None
    llm_model_id: Id | None = None
    llm_provider_id: Id | None = None
    person: PersonOrNobody | None = None
    post_id: Id | None = None
    sub_stage_id: Id | None = None
    since: date | None = None
    until: date | None = None


class RunQuery(RunFilter):
    """The same, and which page of them."""

    after: Id | None = Field(None, description="The `next` of the page before.")
    limit: Limit = 50


class RunExport(RunFilter):
    """Which runs to export, and how."""

    format: ExportFormat = "jsonl"


class ComparisonQuery(BaseModel):
    """Two runs to hold against each other."""

    model_config = ConfigDict(extra="forbid")

    run: list[Id]

    @field_validator("run")
    @classmethod
    def are_two(cls, value: list[int]) -> list[int]:
        if len(set(value)) != 2 or len(value) != 2:
            raise ValueError("Choose two different runs to compare")
        return value


NARROWED: dict[str, By] = {
    "llm_model_id": "model",
    "llm_action_id": "action",
    "sub_stage_id": "stage",
    "person_id": "person",
}


class UsageQuery(BaseModel):
    """Which days, by what, and of what one thing. Without days: the last thirty."""

    model_config = ConfigDict(extra="forbid")

    by: By = "day"
    since: date | None = None
    until: date | None = None
    purpose: RunPurpose | None = None
    llm_model_id: Id | None = None
    llm_action_id: Id | None = None
    sub_stage_id: Id | None = None
    person_id: Id | None = None

    def narrowed(self) -> tuple[By, int] | None:
        """What one thing this is about; None: everything."""
        said: list[tuple[By, int]] = [
            (by, value) for name, by in NARROWED.items() if (value := getattr(self, name)) is not None
        ]
        return said[0] if said else None

    @model_validator(mode="after")
    def is_counted(self) -> Self:
        """Usage is counted by one thing at a time; two at once would need the runs themselves."""
        said = [name for name in NARROWED if getattr(self, name) is not None]
        if len(said) > 1:
            raise ValueError("Ask for one of a model, an action, a stage or a person at a time")
        if said and self.by != "day":
            raise ValueError("What one of them used is counted by day; leave `by` out")
        return self


Days = Annotated[int, Field(ge=1, le=36_500)]


class RetentionRuleChange(BaseModel):
    """So many days after a run has ended in this status, this of it is let go."""

    model_config = ConfigDict(extra="forbid")

    what: What
    status: EndStatus
    days: Days


class RetentionChange(BaseModel):
    """All rules there are to be. What no rule names is kept for ever."""

    model_config = ConfigDict(extra="forbid")

    rules: list[RetentionRuleChange] = Field(max_length=12)


class EditorsQuery(BaseModel):
    """Which days' runs; without days the last ninety."""

    model_config = ConfigDict(extra="forbid")

    since: date | None = None
    until: date | None = None
