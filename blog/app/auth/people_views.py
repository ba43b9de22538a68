"""The pages of those who look after people."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth import people, roles, second_factor
from blog.app.auth.permissions import PEOPLE_MANAGE, current_actor, requires
from blog.app.auth.rules import problems_of
from blog.app.auth.schemas import RolesChange, UserCreate, UserQuery
from blog.app.errors import Conflict, Invalid

bp = Blueprint("people", __name__)


@bp.get("/people")
@requires(PEOPLE_MANAGE)
def show_people() -> Response:
    return _people_page()


@bp.post("/people")
@requires(PEOPLE_MANAGE)
def create_user() -> Response:
    """Answers with the page itself, as create_token does: the password is on no later page."""
    try:
        form = web.parse_form(UserCreate)
        new = people.create_user(
            web.conn(), current_actor(), name=form.name, email=form.email, role_names=form.roles
        )
    except (Invalid, Conflict) as exc:
        return _people_page(errors=problems_of(exc), status=exc.status)
    return _people_page(new_user=new, status=201)


@bp.post("/people/<int:user_id>/roles")
@requires(PEOPLE_MANAGE)
def change_roles(user_id: int) -> Response:
    form = web.parse_form(RolesChange)
    people.update_user(web.conn(), current_actor(), user_id, role_names=form.roles)
    return web.see_other("/people?done=roles")


@bp.post("/people/<int:user_id>/deactivation")
@requires(PEOPLE_MANAGE)
def deactivate_user(user_id: int) -> Response:
    people.update_user(web.conn(), current_actor(), user_id, is_active=False)
    return web.see_other("/people?done=deactivated")


@bp.post("/people/<int:user_id>/reactivation")
@requires(PEOPLE_MANAGE)
def reactivate_user(user_id: int) -> Response:
    people.update_user(web.conn(), current_actor(), user_id, is_active=True)
    return web.see_other("/people?done=reactivated")


@bp.post("/people/<int:user_id>/second-factor/removal")
@requires(PEOPLE_MANAGE)
def reset_second_factor(user_id: int) -> Response:
    second_factor.reset(web.conn(), current_actor(), user_id)
    return web.see_other("/people?done=factor")


@bp.post("/people/<int:user_id>/password")
@requires(PEOPLE_MANAGE)
def reset_password(user_id: int) -> Response:
    new = people.reset_password(web.conn(), current_actor(), user_id)
    return _people_page(new_user=new, status=201)


def _people_page(
    *, errors: dict[str, str] | None = None, new_user: object = None, status: int = 200
) -> Response:
    query = web.validated(UserQuery, {"after": request.args.get("after", 0), "limit": 100})
    return web.render(
        "auth/people.html",
        status=status,
        page=people.list_users(web.conn(), current_actor(), after=query.after, limit=query.limit),
        roles=roles.list_roles(web.conn()),
        errors=errors or {},
        new_user=new_user,
        form=request.form if errors else {},
        chosen=request.form.getlist("roles") if errors else ["author"],
        done=request.args.get("done", ""),
    )
