"""The statements about the matrix: what roles may do in stages, and what comes of that for a person."""

from typing import LiteralString

from blog.app import db

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
