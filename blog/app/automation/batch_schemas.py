"""What a client may send to begin a batch."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from blog.app.automation.batch_models import Acceptance


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


class SectionBatchStart(BaseModel):
    """Runs an action for a field of every section."""

    model_config = ConfigDict(extra="forbid")

    llm_action_id: int | None = Field(None, description="None: the field's first action.")
    llm_model_id: Annotated[int | None, BeforeValidator(_blank_is_none)] = Field(
        None, description="None: the action's model, else the default model."
    )


class StageBatchStart(BaseModel):
    """Runs the first actions of a sub-stage's empty fields, one after the other."""

    model_config = ConfigDict(extra="forbid")

    acceptance: Acceptance = Field(
        "review", description="`review`: each waits for a decision. `checks`: accepted when its checks pass."
    )
    llm_model_id: Annotated[int | None, BeforeValidator(_blank_is_none)] = Field(
        None, description="None: each action's model, else the default model."
    )
