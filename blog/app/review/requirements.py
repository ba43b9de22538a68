"""Holds what a sub-stage asks for against the words of a post. Says what is wrong, and where."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blog.app.errors import Invalid
from blog.app.review.models import Requirement, RequirementCheck
from blog.app.workflow.models import Field
from blog.app.workflow.values import counted, is_filled, shown


class Unmet(Invalid):
    """A sub-stage was called ready or done and is not; `checks` are those that fail."""

    def __init__(self, label: str, checks: Sequence[RequirementCheck]) -> None:
        count = len(checks)
        super().__init__(
            f"{label} is not ready: {count} {'thing is' if count == 1 else 'things are'} missing. "
            + " ".join(check.problem for check in checks),
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
        yield _result(requirement, field, None, f"{field.label} in each section", "There is no section yet.")
    for section_id, heading in words.headings.items():
        value = words.values.get((section_id, field.id), "")
        yield _on_value(requirement, field, value, section_id, heading or "Untitled section")


def _comments(requirement: Requirement, count: int) -> RequirementCheck:
    problem = f"{count} {'comment is' if count == 1 else 'comments are'} not resolved." if count else ""
    return _result(requirement, None, None, "All comments resolved", problem)


def _on_value(
    requirement: Requirement, field: Field, value: str, section_id: int | None = None, heading: str = ""
) -> RequirementCheck:
    of = f"{field.label} of “{heading}”" if heading else field.label
    amount = requirement.amount or 0
    found = _amount(requirement, field, value)
    match requirement.kind:
        case "filled" | "each_section_filled":
            says, fails = f"{of} is written", f"{of} is empty." if not is_filled(value) else ""
        case "max_chars":
            says = f"{of} has at most {amount:,} characters"
            fails = f"{of} has {found:,} characters; at most {amount:,} are wanted." if found > amount else ""
        case "min_words":
            says = f"{of} has at least {amount:,} words"
            fails = f"{of} has {found:,} words; at least {amount:,} are wanted." if found < amount else ""
        case "min_items":
            says = f"{of} has at least {amount:,} {'entry' if amount == 1 else 'entries'}"
            fails = f"{of} has {found:,} entries; at least {amount:,} are wanted." if found < amount else ""
        case "equals":
            says = f"{of} is “{requirement.expected}”"
            fails = f"{of} is not “{requirement.expected}” yet." if value != requirement.expected else ""
        case "comments_resolved":
            raise ValueError("A requirement about comments names no field.")
    return _result(requirement, field, section_id, says, fails)


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
