"""What a client may send about runs."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class RunCreate(BaseModel):
    """Runs an action with values given here instead of a post's."""

    model_config = ConfigDict(extra="forbid")

    post: dict[str, Any] = Field(default_factory=dict[str, Any], description="Values read as post.<name>.")
    section: dict[str, Any] | None = Field(None, description="Values read as section.<name>.")
    sections: list[dict[str, Any]] = Field(
        default_factory=list[dict[str, Any]], description="What post.sections loops over."
    )
    selection: dict[str, Any] | None = Field(
        None, description="Values read as selection.text, selection.before and selection.after."
    )
    wish: str = Field("", max_length=1000, description="What the action asks for, read as input.wish.")
    llm_model_id: int | None = Field(None, description="Instead of the action's own model.")
