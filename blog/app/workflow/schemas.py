"""What a client may send about a post's way through its workflow."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from blog.app.posts.schemas import Id, Limit


class PostCreate(BaseModel):
    """A new post begins with an idea."""

    model_config = ConfigDict(extra="forbid")

    idea: str = Field(description="Written in the workflow's first field.")
    workflow: str | None = Field(None, description="The name of a workflow. null: the usual one.")


class FieldWrite(BaseModel):
    """A field's new value."""

    model_config = ConfigDict(extra="forbid")

    # Not JsonValue: it refuses half a surrogate pair, which we store as U+FFFD like any other text.
    value: Any = Field(
        description="A string, number, list of strings or JSON object, as the field's kind says. "
        "null or an empty string clears the field."
    )
    base_revision_id: Id | None = Field(
        description="The `revision_id` of the value this one follows; null for a field never written."
    )


class BindingChange(BaseModel):
    """How a field offers an action. `save`: an answer that passes its checks needs no review."""

    model_config = ConfigDict(extra="forbid")

    on_success: Literal["review", "save"] = "review"
    position: int | None = Field(
        None, ge=0, le=10_000, description="Among the field's actions. None: where it is, or the last."
    )


class RevisionQuery(BaseModel):
    """From where a field's history is listed."""

    model_config = ConfigDict(extra="forbid")

    after: Id | None = None
    limit: Limit = 50


class RestorationCreate(BaseModel):
    """Makes an older revision's value the newest one."""

    model_config = ConfigDict(extra="forbid")

    base_revision_id: Id | None = Field(description="The revision that is current now.")


class StageMove(BaseModel):
    """Where a post is to stand."""

    model_config = ConfigDict(extra="forbid")

    sub_stage: str = Field(description="The name of a sub-stage of the post's workflow.")


class SectionSplit(BaseModel):
    """Where a section is divided in two."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="The name of the text of the section that is divided.")
    offset: int = Field(ge=1, description="How many characters of it stay.")
    base_revision_id: Id = Field(description="The revision of the text that the place is in.")


class SectionMerge(BaseModel):
    """A section takes in the next one."""

    model_config = ConfigDict(extra="forbid")

    next_section_id: Id = Field(description="The section that follows; another one by now: 409.")


class SectionReversal(BaseModel):
    """Takes a split or a merge back."""

    model_config = ConfigDict(extra="forbid")

    other_section_id: Id = Field(description="`other.id` of the change.")
    revision_ids: list[Id] = Field(max_length=100, description="`revision_ids` of the change.")
