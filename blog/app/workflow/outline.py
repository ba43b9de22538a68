"""The use cases of the outline: a section added with its name, renamed, moved by one place."""

from typing import Literal

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.posts import services as posts
from blog.app.posts.models import Section
from blog.app.workflow import rules
from blog.app.workflow import services as workflow
from blog.app.workflow.models import Field

Direction = Literal["up", "down"]


def add_section(conn: db.Connection, actor: Actor, post_id: int, heading: str) -> Section:
    """At the end. An empty heading: a section without a name yet."""
    with conn.transaction():
        section = posts.add_section(conn, actor, post_id)
        if heading.strip():
            _name(conn, actor, post_id, section.id, heading, base_revision_id=None)
        return section


def rename_section(
    conn: db.Connection, actor: Actor, post_id: int, section_id: int, heading: str, *, seen: str
) -> None:
    """`seen` is the name the editor saw; if it is another one by now: Conflict."""
    with conn.transaction():
        field = _naming_field(conn, actor, post_id)
        current = posts.find_current(conn, post_id=post_id, section_id=section_id, field_id=field.id)
        if (current.value.strip() if current else "") != seen.strip():
            raise Conflict("Somebody renamed this section meanwhile. Reload to see its name.")
        base = current.id if current else None
        _name(conn, actor, post_id, section_id, heading, base_revision_id=base)


def move_section(
    conn: db.Connection, actor: Actor, post_id: int, section_id: int, direction: Direction
) -> None:
    """By one place. At the end of its way it stays where it is."""
    with conn.transaction():
        order = [section.id for section in posts.list_sections(conn, post_id)]
        if section_id not in order:
            raise NotFound("There is no such section in this post.")
        place = order.index(section_id)
        other = place + (-1 if direction == "up" else 1)
        if 0 <= other < len(order):
            order[place], order[other] = order[other], order[place]
            posts.reorder_sections(conn, actor, post_id, order)


def _name(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    section_id: int,
    heading: str,
    *,
    base_revision_id: int | None,
) -> None:
    workflow.save_field(
        conn,
        actor,
        post_id=post_id,
        field_name=_naming_field(conn, actor, post_id).name,
        section_id=section_id,
        text=" ".join(heading.split()),
        base_revision_id=base_revision_id,
    )


def _naming_field(conn: db.Connection, actor: Actor, post_id: int) -> Field:
    post = posts.get_post(conn, actor, post_id)
    tree = workflow.get_workflow(conn, post.workflow_id)
    for field in rules.naming_fields(tree, "section"):
        return field
    raise Invalid("In this workflow no field names a section.")
