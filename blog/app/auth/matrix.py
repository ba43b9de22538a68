"""The matrix: what roles may do in which stages. Refuses in words what it does not grant.

Nobody grants or takes away what they may not do themselves, and nothing is saved over a change not seen.
"""

import hashlib
from collections.abc import Mapping, Sequence, Set

from blog.app import audit, db
from blog.app.auth import matrix_store as store
from blog.app.auth import reach
from blog.app.auth.matrix_models import Matrix, MatrixStage, StageGrant
from blog.app.auth.models import Actor, Verb
from blog.app.auth.permissions import ROLES_MANAGE
from blog.app.auth.permissions import check as check_permission
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.translation import N_
from blog.app.translation import gettext as _

REFUSED: Mapping[Verb, str] = {
    "see": N_("You may not see what is in %(stage)s. Ask an administrator."),
    "edit": N_("You may not edit in %(stage)s. Ask an administrator."),
    "run": N_("You may not run actions in %(stage)s. Ask an administrator."),
    "accept": N_("You may not accept in %(stage)s what a model wrote. Ask somebody who may."),
    "move": N_("You may not move a post on from %(stage)s. Ask somebody who may."),
    "publish": N_("You may not publish from %(stage)s. Ask somebody who may."),
}


def check(conn: db.Connection, actor: Actor, verb: Verb, sub_stage_id: int) -> None:
    """Refuses what the actor's roles do not grant in the stage of this sub-stage, and names the stage."""
    if not reach.may(actor, verb, sub_stage_id):
        stage = store.find_stage_label(conn, sub_stage_id)
        if stage is None:
            raise NotFound(_("There is no such stage in this workflow."))
        raise Forbidden(_(REFUSED[verb], stage=stage), verb=verb, stage=stage)


# --- the grid ------------------------------------------------------------------------------------

Cell = tuple[int, int, str]
"""role, stage, verb"""


def get_matrix(conn: db.Connection, actor: Actor) -> Matrix:
    check_permission(actor, ROLES_MANAGE)
    grants = store.list_grants(conn)
    return Matrix(
        roles=store.list_roles(conn),
        stages=store.list_stages(conn),
        grants=grants,
        seen=_fingerprint(grants),
    )


def may_grant(actor: Actor, stage: MatrixStage, verb: Verb) -> bool:
    """What one may do in the whole stage; the administrator everywhere, also where no sub-stage is yet."""
    if actor.reach.is_everywhere:
        return True
    return bool(stage.places) and all(reach.may(actor, verb, place) for place in stage.places)


def change_matrix(conn: db.Connection, actor: Actor, wanted: Set[Cell], *, seen: str) -> Matrix:
    """Every role and stage at once. What the actor may not do stays as it is, ticked or not."""
    check_permission(actor, ROLES_MANAGE)
    with conn.transaction():
        store.lock_grants(conn)
        now = get_matrix(conn, actor)
        if now.seen != seen:
            raise Conflict(
                _("Somebody changed the grid since it was shown. Nothing was saved; this is how it is now.")
            )
        _check_known(now, wanted)
        free = {
            (stage.id, verb) for stage in now.stages for verb in reach.VERBS if may_grant(actor, stage, verb)
        }
        for role in now.roles:
            if not role.is_fixed:
                own = {cell[1:] for cell in wanted if cell[0] == role.id}
                _change_role(conn, actor, role.id, now, wanted=own, free=free)
        return get_matrix(conn, actor)


def _change_role(
    conn: db.Connection,
    actor: Actor,
    role_id: int,
    now: Matrix,
    *,
    wanted: Set[tuple[int, str]],
    free: Set[tuple[int, str]],
) -> None:
    before: set[tuple[int, str]] = {(g.stage_id, g.verb) for g in now.grants if g.role_id == role_id}
    after = (wanted & free) | (before - free)
    if after == before:
        return
    store.insert_grants(conn, role_id, sorted(after - before))
    store.delete_grants(conn, role_id, sorted(before - after))
    audit.record(
        conn,
        actor,
        "role.stages_changed",
        "role",
        role_id,
        before=_told(now.stages, before),
        after=_told(now.stages, after),
    )


def _told(stages: Sequence[MatrixStage], cells: Set[tuple[int, str]]) -> dict[str, list[str]]:
    """By the number and name of the stage, so that the trail can be read later."""
    return {
        f"{stage.id} {stage.label}": [verb for verb in reach.VERBS if (stage.id, verb) in cells]
        for stage in stages
        if any(stage.id == cell[0] for cell in cells)
    }


def _check_known(now: Matrix, wanted: Set[Cell]) -> None:
    roles, stages = {role.id for role in now.roles}, {stage.id for stage in now.stages}
    for role_id, stage_id, _verb in wanted:
        if role_id not in roles or stage_id not in stages:
            raise Invalid(
                _("There is no role %(role)s or no stage %(stage)s.", role=role_id, stage=stage_id),
                field="grants",
            )


def _fingerprint(grants: Sequence[StageGrant]) -> str:
    text = repr([(grant.role_id, grant.stage_id, grant.verb) for grant in grants])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def copy_grants(conn: db.Connection, actor: Actor, from_role_id: int, to_role_id: int) -> None:
    """What a role may do in each stage, as far as the actor may grant it; of a fixed role everything."""
    now = get_matrix(conn, actor)
    is_fixed = any(role.id == from_role_id and role.is_fixed for role in now.roles)
    copied = {(grant.stage_id, grant.verb) for grant in now.grants if grant.role_id == from_role_id}
    cells = [
        (stage.id, verb)
        for stage in now.stages
        for verb in reach.VERBS
        if (is_fixed or (stage.id, verb) in copied) and may_grant(actor, stage, verb)
    ]
    store.insert_grants(conn, to_role_id, cells)
