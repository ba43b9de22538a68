"""Holds what a sub-stage asks for against the words of a post. Says what is wrong, and where."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blog.app.errors import Invalid
from blog.app.review.models import Requirement, RequirementCheck
from blog.app.translation import gettext as _
from blog.app.translation import ngettext
from blog.app.workflow.models import Field
from blog.app.workflow.values import counted, is_filled, shown


class Unmet(Invalid):
    """A sub-stage was called ready or done and is not; `checks` are those that fail."""

    def __init__(self, label: str, checks: Sequence[RequirementCheck]) -> None:
        count = len(checks)
        missing = ngettext(
            "%(stage)s is not ready: %(n)s thing is missing.",
            "%(stage)s is not ready: %(n)s things are missing.",
            count,
            stage=label,
            n=count,
        )
        super().__init__(
            " ".join([missing, *(check.problem for check in checks)]),
            unmet=[
                {"field": check.field_name, "section_id": check.section_id, "problem": check.problem}
                for check in checks
            ],
        )
        self.checks = list(checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A post as requirements see it. `values` is by section id and field id; `headings` in order."""

    fields: Mapping[int, Field]
    values: Mapping[tuple[int | None, int], str]
    headings: Mapping[int, str]
    open_comments: int


def check(requirements: Sequence[Requirement], words: Words) -> list[RequirementCheck]:
    """In their order; one about a field that is archived asks for nothing."""
    return [
        found
        for requirement in requirements
        if requirement.field_id is None or requirement.field_id in words.fields
        for found in _checked(requirement, words)
    ]


def _checked(requirement: Requirement, words: Words) -> Iterator[RequirementCheck]:
    if requirement.field_id is None:
        yield _comments(requirement, words.open_comments)
        return
    field = words.fields[requirement.field_id]
    if field.scope == "post":
        yield _on_value(requirement, field, words.values.get((None, field.id), ""))
        return
    if not words.headings and requirement.kind == "each_section_filled":
        says = _("%(field)s in each section", field=field.label)
        yield _result(requirement, field, None, says, _("There is no section yet."))
    for section_id, heading in words.headings.items():
        value = words.values.get((section_id, field.id), "")
        yield _on_value(requirement, field, value, section_id, heading or _("Untitled section"))


def _comments(requirement: Requirement, count: int) -> RequirementCheck:
    problem = ngettext("%(n)s comment is not resolved.", "%(n)s comments are not resolved.", count, n=count)
    return _result(requirement, None, None, _("All comments resolved"), problem if count else "")


def _on_value(
    requirement: Requirement, field: Field, value: str, section_id: int | None = None, heading: str = ""
) -> RequirementCheck:
    of = _("%(field)s of “%(heading)s”", field=field.label, heading=heading) if heading else field.label
    met = _is_met(requirement, field, value)
    fails = "" if met else _wrong(requirement, of, _amount(requirement, field, value))
    return _result(requirement, field, section_id, _asked(requirement, of), fails)


def _is_met(requirement: Requirement, field: Field, value: str) -> bool:
    amount, found = requirement.amount or 0, _amount(requirement, field, value)
    match requirement.kind:
        case "filled" | "each_section_filled":
            return is_filled(value)
        case "max_chars":
            return found <= amount
        case "min_words" | "min_items":
            return found >= amount
        case "equals":
            return value == requirement.expected
        case "comments_resolved":
            raise ValueError("A requirement about comments names no field.")


def _asked(requirement: Requirement, of: str) -> str:
    amount = requirement.amount or 0
    number = f"{amount:,}"
    match requirement.kind:
        case "max_chars":
            return ngettext(
                "%(of)s has at most %(n)s character",
                "%(of)s has at most %(n)s characters",
                amount,
                of=of,
                n=number,
            )
        case "min_words":
            return ngettext(
                "%(of)s has at least %(n)s word", "%(of)s has at least %(n)s words", amount, of=of, n=number
            )
        case "min_items":
            return ngettext(
                "%(of)s has at least %(n)s entry",
                "%(of)s has at least %(n)s entries",
                amount,
                of=of,
                n=number,
            )
        case "equals":
            return _("%(of)s is “%(expected)s”", of=of, expected=requirement.expected)
        case _:
            return _("%(of)s is written", of=of)


def _wrong(requirement: Requirement, of: str, found: int) -> str:
    amounts = {"of": of, "found": f"{found:,}", "wanted": f"{requirement.amount or 0:,}"}
    match requirement.kind:
        case "max_chars":
            return _("%(of)s has %(found)s characters; at most %(wanted)s are wanted.", **amounts)
        case "min_words":
            return _("%(of)s has %(found)s words; at least %(wanted)s are wanted.", **amounts)
        case "min_items":
            return _("%(of)s has %(found)s entries; at least %(wanted)s are wanted.", **amounts)
        case "equals":
            return _("%(of)s is not “%(expected)s” yet.", of=of, expected=requirement.expected)
        case _:
            return _("%(of)s is empty.", of=of)


def _amount(requirement: Requirement, field: Field, value: str) -> int:
    match requirement.kind:
        case "max_chars":
            return counted(field.kind, value)
        case "min_words":
            return len(shown(field.kind, value).split())
        case "min_items":
            return _entries(field, value)
        case _:
            return 0


def _entries(field: Field, value: str) -> int:
    if field.kind not in {"list", "json"}:
        return len([line for line in value.splitlines() if line.strip()])
    found: Any = json.loads(value) if value else []
    return len(found)


def _result(
    requirement: Requirement, field: Field | None, section_id: int | None, sentence: str, problem: str
) -> RequirementCheck:
    return RequirementCheck(
        requirement_id=requirement.id,
        kind=requirement.kind,
        field_name=field.name if field else None,
        section_id=section_id,
        sentence=sentence,
        problem=problem,
    )
