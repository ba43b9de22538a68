"""How a plan of headings meets the sections a post has: none is removed, none is written twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from blog.app.errors import Invalid
from blog.app.text import folded
from blog.app.translation import gettext as _

MAX_SECTIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSection:
    heading: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentSection:
    """`heading` empty: not named yet."""

    id: int
    heading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """`section_id` None: the section is to be created."""

    section_id: int | None
    planned: PlannedSection


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPlan:
    """The new order: each step's section, then `kept`, those the plan does not name, as they were."""

    steps: list[PlanStep]
    kept: list[int]


def read_plan(value: JsonValue) -> list[PlannedSection]:
    """A list of {heading, description}. Invalid says which section is wrong."""
    if not isinstance(value, list) or not value:
        raise Invalid(_("A section plan is a list of sections, each with a heading and a description."))
    if len(value) > MAX_SECTIONS:
        raise Invalid(
            _(
                "The plan has %(length)s sections; a post holds at most %(max_sections)s.",
                length=len(value),
                max_sections=MAX_SECTIONS,
            )
        )
    return [_planned(number, entry) for number, entry in enumerate(value, start=1)]


def _planned(number: int, entry: JsonValue) -> PlannedSection:
    match entry:
        case {"heading": str(heading), "description": str(description)} if heading.strip():
            return PlannedSection(heading=folded(heading), description=description.strip())
        case {"heading": str(heading)} if heading.strip() and "description" not in entry:
            return PlannedSection(heading=folded(heading), description="")
        case _:
            raise Invalid(
                _(
                    "Section %(number)s of the plan needs a heading and a description, both texts.",
                    number=number,
                ),
                section=number,
            )


def plan_sections(present: Sequence[PresentSection], planned: Sequence[PlannedSection]) -> SectionPlan:
    """Headings are the same whatever their case and white space; of equal ones the first meets the first."""
    waiting: dict[str, list[int]] = {}
    for section in present:
        if section.heading.strip():
            waiting.setdefault(_key(section.heading), []).append(section.id)
    steps = [PlanStep(section_id=_take(waiting, entry.heading), planned=entry) for entry in planned]
    taken = {step.section_id for step in steps}
    return SectionPlan(steps=steps, kept=[section.id for section in present if section.id not in taken])


def _take(waiting: dict[str, list[int]], heading: str) -> int | None:
    ids = waiting.get(_key(heading))
    return ids.pop(0) if ids else None


def _key(heading: str) -> str:
    return folded(heading).casefold()
