"""What the registry is after a file was imported: the file's items, and between them what only is here. Pure.

What is here and not in the file keeps its place behind the one it stood behind, and what refers to it stays
as it is: nothing is taken away.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from blog.app.transfer.document import ActionEntry, Document, fields_of, sub_stages_of
from blog.app.transfer.models import Item
from blog.app.transfer.schemas import (
    FieldEntry,
    PartEntry,
    RequirementEntry,
    StageEntry,
    SubStageEntry,
    WorkflowEntry,
)

Named = TypeVar("Named", WorkflowEntry, StageEntry, SubStageEntry, FieldEntry, PartEntry, ActionEntry)


def merged(here: Document, file: Document) -> Document:
    """The sections of both; one that the file does not have stays as it is."""
    bound = {name for each in file.workflows for field in fields_of(each) for name in field.actions}
    settled = bound | {action.name for action in file.actions}
    workflows = {each.name: each for each in here.workflows}
    return Document(
        workflows=_placed(
            here.workflows,
            [_workflow(workflows.get(each.name), each, settled) for each in file.workflows],
        ),
        parts=_placed(here.parts, file.parts),
        actions=_placed(here.actions, file.actions),
    )


def left_alone(here: Document, file: Document) -> list[Item]:
    """What is here and not in the file. Of a workflow that is not in it, the workflow alone is told."""
    items = [Item(kind="part", name=name) for name in _missing(here.parts, file.parts)]
    items += [Item(kind="action", name=name) for name in _missing(here.actions, file.actions)]
    there = {each.name: each for each in file.workflows}
    for workflow in here.workflows:
        match there.get(workflow.name):
            case None:
                items.append(Item(kind="workflow", name=workflow.name))
            case other:
                items.extend(_left_of(workflow, other))
    return items


def _left_of(here: WorkflowEntry, file: WorkflowEntry) -> Iterator[Item]:
    within = here.name
    for name in _missing(here.stages, file.stages):
        yield Item(kind="stage", name=name, within=within)
    for name in _missing(sub_stages_of(here), sub_stages_of(file)):
        yield Item(kind="sub_stage", name=name, within=within)
    for name in _missing(fields_of(here), fields_of(file)):
        yield Item(kind="field", name=name, within=within)


def _missing(here: Sequence[Named], file: Sequence[Named]) -> list[str]:
    there = {each.name for each in file}
    return [each.name for each in here if each.name not in there]


# --- a workflow ----------------------------------------------------------------------------------


def _workflow(here: WorkflowEntry | None, file: WorkflowEntry, settled: set[str]) -> WorkflowEntry:
    if here is None:
        return file
    stages = {each.name: each for each in here.stages}
    kept = _Kept(here, file, settled)
    changed = [_stage(stages.get(each.name), each, kept) for each in file.stages]
    return file.model_copy(
        update={"stages": _placed([_without(each, kept) for each in here.stages], changed)}
    )


class _Kept:
    """What a workflow has here and the file says nothing about."""

    def __init__(self, here: WorkflowEntry, file: WorkflowEntry, settled: set[str]) -> None:
        self.sub_stages = set(_missing(sub_stages_of(here), sub_stages_of(file)))
        self.fields = set(_missing(fields_of(here), fields_of(file)))
        self.here = {each.name: each for each in sub_stages_of(here)}
        self.fields_here = {each.name: each for each in fields_of(here)}
        self.settled = settled


def _without(stage: StageEntry, kept: _Kept) -> StageEntry:
    """A stage that only is here, with what of it the file has not moved elsewhere."""
    staying = [_only_kept(each, kept) for each in stage.sub_stages if each.name in kept.sub_stages]
    return stage.model_copy(update={"sub_stages": staying})


def _only_kept(sub_stage: SubStageEntry, kept: _Kept) -> SubStageEntry:
    staying = [field for field in sub_stage.fields if field.name in kept.fields]
    return sub_stage.model_copy(update={"fields": staying})


def _stage(here: StageEntry | None, file: StageEntry, kept: _Kept) -> StageEntry:
    changed = [_sub_stage(kept.here.get(each.name), each, kept) for each in file.sub_stages]
    before = here.sub_stages if here else []
    own = _placed(before, changed, lambda each: each.name in kept.sub_stages)
    left = [_only_kept(each, kept) if each.name in kept.sub_stages else each for each in own]
    return file.model_copy(update={"sub_stages": left})


def _sub_stage(here: SubStageEntry | None, file: SubStageEntry, kept: _Kept) -> SubStageEntry:
    changed = [_field(kept.fields_here.get(each.name), each, kept) for each in file.fields]
    before = here.fields if here else []
    requirements = [each for each in _requirements(here) if each.field in kept.fields]
    return file.model_copy(
        update={
            "fields": _placed(before, changed, lambda each: each.name in kept.fields),
            "requirements": [*file.requirements, *requirements],
        }
    )


def _requirements(here: SubStageEntry | None) -> Sequence[RequirementEntry]:
    return here.requirements if here else []


def _field(here: FieldEntry | None, file: FieldEntry, kept: _Kept) -> FieldEntry:
    """It goes on offering actions that the file does not know."""
    own = [name for name in (here.actions if here else []) if name not in kept.settled]
    unreviewed = [name for name in own if here and name in here.unreviewed]
    return file.model_copy(
        update={"actions": [*file.actions, *own], "unreviewed": [*file.unreviewed, *unreviewed]}
    )


# --- places --------------------------------------------------------------------------------------


def _placed(
    here: Iterable[Named], file: Sequence[Named], stays: Callable[[Named], bool] = lambda _: True
) -> list[Named]:
    """The file's in its order; each that is only here behind the one it stands behind now."""
    order = list(file)
    names = [each.name for each in file]
    before: str | None = None
    for each in here:
        if each.name not in names and stays(each):
            place = names.index(before) + 1 if before in names else 0
            names.insert(place, each.name)
            order.insert(place, each)
        before = each.name
    return order
