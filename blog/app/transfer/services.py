"""The use cases of a registry file: written, tried without a trace, imported exactly as it was shown.

An import is whole or not at all, and never deletes. A plan is not a guess: it is the import itself, made and
taken back, so what it shows has passed every check that a save has.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace

from psycopg.pq import TransactionStatus
from pydantic import JsonValue

from blog.app import audit, db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import PERMISSIONS, check
from blog.app.errors import Conflict, Invalid
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.prompts.going_live import Gate
from blog.app.transfer import comparing, document, file_format, refusals, saving, store
from blog.app.transfer.document import ActionEntry, Document
from blog.app.transfer.merging import left_alone, merged
from blog.app.transfer.models import FileFormat, MissingModel, MissingModels, PastImport, Plan, Problem
from blog.app.transfer.reading import Here, Standing, read_here
from blog.app.translation import gettext as _
from blog.app.workflow.permissions import CONFIGURE

# --- out -----------------------------------------------------------------------------------------


def export(conn: db.Connection, actor: Actor, how: FileFormat) -> str:
    check(actor, LLM_READ)
    return written(conn, how)


def written(conn: db.Connection, how: FileFormat) -> str:
    """All of it as one file: live versions, names instead of ids, no key, no address, nobody's words."""
    is_outermost = conn.info.transaction_status == TransactionStatus.IDLE
    with conn.transaction():
        if is_outermost:
            store.see_one_moment(conn)
        return file_format.write(document.as_data(read_here(conn).document), how)


def list_past_imports(conn: db.Connection, limit: int = 5) -> list[PastImport]:
    return store.list_past_imports(conn, limit)


# --- in ------------------------------------------------------------------------------------------


def plan_import(
    conn: db.Connection, actor: Actor, source: bytes, missing_models: MissingModels, gate: Gate
) -> Plan:
    """What importing the file would do, with every problem; leaves nothing behind."""
    check(actor, LLM_CONFIGURE)
    data = file_format.read(source)
    with conn.transaction(force_rollback=True):
        store.lock_imports(conn)
        here = read_here(conn)
        plan, after = _plan(conn, actor, here, data, missing_models)
        return plan if after is None else _carry_out(conn, actor, here, after, plan=plan, gate=gate)


def import_file(
    conn: db.Connection,
    actor: Actor,
    source: bytes,
    missing_models: MissingModels,
    gate: Gate,
    *,
    digest: str | None = None,
) -> Plan:
    """Conflict: it would do something else than the plan of that digest. Invalid: all that is wrong."""
    check(actor, LLM_CONFIGURE)
    data = file_format.read(source)
    with conn.transaction():
        store.lock_imports(conn)
        here = read_here(conn)
        plan, after = _plan(conn, actor, here, data, missing_models)
        if digest is not None and plan.digest != digest:
            raise Conflict(
                _(
                    "The registry has changed since this plan was shown, so nothing was "
                    "imported. Look at what importing the file would do now."
                )
            )
        plan = plan if after is None else _carry_out(conn, actor, here, after, plan=plan, gate=gate)
        if plan.problems:
            raise _refused(plan.problems)
        _note(conn, actor, plan)
        return replace(plan, is_imported=True)


def _plan(
    conn: db.Connection, actor: Actor, here: Here, data: JsonValue, missing_models: MissingModels
) -> tuple[Plan, Document | None]:
    """With what the registry is to be; None when that is too wrong to try even the rest of it."""
    understood = document.understand(data)
    file, missing = _with_models(understood.document, here, missing_models)
    after = merged(here.document, file)
    changes = comparing.changes(here.document, after, here.archived)
    lost = list(_problems(conn, here, file, after))
    plan = Plan(
        changes=changes,
        left_alone=[] if understood.problems else left_alone(here.document, file),
        same=comparing.same(here.document, after, file),
        missing_models=missing,
        notes=list(_notes(here, {(change.item.kind, change.item.name) for change in changes})),
        problems=[
            *understood.problems,
            *_unanswered(missing, missing_models),
            *lost,
            *_forbidden(actor, here.document, after),
        ],
        digest=None,
    )
    if plan.problems:
        return plan, None if understood.problems or any(map(_is_about_workflow, lost)) else after
    return replace(plan, digest=_digest(here, file, after, missing)), after


def _is_about_workflow(problem: Problem) -> bool:
    return problem.where.startswith("workflows")


def _carry_out(
    conn: db.Connection, actor: Actor, here: Here, after: Document, *, plan: Plan, gate: Gate
) -> Plan:
    found = saving.save(conn, actor, here, after, changes=plan.changes, gate=gate)
    if plan.problems or found:
        return replace(plan, problems=[*plan.problems, *found], digest=None)
    if document.as_data(read_here(conn).document) != document.as_data(after):
        raise ValueError("An import did something else than its plan said; it was taken back.")
    return plan


def _note(conn: db.Connection, actor: Actor, plan: Plan) -> None:
    new = sum(change.what == "new" for change in plan.changes)
    audit.record(
        conn,
        actor,
        "registry.imported",
        "registry",
        None,
        new=new,
        changed=len(plan.changes) - new,
        items=[f"{change.item.kind} {change.item.name}" for change in plan.changes],
    )


def _refused(problems: Sequence[Problem]) -> Invalid:
    return Invalid(
        f"Nothing was imported: the file has {len(problems)} "
        f"{'problem' if len(problems) == 1 else 'problems'}. "
        + " ".join(f"{problem.where}: {problem.message}" for problem in problems[:3]),
        problems=[{"field": problem.where, "message": problem.message} for problem in problems],
    )


# --- what stands in the way ----------------------------------------------------------------------


def _problems(conn: db.Connection, here: Here, file: Document, after: Document) -> Iterator[Problem]:
    words = refusals.Words(workflows=store.list_used_workflows(conn), archived=here.archived_fields)
    yield from refusals.problems(here.document, after, words)
    for workflow, field in refusals.gone(here.document, file):
        if store.is_written(conn, workflow, field):
            yield Problem(
                where=f"workflows “{workflow}”, field “{field}”",
                message="Posts have words in this field, and the file's workflow is without it. "
                "Put the field into the file, or leave the workflow out of it.",
            )
    for workflow, field in refusals.fewer_choices(here.document, after):
        lost = [
            value for value in store.list_chosen(conn, workflow, field.name) if value not in field.choices
        ]
        if lost:
            yield Problem(
                where=f"workflows “{workflow}”, field “{field.name}”",
                message=f"Posts have chosen {', '.join(f'“{value}”' for value in lost)}, which the file does "
                "not offer any more.",
            )


def _forbidden(actor: Actor, here: Document, after: Document) -> Iterator[Problem]:
    if here.workflows != after.workflows and not actor.may(CONFIGURE):
        what = PERMISSIONS[CONFIGURE]
        yield Problem(
            where="workflows",
            message=f"You may not do this: {what[0].lower()}{what[1:]}. Ask an administrator, or leave the "
            "workflows out of the file.",
        )


def _with_models(
    file: Document, here: Here, missing_models: MissingModels
) -> tuple[Document, list[MissingModel]]:
    """The file's actions with models that are connected, and those that were not."""
    missing: list[MissingModel] = []
    actions = [_with_model(action, here, missing) for action in file.actions]
    return (replace(file, actions=actions) if missing_models == "default" else file), missing


def _with_model(action: ActionEntry, here: Here, missing: list[MissingModel]) -> ActionEntry:
    refers = action.refers
    if refers.model is not None and str(refers.model) not in here.models:
        missing.append(
            MissingModel(action=action.name, model=str(refers.model), role="model", instead="default model")
        )
        refers = refers.model_copy(update={"model": None})
    if refers.fallback_model is not None and str(refers.fallback_model) not in here.models:
        missing.append(
            MissingModel(
                action=action.name, model=str(refers.fallback_model), role="fallback_model", instead="nobody"
            )
        )
        refers = refers.model_copy(update={"fallback_model": None})
    return replace(action, refers=refers)


def _unanswered(missing: Sequence[MissingModel], missing_models: MissingModels) -> Iterator[Problem]:
    if missing_models == "default":
        return
    for each in missing:
        instead = "the default model" if each.instead == "default model" else "no other model"
        yield Problem(
            where=f"actions “{each.action}”, {each.role}",
            message=f"{each.model} is not connected here. Connect it, or ask for {instead} in its place.",
        )


def _notes(here: Here, changed: set[tuple[str, str]]) -> Iterator[str]:
    for kind, standings in (("part", here.parts), ("action", here.actions)):
        for name, standing in standings.items():
            if (kind, name) in changed and standing.newest_id != standing.live_id:
                yield f"“{name}” has a draft. What the file says goes live; the draft is kept."


# --- the same as was shown -----------------------------------------------------------------------


def _digest(here: Here, file: Document, after: Document, missing: Sequence[MissingModel]) -> str:
    """Of all that a plan rests on: what is here, down to the versions, and what the file says."""
    rests_on = [
        document.as_data(here.document),
        _versions(here.parts),
        _versions(here.actions),
        sorted(here.archived_parts),
        sorted(map(list, here.archived_fields)),
        sorted(file.sections),
        document.as_data(file),
        document.as_data(after),
        [asdict(each) for each in missing],
    ]
    return hashlib.sha256(json.dumps(rests_on, sort_keys=True).encode()).hexdigest()


def _versions(standings: Mapping[str, Standing]) -> list[list[JsonValue]]:
    return [[name, each.id, each.live_id, each.newest_id] for name, each in sorted(standings.items())]
