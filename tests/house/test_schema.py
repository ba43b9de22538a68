"""The schema's own rules: every name by the rule, every table explained, and loading it twice harmless."""

import re

import pytest
from psycopg import sql

from blog.app import db, schema
from tests.factories import all_powerful, make_post

TABLES = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", schema.CREATE_TABLES.read_text())
ENDING = {"p": "_pkey", "u": "_key", "f": "_fkey", "c": "_check", "x": "_excl"}


def test_every_constraint_is_written_out_and_named_by_the_rule(conn: db.Connection) -> None:
    found = conn.execute(
        """
        SELECT conrelid::regclass::text, conname, contype::text FROM pg_constraint
        WHERE conrelid::regclass::text = ANY(%s) AND contype <> 'n'
        """,
        (TABLES,),
    ).fetchall()
    text = schema.CREATE_TABLES.read_text()
    wrong = [
        name
        for table, name, kind in found
        if not (name.startswith(f"{table}_") and name.endswith(ENDING[kind]))
        or not re.search(rf"CONSTRAINT {name}\b", text)
    ]
    assert wrong == []
    assert len(found) > len(TABLES)


def test_every_index_is_named_by_the_rule(conn: db.Connection) -> None:
    found = conn.execute(
        """
        SELECT indrelid::regclass::text, relname, indisunique FROM pg_index
        JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid::regclass::text = ANY(%s)
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
        """,
        (TABLES,),
    ).fetchall()
    wrong = [
        name
        for table, name, is_unique in found
        if not (name.startswith(f"{table}_") and name.endswith("_key" if is_unique else "_idx"))
    ]
    assert wrong == []


def test_every_table_says_why_it_exists(conn: db.Connection) -> None:
    silent = conn.execute(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE obj_description(name::regclass) IS NULL", (TABLES,)
    ).fetchall()
    assert silent == []


def test_every_reference_has_a_foreign_key(conn: db.Connection) -> None:
    """A column named <something>_id points at a row that is there. audit_event.subject_id is of any table and
    its request_id of none; audit_seal outlives its event; oidc_provider.client_id is what a service calls us.
    """
    loose = conn.execute(
        """
        SELECT attrelid::regclass::text || '.' || attname FROM pg_attribute
        WHERE attrelid::regclass::text = ANY(%s) AND attname LIKE '%%\\_id' AND NOT attisdropped
          AND NOT EXISTS (
              SELECT FROM pg_constraint
              WHERE contype = 'f' AND conrelid = attrelid AND attnum = ANY(conkey)
          )
        ORDER BY 1
        """,
        (TABLES,),
    ).fetchall()
    assert [column for (column,) in loose] == [
        "audit_event.request_id",
        "audit_event.subject_id",
        "audit_seal.audit_event_id",
        "oidc_provider.client_id",
    ]


@pytest.mark.parametrize("word", ["DROP", "TRUNCATE", "DELETE", "UPDATE", "TRIGGER"])
def test_the_schema_creates_only(word: str) -> None:
    text = re.sub(r"--.*|'(?:[^']|'')*'", "", schema.CREATE_TABLES.read_text())
    text = text.replace("ON DELETE CASCADE", "").replace("ON UPDATE", "")
    assert not re.search(rf"\b{word}\b", text)


def _rows(conn: db.Connection) -> dict[str, list[str]]:
    """Every row of every table as text."""
    whole = sql.SQL("SELECT t::text FROM {} AS t")
    return {
        table: sorted(row for (row,) in conn.execute(whole.format(sql.Identifier(table))).fetchall())
        for table in TABLES
    }


def test_loading_the_schema_again_on_a_database_with_data_loses_nothing(conn: db.Connection) -> None:
    post_id = make_post(conn, all_powerful(conn), basic_idea="Words that must stay.")
    before = _rows(conn)
    for _ in range(2):
        conn.execute(schema.CREATE_TABLES.read_bytes())
    assert _rows(conn) == before
    assert any("Words that must stay." in row for row in before["field_revision"])
    assert db.scalar(conn, "SELECT count(*) FROM post WHERE id = %s", (post_id,)) == 1
