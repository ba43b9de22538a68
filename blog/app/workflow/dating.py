"""The day a post is set to appear, written where its workflow has a field for it, else kept with the post."""

from collections.abc import Sequence
from datetime import date

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.posts import services as posts
from blog.app.posts.models import Revision
from blog.app.workflow import rules, trees, workspaces
from blog.app.workflow import services as workflow
from blog.app.workflow.models import Field


def set_date(conn: db.Connection, actor: Actor, post_id: int, day: date | None) -> None:
    with conn.transaction():
        posts.lock_to_edit(conn, actor, post_id)
        post = posts.get_post(conn, actor, post_id)
        fields = rules.date_fields(trees.get_workflow(conn, post.workflow_id))
        current = workspaces.current_values(conn, post_id)
        bases = {field.id: current.get((None, field.id)) for field in fields}
        for field in _to_write(fields, [field for field in fields if _value(bases[field.id])], day):
            base = bases[field.id]
            workflow.write_field(
                conn,
                actor,
                post,
                field,
                section_id=None,
                value=day.isoformat() if day else "",
                base_revision_id=base.id if base else None,
                verb="see",  # to set the day is to publish, which is asked for where the post stands
            )
        if not fields:
            posts.schedule(conn, post_id, day)


def _to_write(fields: Sequence[Field], filled: Sequence[Field], day: date | None) -> Sequence[Field]:
    """A day that is taken away is taken from all of them: the next one would stand in for the first."""
    return filled if day is None else (filled or fields)[:1]


def _value(revision: Revision | None) -> str:
    return revision.value if revision else ""
