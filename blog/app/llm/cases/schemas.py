"""What a client may send about cases, their gate and their batches."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

CaseName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Text = Annotated[str, StringConstraints(max_length=200_000)]


class CaseInputs(BaseModel):
    """The values parts read: `post.<name>`, `section.<name>`, the sections of a loop, `selection.<name>` of a
    selected passage, and `input.<name>`."""

    model_config = ConfigDict(extra="forbid")

    post: dict[str, Any] = Field(default_factory=dict[str, Any])
    section: dict[str, Any] | None = None
    sections: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    selection: dict[str, Any] | None = None
    input: dict[str, Any] = Field(default_factory=dict[str, Any])


class CaseContent(BaseModel):
    """What a case consists of. `checks`: objects with a `rule`, beyond the action's output type.

    `judge_action_id`: an action whose reply is JSON with `verdict`, "pass" or "fail", and `score`. It reads
    `input.answer`, `input.request`, `input.reference` and `input.criteria`.
    """

    model_config = ConfigDict(extra="forbid")

    name: CaseName
    is_required: bool = False
    inputs: CaseInputs = Field(default_factory=CaseInputs)
    checks: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    reference: Text = ""
    judge_action_id: int | None = None
    judge_model_id: int | None = None
    judge_criteria: Annotated[str, StringConstraints(max_length=10_000)] = ""
    judge_least: Annotated[Decimal, Field(ge=-100_000, le=100_000, decimal_places=3)] | None = None


class CaseChange(CaseContent):
    """The whole case as it is to be. `base_version_id` is the content its writer had before them."""

    base_version_id: int


class GateChange(BaseModel):
    """`least_percent`: how many of the cases must pass; null: no share is asked for."""

    model_config = ConfigDict(extra="forbid")

    least_percent: Annotated[int, Field(ge=1, le=100)] | None = None


class CaseBatchStart(BaseModel):
    """Runs an action's cases. `version_id` null: the live version. `llm_model_id` null: the version's own.

    `part_version_ids` are sent in place of their parts' live wordings. `case_ids` empty: all cases.
    """

    model_config = ConfigDict(extra="forbid")

    version_id: int | None = None
    llm_model_id: int | None = None
    part_version_ids: list[int] = Field(default_factory=list[int], max_length=40)
    case_ids: list[int] = Field(default_factory=list[int], max_length=500)


class CaseQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    with_archived: bool = False


class GateQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    llm_model_id: int | None = None
