"""The page of roles: a grid of what each may do, and roles of one's own."""

from itertools import groupby

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth import roles
from blog.app.auth.permissions import PERMISSIONS, ROLES_MANAGE, current_actor, requires
from blog.app.auth.role_schemas import GrantGrid, RoleForm, RoleWords
from blog.app.auth.rules import problems_of
from blog.app.errors import Conflict, Forbidden, Invalid

bp = Blueprint("roles", __name__)


@bp.get("/roles")
@requires(ROLES_MANAGE)
def show_roles() -> Response:
    return _page()


@bp.post("/roles")
@requires(ROLES_MANAGE)
def create_role() -> Response:
    try:
        form = web.parse_form(RoleForm)
        roles.create_role(
            web.conn(),
            current_actor(),
            label=form.label,
            description=form.description,
            permissions=[],
            copy_of=form.copy_of or None,
        )
    except (Invalid, Conflict, Forbidden) as exc:
        return _page(errors=problems_of(exc), status=exc.status)
    return web.see_other("/roles?done=created")


@bp.post("/roles/grants")
@requires(ROLES_MANAGE)
def change_grid() -> Response:
    form = web.parse_form(GrantGrid)
    try:
        roles.change_grid(web.conn(), current_actor(), form.by_role, seen=form.seen)
    except Conflict as exc:
        return _page(refusal=exc.message, status=exc.status)
    return web.see_other("/roles?done=grants")


@bp.post("/roles/<int:role_id>")
@requires(ROLES_MANAGE)
def update_role(role_id: int) -> Response:
    try:
        form = web.parse_form(RoleWords)
        roles.update_role(
            web.conn(),
            current_actor(),
            role_id,
            label=form.label,
            description=form.description,
            needs_second_factor=form.needs_second_factor,
        )
    except Invalid as exc:
        return _page(refusal=exc.message, status=exc.status)
    return web.see_other("/roles?done=words")


@bp.post("/roles/<int:role_id>/removal")
@requires(ROLES_MANAGE)
def delete_role(role_id: int) -> Response:
    try:
        roles.delete_role(web.conn(), current_actor(), role_id)
    except Conflict as exc:
        return _page(refusal=exc.message, status=exc.status)
    return web.see_other("/roles?done=deleted")


def _page(*, errors: dict[str, str] | None = None, refusal: str = "", status: int = 200) -> Response:
    listed = roles.list_roles(web.conn())
    return web.render(
        "auth/roles.html",
        status=status,
        roles=listed,
        seen=roles.fingerprint(listed),
        areas=_areas(),
        errors=errors or {},
        refusal=refusal,
        form=request.form if errors else {},
        done=request.args.get("done", ""),
    )


def _areas() -> list[tuple[str, list[tuple[str, str]]]]:
    """Permissions by what they are about: the word before the dot."""
    by_area = groupby(sorted(PERMISSIONS.items()), key=lambda item: item[0].partition(".")[0])
    return [(area, list(found)) for area, found in by_area]
