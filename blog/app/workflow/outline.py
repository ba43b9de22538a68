"""The use cases of the outline: sections added, renamed, moved by one place, split, joined with the next."""

from collections.abc import Sequence
from typing import Literal

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.posts import services as posts
from blog.app.posts.models import Origin, Post, Revision, Section
from blog.app.translation import gettext as _
from blog.app.workflow import dividing, rules, trees, values, workspaces
from blog.app.workflow import services as workflow
from blog.app.workflow.models import Field, SectionChange, SplitField

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
            raise Conflict(_("Somebody renamed this section meanwhile. Reload to see its name."))
        base = current.id if current else None
        _name(conn, actor, post_id, section_id, heading, base_revision_id=base)


def move_section(
    conn: db.Connection, actor: Actor, post_id: int, section_id: int, direction: Direction
) -> None:
    """By one place. At the end of its way it stays where it is."""
    with conn.transaction():
        order = [section.id for section in posts.list_sections(conn, post_id)]
        if section_id not in order:
            raise NotFound(_("There is no such section in this post."))
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
    tree = trees.get_seen_workflow(conn, actor, post.workflow_id)
    for field in rules.naming_fields(tree, "section"):
        return field
    raise Invalid(_("In this workflow no field names a section."))


# --- splitting and joining -----------------------------------------------------------------------


def list_split_places(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    section_id: int,
    *,
    field_name: str | None = None,
    cursor: int | None = None,
) -> list[SplitField]:
    """Where the texts of a section can be divided; the one with the cursor comes first."""
    post = posts.get_post(conn, actor, post_id)
    posts.get_section(conn, post_id, section_id)
    current = workspaces.current_values(conn, post_id)
    found: list[SplitField] = []
    for field in rules.fields(trees.get_seen_workflow(conn, actor, post.workflow_id), "section"):
        revision = current.get((section_id, field.id))
        if revision is None or not dividing.is_divided(field):
            continue
        places = dividing.split_places(revision.value, cursor if field.name == field_name else None)
        if places:
            found.append(SplitField(field=field, revision_id=revision.id, places=places))
    return sorted(found, key=lambda split: split.field.name != field_name)


def split_section(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    section_id: int,
    *,
    field_name: str,
    offset: int,
    base_revision_id: int,
) -> SectionChange:
    """The text behind `offset` goes to a new section, named by the heading it begins with, if any."""
    with conn.transaction():
        post = posts.lock_to_edit(conn, actor, post_id)
        field = trees.find_field(conn, actor, post.workflow_id, field_name)
        trees.check_scope(conn, post.id, field, section_id)
        text = _text_to_divide(conn, post, field, section_id, base_revision_id)
        halves = dividing.divided(text.value, offset)
        new = posts.add_section(conn, actor, post_id, section_id)
        first = _put(
            conn, actor, post, field, section_id=section_id, value=halves.before, base=text, like=text
        )
        if halves.after:
            _put(conn, actor, post, field, section_id=new.id, value=halves.after, base=None, like=text)
        if halves.heading:
            _name(conn, actor, post_id, new.id, halves.heading, base_revision_id=None)
        section = posts.get_section(conn, post_id, section_id)
        return SectionChange(section=section, other=new, revision_ids=[first.id])


def merge_section(
    conn: db.Connection, actor: Actor, post_id: int, section_id: int, *, next_section_id: int
) -> SectionChange:
    """Its texts take in those of the next section, which is removed with all it had."""
    with conn.transaction():
        post = posts.lock_to_edit(conn, actor, post_id)
        _check_next(conn, post_id, section_id, next_section_id)
        current = workspaces.current_values(conn, post_id)
        written: list[int] = []
        for field in rules.fields(trees.get_workflow(conn, post.workflow_id), "section"):
            ours, theirs = current.get((section_id, field.id)), current.get((next_section_id, field.id))
            before = ours.value if ours else ""
            value = dividing.joined(field, before, theirs.value if theirs else "")
            if value != before:
                like = None if before.strip() else theirs
                revision = _put(
                    conn, actor, post, field, section_id=section_id, value=value, base=ours, like=like
                )
                written.append(revision.id)
        other = posts.remove_section(conn, actor, post_id, next_section_id)
        section = posts.get_section(conn, post_id, section_id)
        return SectionChange(section=section, other=other, revision_ids=written)


def undo_change(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    section_id: int,
    *,
    other_section_id: int,
    revision_ids: Sequence[int],
) -> Section:
    """The texts as they were before a split or merge, while nobody has written in them since."""
    with conn.transaction():
        post = posts.lock_to_edit(conn, actor, post_id)
        other = posts.get_section(conn, post_id, other_section_id)
        for revision_id in revision_ids:
            _take_back(conn, actor, post, section_id, posts.get_revision(conn, actor, revision_id))
        move = posts.remove_section if other.removed_at is None else posts.bring_back_section
        move(conn, actor, post_id, other_section_id)
        return posts.get_section(conn, post_id, section_id)


def _text_to_divide(
    conn: db.Connection, post: Post, field: Field, section_id: int, base_revision_id: int
) -> Revision:
    if not dividing.is_divided(field):
        raise Invalid(
            _("%(field)s cannot be divided: it is no running text.", field=field.label), field=field.name
        )
    current = posts.find_current(conn, post_id=post.id, section_id=section_id, field_id=field.id)
    if current is None or current.id != base_revision_id:
        raise Conflict(
            _("%(field)s was changed meanwhile. Look at it again, then choose the place.", field=field.label),
            current_revision_id=current.id if current else None,
        )
    return current


def _check_next(conn: db.Connection, post_id: int, section_id: int, next_section_id: int) -> None:
    order = [section.id for section in posts.list_sections(conn, post_id)]
    if section_id not in order:
        raise NotFound(_("There is no such section in this post."))
    if order[order.index(section_id) + 1 :][:1] != [next_section_id]:
        raise Conflict(_("Another section follows by now. Reload to see the outline as it is."))


def _put(
    conn: db.Connection,
    actor: Actor,
    post: Post,
    field: Field,
    *,
    section_id: int,
    value: str,
    base: Revision | None,
    like: Revision | None,
) -> Revision:
    """Words that are only moved stay those of the model that wrote them in `like`."""
    run_id = like.llm_run_id if like else None
    origin: Origin = "person" if run_id is None else "run"
    return workflow.write_field(
        conn,
        actor,
        post,
        field,
        section_id=section_id,
        value=values.canonical(field, value),
        base_revision_id=base.id if base else None,
        origin=origin,
        llm_run_id=run_id,
    )


def _take_back(conn: db.Connection, actor: Actor, post: Post, section_id: int, written: Revision) -> None:
    if (written.post_id, written.section_id) != (post.id, section_id):
        raise NotFound(_("There is no such revision in this section."))
    if written.superseded_at is not None:
        raise Conflict(
            _("This section was changed since, so it is left as it is. Its history has the older words.")
        )
    if written.base_revision_id is not None:
        workflow.restore_revision(conn, actor, written.base_revision_id, base_revision_id=written.id)
        return
    field = trees.field_of(conn, written)
    _put(conn, actor, post, field, section_id=section_id, value="", base=written, like=None)
