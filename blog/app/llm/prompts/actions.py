"""The use cases of actions: made, changed. A changed make-up is a draft; going_live makes it count."""

from blog.app import audit, db
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.errors import AppError, Conflict
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.prompts import action_store, make_up, release_store
from blog.app.llm.prompts.models import Action
from blog.app.llm.prompts.schemas import ActionChange, ActionCreate, ActionMakeUp
from blog.app.llm.prompts.services import (
    get_action,
    get_live_action,
    get_newest_action,
    list_action_places,
)
from blog.app.translation import gettext as _


def create_action(conn: db.Connection, actor: Actor, new: ActionCreate, vocabulary: Vocabulary) -> Action:
    """Its first make-up is live at once: no field offers it yet."""
    permissions.check(actor, LLM_CONFIGURE)
    taken = Conflict(_("There is an action named %(name)s already.", name=new.name))
    with conn.transaction(), db.constraints(llm_action_name_key=taken):
        make_up.check(conn, new, vocabulary)
        action_id = action_store.insert_action(
            conn, name=new.name, label=new.label, description=new.description
        )
        version_id = _append_make_up(conn, actor, action_id, new, base_version_id=None)
        release_store.update_live_action(conn, action_id, version_id=version_id, replaced_version_id=None)
        release_store.insert_action_release(
            conn,
            action_id,
            version_id=version_id,
            replaced_version_id=None,
            user_id=actor.user_id,
            reason="",
            overruled=None,
        )
        audit.record(conn, actor, "llm_action.created", "llm_action", action_id, called=new.name)
        return get_live_action(conn, action_id)


def update_action(
    conn: db.Connection, actor: Actor, action_id: int, change: ActionChange, vocabulary: Vocabulary
) -> Action:
    """Saves a new make-up as the draft. Of two people who change one action, the second is told: Conflict."""
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        make_up.check(conn, change, vocabulary)
        version_id = _append_make_up(conn, actor, action_id, change, base_version_id=change.base_version_id)
        make_up.check_places(change.output_kind, list_action_places(conn, action_id))
        action_store.update_action(conn, action_id, label=change.label, description=change.description)
        action_store.update_draft(conn, action_id, version_id)
        action = get_action(conn, action_id, version_id)
        audit.record(conn, actor, "llm_action.changed", "llm_action", action_id, number=action.version.number)
        return action


def set_draft_aside(conn: db.Connection, actor: Actor, action_id: int, version_id: int) -> Action:
    """The draft is not gone on from; its make-up stays among the versions."""
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        action = get_newest_action(conn, action_id)
        if action.draft_version_id != version_id:
            raise Conflict(_("This is not the draft any more."), current_version_id=action.version.id)
        action_store.update_draft(conn, action_id, None)
        number = action.version.number
        audit.record(conn, actor, "llm_action.set_aside", "llm_action", action_id, number=number)
        return get_live_action(conn, action_id)


def _append_make_up(
    conn: db.Connection, actor: Actor, action_id: int, new: ActionMakeUp, *, base_version_id: int | None
) -> int:
    version_id = action_store.insert_action_version(
        conn,
        action_id,
        base_version_id=base_version_id,
        model_id=new.model_id,
        params=new.params,
        output_kind=new.output_kind,
        output_schema=new.output_schema,
        validators=new.validators,
        deadline_seconds=new.deadline_seconds,
        max_retries=new.max_retries,
        fallback_model_id=new.fallback_model_id,
        max_repairs=new.max_repairs,
        repair_part_id=new.repair_part_id,
        takes_selection=new.takes_selection,
        wish_label=new.wish_label,
        wish_choices=new.wish_choices,
        user_id=actor.user_id,
    )
    if version_id is None:
        raise _action_moved_on(conn, action_id)
    action_store.insert_action_parts(conn, version_id, new.part_ids, off_positions=new.off_positions)
    return version_id


def _action_moved_on(conn: db.Connection, action_id: int) -> AppError:
    action = get_newest_action(conn, action_id)
    return Conflict(
        _(
            "Somebody saved version %(number)s of “%(label)s” meanwhile. Nothing was "
            "overwritten; look at it and make your change again.",
            number=action.version.number,
            label=action.label,
        ),
        current_version_id=action.version.id,
    )
