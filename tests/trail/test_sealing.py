"""Sealing, verifying, removing and the page, on a real database."""

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient

from blog.app import audit, db
from blog.app.auth.models import Actor
from blog.app.errors import Forbidden, Invalid
from blog.app.trail import sealing, services
from blog.app.trail.models import AuditEvent
from blog.app.trail.schemas import AuditFilter, AuditQuery, AuditRetentionChange
from tests.conftest import OneConnection
from tests.factories import make_actor
from tests.llm.callers import Browser

SignIn = Callable[[FlaskClient, int], FlaskClient]


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return make_actor(conn, "carol", "administrator")


def do(conn: db.Connection, actor: Actor, *names: str) -> None:
    for name in names:
        audit.record(conn, actor, name, "post", 7, before=1, after="two")


def messages(conn: db.Connection) -> list[str]:
    return [problem.message for problem in sealing.verify(conn).problems]


def test_events_are_sealed_in_order(conn: db.Connection, pool: OneConnection, carol: Actor) -> None:
    sealing.seal(pool)
    before = sealing.verify(conn)
    do(conn, carol, "post.one", "post.two")
    assert sealing.verify(conn).waiting == 2
    assert sealing.seal(pool) == 2
    after = sealing.verify(conn)
    assert (after.holds, after.waiting, after.head_number) == (True, 0, before.head_number + 2)
    assert sealing.is_as_printed(conn, f"{after.head_number}:{after.head}")
    assert not sealing.is_as_printed(conn, f"{after.head_number}:{'0' * 64}")
    with pytest.raises(Invalid, match="NUMBER:HASH"):
        sealing.is_as_printed(conn, "abc")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_event SET details = '{\"after\": 3}' WHERE name = 'post.two'", "not what was sealed"),
        ("DELETE FROM audit_event WHERE name = 'post.two'", "The event is gone"),
        ("DELETE FROM audit_seal WHERE number = 2", "Seals 2 to 2 are missing"),
        ("DELETE FROM audit_seal WHERE number = 1", "no event says that they were removed"),
        ("INSERT INTO audit_event (name, subject_kind) VALUES ('post.made_up', 'post')", "never sealed"),
    ],
)
def test_what_was_changed_in_the_tables_is_told(
    conn: db.Connection, pool: OneConnection, carol: Actor, statement: str, said: str
) -> None:
    do(conn, carol, "post.one", "post.two", "post.three")
    sealing.seal(pool)
    assert sealing.verify(conn).holds
    conn.execute(statement)  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert any(said in message for message in messages(conn))


def test_old_events_are_removed_as_decided_and_the_chain_goes_on(
    conn: db.Connection, pool: OneConnection, carol: Actor
) -> None:
    do(conn, carol, "post.one", "post.two")
    db.run(conn, "UPDATE audit_event SET at = now() - interval '40 days'")
    sealing.seal(pool)
    do(conn, carol, "post.three")
    sealing.seal(pool)
    head = sealing.verify(conn)
    assert sealing.remove_old(pool) == 0
    services.change_retention(conn, carol, AuditRetentionChange(days=30))
    removed = sealing.remove_old(pool)
    assert removed >= 2
    sealing.seal(pool)
    after = sealing.verify(conn)
    assert (after.problems, after.first) == ([], removed)
    assert sealing.is_as_printed(conn, f"{head.head_number}:{head.head}")
    names = [event.name for event in found(conn, carol)]
    assert names[:3] == ["audit.removed", "audit.retention_changed", "post.three"]
    db.run(conn, "DELETE FROM audit_event WHERE name = 'audit.removed'")
    assert any("no event says" in message for message in messages(conn))


def found(conn: db.Connection, actor: Actor, **asked: object) -> list[AuditEvent]:
    return services.list_events(conn, actor, AuditQuery.model_validate(asked)).items


def test_events_are_found_by_what_they_have(conn: db.Connection, pool: OneConnection, carol: Actor) -> None:
    dan = make_actor(conn, "dan", "editor")
    audit.come_from("10.1.2.3", "abc")
    do(conn, dan, "post.one")
    audit.come_from("no address", "def")
    do(conn, carol, "post.one", "post.two")
    one = found(conn, carol, name="post.one")
    assert [(event.user_name, event.address) for event in one] == [("carol", None), ("dan", "10.1.2.3")]
    assert [event.user_id for event in found(conn, carol, address="10.0.0.0/8")] == [dan.user_id]
    assert [event.name for event in found(conn, carol, request_id="abc")] == ["post.one"]
    assert {event.name for event in found(conn, carol, person="me", subject_kind="post", subject_id=7)} == {
        "post.one",
        "post.two",
    }
    assert found(conn, carol, until=date(2020, 1, 1)) == []
    assert {"post.one", "post.two"} <= set(services.list_names(conn, carol))
    exported = services.export(pool, carol, AuditFilter(name="post.one"))
    assert [event.id for event in exported] == [event.id for event in one]
    with pytest.raises(Invalid, match="no address"):
        found(conn, carol, address="home")
    with pytest.raises(Forbidden):
        services.list_events(conn, dan, AuditQuery.model_validate({}))


def test_the_page_shows_checks_and_keeps(
    conn: db.Connection, pool: OneConnection, client: FlaskClient, as_user: SignIn, carol: Actor
) -> None:
    browser = Browser(as_user(client, carol.user_id or 0))
    do(conn, carol, "post.one")
    sealing.seal(pool)
    page = browser.get("/audit?name=post.one")
    assert "post.one</code>" in page
    assert 'href="/posts/7"' in page
    assert "The chain holds." in browser.post("/audit/verification", 200)
    assert "Tick that you know it" in browser.post("/audit/retention", 422, days="40")
    browser.post("/audit/retention", 422, days="3", understood="1")
    browser.post("/audit/retention", 303, days="40", understood="1")
    assert "For 40 days, as carol decided" in browser.get("/audit?saved=1")
    lines = client.get("/audit/export?format=csv&name=post.one").text.splitlines()
    assert len(lines) == 2
    assert '{""after"": ""two"", ""before"": 1}' in lines[1]
    browser.post("/audit/retention", 303, days="")
    assert services.get_retention(conn, carol).days is None
    assert found(conn, carol, name="audit.retention_changed")[0].address == "127.0.0.1"
    db.run(conn, "UPDATE audit_event SET name = 'post.won' WHERE name = 'post.one'")
    assert "The chain is broken." in browser.post("/audit/verification", 200)
