"""The HTML edge of comments: the drawer beside a field, the page it is without JavaScript, and its forms."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, url_for
from markupsafe import Markup

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.errors import Invalid
from blog.app.posts.permissions import POST_COMMENT, POST_READ
from blog.app.review import comments, mentions
from blog.app.review.comment_models import Comment, Shown
from blog.app.review.models import Colleague
from blog.app.review.schemas import CommentForm, CommentText, ConversationQuery

bp = Blueprint("comments", __name__)


@bp.get("/posts/<int:post_id>/comments")
@bp.get("/posts/<int:post_id>/fields/<field_name>/comments")
@bp.get("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/comments")
@requires(POST_READ)
def show_conversation(post_id: int, field_name: str | None = None, section_id: int | None = None) -> Response:
    query = web.parse_query(ConversationQuery)
    return _conversation_page(post_id, field_name, section_id, query=query)


def _conversation_page(
    post_id: int,
    field_name: str | None,
    section_id: int | None,
    *,
    query: ConversationQuery,
    refusal: Invalid | None = None,
    typed: CommentForm | None = None,
) -> Response:
    conversation = comments.get_conversation(
        web.conn(), current_actor(), post_id, field_name, section_id, shown=query.shown, after=query.after
    )
    return web.render(
        "review/conversation.html",
        "errors/_error.html" if refusal else "review/_conversation.html",
        conversation=conversation,
        title=conversation.post_title,
        query=query,
        error=refusal,
        typed=typed or CommentForm(),
        on_desk=web.wants_fragment(),
        status=refusal.status if refusal else 200,
    )


@bp.post("/posts/<int:post_id>/comments")
@bp.post("/posts/<int:post_id>/fields/<field_name>/comments")
@bp.post("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/comments")
@requires(POST_COMMENT)
def create_comment(post_id: int, field_name: str | None = None, section_id: int | None = None) -> Response:
    form = web.parse_form(CommentForm)
    try:
        said = comments.comment(
            web.conn(),
            current_actor(),
            post_id,
            form.body,
            field_name=field_name,
            section_id=section_id,
            quote=form.quote,
        )
    except Invalid as refusal:
        query = ConversationQuery()
        return _conversation_page(post_id, field_name, section_id, query=query, refusal=refusal, typed=form)
    return web.see_other(_address(said))


@bp.get("/comments/<int:comment_id>")
@requires(POST_READ)
def show_comment(comment_id: int) -> Response:
    """Leads to the comment among the others about the same field."""
    thread = comments.get_thread(web.conn(), current_actor(), comment_id)
    shown: Shown = "open" if thread.comment.resolved_at is None else "all"
    return web.see_other(_address(thread.comment, at=comment_id, shown=shown))


@bp.post("/comments/<int:comment_id>/replies")
@requires(POST_COMMENT)
def create_reply(comment_id: int) -> Response:
    said = comments.reply(web.conn(), current_actor(), comment_id, web.parse_form(CommentText).body)
    return web.see_other(_address(said))


@bp.post("/comments/<int:comment_id>/text")
@requires(POST_COMMENT)
def edit_comment(comment_id: int) -> Response:
    edited = comments.edit(web.conn(), current_actor(), comment_id, web.parse_form(CommentText).body)
    return web.see_other(_address(edited))


@bp.post("/comments/<int:comment_id>/removal")
@requires(POST_COMMENT)
def remove_comment(comment_id: int) -> Response:
    gone = comments.remove(web.conn(), current_actor(), comment_id)
    return web.see_other(_address(gone, removed=comment_id, at=None))


@bp.post("/comments/<int:comment_id>/restoration")
@requires(POST_COMMENT)
def bring_back_comment(comment_id: int) -> Response:
    return web.see_other(_address(comments.bring_back(web.conn(), current_actor(), comment_id)))


@bp.post("/comments/<int:comment_id>/resolution")
@requires(POST_COMMENT)
def resolve_comment(comment_id: int) -> Response:
    resolved = comments.resolve(web.conn(), current_actor(), comment_id)
    return web.see_other(_address(resolved, resolved=comment_id, at=None))


@bp.post("/comments/<int:comment_id>/reopening")
@requires(POST_COMMENT)
def reopen_comment(comment_id: int) -> Response:
    return web.see_other(_address(comments.reopen(web.conn(), current_actor(), comment_id)))


def _address(comment: Comment, *, at: int | None = 0, **query: Any) -> str:
    """The conversation a comment is in, `at` the comment itself; None: at its beginning."""
    return url_for(
        "comments.show_conversation",
        post_id=comment.post_id,
        section_id=comment.section_id,
        field_name=comment.field_name,
        _anchor=None if at is None else f"comment-{at or comment.id}",
        **query,
    )


@bp.app_template_filter("with_mentions")
def with_mentions(text: str, people: Sequence[Colleague]) -> Markup:
    """Escaped text with the names of those who are meant marked."""
    return Markup().join(
        Markup('<b class="mention">{}</b>').format(run.text)
        if run.is_mention
        else Markup("{}").format(run.text)
        for run in mentions.split(text, people)
    )
