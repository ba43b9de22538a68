"""Groups: who may work in which workflows. Refuses to open what the actor may not enter."""

from collections.abc import Collection

from blog.app import audit, db
from blog.app.auth import group_store as store
from blog.app.auth import matrix_store
from blog.app.auth.matrix_models import Group, GroupChoice
from blog.app.auth.models import Actor
from blog.app.auth.permissions import ROLES_MANAGE, check
from blog.app.auth.reach import may_see
from blog.app.auth.rules import invalid
from blog.app.errors import AppError, Conflict, Forbidden, NotFound
from blog.app.translation import gettext as _

PEOPLE = 2_000


def list_groups(conn: db.Connection, actor: Actor) -> list[Group]:
    """Everyone first."""
    check(actor, ROLES_MANAGE)
    return store.list_groups(conn)


def list_people(conn: db.Connection, actor: Actor) -> list[GroupChoice]:
    check(actor, ROLES_MANAGE)
    return store.list_people(conn, PEOPLE)


def list_workflows(conn: db.Connection, actor: Actor) -> list[GroupChoice]:
    check(actor, ROLES_MANAGE)
    return store.list_workflows(conn)


def get_group(conn: db.Connection, actor: Actor, group_id: int) -> Group:
    check(actor, ROLES_MANAGE)
    group = store.find_group(conn, group_id)
    if group is None:
        raise NotFound(_("There is no such group."))
    return group


def create_group(
    conn: db.Connection,
    actor: Actor,
    *,
    name: str,
    member_ids: Collection[int] = (),
    workflow_ids: Collection[int] = (),
) -> Group:
    check(actor, ROLES_MANAGE)
    with conn.transaction(), db.constraints(**_refusals(name)):
        group_id = store.insert_group(conn, name)
        audit.record(conn, actor, "group.created", "user_group", group_id)
        before = get_group(conn, actor, group_id)
        _change(conn, actor, before, name=None, member_ids=member_ids, workflow_ids=workflow_ids)
        return get_group(conn, actor, group_id)


def update_group(
    conn: db.Connection,
    actor: Actor,
    group_id: int,
    *,
    name: str | None = None,
    member_ids: Collection[int] | None = None,
    workflow_ids: Collection[int] | None = None,
) -> Group:
    """Changes what is given. Members of Everyone are not listed, so none are taken."""
    with conn.transaction(), db.constraints(**_refusals(name or "")):
        store.lock_group(conn, group_id)
        before = get_group(conn, actor, group_id)
        if before.is_everyone and member_ids:
            raise invalid("member_ids", _("Everybody is in this group already."))
        _change(conn, actor, before, name=name, member_ids=member_ids, workflow_ids=workflow_ids)
        return get_group(conn, actor, group_id)


def delete_group(conn: db.Connection, actor: Actor, group_id: int) -> None:
    with conn.transaction():
        group = get_group(conn, actor, group_id)
        if group.is_everyone:
            raise Conflict(_("This group cannot be deleted: everybody is in it."))
        _check_may_open(conn, actor, set(group.workflow_ids))
        store.delete_group(conn, group_id)
        audit.record(
            conn,
            actor,
            "group.deleted",
            "user_group",
            group_id,
            members=group.member_ids,
            workflows=group.workflow_ids,
        )


def _change(
    conn: db.Connection,
    actor: Actor,
    before: Group,
    *,
    name: str | None,
    member_ids: Collection[int] | None,
    workflow_ids: Collection[int] | None,
) -> None:
    members = sorted(set(before.member_ids if member_ids is None else member_ids))
    workflows = sorted(set(before.workflow_ids if workflow_ids is None else workflow_ids))
    _check_may_open(conn, actor, set(workflows) ^ set(before.workflow_ids))
    if members != before.member_ids:
        _check_may_open(conn, actor, set(workflows))  # or one could let oneself in
        store.delete_members(conn, before.id)
        store.insert_members(conn, before.id, members)
    if workflows != before.workflow_ids:
        store.delete_workflows(conn, before.id)
        store.insert_workflows(conn, before.id, workflows)
    if name is not None and name != before.name:
        store.update_name(conn, before.id, name)
    if (members, workflows) != (before.member_ids, before.workflow_ids):
        audit.record(
            conn,
            actor,
            "group.changed",
            "user_group",
            before.id,
            before={"members": before.member_ids, "workflows": before.workflow_ids},
            after={"members": members, "workflows": workflows},
        )


def _check_may_open(conn: db.Connection, actor: Actor, workflow_ids: Collection[int]) -> None:
    if actor.reach.is_everywhere:
        return
    for stage in matrix_store.list_stages(conn):
        if stage.workflow_id in workflow_ids and not all(may_see(actor, place) for place in stage.places):
            raise Forbidden(
                _(
                    "Nobody opens or closes a workflow that they do not see all of: %(workflow)s.",
                    workflow=stage.workflow_label,
                )
            )


def _refusals(name: str) -> dict[str, AppError]:
    return {
        "user_group_name_key": Conflict(
            _("There is a group named %(name)s already.", name=name),
            problems=[{"field": "name", "message": _("There is a group of this name already")}],
        ),
        "user_group_member_app_user_fkey": invalid("member_ids", _("There is no such person.")),
        "user_group_workflow_workflow_fkey": invalid("workflow_ids", _("There is no such workflow.")),
    }
