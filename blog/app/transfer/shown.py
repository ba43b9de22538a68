"""A plan as its page shows it: grouped, in an editor's words, long texts as the words that changed. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from blog.app.posts.diff import Segment, diff
from blog.app.transfer.models import Change, Difference, Item, ItemKind, Plan

TITLES: dict[ItemKind, str] = {
    "workflow": "Workflow",
    "stage": "Stages",
    "sub_stage": "Sub-stages",
    "field": "Fields",
    "part": "Prompt parts",
    "action": "Actions",
}
WHAT = {"new": "new", "changed": "changed", "brought_back": "brought back"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDifference:
    """`segments` are the words of both; of a new item all are added."""

    name: str
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    item: Item
    what: str
    differences: Sequence[ShownDifference]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """`same` counts those that are in the file exactly as they are here."""

    title: str
    changes: Sequence[ShownChange]
    same: int


def groups(plan: Plan) -> list[Group]:
    made = [
        Group(
            title=title,
            changes=[_shown(change) for change in plan.changes if change.item.kind == kind],
            same=plan.same.get(kind, 0),
        )
        for kind, title in TITLES.items()
    ]
    return [group for group in made if group.changes or group.same]


def left_alone(plan: Plan) -> list[tuple[str, list[str]]]:
    """Title and names of what is here and not in the file."""
    found = [
        (title, [item.name for item in plan.left_alone if item.kind == kind])
        for kind, title in TITLES.items()
    ]
    return [(title, names) for title, names in found if names]


def _shown(change: Change) -> ShownChange:
    return ShownChange(
        item=change.item,
        what=WHAT[change.what],
        differences=[_difference(each, is_new=change.what == "new") for each in change.differences],
    )


def _difference(difference: Difference, *, is_new: bool) -> ShownDifference:
    before = "" if is_new else _text(difference.before)
    return ShownDifference(name=difference.name, segments=diff(before, _text(difference.after)))


def _text(value: JsonValue) -> str:
    """Texts as they are, lists line by line, everything else as it stands in a file."""
    match value:
        case None:
            return "nothing"
        case str():
            return value
        case [*values]:
            return "\n".join(_line(each) for each in values) or "none"
        case dict():
            return json.dumps(value, ensure_ascii=False, indent=2) if value else "none"
        case _:
            return json.dumps(value)


def _line(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
