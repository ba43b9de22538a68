"""A small workflow for tests, with a field of every kind; nothing of it comes from the starter rows."""

from blog.app import db
from blog.app.workflow import trees
from blog.app.workflow.models import Field, Kind, Scope, Workflow
from tests.factories import open_workflow

# stage, sub-stage, field, kind, scope, title_rank, max_chars
ROWS = [
    ("Planning", "idea", "seed", "text", "post", 3, None),
    ("Planning", "idea", "facts", "list", "post", None, None),
    ("Planning", "shape", "outline", "json", "post", None, None),
    ("Writing", "words", "headline", "text", "post", 1, 100),
    ("Writing", "words", "section_heading", "text", "section", 10, 100),
    ("Writing", "words", "section_description", "markdown", "section", None, None),
    ("Writing", "words", "draft", "markdown", "section", None, None),
    ("Writing", "extras", "tone", "choice", "post", None, None),
    ("Writing", "extras", "words_wanted", "number", "post", None, None),
    ("Writing", "extras", "due", "date", "post", None, None),
    ("Writing", "extras", "source", "url", "post", None, None),
]


def make_workflow(conn: db.Connection, name: str = "test") -> Workflow:
    workflow_id = db.scalar(
        conn, "INSERT INTO workflow (name, label) VALUES (%s, initcap(%s)) RETURNING id", (name, name)
    )
    stages: dict[str, int] = {}
    sub_stages: dict[str, int] = {}
    for position, (stage, sub_stage, field, kind, scope, rank, max_chars) in enumerate(ROWS, start=1):
        if stage not in stages:
            stages[stage] = _insert_stage(conn, workflow_id, stage, position)
        if sub_stage not in sub_stages:
            sub_stages[sub_stage] = _insert_sub_stage(conn, workflow_id, stages[stage], sub_stage, position)
        db.run(
            conn,
            """
            INSERT INTO workflow_field (workflow_id, workflow_sub_stage_id, name, label, kind, scope,
                                        position, title_rank, max_chars, choices)
            VALUES (%s, %s, %s, initcap(replace(%s, '_', ' ')), %s, %s, %s, %s, %s, %s)
            """,
            (
                workflow_id,
                sub_stages[sub_stage],
                field,
                field,
                kind,
                scope,
                position,
                rank,
                max_chars,
                ["dry", "warm"] if kind == "choice" else [],
            ),
        )
    open_workflow(conn, workflow_id)
    return trees.get_workflow(conn, workflow_id)


def _insert_stage(conn: db.Connection, workflow_id: int, label: str, position: int) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO workflow_stage (workflow_id, name, label, position)
        VALUES (%s, lower(%s), %s, %s) RETURNING id
        """,
        (workflow_id, label, label, position),
    )


def _insert_sub_stage(conn: db.Connection, workflow_id: int, stage_id: int, name: str, position: int) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO workflow_sub_stage (workflow_id, workflow_stage_id, name, label, position)
        VALUES (%s, %s, %s, initcap(%s), %s) RETURNING id
        """,
        (workflow_id, stage_id, name, name, position),
    )


def field_of(kind: Kind, *, scope: Scope = "post", max_chars: int | None = None) -> Field:
    """A field for tests of values, without a database."""
    return Field(
        id=1,
        sub_stage_id=1,
        name=kind,
        label=kind.capitalize(),
        kind=kind,
        scope=scope,
        help="",
        max_chars=max_chars,
        choices=["dry", "warm"] if kind == "choice" else [],
        title_rank=None,
        on_accept="save",
        actions=[],
    )
