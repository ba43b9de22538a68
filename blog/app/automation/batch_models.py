"""Batches: a field automated in every section, or the fields of a sub-stage one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Acceptance = Literal["review", "checks"]
StepState = Literal["later", "working", "waiting", "done", "failed", "left_out"]
BatchState = Literal["working", "waiting", "halted", "finished", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStep:
    """One field to automate. `problem` says why it is left out. `run_id` None: not begun."""

    id: int
    section_id: int | None
    section_heading: str
    field_name: str
    field_label: str
    state: StepState
    problem: str
    run_id: int | None
    error_message: str | None
    suggestion_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """`sub_stage_id` None: all steps were begun at once; else one after the other.

    `place_id` is that sub-stage, or the one of the field that is automated.
    """

    id: int
    post_id: int
    sub_stage_id: int | None
    place_id: int
    label: str
    acceptance: Acceptance
    model_id: int | None
    user_id: int
    user_name: str
    created_at: datetime
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """`acceptance`: each suggestion waits for a person's review, or is accepted when its checks pass.

    `state` halted: a step failed, to be tried again or left out. `done` counts those left out too.
    """

    id: int
    post_id: int
    sub_stage_id: int | None
    label: str
    acceptance: Acceptance
    user_id: int
    user_name: str
    created_at: datetime
    stopped_at: datetime | None
    state: BatchState
    done: int
    steps: Sequence[BatchStep]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchChoice:
    """Something the page of a sub-stage offers to begin for every section."""

    field_name: str
    field_label: str
    action_id: int
    action_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlace:
    """What can be automated at once in a sub-stage, and what is."""

    post_id: int
    sub_stage_id: int
    sub_stage_name: str
    sub_stage_label: str
    choices: Sequence[BatchChoice]
    stage_steps: int
    batches: Sequence[Batch]
    may_automate: bool

    @property
    def is_working(self) -> bool:
        return any(batch.state == "working" for batch in self.batches)
