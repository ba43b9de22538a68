"""The HTML edge of reading: the preview, files to download, the history of a post and the post as it was."""

from typing import get_args
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.errors import NotFound
from blog.app.posts import services as posts
from blog.app.posts.permissions import POST_EDIT, POST_READ, may_edit
from blog.app.reading import services
from blog.app.reading.models import Export, ExportFormat
from blog.app.reading.schemas import ComparisonQuery, HistoryPageQuery, HistoryRestoration, Moment
from blog.app.translation import gettext as _

bp = Blueprint("reading", __name__)


# --- the article ---------------------------------------------------------------------------------


@bp.get("/posts/<int:post_id>/preview")
@requires(POST_READ)
def show_preview(post_id: int) -> Response:
    article = services.get_article(web.conn(), current_actor(), post_id)
    post = posts.get_post(web.conn(), current_actor(), post_id)
    return web.render("reading/preview.html", "reading/_reading.html", article=article, post=post)


@bp.get("/posts/<int:post_id>/export/<export_format>")
@requires(POST_READ)
def export_post(post_id: int, export_format: str) -> Response:
    return download(services.export_post(web.conn(), current_actor(), post_id, known_format(export_format)))


def known_format(name: str) -> ExportFormat:
    for known in get_args(ExportFormat):
        if name == known:
            return known
    raise NotFound(
        _(
            "A post can be had as %(formats)s, not as “%(name)s”.",
            formats=", ".join(get_args(ExportFormat)),
            name=name,
        )
    )


def download(export: Export) -> Response:
    plain = export.name.encode("ascii", "replace").decode().replace("?", "_")
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(export.name)}"
    return Response(export.text, headers={"Content-Type": export.media_type, "Content-Disposition": named})


# --- history -------------------------------------------------------------------------------------


@bp.get("/posts/<int:post_id>/history")
@requires(POST_READ)
def show_history(post_id: int) -> Response:
    query = web.parse_query(HistoryPageQuery)
    if query.at is not None:
        return _snapshot(post_id, query.at)
    actor = current_actor()
    history = services.get_post_history(
        web.conn(),
        actor,
        post_id,
        field_id=query.field,
        section_id=query.section,
        person_id=query.person,
        run_id=query.run,
        after=query.after,
        limit=query.limit,
    )
    post = posts.get_post(web.conn(), actor, post_id)
    return web.render(
        "reading/history.html",
        "reading/_history.html",
        post=post,
        history=history,
        query=query,
        choices=services.list_history_choices(web.conn(), actor, post_id),
        older=_address(post_id, query, after=history.next) if history.next else None,
        newest=_address(post_id, query, after=None) if query.after else None,
        may_edit=may_edit(actor, post),
    )


def _address(post_id: int, query: HistoryPageQuery, *, after: str | None) -> str:
    chosen = {**query.model_dump(exclude_defaults=True, exclude={"restored", "at"}), "after": after}
    present = {name: value for name, value in chosen.items() if value is not None}
    address = url_for("reading.show_history", post_id=post_id)
    return f"{address}?{urlencode(present)}" if present else address


def _snapshot(post_id: int, at: Moment) -> Response:
    actor = current_actor()
    post = posts.get_post(web.conn(), actor, post_id)
    return web.render(
        "reading/snapshot.html",
        post=post,
        snapshot=services.get_snapshot(web.conn(), actor, post_id, at),
        may_edit=may_edit(actor, post),
    )


@bp.get("/posts/<int:post_id>/history/comparison")
@requires(POST_READ)
def compare_revisions(post_id: int) -> Response:
    query = web.parse_query(ComparisonQuery)
    actor = current_actor()
    post = posts.get_post(web.conn(), actor, post_id)
    return web.render(
        "reading/comparison.html",
        post=post,
        comparison=services.compare_revisions(web.conn(), actor, post_id, query.old, query.new),
        may_edit=may_edit(actor, post),
    )


@bp.post("/posts/<int:post_id>/history/<int:revision_id>/restoration")
@requires(POST_EDIT)
def restore_in_history(post_id: int, revision_id: int) -> Response:
    form = web.parse_form(HistoryRestoration)
    restored = services.restore_in_history(
        web.conn(), current_actor(), post_id, revision_id, base_revision_id=form.base_revision_id
    )
    return web.see_other(
        url_for(
            "reading.show_history",
            post_id=post_id,
            field=restored.field_id,
            section=restored.section_id,
            restored=restored.number,
        )
    )
