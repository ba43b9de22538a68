"""May a version go live, as its action's gate sees it? Only what has passed counts as passed. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Standing = Literal["passed", "failed", "not_judged", "not_run"]

WORDS: dict[Standing, str] = {
    "passed": "has passed",
    "failed": "did not pass",
    "not_judged": "was not judged",
    "not_run": "has not been run on this version",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStanding:
    """How a case stands on one version with its model, as case and version are now."""

    case_id: int
    name: str
    is_required: bool
    standing: Standing


def objections(standings: Sequence[CaseStanding], least_percent: int | None) -> list[str]:
    """What is in the way, a sentence each; nothing without a required case or a share."""
    return [*_required(standings), *_share(standings, least_percent)]


def _required(standings: Sequence[CaseStanding]) -> Iterator[str]:
    for case in standings:
        if case.is_required and case.standing != "passed":
            yield f"The required case “{case.name}” {WORDS[case.standing]}."


def _share(standings: Sequence[CaseStanding], least_percent: int | None) -> Iterator[str]:
    if least_percent is None:
        return
    passed = sum(case.standing == "passed" for case in standings)
    if not standings:
        yield f"The gate asks that {least_percent}% of the cases pass, and there is no case yet."
    elif passed * 100 < least_percent * len(standings):
        others = "; ".join(f"“{case.name}” {WORDS[case.standing]}" for case in _not_passed(standings)[:5])
        yield (
            f"{passed} of {len(standings)} cases {'has' if passed == 1 else 'have'} passed, "
            f"at least {least_percent}% must: {others}."
        )


def _not_passed(standings: Sequence[CaseStanding]) -> list[CaseStanding]:
    return [case for case in standings if case.standing != "passed"]
