"""The rows of cases, of batches that run them, and of how each went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from blog.app.llm.validators import OutputKind

# How a result stands; only "passed" is a pass.
ResultState = Literal[
    "waiting", "working", "judging", "passed", "failed", "not_judged", "error", "stopped", "left_out"
]
BatchState = Literal["working", "finished", "stopped"]

OPEN: frozenset[ResultState] = frozenset({"waiting", "working", "judging"})
DECIDED: frozenset[ResultState] = frozenset({"passed", "failed", "not_judged"})
# What "go on" tries again. Of a result that was not judged, only the judge is asked again.
UNFINISHED: frozenset[ResultState] = frozenset({"error", "stopped", "left_out", "not_judged"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case with its newest content. `reference` is an answer one would like; empty: none.

    `post_id` is the post its values came from; None: typed by hand.
    `judge_action_id` None: no model judges. `judge_model_id` None: the one the judging action names.
    """

    id: int
    action_id: int
    name: str
    is_required: bool
    post_id: int | None
    archived_at: datetime | None
    version_id: int
    number: int
    inputs: Mapping[str, Any]
    checks: list[Mapping[str, Any]]
    reference: str
    judge_action_id: int | None
    judge_label: str | None
    judge_model_id: int | None
    judge_criteria: str
    judge_least: Decimal | None
    author: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenCase:
    """What there is of a case for whoever may not see the post that its values came from."""

    id: int
    name: str
    is_required: bool
    version_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRow:
    """`least_percent` None: no share is asked for."""

    action_id: int
    least_percent: int | None
    required: int
    cases: int

    @property
    def is_set(self) -> bool:
        return self.least_percent is not None or self.required > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GateState:
    """What a gate has against a version with a model, as cases and wordings are now; nothing: it may."""

    action_id: int
    version_id: int
    model_id: int
    least_percent: int | None
    objections: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a case went. `is_current` false: the case was changed since.

    `is_hidden`: it is of a post that whoever asks may not see, so nothing is said of what it was held to.
    `cost` is that of all its runs, the judge's and the repairs' too; None: of one of them nobody knows.
    """

    id: int
    batch_id: int
    case_id: int
    case_version_id: int
    case_name: str
    case_number: int
    is_required: bool
    is_current: bool
    is_hidden: bool
    state: ResultState
    problem: str
    checks: list[Mapping[str, Any]]
    score: Decimal | None
    run_id: int | None
    judge_run_id: int | None
    error_message: str | None
    check_problems: Sequence[str]
    usage_input: int | None
    usage_output: int | None
    cost: Decimal | None
    cost_currency: str | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    id: int
    action_id: int
    action_label: str
    version_id: int
    version_number: int
    model_id: int
    model_label: str
    is_rehearsal: bool
    wordings: str
    part_version_ids: list[int]
    user_id: int | None
    user_name: str | None
    created_at: datetime
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseBatch:
    """All cases of an action on one version with one model. `done` counts those that have come to an end.

    `is_current` false: parts of the version were reworded since, so it says nothing about it any more.
    """

    id: int
    action_id: int
    action_label: str
    version_id: int
    version_number: int
    model_id: int
    model_label: str
    is_rehearsal: bool
    is_current: bool
    user_id: int | None
    user_name: str | None
    created_at: datetime
    stopped_at: datetime | None
    state: BatchState
    done: int
    passed: int
    usage_input: int
    usage_output: int
    cost: Decimal | None
    cost_currency: str | None
    results: list[Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run of a case, or the judging of one, is held to when it ends.

    `asked_model_id` is the one the batch is about; `model_id` the one that answered, perhaps a fallback.
    """

    result_id: int
    post_id: int | None
    checks: list[Mapping[str, Any]]
    reference: str
    inputs: Mapping[str, Any]
    judge_action_id: int | None
    judge_model_id: int | None
    judge_criteria: str
    judge_least: Decimal | None
    output_kind: OutputKind
    asked_model_id: int
    asked_model_label: str
    model_id: int
    model_label: str
    messages: Sequence[Mapping[str, Any]]
    held: list[Mapping[str, Any]]
    user_id: int | None
    is_stopped: bool


# --- over versions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """The newest decided result of a case on a version with a model and wordings; None: there is none."""

    case_id: int
    name: str
    is_required: bool
    state: ResultState | None
    batch_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRow:
    """A version with a model, over which the cases are shown."""

    version_id: int
    version_number: int
    model_id: int
    model_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestResult:
    case_id: int
    version_id: int
    model_id: int
    batch_id: int
    wordings: str
    is_newest_content: bool
    state: ResultState


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`mark`: live or draft; empty for any other version. `gate` None: the action has none."""

    version_id: int
    version_number: int
    model_id: int
    model_label: str
    mark: str
    gate: GateState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The newest result of a case in a column. `is_current` false: case or wordings were changed since."""

    state: ResultState
    is_current: bool
    batch_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case and how it went in each column; None: it was not run there."""

    case: Case
    cells: list[Cell | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The cases of an action over its versions, the newest version first.

    `hidden` are those of posts that whoever asks may not see. The gate counts them all the same.
    """

    gate: GateRow
    columns: list[Column]
    rows: list[CaseRow]
    hidden: list[HiddenCase]
