"""The statements about the matrix: what roles may do in stages, and what comes of that for a person."""

from collections.abc import Sequence
from typing import LiteralString

from blog.app import db
from blog.app.auth.matrix_models import MatrixRole, MatrixStage, StageGrant

# Which workflows are open to app_user: those of Everyone and of the groups they are in.
OPEN = """
    SELECT user_group_workflow.workflow_id
    FROM user_group_workflow JOIN user_group ON user_group.id = user_group_workflow.user_group_id
    WHERE user_group.is_everyone OR EXISTS (
        SELECT FROM user_group_member
        WHERE user_group_member.user_group_id = user_group.id
            AND user_group_member.app_user_id = app_user.id)
"""
# What the roles of app_user grant in those, as {verb: [sub-stage]}. NULL: everything everywhere.
REACH = f"""
    CASE WHEN EXISTS (
        SELECT FROM user_role JOIN role ON role.id = user_role.role_id
        WHERE user_role.app_user_id = app_user.id AND role.is_fixed
    ) THEN NULL ELSE (
        SELECT coalesce(jsonb_object_agg(granted.verb, granted.places), '{{}}') FROM (
            SELECT stage_grant.verb, jsonb_agg(DISTINCT workflow_sub_stage.id) AS places
            FROM user_role
            JOIN stage_grant ON stage_grant.role_id = user_role.role_id
            JOIN workflow_sub_stage ON workflow_sub_stage.workflow_stage_id = stage_grant.workflow_stage_id
            WHERE user_role.app_user_id = app_user.id AND workflow_sub_stage.workflow_id IN ({OPEN})
            GROUP BY stage_grant.verb) AS granted
    ) END AS places,
    (SELECT count(*) FROM workflow_sub_stage) AS sub_stages
"""


REACH_OF_ROLE = """
    CASE WHEN role.is_fixed THEN NULL ELSE (
        SELECT coalesce(jsonb_object_agg(granted.verb, granted.places), '{}') FROM (
            SELECT stage_grant.verb, jsonb_agg(workflow_sub_stage.id) AS places
            FROM stage_grant
            JOIN workflow_sub_stage ON workflow_sub_stage.workflow_stage_id = stage_grant.workflow_stage_id
            WHERE stage_grant.role_id = role.id AND workflow_sub_stage.workflow_id IN (
                SELECT user_group_workflow.workflow_id
                FROM user_group_workflow JOIN user_group ON user_group.id = user_group_id AND is_everyone)
            GROUP BY stage_grant.verb) AS granted
    ) END AS places,
    (SELECT count(*) FROM workflow_sub_stage) AS sub_stages
"""


def may_see_sql(sub_stage: LiteralString) -> LiteralString:
    """Whether app_user may see a place, as a condition: `sub_stage` names the column with its id."""
    return f"""
        EXISTS (
            SELECT FROM user_role
            JOIN role ON role.id = user_role.role_id
            JOIN role_permission ON role_permission.role_id = role.id
                AND role_permission.permission = 'post.read'
            WHERE user_role.app_user_id = app_user.id)
        AND EXISTS (
            SELECT FROM user_role
            JOIN role ON role.id = user_role.role_id
            JOIN workflow_sub_stage AS place ON place.id = {sub_stage}
            WHERE user_role.app_user_id = app_user.id AND (role.is_fixed OR (
                place.workflow_id IN ({OPEN}) AND EXISTS (
                    SELECT FROM stage_grant
                    WHERE stage_grant.role_id = role.id AND stage_grant.verb = 'see'
                        AND stage_grant.workflow_stage_id = place.workflow_stage_id))))
    """


def find_stage_label(conn: db.Connection, sub_stage_id: int) -> str | None:
    return db.scalar(
        conn,
        """
        SELECT workflow_stage.label FROM workflow_sub_stage
        JOIN workflow_stage ON workflow_stage.id = workflow_sub_stage.workflow_stage_id
        WHERE workflow_sub_stage.id = %s
        """,
        (sub_stage_id,),
    )


# --- the grid ------------------------------------------------------------------------------------


def lock_grants(conn: db.Connection) -> None:
    """Whoever changes the grid does so one after another, until the transaction ends."""
    db.run(conn, "LOCK TABLE stage_grant IN SHARE ROW EXCLUSIVE MODE")


def list_roles(conn: db.Connection) -> list[MatrixRole]:
    return db.many(conn, MatrixRole, "SELECT id, label, is_fixed FROM role ORDER BY id")


def list_stages(conn: db.Connection) -> list[MatrixStage]:
    return db.many(
        conn,
        MatrixStage,
        """
        SELECT stage.id, workflow.id AS workflow_id, workflow.label AS workflow_label, stage.label,
               ARRAY(SELECT id FROM workflow_sub_stage
                     WHERE workflow_stage_id = stage.id ORDER BY position) AS places
        FROM workflow_stage AS stage JOIN workflow ON workflow.id = stage.workflow_id
        ORDER BY workflow.id, stage.position
        """,
    )


def list_grants(conn: db.Connection) -> list[StageGrant]:
    return db.many(
        conn,
        StageGrant,
        """
        SELECT role_id, workflow_stage_id AS stage_id, verb FROM stage_grant
        ORDER BY role_id, workflow_stage_id, verb
        """,
    )


def insert_grants(conn: db.Connection, role_id: int, cells: Sequence[tuple[int, str]]) -> None:
    """Each cell a stage and a verb."""
    db.run(
        conn,
        """
        INSERT INTO stage_grant (role_id, workflow_stage_id, verb)
        SELECT %s, * FROM unnest(%s::bigint[], %s::text[])
        """,
        (role_id, [stage for stage, _verb in cells], [verb for _stage, verb in cells]),
    )


def delete_grants(conn: db.Connection, role_id: int, cells: Sequence[tuple[int, str]]) -> None:
    db.run(
        conn,
        """
        DELETE FROM stage_grant USING unnest(%(stages)s::bigint[], %(verbs)s::text[]) AS gone (stage_id, verb)
        WHERE role_id = %(role_id)s AND workflow_stage_id = gone.stage_id AND stage_grant.verb = gone.verb
        """,
        {
            "role_id": role_id,
            "stages": [stage for stage, _verb in cells],
            "verbs": [verb for _stage, verb in cells],
        },
    )
