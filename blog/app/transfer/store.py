"""What is here, as a file says it, and the facts a plan must know besides. Changes nothing."""

from collections.abc import Mapping

from pydantic import TypeAdapter

from blog.app import db
from blog.app.transfer.models import PastImport
from blog.app.transfer.schemas import WorkflowEntry

_WORKFLOWS = TypeAdapter(list[WorkflowEntry])


def list_workflows(conn: db.Connection) -> list[WorkflowEntry]:
    """The oldest first: it is the one new posts follow. Archived fields and actions are left out."""
    tree = db.scalar(
        conn,
        """
        SELECT coalesce(jsonb_agg(jsonb_build_object('name', w.name, 'label', w.label, 'stages', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('name', st.name, 'label', st.label, 'sub_stages', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'name', ss.name, 'label', ss.label,
                    'fields', (
                        SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'name', f.name, 'label', f.label, 'kind', f.kind, 'scope', f.scope,
                            'help', f.help, 'max_chars', f.max_chars, 'choices', f.choices,
                            'title_rank', f.title_rank, 'on_accept', f.on_accept,
                            'part', f.part, 'part_rank', f.part_rank,
                            'actions', (
                                SELECT coalesce(jsonb_agg(a.name ORDER BY fa.position, a.id), '[]')
                                  FROM workflow_field_action fa JOIN llm_action a ON a.id = fa.llm_action_id
                                 WHERE fa.workflow_field_id = f.id AND a.archived_at IS NULL),
                            'unreviewed', (
                                SELECT coalesce(jsonb_agg(a.name ORDER BY fa.position, a.id), '[]')
                                  FROM workflow_field_action fa JOIN llm_action a ON a.id = fa.llm_action_id
                                 WHERE fa.workflow_field_id = f.id AND a.archived_at IS NULL
                                   AND fa.on_success = 'save')
                            ) ORDER BY f.position), '[]')
                          FROM workflow_field f
                         WHERE f.workflow_sub_stage_id = ss.id AND f.archived_at IS NULL),
                    'requirements', (
                        SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'field', f.name, 'kind', r.kind, 'amount', r.amount, 'expected', r.expected
                            ) ORDER BY r.position), '[]')
                          FROM workflow_requirement r LEFT JOIN workflow_field f ON f.id = r.workflow_field_id
                         WHERE r.workflow_sub_stage_id = ss.id AND f.archived_at IS NULL)
                    ) ORDER BY ss.position), '[]')
                  FROM workflow_sub_stage ss WHERE ss.workflow_stage_id = st.id)
                ) ORDER BY st.position), '[]')
              FROM workflow_stage st WHERE st.workflow_id = w.id)
            ) ORDER BY w.id), '[]')
          FROM workflow w
        """,
    )
    return _WORKFLOWS.validate_python(tree)


def list_archived_parts(conn: db.Connection) -> Mapping[str, int]:
    rows = conn.execute("SELECT name, id FROM llm_prompt_part WHERE archived_at IS NOT NULL").fetchall()
    return dict(rows)


def list_archived_fields(conn: db.Connection) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Kind and scope by the names of workflow and field."""
    rows = conn.execute(
        """
        SELECT w.name, f.name, f.kind, f.scope
          FROM workflow_field f JOIN workflow w ON w.id = f.workflow_id
         WHERE f.archived_at IS NOT NULL
        """
    ).fetchall()
    return {(workflow, name): (kind, scope) for workflow, name, kind, scope in rows}


def list_used_workflows(conn: db.Connection) -> frozenset[str]:
    """Those that posts follow, removed posts too: they can be brought back."""
    rows = conn.execute(
        "SELECT name FROM workflow w WHERE EXISTS (SELECT FROM post WHERE post.workflow_id = w.id)"
    ).fetchall()
    return frozenset(name for (name,) in rows)


def is_written(conn: db.Connection, workflow: str, field: str) -> bool:
    """Whether it holds words in any post, or did."""
    return db.scalar(
        conn,
        """
        SELECT EXISTS (
            SELECT FROM field_revision r
              JOIN workflow_field f ON f.id = r.workflow_field_id
              JOIN workflow w ON w.id = f.workflow_id
             WHERE w.name = %s AND f.name = %s)
        """,
        (workflow, field),
    )


def list_chosen(conn: db.Connection, workflow: str, field: str) -> list[str]:
    """The choices that posts hold now."""
    rows = conn.execute(
        """
        SELECT DISTINCT r.value
          FROM field_revision r
          JOIN workflow_field f ON f.id = r.workflow_field_id
          JOIN workflow w ON w.id = f.workflow_id
         WHERE w.name = %s AND f.name = %s AND r.superseded_at IS NULL AND r.value <> ''
         ORDER BY r.value
        """,
        (workflow, field),
    ).fetchall()
    return [value for (value,) in rows]


def see_one_moment(conn: db.Connection) -> None:
    """In a transaction that has read nothing yet: a save between two statements is not half seen."""
    conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def lock_imports(conn: db.Connection) -> None:
    """Of two imports one waits until the other's transaction ends."""
    db.run(conn, "SELECT pg_advisory_xact_lock(hashtext('blogforge registry import'))")


def list_past_imports(conn: db.Connection, limit: int) -> list[PastImport]:
    return db.many(
        conn,
        PastImport,
        """
        SELECT e.at, u.name AS author, (e.details ->> 'new')::int AS new,
               (e.details ->> 'changed')::int AS changed
          FROM audit_event e LEFT JOIN app_user u ON u.id = e.app_user_id
         WHERE e.subject_kind = 'registry' AND e.name = 'registry.imported'
         ORDER BY e.id DESC
         LIMIT %s
        """,
        (limit,),
    )
