"""The database's first day and its upgrades: applied once, losing nothing, refusing what it does not know."""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from blog.app import db, schema
from blog.app.errors import Conflict, Unavailable
from blog.app.review import services as review
from tests.factories import make_actor, make_post


@pytest.fixture
def empty_db(server_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    name = sql.Identifier(f"blog_schema_{abs(hash(request.node.nodeid))}")
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield conninfo.make_conninfo(server_url, dbname=name.as_string(None).strip('"'))
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def empty(empty_db: str) -> Iterator[db.Connection]:
    with psycopg.connect(empty_db, autocommit=True) as conn:
        yield conn


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The sources of a later version: two scripts more."""
    shutil.copytree(schema.SQL, tmp_path / "sql")
    changes = tmp_path / "sql" / "changes"
    changes.mkdir(exist_ok=True)
    (changes / "2999-01-01-add-note.sql").write_text("CREATE TABLE note (text text);")
    (changes / "2999-01-02-fill-note.sql").write_text("INSERT INTO note VALUES ('once');")
    return tmp_path / "sql"


def notes(conn: db.Connection) -> list[str]:
    return [text for (text,) in conn.execute("SELECT text FROM note").fetchall()]


def test_an_empty_database_is_made_ready(empty: db.Connection) -> None:
    assert not schema.is_current(empty)
    schema.init_db(empty)
    assert schema.is_current(empty)
    assert db.scalar(empty, "SELECT count(*) FROM role")
    assert db.scalar(empty, "SELECT to_regclass('procrastinate_jobs')")


def test_an_editors_change_survives_another_start(empty: db.Connection) -> None:
    schema.init_db(empty)
    db.run(empty, "UPDATE role SET label = 'Boss' WHERE name = 'administrator'")
    db.run(empty, "DELETE FROM schema_change WHERE name LIKE 'create_tables:%%'")
    schema.init_db(empty)
    assert db.scalar(empty, "SELECT label FROM role WHERE name = 'administrator'") == "Boss"


def test_two_starts_at_once_make_one_database(empty_db: str) -> None:
    def start(_number: int) -> None:
        with psycopg.connect(empty_db, autocommit=True) as conn:
            schema.init_db(conn)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, range(4)))
    with psycopg.connect(empty_db) as conn:
        assert db.scalar(conn, "SELECT count(*) FROM schema_change WHERE name = 'starter'") == 1


def test_an_older_database_is_refused_until_it_is_upgraded(empty: db.Connection, later: Path) -> None:
    schema.init_db(empty)
    with pytest.raises(Conflict, match="blogforge upgrade"):
        schema.init_db(empty, later)
    assert schema.upgrade(empty, later) == ["change:2999-01-01-add-note", "change:2999-01-02-fill-note"]
    assert schema.upgrade(empty, later) == []
    assert notes(empty) == ["once"]
    assert schema.is_current(empty, later)


def test_posts_runs_and_cases_of_before_are_brought_up_to_date(empty: db.Connection) -> None:
    script = "change:2026-11-27-where-a-post-stands"
    schema.init_db(empty)
    wanted = columns(empty)
    alice = make_actor(empty, "alice", "author")
    post_id = make_post(empty, alice, basic_idea="A worked-out idea.")
    review.assign(empty, alice, post_id, "idea", alice.user_id)
    review.set_due(empty, alice, post_id, "idea", date(2026, 3, 5))
    empty.execute("ALTER TABLE post DROP COLUMN status, DROP COLUMN assignee_id, DROP COLUMN due_on")
    empty.execute("ALTER TABLE llm_run DROP COLUMN post_id")
    empty.execute("ALTER TABLE llm_case DROP COLUMN post_id")
    empty.execute("DELETE FROM schema_change WHERE name = %s OR name LIKE 'create_tables:%%'", (script,))
    with pytest.raises(Conflict, match="blogforge upgrade"):
        schema.init_db(empty)
    assert schema.upgrade(empty) == [script]
    schema.init_db(empty)
    assert columns(empty) == wanted
    kept = empty.execute("SELECT status, assignee_id, due_on FROM post WHERE id = %s", (post_id,)).fetchone()
    assert kept == ("not_started", alice.user_id, date(2026, 3, 5))


def columns(conn: db.Connection) -> set[tuple[str, ...]]:
    """Every column and index there is."""
    query = """
        SELECT table_name, column_name, data_type, is_nullable, coalesce(column_default, '')
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """
    return set(conn.execute(query).fetchall())


def test_a_script_that_fails_leaves_nothing_of_itself(empty: db.Connection, later: Path) -> None:
    schema.init_db(empty)
    (later / "changes" / "2999-01-02-fill-note.sql").write_text(
        "INSERT INTO note VALUES ('half'); SELECT 1/0;"
    )
    with pytest.raises(psycopg.errors.DivisionByZero):
        schema.upgrade(empty, later)
    assert notes(empty) == []
    assert [script.name for script in schema.pending(empty, later)] == ["change:2999-01-02-fill-note"]


def test_a_database_of_a_newer_version_is_refused(empty: db.Connection, later: Path) -> None:
    schema.init_db(empty)
    schema.upgrade(empty, later)
    with pytest.raises(Conflict, match="newer version"):
        schema.init_db(empty)


def test_a_new_database_of_a_later_version_needs_no_script(empty: db.Connection, later: Path) -> None:
    (later / "changes" / "2999-01-02-fill-note.sql").write_text("SELECT 1/0;")
    schema.init_db(empty, later)
    assert schema.pending(empty, later) == []


def test_a_database_that_cannot_hold_every_letter_is_refused(server_url: str) -> None:
    name = sql.Identifier(f"blog_ascii_{os.getpid()}")
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(
            sql.SQL(
                "CREATE DATABASE {} ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"
            ).format(name)
        )
        url = conninfo.make_conninfo(server_url, dbname=f"blog_ascii_{os.getpid()}")
        with psycopg.connect(url, autocommit=True) as ascii_only, pytest.raises(Unavailable, match="UTF8"):
            schema.init_db(ascii_only)
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
