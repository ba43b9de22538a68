"""The use cases of a post in its workflow: beginning it, writing a field, moving on.

A value is checked against its field here, and only here; what is stored is always in the field's form.
"""

from datetime import date

from blog.app import db
from blog.app.auth import matrix
from blog.app.auth.models import Actor, Verb
from blog.app.errors import Conflict, Invalid
from blog.app.posts import services as posts
from blog.app.posts.models import Origin, Post, Revision
from blog.app.translation import gettext as _
from blog.app.workflow import rules, trees, values, workspaces
from blog.app.workflow.models import Field


def create_post_with_idea(
    conn: db.Connection, actor: Actor, idea: str, workflow_name: str | None = None
) -> Post:
    """A new post at the first sub-stage, its idea written in the workflow's first field."""
    if not idea.strip():
        raise Invalid(_("Write down the idea first; one line is enough."), field="idea")
    with conn.transaction():
        if workflow_name:
            workflow = trees.named_workflow(conn, actor, workflow_name)
        else:
            workflow = trees.default_workflow(conn, actor)
        matrix.check(conn, actor, "edit", rules.sub_stages(workflow)[0].id)
        field = rules.first_field(workflow)
        post = posts.create_post(conn, actor, workflow.id, rules.sub_stages(workflow)[0].id)
        save_field(
            conn,
            actor,
            post_id=post.id,
            field_name=field.name,
            section_id=None,
            text=idea,
            base_revision_id=None,
        )
        return posts.get_post(conn, actor, post.id)


def save_field(
    conn: db.Connection,
    actor: Actor,
    *,
    post_id: int,
    field_name: str,
    section_id: int | None,
    text: str,
    base_revision_id: int | None,
    origin: Origin = "person",
    llm_run_id: int | None = None,
    verb: Verb = "edit",
) -> Revision:
    """Checks the text against its field and appends it; a Conflict carries the value that is there now.

    `verb`: what the actor must be allowed to do in the field's stage for it.
    """
    with conn.transaction():
        post = posts.get_post(conn, actor, post_id)
        field = trees.find_field(conn, actor, post.workflow_id, field_name)
        return write_field(
            conn,
            actor,
            post,
            field,
            section_id=section_id,
            value=values.canonical(field, text),
            base_revision_id=base_revision_id,
            origin=origin,
            llm_run_id=llm_run_id,
            verb=verb,
        )


def restore_revision(
    conn: db.Connection, actor: Actor, revision_id: int, *, base_revision_id: int | None
) -> Revision:
    """The words of an older revision as a new one, after the base the editor saw."""
    with conn.transaction():
        old = posts.get_revision(conn, actor, revision_id)
        return write_field(
            conn,
            actor,
            posts.get_post(conn, actor, old.post_id),
            trees.field_of(conn, old),
            section_id=old.section_id,
            value=old.value,
            base_revision_id=base_revision_id,
            origin="restore",
            restored_from_id=old.id,
        )


def write_field(
    conn: db.Connection,
    actor: Actor,
    post: Post,
    field: Field,
    *,
    section_id: int | None,
    value: str,
    base_revision_id: int | None,
    origin: Origin = "person",
    llm_run_id: int | None = None,
    restored_from_id: int | None = None,
    verb: Verb = "edit",
) -> Revision:
    """Appends a value that is in the field's stored form already, keeping the post's title and day by it."""
    trees.check_scope(conn, post.id, field, section_id)
    matrix.check(conn, actor, verb, field.sub_stage_id)
    if rules.is_date(field):
        matrix.check(conn, actor, "publish", post.sub_stage_id)
    try:
        revision = posts.revise(
            conn,
            actor,
            post_id=post.id,
            section_id=section_id,
            field_id=field.id,
            value=value,
            base_revision_id=base_revision_id,
            origin=origin,
            llm_run_id=llm_run_id,
            restored_from_id=restored_from_id,
        )
    except posts.Superseded as exc:
        raise _conflict(field, exc) from exc
    if field.scope == "post" and field.title_rank is not None:
        _rename(conn, post)
    if rules.is_date(field):
        _schedule(conn, post)
    return revision


def _conflict(field: Field, conflict: posts.Superseded) -> Conflict:
    """With what a program needs to merge: the current revision's id and its value as JSON."""
    current = conflict.current
    return Conflict(
        _("%(field)s: %(message)s", field=field.label, message=conflict.message),
        field=field.name,
        current_revision_id=current.id if current else None,
        current_value=values.parsed(field.kind, current.value) if current else None,
    )


def _rename(conn: db.Connection, post: Post) -> None:
    naming = rules.naming_fields(trees.get_workflow(conn, post.workflow_id), "post")
    current = workspaces.current_values(conn, post.id)
    posts.rename(conn, post.id, rules.title(naming, workspaces.texts_of(naming, None, current)))


def _schedule(conn: db.Connection, post: Post) -> None:
    current = workspaces.current_values(conn, post.id)
    fields = rules.date_fields(trees.get_workflow(conn, post.workflow_id))
    days = [workspaces.text_of(current, None, field) for field in fields]
    posts.schedule(conn, post.id, next((date.fromisoformat(day) for day in days if day), None))


def move_post(conn: db.Connection, actor: Actor, post_id: int, sub_stage: int | str) -> Post:
    """To any sub-stage of its workflow, by id or name, forward or back."""
    post = posts.get_post(conn, actor, post_id)
    place = rules.place(trees.get_workflow(conn, post.workflow_id), sub_stage)
    return posts.move_to_sub_stage(conn, actor, post_id, place.sub_stage.id)
