"""Why a file cannot be followed: names that lead nowhere, places taken twice, words that were lost. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from blog.app.transfer.document import Document, fields_of, sub_stages_of
from blog.app.transfer.models import Problem
from blog.app.transfer.schemas import FieldEntry, WorkflowEntry

K = TypeVar("K", bound=Hashable)

# What a field is, by the names of its workflow and itself: kind and scope.
Shapes = Mapping[tuple[str, str], tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What posts hold. `workflows` are those that posts follow; `archived` fields may hold words too."""

    workflows: frozenset[str]
    archived: Shapes


def problems(here: Document, after: Document, words: Words) -> list[Problem]:
    shapes = {**words.archived, **_shapes(here)}
    return [
        *_actions(after),
        *(problem for workflow in after.workflows for problem in _workflow(workflow, after)),
        *(
            problem
            for workflow in after.workflows
            if workflow.name in words.workflows
            for problem in _reinterpreted(workflow, shapes)
        ),
    ]


def gone(here: Document, file: Document) -> Iterator[tuple[str, str]]:
    """Fields that their workflow is without in the file; whether they hold words is for others to ask."""
    there = {workflow.name: workflow for workflow in file.workflows}
    for workflow in here.workflows:
        if other := there.get(workflow.name):
            names = {field.name for field in fields_of(other)}
            yield from ((workflow.name, each.name) for each in fields_of(workflow) if each.name not in names)


def fewer_choices(here: Document, after: Document) -> Iterator[tuple[str, FieldEntry]]:
    """Fields that lose a choice, as they are to be; whether a post holds it is for others to ask."""
    before = {(w.name, field.name): field for w in here.workflows for field in fields_of(w)}
    for workflow in after.workflows:
        for field in fields_of(workflow):
            was = before.get((workflow.name, field.name))
            if was is not None and field.choices and not set(was.choices) <= set(field.choices):
                yield workflow.name, field


def _shapes(document: Document) -> Shapes:
    return {
        (workflow.name, field.name): (field.kind, field.scope)
        for workflow in document.workflows
        for field in fields_of(workflow)
    }


# --- names that lead nowhere ---------------------------------------------------------------------


def _actions(after: Document) -> Iterator[Problem]:
    parts = {part.name for part in after.parts}
    for action in after.actions:
        repair = [] if action.refers.repair_part is None else [action.refers.repair_part]
        for name in dict.fromkeys([*action.refers.parts, *repair]):
            if name not in parts:
                yield Problem(
                    where=f"actions “{action.name}”",
                    message=f"The prompt part “{name}” is neither in the file nor here.",
                )


def _workflow(workflow: WorkflowEntry, after: Document) -> Iterator[Problem]:
    where = f"workflows “{workflow.name}”"
    actions = {action.name for action in after.actions}
    fields = fields_of(workflow)
    names = {field.name for field in fields}
    if not any(field.scope == "post" for field in fields):
        yield Problem(where=where, message="It needs a field of the post: that is where an idea is written.")
    for field in fields:
        for name in field.actions:
            if name not in actions:
                yield Problem(
                    where=f"{where}, field “{field.name}”",
                    message=f"The action “{name}” is neither in the file nor here.",
                )
    for sub_stage in sub_stages_of(workflow):
        for requirement in sub_stage.requirements:
            if requirement.field is not None and requirement.field not in names:
                yield Problem(
                    where=f"{where}, sub_stage “{sub_stage.name}”",
                    message=f"A requirement is about “{requirement.field}”, which is no field of it.",
                )
    yield from _taken_twice(where, fields)


def _taken_twice(where: str, fields: list[FieldEntry]) -> Iterator[Problem]:
    ranks = [(field.title_rank, field.name) for field in fields if field.title_rank is not None]
    places = [((field.part, field.part_rank), field.name) for field in fields if field.part is not None]
    for rank, names in _shared(ranks):
        yield Problem(where=where, message=f"title_rank {rank} belongs to {_listed(names)}; one may have it.")
    for (part, rank), names in _shared(places):
        yield Problem(
            where=where, message=f"{_listed(names)} are each part_rank {rank} of {part}; one may have it."
        )


def _shared(pairs: list[tuple[K, str]]) -> Iterator[tuple[K, list[str]]]:
    by_key: defaultdict[K, list[str]] = defaultdict(list)
    for key, name in pairs:
        by_key[key].append(name)
    yield from ((key, names) for key, names in by_key.items() if len(names) > 1)


def _listed(names: list[str]) -> str:
    return " and ".join(f"“{name}”" for name in names)


# --- words that would be lost --------------------------------------------------------------------


def _reinterpreted(workflow: WorkflowEntry, shapes: Shapes) -> Iterator[Problem]:
    for field in fields_of(workflow):
        kind, scope = shapes.get((workflow.name, field.name), (field.kind, field.scope))
        where = f"workflows “{workflow.name}”, field “{field.name}”"
        if kind != field.kind:
            yield Problem(
                where=where,
                message=f"It is {kind} here and {field.kind} in the file. Posts use this workflow, and their "
                "words would be read as something else. Give the new field another name.",
            )
        if scope != field.scope:
            yield Problem(
                where=where,
                message=f"It belongs to the {scope} here and to the {field.scope} in the file. Posts use "
                "this workflow, and their words would have no place. Give the new field another name.",
            )
