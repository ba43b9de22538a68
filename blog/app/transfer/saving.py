"""Makes the registry what a plan says, through the checks of every save, in the caller's transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import AppError, Conflict
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.prompts import actions, going_live, parts
from blog.app.llm.prompts import rules as prompt_rules
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.schemas import ActionChange, ActionCreate, PromptPartChange, PromptPartCreate
from blog.app.transfer import workflow_store
from blog.app.transfer.document import ActionEntry, Document, fields_of
from blog.app.transfer.models import Change, Problem
from blog.app.transfer.reading import Here
from blog.app.transfer.schemas import ModelName, PartEntry, WorkflowEntry
from blog.app.workflow import trees

REASON = "Imported from a registry file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part or an action to be saved."""

    where: str
    save: Callable[[], object]


class _Waits(Conflict):
    """It has a part that could not be saved or a model that is not here, which is told already."""


def save(
    conn: db.Connection,
    actor: Actor,
    here: Here,
    after: Document,
    *,
    changes: Sequence[Change],
    gate: going_live.Gate,
) -> list[Problem]:
    """First the workflow, because parts read its fields; last what fields offer. -> what was refused."""
    changed = {(change.item.kind, change.item.name) for change in changes}
    touched = {change.item.within or change.item.name for change in changes if _is_workflow(change)}
    workflows = [each for each in after.workflows if each.name in touched]
    workflow_ids = {each.name: _save_workflow(conn, each) for each in workflows}
    saving = _Saving(conn, actor, here, trees.vocabulary(conn), gate)
    steps = [
        *(saving.part(each) for each in after.parts if ("part", each.name) in changed),
        *(saving.action(each) for each in after.actions if ("action", each.name) in changed),
    ]
    problems = _take(conn, steps)
    if not problems:
        problems = list(_misfits(workflows, after))
    if not problems:
        for each in workflows:
            _save_offers(conn, workflow_ids[each.name], each)
    return problems


def _is_workflow(change: Change) -> bool:
    return change.item.kind not in {"part", "action"}


# --- prompt parts and actions --------------------------------------------------------------------


def _take(conn: db.Connection, steps: Sequence[Step]) -> list[Problem]:
    """Some changes are right only once another was made, whichever of the two comes first in the file; so
    what was refused is tried again for as long as anything else succeeds."""
    while steps:
        refused = [(step, exc) for step in steps if (exc := _try(conn, step))]
        if len(refused) == len(steps):
            return [Problem(where=step.where, message=_told(exc)) for step, exc in _causes(refused)]
        steps = [step for step, _ in refused]
    return []


def _try(conn: db.Connection, step: Step) -> AppError | None:
    try:
        with conn.transaction():
            step.save()
    except AppError as exc:
        return exc
    return None


def _causes(refused: Sequence[tuple[Step, AppError]]) -> Iterator[tuple[Step, AppError]]:
    return ((step, exc) for step, exc in refused if not isinstance(exc, _Waits))


def _told(exc: AppError) -> str:
    objections = cast("Sequence[Mapping[str, str]]", exc.details.get("objections", ()))
    return " ".join([exc.message, *(f"{each['title']}: {each['message']}" for each in objections)])


@dataclass(frozen=True, slots=True)
class _Saving:
    conn: db.Connection
    actor: Actor
    here: Here
    vocabulary: Vocabulary
    gate: going_live.Gate

    def part(self, entry: PartEntry) -> Step:
        return Step(where=f"parts “{entry.name}”", save=lambda: self._save_part(entry))

    def action(self, entry: ActionEntry) -> Step:
        return Step(where=f"actions “{entry.name}”", save=lambda: self._save_action(entry))

    def _save_part(self, entry: PartEntry) -> None:
        said = entry.model_dump()
        if standing := self.here.parts.get(entry.name):
            self._change_part(standing.id, standing.newest_id, said)
        elif part_id := self.here.archived_parts.get(entry.name):
            parts.bring_back_part(self.conn, self.actor, part_id)
            newest = prompts.get_newest_part(self.conn, part_id)
            self._change_part(part_id, newest.version_id, said)
        else:
            new = PromptPartCreate.model_validate(said)
            parts.create_part(self.conn, self.actor, new, self.vocabulary)

    def _change_part(self, part_id: int, base_version_id: int, said: Mapping[str, object]) -> None:
        change = PromptPartChange.model_validate(
            {**said, "base_version_id": base_version_id, "make_live": True, "reason": REASON}
        )
        going_live.save_part(self.conn, self.actor, part_id, change, self.vocabulary, gate=self.gate)

    def _save_action(self, entry: ActionEntry) -> None:
        said = self._with_ids(entry)
        if standing := self.here.actions.get(entry.name):
            change = ActionChange.model_validate(
                {**said, "base_version_id": standing.newest_id, "make_live": True, "reason": REASON}
            )
            going_live.save_action(
                self.conn, self.actor, standing.id, change, self.vocabulary, gate=self.gate
            )
        else:
            new = ActionCreate.model_validate({**said, "name": entry.name})
            actions.create_action(self.conn, self.actor, new, self.vocabulary)

    def _with_ids(self, entry: ActionEntry) -> dict[str, object]:
        refers = entry.refers
        ids = {part.name: part.id for part in prompts.list_parts(self.conn)}
        wanted = [*refers.parts, *([refers.repair_part] if refers.repair_part else [])]
        if missing := [name for name in wanted if name not in ids]:
            raise _Waits(f"“{missing[0]}” is not there yet.")
        return {
            **entry.settings,
            "model_id": self._model_id(refers.model),
            "fallback_model_id": self.here.models[str(refers.fallback_model)]
            if refers.fallback_model
            else None,
            "repair_part_id": ids[refers.repair_part] if refers.repair_part else None,
            "part_ids": [ids[name] for name in refers.parts],
        }

    def _model_id(self, model: ModelName | None) -> int | None:
        if model is None:
            return None
        if str(model) not in self.here.models:
            raise _Waits(f"{model} is not connected here.")
        return self.here.models[str(model)]


# --- the workflow --------------------------------------------------------------------------------


def _save_workflow(conn: db.Connection, entry: WorkflowEntry) -> int:
    workflow_id = workflow_store.insert_workflow(conn, entry.name, entry.label)
    workflow_store.defer_places(conn)
    workflow_store.free_ranks(conn, workflow_id)
    stage_ids = workflow_store.put_stages(
        conn, workflow_id, [(stage.name, stage.label) for stage in entry.stages]
    )
    workflow_store.delete_requirements(conn, workflow_id)
    for stage in entry.stages:
        sub_stage_ids = workflow_store.put_sub_stages(
            conn, workflow_id, stage_ids[stage.name], [(each.name, each.label) for each in stage.sub_stages]
        )
        for sub_stage in stage.sub_stages:
            for position, field in enumerate(sub_stage.fields, start=1):
                workflow_store.put_field(conn, workflow_id, sub_stage_ids[sub_stage.name], field, position)
    _save_requirements(conn, workflow_id, entry)
    workflow_store.put_archived_last(conn, workflow_id)
    workflow_store.check_places(conn)
    return workflow_id


def _save_requirements(conn: db.Connection, workflow_id: int, entry: WorkflowEntry) -> None:
    """When all fields are there: a requirement may be about a field of another sub-stage."""
    for stage in entry.stages:
        for sub_stage in stage.sub_stages:
            for requirement in sub_stage.requirements:
                workflow_store.insert_requirement(conn, workflow_id, sub_stage.name, requirement)


def _save_offers(conn: db.Connection, workflow_id: int, entry: WorkflowEntry) -> None:
    workflow_store.delete_offers(conn, workflow_id)
    for field in fields_of(entry):
        workflow_store.insert_offers(conn, workflow_id, field)


def _misfits(workflows: Sequence[WorkflowEntry], after: Document) -> Iterator[Problem]:
    """A field can hold what its actions write, or they are not offered there."""
    kinds = {action.name: str(action.settings["output_kind"]) for action in after.actions}
    for entry in workflows:
        for field in fields_of(entry):
            for name in field.actions:
                try:
                    prompt_rules.check_fits(kinds[name], field_label=field.label, field_kind=field.kind)
                except AppError as exc:
                    yield Problem(
                        where=f"workflows “{entry.name}”, field “{field.name}”, action “{name}”",
                        message=exc.message,
                    )
