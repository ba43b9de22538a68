"""The rows of tests on the bench."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from blog.app.llm.runs.models import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """`post_id` None: its values were typed by hand."""

    id: int
    action_id: int
    action_label: str
    inputs: Mapping[str, Any]
    post_id: int | None
    section_id: int | None
    user_id: int | None
    user_name: str | None
    created_at: datetime
    run_ids: list[int]
    drafts: list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test with its runs from left to right. Of a run that was sent back, the last repair is shown.

    `drafts`: for each run the parts that were sent in another wording than their live one.
    """

    id: int
    action_id: int
    action_label: str
    inputs: Mapping[str, Any]
    post_id: int | None
    section_id: int | None
    user_id: int | None
    user_name: str | None
    created_at: datetime
    runs: list[Run]
    drafts: list[list[str]]

    @property
    def answers(self) -> Sequence[tuple[Run, list[str]]]:
        """Each run with the parts whose drafts were sent."""
        return list(zip(self.runs, self.drafts, strict=True))

    @property
    def is_active(self) -> bool:
        return any(run.is_active for run in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialListItem:
    id: int
    action_id: int
    post_id: int | None
    user_name: str | None
    created_at: datetime
    tried: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One answer to compare. `version_id` None: the live version; `model_id` None: the version's own.

    `part_version_ids` are sent in place of their parts' live wordings.
    """

    version_id: int | None = None
    model_id: int | None = None
    part_version_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a test's values come from; None: typed by hand."""

    post_id: int | None = None
    section_id: int | None = None
