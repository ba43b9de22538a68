"""Writers that commit at the same moment, on connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg
import pytest
from pydantic import JsonValue

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict
from blog.app.posts import services as posts
from blog.app.workflow import planning
from blog.app.workflow import services as workflows
from tests.factories import all_powerful
from tests.workflow.workflows import make_workflow

WRITERS = 6


def begin(url: str) -> tuple[Actor, int, int]:
    """The actor, the post and the revision of its idea."""
    with psycopg.connect(url, autocommit=True) as conn:
        make_workflow(conn)
        actor = all_powerful(conn)
        post = workflows.create_post_with_idea(conn, actor, "idea", "test")
        [revision] = posts.current_values(conn, post.id)
        return actor, post.id, revision.id


def race(url: str, write: Callable[[db.Connection, int], Any]) -> list[Any]:
    """What each of the writers, who start together, returned or raised."""
    barrier = Barrier(WRITERS)

    def run(number: int) -> Any:
        with psycopg.connect(url, autocommit=True) as conn:
            barrier.wait()
            try:
                return write(conn, number)
            except Conflict as conflict:
                return conflict

    with ThreadPoolExecutor(WRITERS) as threads:
        return list(threads.map(run, range(WRITERS)))


def save(conn: db.Connection, actor: Actor, post_id: int, name: str, text: str, base: int | None):
    return workflows.save_field(
        conn, actor, post_id=post_id, field_name=name, section_id=None, text=text, base_revision_id=base
    )


def test_of_writers_on_one_base_exactly_one_wins(committed_db: str) -> None:
    actor, post_id, base = begin(committed_db)
    results = race(
        committed_db, lambda conn, number: save(conn, actor, post_id, "seed", f"text {number}", base)
    )
    conflicts = [result for result in results if isinstance(result, Conflict)]
    [winner] = [result for result in results if not isinstance(result, Conflict)]
    assert len(conflicts) == WRITERS - 1
    assert {conflict.details["current_revision_id"] for conflict in conflicts} == {winner.id}
    with psycopg.connect(committed_db) as conn:
        assert [revision.id for revision in posts.current_values(conn, post_id)] == [winner.id]
        assert posts.get_post(conn, actor, post_id).title == winner.value


def test_of_writers_of_an_empty_field_exactly_one_wins(committed_db: str) -> None:
    actor, post_id, _ = begin(committed_db)
    results = race(
        committed_db, lambda conn, number: save(conn, actor, post_id, "headline", f"text {number}", None)
    )
    assert sum(isinstance(result, Conflict) for result in results) == WRITERS - 1


def test_writers_of_different_fields_and_sections_do_not_lock_each_other_out(committed_db: str) -> None:
    actor, post_id, _ = begin(committed_db)
    plan: list[JsonValue] = [{"heading": f"Part {number}", "description": ""} for number in range(5)]

    def write(conn: db.Connection, number: int) -> object:
        match number % 3:
            case 0:
                return planning.apply_section_plan(conn, actor, post_id, plan)
            case 1:
                return posts.add_section(conn, actor, post_id)
            case _:
                return save(conn, actor, post_id, "headline", "the same words", None)

    results = race(committed_db, write)
    assert not [result for result in results if isinstance(result, Conflict)]


def test_the_database_itself_refuses_a_second_current_revision(committed_db: str) -> None:
    _, _, base = begin(committed_db)
    with (
        psycopg.connect(committed_db) as conn,
        pytest.raises(psycopg.errors.UniqueViolation, match="field_revision_current_key"),
    ):
        conn.execute(
            """
            INSERT INTO field_revision
                (post_id, workflow_field_id, number, value, origin, base_revision_id)
            SELECT post_id, workflow_field_id, 2, 'x', 'system', id FROM field_revision WHERE id = %s
            """,
            (base,),
        )
