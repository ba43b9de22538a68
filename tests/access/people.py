"""People whose roles reach only as far as a test says."""

from collections.abc import Iterable, Mapping

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor, Verb
from blog.app.auth.permissions import PERMISSIONS
from blog.app.llm import permissions as _llm
from blog.app.posts import permissions as _posts
from blog.app.workflow import permissions as _workflow
from tests.factories import make_user

del _llm, _posts, _workflow  # imported for what they declare
ALL: tuple[Verb, ...] = ("see", "edit", "run", "accept", "move", "publish")
# All that has to do with posts and runs; nothing about people.
WORKS = tuple(name for name in PERMISSIONS if not name.startswith(("people.", "roles.")))


def make_narrow(
    conn: db.Connection,
    grants: Mapping[str, Iterable[Verb]],
    name: str = "nora",
    *,
    permissions: Iterable[str] = WORKS,
    workflow: str = "post",
) -> Actor:
    """A person whose only role grants these permissions, and in each named stage these verbs."""
    user_id = make_user(conn, name)
    role_id = db.scalar(
        conn,
        "INSERT INTO role (name, label) VALUES ('narrow_' || %(id)s, 'Narrow ' || %(id)s) RETURNING id",
        {"id": user_id},
    )
    db.run(conn, "INSERT INTO user_role VALUES (%s, %s)", (user_id, role_id))
    db.run(
        conn, "INSERT INTO role_permission SELECT %s, unnest(%s::text[])", (role_id, sorted(set(permissions)))
    )
    for stage, verbs in grants.items():
        db.run(
            conn,
            """
            INSERT INTO stage_grant (role_id, workflow_stage_id, verb)
            SELECT %s, stage.id, unnest(%s::text[]) FROM workflow_stage AS stage
            JOIN workflow ON workflow.id = stage.workflow_id
            WHERE stage.name = %s AND workflow.name = %s
            """,
            (role_id, sorted(set(verbs)), stage, workflow),
        )
    return auth.actor_of_user(conn, user_id)
