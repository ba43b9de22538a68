"""What a page of a post asks the database: as much for many fields, sections and suggestions as for few."""

import re
import secrets
from collections import Counter
from typing import Any

import psycopg
import pytest

from blog.app import db
from tests.desk.test_views import Desk, desk, make_desk
from tests.factories import bind, make_action, make_field, make_model

__all__ = ["desk", "make_desk"]  # fixtures


class Asked:
    """Counts statements, by their first words."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements = Counter[str]()
        real = psycopg.Cursor.execute

        def execute(cursor: psycopg.Cursor[Any], query: Any, *args: Any, **options: Any) -> Any:
            self.statements[re.sub(r"\s+", " ", str(query)).strip()] += 1
            return real(cursor, query, *args, **options)

        monkeypatch.setattr(psycopg.Cursor, "execute", execute)

    def during(self, desk: Desk, path: str) -> Counter[str]:
        self.statements.clear()
        desk.get(path)
        return Counter(self.statements)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


@pytest.mark.parametrize("path", ["idea", "content"])
def test_nothing_is_asked_once_per_section_or_field(desk: Desk, asked: Asked, path: str) -> None:
    _make_default(desk.conn)
    _grow(desk, 1)
    few = asked.during(desk, path)
    _grow(desk, 8)
    many = asked.during(desk, path)

    assert many == few
    assert few.total() < 30, few


def test_nothing_is_asked_once_per_suggestion(desk: Desk, asked: Asked) -> None:
    desk.suggest("one")
    few = asked.during(desk, "fields/answer/automation")
    for text in ("two", "three", "four"):
        desk.write(f"before {text}")
        desk.suggest(text)
    desk.write("after them all")  # now each of them is stale, on a base of its own
    many = asked.during(desk, "fields/answer/automation")

    assert many.total() - few.total() <= 1, many - few  # the bases, all at once
    assert many.total() < 30, many


def test_a_workflow_is_read_once_for_a_page(desk: Desk, asked: Asked) -> None:
    for path in ("content", "fields/answer/automation", "fields/answer/revisions"):
        read = {what: n for what, n in asked.during(desk, path).items() if "'stages'" in what}
        assert list(read.values()) == [1], path


def test_a_history_is_read_whole(desk: Desk, asked: Asked) -> None:
    desk.write("the first words")
    few = asked.during(desk, "fields/answer/revisions")
    for number in range(6):
        desk.write(f"words, {number}")
    assert asked.during(desk, "fields/answer/revisions") == few


def _make_default(conn: db.Connection) -> None:
    """Any action can be asked then, as on every installation that has a model."""
    db.run(conn, "UPDATE llm_model SET is_default = true WHERE id = %s", (make_model(conn),))


def _grow(desk: Desk, count: int) -> None:
    """So many more sections, and fields whose action lacks what it reads."""
    for _ in range(count):
        desk.post("sections", {"heading": "A lamp"})
        field_id = make_field(desk.conn, f"lacking_{secrets.token_hex(4)}")
        bind(desk.conn, field_id, make_action(desk.conn, [("user", "data", "{{ post.conclusion }}")]))
