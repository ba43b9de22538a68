"""Saving what was typed on the bench: wordings as drafts of their parts, the make-up as one of the action."""

from blog.app import db
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.bench import forms, rows
from blog.app.bench.models import Typed, TypedRow
from blog.app.errors import Conflict, Invalid
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.prompts import actions, going_live, parts
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import Action, PromptPart
from blog.app.llm.prompts.schemas import ActionMakeUp


def save(conn: db.Connection, actor: Actor, action_id: int, typed: Typed, vocabulary: Vocabulary) -> Action:
    """All of it or nothing. What is as it was makes no new version; a refusal names the `row` it is about."""
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        action = prompts.get_newest_action(conn, action_id)
        seen: dict[int, TypedRow] = {}
        part_ids = [_save_row(conn, actor, action, row, vocabulary, seen=seen) for row in typed.rows]
        change = forms.make_up(action, typed, part_ids)
        if typed.base_version_id == action.version.id and _is_same(action, change):
            return action
        return actions.update_action(conn, actor, action_id, change, vocabulary)


def _is_same(action: Action, change: ActionMakeUp) -> bool:
    fields = set(ActionMakeUp.model_fields)
    return change.model_dump(include=fields) == going_live.as_make_up(action).model_dump(include=fields)


def _save_row(
    conn: db.Connection,
    actor: Actor,
    action: Action,
    row: TypedRow,
    vocabulary: Vocabulary,
    *,
    seen: dict[int, TypedRow],
) -> int:
    """The number of the part that stands there once all is saved."""
    try:
        if row.part_id is None or row.is_fork:
            return parts.create_part(
                conn, actor, forms.new_part(row, _name(conn, action, row)), vocabulary
            ).id
        rows.check_same(row, seen.setdefault(row.part_id, row))
        if seen[row.part_id] is row:
            _reword(conn, actor, row.part_id, row, vocabulary)
    except (Invalid, Conflict) as problem:
        raise rows.at_row(problem, row.key) from problem
    return row.part_id


def _name(conn: db.Connection, action: Action, row: TypedRow) -> str:
    """A part made out of another one is called after the action it is for, unless it is given a name."""
    if row.name or row.part_id is None:
        return row.name
    return f"{prompts.get_part(conn, row.part_id).name} ({action.label})"[:120]


def _reword(conn: db.Connection, actor: Actor, part_id: int, row: TypedRow, vocabulary: Vocabulary) -> None:
    """Whoever changed nothing is in nobody's way, whatever others saved meanwhile."""
    newest = prompts.get_newest_part(conn, part_id)
    if _is_as(row, newest) or _is_as(row, _base(conn, part_id, row, newest)):
        return
    parts.update_part(conn, actor, part_id, forms.part_change(row, newest), vocabulary)


def _base(conn: db.Connection, part_id: int, row: TypedRow, newest: PromptPart) -> PromptPart:
    if row.base_version_id in {None, newest.version_id}:
        return newest
    return prompts.get_version_of_part(conn, part_id, row.base_version_id or 0)


def _is_as(row: TypedRow, part: PromptPart) -> bool:
    return (row.role, row.kind, row.template) == (part.role, part.kind, part.template)
