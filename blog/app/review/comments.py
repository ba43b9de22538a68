"""Comments on a post, a field or a passage: said, answered, resolved, taken back. No post is changed."""

from collections.abc import Sequence

from blog.app import audit, db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.auth.reach import seen
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.posts import services as posts
from blog.app.posts.models import Post
from blog.app.posts.permissions import POST_COMMENT, POST_READ
from blog.app.review import comment_store as store
from blog.app.review import mentions, notification_store
from blog.app.review.comment_models import (
    Comment,
    CommentCount,
    Conversation,
    NewComment,
    Shown,
    Thread,
    ThreadPage,
)
from blog.app.review.store import list_colleagues
from blog.app.text import clean
from blog.app.translation import gettext as _
from blog.app.workflow import rules, trees, workspaces
from blog.app.workflow.models import Field
from blog.app.workflow.values import shown as as_shown

BODY_CHARS = 10_000
QUOTE_CHARS = 2_000
PAGE = 50


# --- looking -------------------------------------------------------------------------------------


def list_threads(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    *,
    field_name: str | None = None,
    section_id: int | None = None,
    shown: Shown = "all",
    after: int | None = None,
    limit: int = PAGE,
) -> ThreadPage:
    """Of one field, or of the whole post; the oldest first."""
    post = posts.get_post(conn, actor, post_id)
    field = _field(conn, actor, post, field_name, section_id) if field_name else None
    roots = store.list_roots(
        conn,
        post_id,
        seen=seen(actor),
        field_id=field.id if field else None,
        section_id=section_id,
        shown=shown,
        after=after,
        limit=limit + 1,
    )
    items = roots[:limit]
    return ThreadPage(
        items=_threads(conn, actor, post, items), next=str(items[-1].id) if len(roots) > limit else None
    )


def get_thread(conn: db.Connection, actor: Actor, comment_id: int) -> Thread:
    """The thread a comment is in."""
    comment = _present(conn, actor, comment_id)
    root = _present(conn, actor, comment.parent_id) if comment.parent_id else comment
    return _threads(conn, actor, posts.get_post(conn, actor, comment.post_id), [root])[0]


def get_conversation(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    field_name: str | None,
    section_id: int | None,
    *,
    shown: Shown = "open",
    after: int | None = None,
) -> Conversation:
    """What the page of a field's comments shows; `field_name` None: of the whole post."""
    post = posts.get_post(conn, actor, post_id)
    field = _field(conn, actor, post, field_name, section_id) if field_name else None
    page = list_threads(
        conn, actor, post_id, field_name=field_name, section_id=section_id, shown=shown, after=after
    )
    counts = store.count_threads(
        conn, post_id, seen=seen(actor), field_id=field.id if field else None, section_id=section_id
    )
    return Conversation(
        post_id=post_id,
        post_title=post.title,
        field_name=field_name,
        section_id=section_id,
        label=field.label if field else "the post",
        threads=page.items,
        open_count=counts[0],
        resolved_count=counts[1],
        next=page.next,
        colleagues=list_colleagues(conn, post.sub_stage_id),
        may_comment=actor.may(POST_COMMENT),
    )


def list_counts(conn: db.Connection, actor: Actor, post_id: int) -> list[CommentCount]:
    """Open threads by field, of the fields that have any."""
    posts.get_post(conn, actor, post_id)
    return store.list_counts(conn, post_id, seen(actor))


def _threads(conn: db.Connection, actor: Actor, post: Post, roots: Sequence[Comment]) -> list[Thread]:
    replies = store.list_replies(conn, [root.id for root in roots])
    tree = trees.get_seen_workflow(conn, actor, post.workflow_id)
    current = workspaces.current_values(conn, post.id) if roots else {}
    fields = {field.id: field for field in rules.fields(tree)}

    def is_found(root: Comment) -> bool:
        revision = current.get((root.section_id, root.field_id or 0))
        field = fields.get(root.field_id or 0)
        return not root.quote or (
            revision is not None and field is not None and root.quote in as_shown(field.kind, revision.value)
        )

    return [
        Thread(
            comment=root,
            replies=[reply for reply in replies if reply.parent_id == root.id],
            heading=workspaces.heading_of(tree, root.section_id, current) if root.section_id else None,
            is_found=is_found(root),
        )
        for root in roots
    ]


def _field(conn: db.Connection, actor: Actor, post: Post, field_name: str, section_id: int | None) -> Field:
    field = trees.find_field(conn, actor, post.workflow_id, field_name)
    if section_id is not None:
        posts.get_section(conn, post.id, section_id)
    if (field.scope == "section") != (section_id is not None):
        raise Invalid(
            _("%(field)s belongs to the post: say so.", field=field.label)
            if field.scope == "post"
            else _("%(field)s belongs to the section: say so.", field=field.label),
            field=field.name,
        )
    return field


def _present(conn: db.Connection, actor: Actor, comment_id: int) -> Comment:
    check(actor, POST_READ)
    return _there(store.find_comment(conn, comment_id, seen(actor)))


def _there(comment: Comment | None) -> Comment:
    if comment is None:
        raise NotFound(_("There is no such comment."))
    return comment


# --- saying --------------------------------------------------------------------------------------


def comment(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    body: str,
    *,
    field_name: str | None = None,
    section_id: int | None = None,
    quote: str = "",
) -> Comment:
    """Begins a thread about a passage, a field, a section or the post."""
    check(actor, POST_COMMENT)
    with conn.transaction():
        post = posts.get_post(conn, actor, post_id)
        field = _field(conn, actor, post, field_name, section_id) if field_name else None
        revision = field and posts.find_current(
            conn, post_id=post_id, section_id=section_id, field_id=field.id
        )
        new = NewComment(
            post_id=post_id,
            section_id=section_id,
            field_id=field.id if field else None,
            revision_id=revision.id if revision else None,
            quote=_quote(quote, field),
            parent_id=None,
            body=_body(body),
        )
        assignee_id = store.find_assignee_id(conn, post_id, field.id) if field else None
        return _say(conn, actor, new, "commented", {post.author_id, assignee_id})


def reply(conn: db.Connection, actor: Actor, comment_id: int, body: str) -> Comment:
    """In the thread of that comment. A resolved thread is opened again by it."""
    check(actor, POST_COMMENT)
    with conn.transaction():
        answered = _present(conn, actor, comment_id)
        root = _there(store.lock_comment(conn, answered.parent_id or answered.id, seen(actor)))
        posts.get_post(conn, actor, root.post_id)
        new = NewComment(
            post_id=root.post_id,
            section_id=root.section_id,
            field_id=root.field_id,
            revision_id=None,
            quote="",
            parent_id=root.id,
            body=_body(body),
        )
        if root.resolved_at is not None:
            store.update_resolved(conn, root.id, None, False)
        return _say(conn, actor, new, "replied", set(store.list_participants(conn, root.id)))


def _say(
    conn: db.Connection, actor: Actor, new: NewComment, kind: str, concerned: set[int | None]
) -> Comment:
    """Told once: a person who is mentioned is not told besides that there is a comment."""
    comment_id = store.insert_comment(conn, actor, new)
    place = posts.get_post(conn, actor, new.post_id).sub_stage_id
    named = mentions.mentioned(new.body, list_colleagues(conn, place))
    told = {person: kind for person in concerned if person is not None}
    told |= dict.fromkeys(named, "mentioned")
    told.pop(actor.user_id or 0, None)
    notification_store.insert_for_comment(conn, actor, new.post_id, comment_id, told)
    audit.record(conn, actor, f"comment.{kind}", "post", new.post_id, comment_id=comment_id)
    return _present(conn, actor, comment_id)


def _body(text: str) -> str:
    body = clean(text).strip()
    if not body:
        raise Invalid(_("A comment needs some words."), field="body")
    if len(body) > BODY_CHARS:
        raise Invalid(
            _(
                "A comment has at most %(body_chars)s characters; this has %(length)s.",
                body_chars=f"{BODY_CHARS:,}",
                length=f"{len(body):,}",
            ),
            field="body",
        )
    return body


def _quote(text: str, field: Field | None) -> str:
    quote = clean(text).strip()
    if quote and field is None:
        raise Invalid(_("A passage is of a field: say which."), field="field_name")
    if len(quote) > QUOTE_CHARS:
        raise Invalid(
            _(
                "A passage has at most %(quote_chars)s characters; this has %(length)s.",
                quote_chars=f"{QUOTE_CHARS:,}",
                length=f"{len(quote):,}",
            ),
            field="quote",
        )
    return quote


# --- changing ------------------------------------------------------------------------------------


def edit(conn: db.Connection, actor: Actor, comment_id: int, body: str) -> Comment:
    """One's own; those mentioned for the first time are told."""
    with conn.transaction():
        before = _own(conn, actor, comment_id)
        if before.removed_at is not None:
            raise Conflict(_("This comment was removed. Bring it back to change it."))
        if (text := _body(body)) != before.body:
            store.update_body(conn, comment_id, text)
            place = posts.get_post(conn, actor, before.post_id).sub_stage_id
            named = mentions.mentioned(text, list_colleagues(conn, place)) - {actor.user_id}
            told = dict.fromkeys(named, "mentioned")
            notification_store.insert_for_comment(conn, actor, before.post_id, comment_id, told)
            audit.record(conn, actor, "comment.edited", "post", before.post_id, comment_id=comment_id)
        return _present(conn, actor, comment_id)


def remove(conn: db.Connection, actor: Actor, comment_id: int) -> Comment:
    """One's own. Replies to it stay, and it can be brought back."""
    return _set_removed(conn, actor, comment_id, is_removed=True)


def bring_back(conn: db.Connection, actor: Actor, comment_id: int) -> Comment:
    return _set_removed(conn, actor, comment_id, is_removed=False)


def _set_removed(conn: db.Connection, actor: Actor, comment_id: int, *, is_removed: bool) -> Comment:
    with conn.transaction():
        before = _own(conn, actor, comment_id)
        if (before.removed_at is not None) != is_removed:
            store.update_removed(conn, comment_id, is_removed)
            name = "comment.removed" if is_removed else "comment.brought_back"
            audit.record(conn, actor, name, "post", before.post_id, comment_id=comment_id)
        return _present(conn, actor, comment_id)


def resolve(conn: db.Connection, actor: Actor, comment_id: int) -> Comment:
    """A thread as a whole. One that is resolved already stays so."""
    return _set_resolved(conn, actor, comment_id, is_resolved=True)


def reopen(conn: db.Connection, actor: Actor, comment_id: int) -> Comment:
    return _set_resolved(conn, actor, comment_id, is_resolved=False)


def _set_resolved(conn: db.Connection, actor: Actor, comment_id: int, *, is_resolved: bool) -> Comment:
    check(actor, POST_COMMENT)
    with conn.transaction():
        root = _there(store.lock_comment(conn, comment_id, seen(actor)))
        posts.get_post(conn, actor, root.post_id)
        if root.parent_id is not None:
            raise Invalid(_("A thread is resolved at its first comment."), comment_id=root.parent_id)
        if (root.resolved_at is not None) != is_resolved:
            store.update_resolved(conn, comment_id, actor.user_id, is_resolved)
            if is_resolved and root.author_id not in {None, actor.user_id}:
                notification_store.insert_for_comment(
                    conn, actor, root.post_id, comment_id, {root.author_id or 0: "resolved"}
                )
            name = "comment.resolved" if is_resolved else "comment.reopened"
            audit.record(conn, actor, name, "post", root.post_id, comment_id=comment_id)
        return _present(conn, actor, comment_id)


def _own(conn: db.Connection, actor: Actor, comment_id: int) -> Comment:
    check(actor, POST_COMMENT)
    found = _there(store.lock_comment(conn, comment_id, seen(actor)))
    posts.get_post(conn, actor, found.post_id)
    if actor.user_id is None or found.author_id != actor.user_id:
        raise Forbidden(
            _(
                "This is %(author)s’s comment; only they change or remove it.",
                author=found.author_name or _("the system"),
            )
        )
    return found
