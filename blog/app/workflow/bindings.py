"""Which actions a field offers, in which order, and what becomes of their output: review it or save it."""

from collections.abc import Sequence

from blog.app import audit, db
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.errors import NotFound
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.prompts import rules as prompt_rules
from blog.app.llm.prompts import services as prompts
from blog.app.translation import gettext as _
from blog.app.workflow import binding_store, store
from blog.app.workflow.models import Binding, BindingChoice
from blog.app.workflow.schemas import BindingChange


def list_bindings(conn: db.Connection, action_id: int) -> list[Binding]:
    """The fields that offer an action, in the order of the workflow."""
    prompts.get_action_head(conn, action_id)
    return binding_store.list_bindings(conn, action_id)


def list_choices(conn: db.Connection, output_kind: str) -> Sequence[BindingChoice]:
    """Every field that is there, and whether it can hold what an action writes."""
    return [
        BindingChoice(**row, fits=row["field_kind"] in prompt_rules.FITS[output_kind])
        for row in binding_store.list_fields(conn)
    ]


def bind(
    conn: db.Connection, actor: Actor, action_id: int, field_id: int, change: BindingChange
) -> list[Binding]:
    """Lets a field offer an action, or changes how. Invalid: it cannot hold what the action writes."""
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        field = store.find_field_by_id(conn, field_id)
        if field is None or binding_store.is_archived(conn, field_id):
            raise NotFound(_("There is no such field."))
        written = prompts.lock_output_kinds(conn, action_id)
        for kind in sorted(written):
            prompt_rules.check_fits(kind, field_label=field.label, field_kind=field.kind)
        binding_store.upsert_binding(
            conn,
            field_id=field_id,
            action_id=action_id,
            position=change.position,
            on_success=change.on_success,
        )
        audit.record(
            conn, actor, "llm_action.bound", "llm_action", action_id, field_id=field_id, on=change.on_success
        )
        return binding_store.list_bindings(conn, action_id)


def unbind(conn: db.Connection, actor: Actor, action_id: int, field_id: int) -> list[Binding]:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        touched = binding_store.delete_binding(conn, field_id=field_id, action_id=action_id)
        db.must_touch(touched, _("This field does not offer the action."))
        audit.record(conn, actor, "llm_action.unbound", "llm_action", action_id, field_id=field_id)
        return binding_store.list_bindings(conn, action_id)


def is_saved_unseen(conn: db.Connection, field_id: int, action_id: int) -> bool:
    """Whether what this action writes for the field becomes a revision without a person's looking."""
    return binding_store.find_on_success(conn, field_id=field_id, action_id=action_id) == "save"
