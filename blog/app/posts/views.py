"""The list of posts, and taking posts out of it and back. The page of one post is the workflow's."""

from urllib.parse import urlencode

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.posts import services
from blog.app.posts.permissions import POST_CREATE, POST_READ, POST_REMOVE
from blog.app.posts.schemas import PostListQuery

bp = Blueprint("posts", __name__)


@bp.get("/posts")
@requires(POST_READ)
def list_posts() -> Response:
    query = web.parse_query(PostListQuery)
    actor = current_actor()
    page = services.list_posts(
        web.conn(),
        actor,
        search=query.search,
        sub_stage_id=query.sub_stage_id,
        removed=query.removed,
        after=query.after,
        limit=query.limit,
    )
    return web.render(
        "posts/list.html",
        "posts/_list.html",
        page=page,
        query=query,
        older=_address(query, after=page.next) if page.next else None,
        newest=_address(query, after=None) if query.after else None,
        sub_stages=services.list_sub_stage_choices(web.conn()),
        may_create=actor.may(POST_CREATE),
        may_remove=actor.may(POST_REMOVE),
    )


def _address(query: PostListQuery, *, after: str | None) -> str:
    values = {**query.model_dump(exclude_defaults=True, exclude={"gone"}), "after": after}
    present = {name: value for name, value in values.items() if value is not None}
    return f"/posts?{urlencode(present)}" if present else "/posts"


@bp.post("/posts/<int:post_id>/removal")
@requires(POST_REMOVE)
def create_removal(post_id: int) -> Response:
    services.remove_post(web.conn(), current_actor(), post_id)
    return web.see_other(f"/posts?gone={post_id}")


@bp.post("/posts/<int:post_id>/restoration")
@requires(POST_REMOVE)
def create_restoration(post_id: int) -> Response:
    services.bring_back_post(web.conn(), current_actor(), post_id)
    return web.see_other(f"/posts/{post_id}")
