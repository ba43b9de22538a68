"""The pages of the matrix and of groups: one grid, one form per group."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth import groups, matrix, reach
from blog.app.auth.matrix_schemas import GroupForm, MatrixForm
from blog.app.auth.permissions import ROLES_MANAGE, current_actor, requires
from blog.app.auth.rules import problems_of
from blog.app.errors import AppError, Conflict, Forbidden, Invalid

bp = Blueprint("matrix", __name__)


@bp.get("/roles/matrix")
@requires(ROLES_MANAGE)
def show_matrix() -> Response:
    return _matrix_page()


@bp.post("/roles/matrix")
@requires(ROLES_MANAGE)
def change_matrix() -> Response:
    form = web.parse_form(MatrixForm)
    try:
        matrix.change_matrix(web.conn(), current_actor(), form.cells, seen=form.seen)
    except (Conflict, Invalid) as exc:
        return _matrix_page(refusal=exc.message, status=exc.status)
    return web.see_other("/roles/matrix?done=saved")


def _matrix_page(*, refusal: str = "", status: int = 200) -> Response:
    found = matrix.get_matrix(web.conn(), current_actor())
    return web.render(
        "auth/matrix.html",
        status=status,
        matrix=found,
        granted={(grant.role_id, grant.stage_id, grant.verb) for grant in found.grants},
        verbs=reach.VERBS,
        may_grant={
            (stage.id, verb)
            for stage in found.stages
            for verb in reach.VERBS
            if matrix.may_grant(current_actor(), stage, verb)
        },
        refusal=refusal,
        done=request.args.get("done", ""),
    )


# --- groups --------------------------------------------------------------------------------------


@bp.get("/groups")
@requires(ROLES_MANAGE)
def show_groups() -> Response:
    return _groups_page()


@bp.post("/groups")
@requires(ROLES_MANAGE)
def create_group() -> Response:
    try:
        form = web.parse_form(GroupForm)
        groups.create_group(
            web.conn(),
            current_actor(),
            name=form.name,
            member_ids=form.members,
            workflow_ids=form.workflows,
        )
    except (Invalid, Conflict, Forbidden) as exc:
        return _groups_page(errors=problems_of(exc), status=exc.status)
    return web.see_other("/groups?done=created")


@bp.post("/groups/<int:group_id>")
@requires(ROLES_MANAGE)
def update_group(group_id: int) -> Response:
    try:
        form = web.parse_form(GroupForm)
        groups.update_group(
            web.conn(),
            current_actor(),
            group_id,
            name=form.name,
            member_ids=form.members,
            workflow_ids=form.workflows,
        )
    except (Invalid, Conflict, Forbidden) as exc:
        return _refused(exc)
    return web.see_other("/groups?done=saved")


@bp.post("/groups/<int:group_id>/removal")
@requires(ROLES_MANAGE)
def delete_group(group_id: int) -> Response:
    try:
        groups.delete_group(web.conn(), current_actor(), group_id)
    except (Conflict, Forbidden) as exc:
        return _refused(exc)
    return web.see_other("/groups?done=deleted")


def _refused(exc: AppError) -> Response:
    return _groups_page(refusal=exc.message, status=exc.status)


def _groups_page(*, errors: dict[str, str] | None = None, refusal: str = "", status: int = 200) -> Response:
    conn, actor = web.conn(), current_actor()
    return web.render(
        "auth/groups.html",
        status=status,
        groups=groups.list_groups(conn, actor),
        people=groups.list_people(conn, actor),
        workflows=groups.list_workflows(conn, actor),
        errors=errors or {},
        refusal=refusal,
        form=request.form if errors else {},
        done=request.args.get("done", ""),
    )
