"""The pages of versions: any two compared, an earlier one made live again, what a part's change touches."""

from typing import Annotated

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.bench import compare
from blog.app.bench.models import Viewer
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.prompts import going_live
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import PromptPart
from blog.app.llm.prompts.schemas import ActionGoLive, GoLive
from blog.app.llm.registry.forms import Maybe
from blog.app.llm.registry.refused_form import problems, status
from blog.app.posts import services as posts

bp = Blueprint("versions", __name__)

POSTS_OFFERED = 50


class ComparisonQuery(BaseModel):
    """Two versions, and the post whose messages are compared. None: the live and the newest one; no post."""

    model_config = ConfigDict(extra="forbid")

    old: Annotated[int | None, Maybe] = None
    new: Annotated[int | None, Maybe] = None
    post_id: Annotated[int | None, Maybe] = None


class EffectsQuery(BaseModel):
    """Which wording of a part, and the post it is tried with. None: the newest one, the latest post."""

    model_config = ConfigDict(extra="forbid")

    version_id: Annotated[int | None, Maybe] = None
    post_id: Annotated[int | None, Maybe] = None


# --- of an action --------------------------------------------------------------------------------


@bp.get("/llm/actions/<int:action_id>/versions")
@requires(LLM_READ)
def show_action_versions(action_id: int) -> Response:
    return _action_versions(action_id, web.parse_query(ComparisonQuery))


@bp.post("/llm/actions/<int:action_id>/releases")
@requires(LLM_CONFIGURE)
def create_action_release(action_id: int) -> Response:
    conn, site = web.conn(), web.site()
    ask = web.parse_form(ActionGoLive)
    try:
        going_live.make_action_live(
            conn, current_actor(), action_id, ask, site.vocabulary(conn), gate=site.gate
        )
    except (Invalid, Conflict) as refusal:
        query = ComparisonQuery(old=ask.live_version_id, new=ask.version_id)
        return _action_versions(action_id, query, ask, refusal)
    return web.see_other(f"/llm/actions/{action_id}/versions")


def _action_versions(
    action_id: int, query: ComparisonQuery, ask: GoLive | None = None, refusal: AppError | None = None
) -> Response:
    conn = web.conn()
    newest = prompts.get_newest_action(conn, action_id)
    old = prompts.get_action(conn, action_id, query.old or newest.live_version_id)
    new = prompts.get_action(conn, action_id, query.new or newest.version.id)
    releases = prompts.list_action_releases(conn, action_id)
    return web.render(
        "llm/versions.html",
        of="actions",
        owner=newest,
        heading=newest.label,
        versions=prompts.list_action_versions(conn, action_id),
        releases=releases,
        was_live={release.version_id for release in releases},
        old=old.version,
        new=new.version,
        comparison=compare.compare_actions(conn, _viewer(), old, new, post_id=query.post_id, section_id=None),
        posts=posts.list_latest(conn, current_actor(), limit=POSTS_OFFERED),
        post_id=query.post_id,
        ask=ask,
        refusal=refusal,
        errors=problems(refusal),
        may_configure=current_actor().may(LLM_CONFIGURE),
        status=status(refusal),
    )


# --- of a part -----------------------------------------------------------------------------------


@bp.get("/llm/parts/<int:part_id>/versions")
@requires(LLM_READ)
def show_part_versions(part_id: int) -> Response:
    query, conn = web.parse_query(ComparisonQuery), web.conn()
    newest = prompts.get_newest_part(conn, part_id)
    old = prompts.get_version_of_part(conn, part_id, query.old or newest.live_version_id)
    new = prompts.get_version_of_part(conn, part_id, query.new or newest.version_id)
    versions = prompts.list_part_versions(conn, part_id)
    by_id = {version.id: version for version in versions}
    releases = prompts.list_part_releases(conn, part_id)
    return web.render(
        "llm/versions.html",
        of="parts",
        owner=newest,
        heading=newest.name,
        versions=versions,
        releases=releases,
        was_live={release.version_id for release in releases},
        old=by_id[old.version_id],
        new=by_id[new.version_id],
        comparison=compare.compare_wordings(compare.worded(old), compare.worded(new)),
        posts=[],
        post_id=None,
        ask=None,
        refusal=None,
        errors={},
        may_configure=current_actor().may(LLM_CONFIGURE),
    )


@bp.get("/llm/parts/<int:part_id>/effects")
@requires(LLM_READ)
def show_effects(part_id: int) -> Response:
    return _effects(part_id, web.parse_query(EffectsQuery))


@bp.post("/llm/parts/<int:part_id>/releases")
@requires(LLM_CONFIGURE)
def create_part_release(part_id: int) -> Response:
    conn, site = web.conn(), web.site()
    ask = web.parse_form(GoLive)
    try:
        going_live.make_part_live(conn, current_actor(), part_id, ask, site.vocabulary(conn), gate=site.gate)
    except (Invalid, Conflict) as refusal:
        return _effects(part_id, EffectsQuery(version_id=ask.version_id), ask, refusal)
    return web.see_other(f"/llm/parts/{part_id}")


def _effects(
    part_id: int, query: EffectsQuery, ask: GoLive | None = None, refusal: AppError | None = None
) -> Response:
    conn = web.conn()
    live = prompts.get_part(conn, part_id)
    new = _wanted(part_id, query)
    choices = posts.list_latest(conn, current_actor(), limit=POSTS_OFFERED)
    post_id = query.post_id or (choices[0].id if choices else None)
    return web.render(
        "llm/effects.html",
        live=live,
        new=new,
        wording=compare.compare_wordings(compare.worded(live), compare.worded(new)),
        effects=compare.effects(conn, _viewer(), part_id, new.version_id, post_id),
        posts=choices,
        post_id=post_id,
        ask=ask,
        refusal=refusal,
        errors=problems(refusal),
        may_configure=current_actor().may(LLM_CONFIGURE),
        status=status(refusal),
    )


def _wanted(part_id: int, query: EffectsQuery) -> PromptPart:
    if query.version_id is None:
        return prompts.get_newest_part(web.conn(), part_id)
    return prompts.get_version_of_part(web.conn(), part_id, query.version_id)


def _viewer() -> Viewer:
    vocabulary = web.site().vocabulary(web.conn())
    return Viewer(actor=current_actor(), keys=web.site().secrets, vocabulary=vocabulary)
