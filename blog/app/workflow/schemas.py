"""What a client may send about a post's way through its workflow."""

from typing import Any

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
