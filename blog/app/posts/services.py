"""The use cases of posts: each write is one short transaction, permitted on this post, and audited.

Words change only by appending a revision after the one its writer saw; removing hides and can be undone.
"""

from collections.abc import Sequence
from datetime import date

from blog.app import audit, db
from blog.app.auth import matrix
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.auth.reach import may_see, seen
from blog.app.errors import AppError, Conflict, Invalid, NotFound
from blog.app.posts import rules, store
from blog.app.posts.models import (
    NewRevision,
    Origin,
    Post,
    PostListItem,
    Revision,
    RevisionPage,
    Section,
)
from blog.app.posts.permissions import POST_CREATE, POST_READ, POST_REMOVE, check_may_edit
from blog.app.text import clean
from blog.app.translation import gettext as _

# --- posts ---------------------------------------------------------------------------------------


def create_post(conn: db.Connection, actor: Actor, workflow_id: int, sub_stage_id: int) -> Post:
    check(actor, POST_CREATE)
    matrix.check(conn, actor, "edit", sub_stage_id)
    with (
        conn.transaction(),
        db.constraints(post_sub_stage_fkey=NotFound(_("There is no such stage in this workflow."))),
    ):
        post_id = store.insert_post(conn, workflow_id, sub_stage_id, actor.user_id)
        audit.record(conn, actor, "post.created", "post", post_id)
        return get_post(conn, actor, post_id)


def get_post(conn: db.Connection, actor: Actor, post_id: int) -> Post:
    """A removed post is not found: it must be brought back first. Nor is one that stands out of sight."""
    check(actor, POST_READ)
    return _present(_found(actor, store.find_post(conn, post_id)))


def _found(actor: Actor, post: Post | None) -> Post:
    if post is None or not may_see(actor, post.sub_stage_id):
        raise NotFound(_("There is no such post, or it stands in a stage that you may not see."))
    return post


def is_in_sight(conn: db.Connection, actor: Actor, post_id: int) -> bool:
    """After a change that may have put it where the actor may not look."""
    post = store.find_post(conn, post_id)
    return post is not None and post.removed_at is None and may_see(actor, post.sub_stage_id)


def _present(post: Post) -> Post:
    if post.removed_at is not None:
        raise NotFound(_("This post was removed. It can be brought back from the list of removed posts."))
    return post


def lock_to_edit(conn: db.Connection, actor: Actor, post_id: int) -> Post:
    """The post, this actor's to edit; other writers wait until the caller's transaction ends.

    For a use case that reads before it writes: what it has read cannot change under it. In which stages
    the actor may do so is for that use case to ask of the matrix.
    """
    post = lock_to_read(conn, actor, post_id)
    check_may_edit(actor, post)
    return post


def lock_to_read(conn: db.Connection, actor: Actor, post_id: int) -> Post:
    """The same for a use case that decides by itself who may."""
    check(actor, POST_READ)
    return _present(_found(actor, store.lock_post(conn, post_id)))


def list_latest(conn: db.Connection, actor: Actor, *, limit: int) -> list[PostListItem]:
    """To choose one from, the latest change first. Finding one among all is another package's."""
    check(actor, POST_READ)
    return store.list_latest(conn, limit, seen(actor))


def schedule(conn: db.Connection, post_id: int, day: date | None) -> None:
    """The day it is set to appear, as the workflow finds it in the post's words. None: not set."""
    db.must_touch(store.update_post_scheduled(conn, post_id, day), _("There is no such post."))


def rename(conn: db.Connection, post_id: int, title: str) -> None:
    """Keeps the name in lists in step with the field it comes from; not an edit of its own."""
    db.must_touch(store.update_post_title(conn, post_id, clean(title)), _("There is no such post."))


def move_to_sub_stage(conn: db.Connection, actor: Actor, post_id: int, sub_stage_id: int) -> Post:
    with (
        conn.transaction(),
        db.constraints(post_sub_stage_fkey=Invalid(_("There is no such stage in this post's workflow."))),
    ):
        post = lock_to_edit(conn, actor, post_id)
        stand_at(conn, actor, post, sub_stage_id)
        return _there(store.find_post(conn, post_id))


def stand_at(conn: db.Connection, actor: Actor, post: Post, sub_stage_id: int) -> None:
    """For a caller that has locked the post and checked whose it is. It may go out of the mover's sight."""
    if post.sub_stage_id != sub_stage_id:
        matrix.check(conn, actor, "move", post.sub_stage_id)
        store.update_post_sub_stage(conn, post.id, sub_stage_id)
        keep_standing(conn, post.id)
        audit.record(conn, actor, "post.moved", "post", post.id, before=post.sub_stage_id, after=sub_stage_id)


def keep_standing(conn: db.Connection, post_id: int) -> None:
    """For a caller that has locked the post and changed where it stands, or how."""
    store.update_post_standing(conn, post_id)


def remove_post(conn: db.Connection, actor: Actor, post_id: int) -> Post:
    """Out of the lists, with all its words kept. One that was removed already stays removed."""
    with conn.transaction():
        _lock_to_remove(conn, actor, post_id)
        if store.update_post_removed(conn, post_id):
            audit.record(conn, actor, "post.removed", "post", post_id)
        return _there(store.find_post(conn, post_id))


def bring_back_post(conn: db.Connection, actor: Actor, post_id: int) -> Post:
    """A post that is there already stays as it is."""
    with conn.transaction():
        _lock_to_remove(conn, actor, post_id)
        if store.update_post_brought_back(conn, post_id):
            audit.record(conn, actor, "post.brought_back", "post", post_id)
        return get_post(conn, actor, post_id)


def _lock_to_remove(conn: db.Connection, actor: Actor, post_id: int) -> Post:
    check(actor, POST_REMOVE)
    post = _found(actor, store.lock_post(conn, post_id))
    check_may_edit(actor, post)
    matrix.check(conn, actor, "edit", post.sub_stage_id)
    return post


def _there(post: Post | None) -> Post:
    """For a caller that has it locked."""
    if post is None:
        raise NotFound(_("There is no such post."))
    return post


# --- sections ------------------------------------------------------------------------------------


def list_sections(conn: db.Connection, post_id: int) -> list[Section]:
    """Those in the post, in order."""
    return [section for section in store.list_sections(conn, post_id) if section.removed_at is None]


def list_removed_sections(conn: db.Connection, post_id: int) -> list[Section]:
    return [section for section in store.list_sections(conn, post_id) if section.removed_at is not None]


def get_section(conn: db.Connection, post_id: int, section_id: int) -> Section:
    """Also a removed one."""
    section = store.find_section(conn, post_id, section_id)
    if section is None:
        raise NotFound(_("There is no such section in this post."))
    return section


def add_section(
    conn: db.Connection, actor: Actor, post_id: int, after_section_id: int | None = None
) -> Section:
    """Behind `after_section_id`; None: at the end."""
    with conn.transaction():
        _lock_sections(conn, actor, post_id)
        sections = store.list_sections(conn, post_id)
        section_id = store.insert_section(conn, post_id)
        order = rules.inserted(sections, section_id, after_section_id)
        _write_order(conn, actor, post_id, order)
        audit.record(conn, actor, "section.added", "post", post_id, section_id=section_id)
        return get_section(conn, post_id, section_id)


def reorder_sections(
    conn: db.Connection, actor: Actor, post_id: int, section_ids: list[int]
) -> list[Section]:
    """`section_ids` are all present ones, each once; anything else is a Conflict and moves nothing."""
    with conn.transaction():
        _lock_sections(conn, actor, post_id)
        sections = store.list_sections(conn, post_id)
        order = rules.reordered(sections, section_ids)
        before = [section.id for section in sections]
        if order != before:
            _write_order(conn, actor, post_id, order)
            audit.record(conn, actor, "sections.reordered", "post", post_id, before=before, after=order)
        return list_sections(conn, post_id)


def remove_section(conn: db.Connection, actor: Actor, post_id: int, section_id: int) -> Section:
    """Its words are kept. One that was removed already stays removed."""
    with conn.transaction():
        _lock_sections(conn, actor, post_id)
        if store.update_section_removed(conn, post_id, section_id):
            _sections_changed(conn, actor, post_id)
            audit.record(conn, actor, "section.removed", "post", post_id, section_id=section_id)
        return get_section(conn, post_id, section_id)


def bring_back_section(conn: db.Connection, actor: Actor, post_id: int, section_id: int) -> Section:
    """With its words, behind the section it followed."""
    with conn.transaction():
        _lock_sections(conn, actor, post_id)
        if store.update_section_brought_back(conn, post_id, section_id):
            _sections_changed(conn, actor, post_id)
            audit.record(conn, actor, "section.brought_back", "post", post_id, section_id=section_id)
        return get_section(conn, post_id, section_id)


def _lock_sections(conn: db.Connection, actor: Actor, post_id: int) -> Post:
    """Sections as such belong to the stage of the field that names them."""
    post = lock_to_edit(conn, actor, post_id)
    place = store.find_sections_place(conn, post.workflow_id)
    matrix.check(conn, actor, "edit", place or post.sub_stage_id)
    return post


def _write_order(conn: db.Connection, actor: Actor, post_id: int, section_ids: list[int]) -> None:
    store.update_section_positions(conn, post_id, section_ids)
    _sections_changed(conn, actor, post_id)


def _sections_changed(conn: db.Connection, actor: Actor, post_id: int) -> None:
    """So that the post can be shown as it was at any moment."""
    store.insert_section_order(conn, post_id, actor.user_id)
    store.update_post_touched(conn, post_id)


# --- revisions -----------------------------------------------------------------------------------


class Superseded(Conflict):
    """The revision a writer had before them is not the current one any more; `current` is."""

    def __init__(self, current: Revision | None) -> None:
        message = (
            _(
                "%(person)s saved another version meanwhile. "
                "Yours was not saved and nothing was overwritten.",
                person=current.author_name or _("The system"),
            )
            if current
            else _("The version this was based on does not exist in this field. Nothing was saved.")
        )
        super().__init__(message, current_revision_id=current.id if current else None)
        self.current = current


def revise(
    conn: db.Connection,
    actor: Actor,
    *,
    post_id: int,
    section_id: int | None,
    field_id: int,
    value: str,
    base_revision_id: int | None,
    origin: Origin = "person",
    llm_run_id: int | None = None,
    restored_from_id: int | None = None,
) -> Revision:
    """Appends `value` after the base. The value the field has already: its revision, and no new one."""
    new = NewRevision(
        post_id=post_id,
        section_id=section_id,
        field_id=field_id,
        value=clean(value),
        origin=origin,
        app_user_id=actor.user_id,
        api_token_id=actor.api_token_id,
        llm_run_id=llm_run_id,
        base_revision_id=base_revision_id,
        restored_from_id=restored_from_id,
    )
    rules.check_size(new.value)
    with conn.transaction(), db.constraints(**_missing()):
        lock_to_edit(conn, actor, post_id)
        _check_section(conn, post_id, section_id)
        # The post is locked, so nobody can come between this look and the append.
        current = store.find_current_revision(conn, post_id, section_id, field_id)
        if current is not None and current.value == new.value:
            return current
        return _append(conn, actor, new, current)


def _append(conn: db.Connection, actor: Actor, new: NewRevision, current: Revision | None) -> Revision:
    insert = store.insert_first_revision if new.base_revision_id is None else store.insert_next_revision
    revision_id = insert(conn, new)
    if revision_id is None:
        raise Superseded(current)
    store.update_post_touched(conn, new.post_id)
    audit.record(
        conn,
        actor,
        "post.revised",
        "post",
        new.post_id,
        field_id=new.field_id,
        section_id=new.section_id,
        revision_id=revision_id,
    )
    return get_revision(conn, actor, revision_id)


def _missing() -> dict[str, AppError]:
    return {
        "field_revision_field_fkey": NotFound(_("There is no such field.")),
        "field_revision_run_fkey": NotFound(_("There is no such run.")),
        "field_revision_restored_from_fkey": NotFound(_("There is no such revision.")),
    }


def _check_section(conn: db.Connection, post_id: int, section_id: int | None) -> None:
    if section_id is not None and get_section(conn, post_id, section_id).removed_at is not None:
        raise Conflict(_("This section was removed. Bring it back to write in it; nothing was saved."))


def current_values(conn: db.Connection, post_id: int) -> list[Revision]:
    """The current revision of every field of the post and its sections, also of removed sections."""
    return store.list_current_revisions(conn, post_id)


def find_current(
    conn: db.Connection, *, post_id: int, section_id: int | None, field_id: int
) -> Revision | None:
    return store.find_current_revision(conn, post_id, section_id, field_id)


def get_revision(conn: db.Connection, actor: Actor, revision_id: int) -> Revision:
    check(actor, POST_READ)
    revision = store.find_revision(conn, revision_id, seen(actor))
    if revision is None:
        raise NotFound(_("There is no such revision."))
    return revision


def list_revision_values(conn: db.Connection, actor: Actor, revision_ids: Sequence[int]) -> dict[int, str]:
    """The words of these revisions, by id; of those in sight."""
    check(actor, POST_READ)
    return store.list_revision_values(conn, revision_ids, seen(actor))


def list_revisions(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    section_id: int | None,
    field_id: int,
    *,
    after: int | None = None,
    limit: int = 50,
) -> RevisionPage:
    """Newest first; `after` is the number behind which the page begins."""
    check(actor, POST_READ)
    found = store.list_revisions(conn, post_id, section_id, field_id, after=after, limit=limit + 1)
    items = found[:limit]
    return RevisionPage(items=items, next=str(items[-1].number) if len(found) > limit else None)
