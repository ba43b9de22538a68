"""A post's fields as programs read and write them: as JSON, by name. Adds no rule of its own."""

from pydantic import JsonValue

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.posts import services as posts
from blog.app.posts.models import Revision, RevisionPage
from blog.app.workflow import rules, trees, values, workspaces
from blog.app.workflow import services as workflows
from blog.app.workflow.models import Field, FieldValue


def get_value(
    conn: db.Connection, actor: Actor, post_id: int, field_name: str, section_id: int | None
) -> FieldValue:
    state = workspaces.get_field_state(conn, actor, post_id, field_name, section_id)
    return field_value(state.field, section_id, state.revision)


def get_revision_value(conn: db.Connection, actor: Actor, revision_id: int) -> FieldValue:
    """An older value too."""
    revision = posts.get_revision(conn, actor, revision_id)
    posts.get_post(conn, actor, revision.post_id)
    return field_value(trees.field_of(conn, revision), revision.section_id, revision)


def list_revisions(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    field_name: str,
    section_id: int | None,
    *,
    after: int | None = None,
    limit: int = 50,
) -> RevisionPage:
    """The history of a field, newest first."""
    post = posts.get_post(conn, actor, post_id)
    field = trees.find_field(conn, actor, post.workflow_id, field_name)
    trees.check_scope(conn, post_id, field, section_id)
    return posts.list_revisions(conn, actor, post_id, section_id, field.id, after=after, limit=limit)


def list_values(conn: db.Connection, actor: Actor, post_id: int) -> list[FieldValue]:
    """Every field of the post and of each of its sections that may be seen, also those never written."""
    post = posts.get_post(conn, actor, post_id)
    workflow = trees.get_seen_workflow(conn, actor, post.workflow_id)
    current = workspaces.current_values(conn, post_id)
    section_ids = [section.id for section in posts.list_sections(conn, post_id)]
    places = [(None, field) for field in rules.fields(workflow, "post")] + [
        (section_id, field) for section_id in section_ids for field in rules.fields(workflow, "section")
    ]
    return [
        field_value(field, section_id, current.get((section_id, field.id))) for section_id, field in places
    ]


def put_value(
    conn: db.Connection,
    actor: Actor,
    *,
    post_id: int,
    field_name: str,
    section_id: int | None,
    value: JsonValue,
    base_revision_id: int | None,
) -> FieldValue:
    """save_field for a program, whose value is JSON."""
    with conn.transaction():
        post = posts.get_post(conn, actor, post_id)
        field = trees.find_field(conn, actor, post.workflow_id, field_name)
        revision = workflows.write_field(
            conn,
            actor,
            post,
            field,
            section_id=section_id,
            value=values.from_json(field, value),
            base_revision_id=base_revision_id,
        )
        return field_value(field, section_id, revision)


def restore_value(
    conn: db.Connection, actor: Actor, revision_id: int, *, base_revision_id: int | None
) -> FieldValue:
    """restore_revision for a program."""
    revision = workflows.restore_revision(conn, actor, revision_id, base_revision_id=base_revision_id)
    return field_value(trees.field_of(conn, revision), revision.section_id, revision)


def field_value(field: Field, section_id: int | None, revision: Revision | None) -> FieldValue:
    return FieldValue(
        name=field.name,
        label=field.label,
        kind=field.kind,
        section_id=section_id,
        value=values.parsed(field.kind, revision.value if revision else ""),
        revision_id=revision.id if revision else None,
        number=revision.number if revision else 0,
        origin=revision.origin if revision else None,
        author_name=revision.author_name if revision else None,
        llm_run_id=revision.llm_run_id if revision else None,
        restored_from_id=revision.restored_from_id if revision else None,
        written_at=revision.created_at if revision else None,
        superseded_at=revision.superseded_at if revision else None,
    )
