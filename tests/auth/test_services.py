from datetime import UTC, datetime, timedelta

import pytest

from blog.app import db
from blog.app.auth import first_administrator, links, people, services
from blog.app.auth.permissions import PEOPLE_MANAGE, SYSTEM, TOKENS_CREATE
from blog.app.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from blog.app.security import digest
from tests.auth.conftest import PASSWORD
from tests.factories import all_powerful, make_actor


def sign_in(conn: db.Connection, email: str, password: str = PASSWORD, address: str = "10.0.0.1") -> str:
    return services.sign_in(conn, email, password, address=address).session


def everything_kept(conn: db.Connection) -> str:
    """All rows that could betray a secret, as text."""
    rows = [
        conn.execute(query).fetchall()
        for query in (
            "SELECT * FROM user_session",
            "SELECT * FROM api_token",
            "SELECT * FROM setup_link",
            "SELECT * FROM audit_event",
            "SELECT * FROM app_user",
        )
    ]
    return repr(rows)


# --- sessions ------------------------------------------------------------------------------------


def test_a_session_knows_its_person_and_what_they_may_do(conn: db.Connection, alice: str) -> None:
    found = services.recognise_session(conn, sign_in(conn, alice))
    assert found is not None
    assert found.actor.name == "alice"
    assert found.actor.may("post.edit")
    assert not found.actor.may(PEOPLE_MANAGE)
    assert found.actor.api_token_id is None


def test_the_address_is_read_whatever_its_case(conn: db.Connection, alice: str) -> None:
    assert sign_in(conn, f"  {alice.upper()} ")


def test_an_unknown_address_and_a_wrong_password_read_the_same(conn: db.Connection, alice: str) -> None:
    messages = set[str]()
    for email, password in [("nobody@example.org", PASSWORD), (alice, "wrong"), ("a\0b", "wrong")]:
        with pytest.raises(Unauthenticated) as refused:
            sign_in(conn, email, password)
        messages.add(refused.value.message)
    assert len(messages) == 1


def test_sign_in_replaces_the_session_the_browser_had(conn: db.Connection, alice: str) -> None:
    first = sign_in(conn, alice)
    second = services.sign_in(conn, alice, PASSWORD, address="10.0.0.1", old_token=first).session
    assert services.recognise_session(conn, first) is None
    assert services.recognise_session(conn, second) is not None


def test_an_expired_session_is_nobody_and_is_swept_at_the_next_sign_in(
    conn: db.Connection, alice: str
) -> None:
    token = sign_in(conn, alice)
    db.run(conn, "UPDATE user_session SET expires_at = clock_timestamp() - interval '1 second'")
    assert services.recognise_session(conn, token) is None
    sign_in(conn, alice)
    assert db.scalar(conn, "SELECT count(*) FROM user_session") == 1


def test_a_session_that_nobody_used_is_over_and_so_is_one_that_is_too_old(
    conn: db.Connection, alice: str
) -> None:
    carol = all_powerful(conn)
    token = sign_in(conn, alice)
    links.change_session_limits(conn, carol, idle_minutes=30, hours=8)
    assert services.recognise_session(conn, token, is_used=False) is not None

    db.run(conn, "UPDATE user_session SET last_seen_at = clock_timestamp() - interval '31 minutes'")
    assert services.recognise_session(conn, token) is None
    links.change_session_limits(conn, carol, idle_minutes=60, hours=8)
    assert services.recognise_session(conn, token) is not None

    db.run(conn, "UPDATE user_session SET created_at = clock_timestamp() - interval '7 hours'")
    links.change_session_limits(conn, carol, idle_minutes=60, hours=6)
    assert services.recognise_session(conn, token) is None, "a shorter time holds for open ones"
    links.change_session_limits(conn, carol, idle_minutes=60, hours=None)
    assert services.recognise_session(conn, sign_in(conn, alice)) is not None


def test_a_session_is_prolonged_at_most_once_a_minute(conn: db.Connection, alice: str) -> None:
    token = sign_in(conn, alice)
    db.run(
        conn,
        "UPDATE user_session SET last_seen_at = clock_timestamp() - interval '2 minutes'",
    )
    assert services.recognise_session(conn, token, is_used=False) is not None
    renewed = [services.recognise_session(conn, token) for _ in range(3)]
    assert [found is not None and found.is_renewed for found in renewed] == [True, False, False]
    assert db.scalar(conn, "SELECT clock_timestamp() - last_seen_at < interval '1 minute' FROM user_session")


def test_signing_out_ends_the_session(conn: db.Connection, alice: str) -> None:
    token = sign_in(conn, alice)
    found = services.recognise_session(conn, token)
    assert found
    services.sign_out(conn, found.actor, token)
    assert services.recognise_session(conn, token) is None


def test_no_password_and_no_token_is_kept_as_it_is(conn: db.Connection, alice: str) -> None:
    session = sign_in(conn, alice)
    with pytest.raises(Unauthenticated):
        sign_in(conn, "my password by mistake", "hunter2hunter2")
    user = services.find_user_by_email(conn, alice)
    assert user
    new = services.create_token(conn, services.actor_of_user(conn, user.id), "a script")
    link = first_administrator.create_setup_link(conn)
    kept = everything_kept(conn)
    for secret in (session, PASSWORD, "hunter2hunter2", "my password by mistake", new.token, str(link)):
        assert secret not in kept
    assert new.token[8:] not in kept


# --- the throttle --------------------------------------------------------------------------------


def test_after_ten_failures_even_the_right_password_waits(conn: db.Connection, alice: str) -> None:
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            sign_in(conn, alice, "wrong")
    with pytest.raises(TooMany) as refused:
        sign_in(conn, alice)
    wait = refused.value.details["retry_after"]
    assert isinstance(wait, int)
    assert 500 < wait <= 600
    assert "10 minutes" in refused.value.message


def test_another_person_may_sign_in_meanwhile(conn: db.Connection, alice: str) -> None:
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            sign_in(conn, "bob@example.org", "wrong")
    assert sign_in(conn, alice)


def test_old_failures_do_not_count(conn: db.Connection, alice: str) -> None:
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            sign_in(conn, alice, "wrong")
    db.run(conn, "UPDATE audit_event SET at = at - interval '11 minutes'")
    assert sign_in(conn, alice)


def test_an_address_that_tries_many_people_waits_too(conn: db.Connection, alice: str) -> None:
    for number in range(services.FAILURES_PER_ADDRESS):
        with pytest.raises(Unauthenticated):
            sign_in(conn, f"person{number}@example.org", "wrong", address="10.6.6.6")
    with pytest.raises(TooMany):
        sign_in(conn, alice, address="10.6.6.6")
    assert sign_in(conn, alice, address="10.0.0.1")


# --- one's own account ---------------------------------------------------------------------------


def test_a_changed_password_ends_every_other_session(conn: db.Connection, alice: str) -> None:
    here, elsewhere = sign_in(conn, alice), sign_in(conn, alice)
    found = services.recognise_session(conn, here)
    assert found
    token = services.change_password(conn, found.actor, PASSWORD, "another good one", address="10.0.0.1")
    assert services.recognise_session(conn, token)
    assert services.recognise_session(conn, here) is None
    assert services.recognise_session(conn, elsewhere) is None
    assert sign_in(conn, alice, "another good one")


def test_the_present_password_must_be_right_to_change_it(conn: db.Connection, alice: str) -> None:
    found = services.recognise_session(conn, sign_in(conn, alice))
    assert found
    with pytest.raises(Invalid) as refused:
        services.change_password(conn, found.actor, "wrong", "another good one", address="10.0.0.1")
    assert refused.value.details["problems"] == [
        {"field": "present", "message": "This is not your present password."}
    ]
    assert sign_in(conn, alice)


def test_the_system_has_no_account(conn: db.Connection) -> None:
    with pytest.raises(Forbidden):
        services.get_me(conn, SYSTEM)


# --- API tokens ----------------------------------------------------------------------------------


def test_a_token_stands_for_its_person_and_is_kept_as_a_hash(conn: db.Connection) -> None:
    alice = make_actor(conn, "alice", "author")
    new = services.create_token(conn, alice, "a script")
    found = services.recognise_bearer(conn, new.token).actor
    assert found.user_id == alice.user_id
    assert found.permissions == alice.permissions
    assert found.api_token_id == new.id
    assert db.scalar(conn, "SELECT token_hash FROM api_token") == digest(new.token)


def test_a_token_with_fewer_permissions_has_only_those(conn: db.Connection) -> None:
    alice = make_actor(conn, "alice", "author")
    new = services.create_token(conn, alice, "reader", permissions=["post.read", "llm.read"])
    assert services.recognise_bearer(conn, new.token).actor.permissions == {"post.read", "llm.read"}


def test_a_token_loses_what_its_person_loses(conn: db.Connection) -> None:
    alice = make_actor(conn, "alice", "author")
    new = services.create_token(conn, alice, "script", permissions=["post.read", "post.edit"])
    assert alice.user_id
    people.update_user(conn, make_actor(conn, "carol", "administrator"), alice.user_id, role_names=["viewer"])
    assert services.recognise_bearer(conn, new.token).actor.permissions == {"post.read"}


def test_a_token_may_not_exceed_its_maker(conn: db.Connection) -> None:
    alice = make_actor(conn, "alice", "author")
    with pytest.raises(Forbidden, match=r"people\.manage"):
        services.create_token(conn, alice, "too much", permissions=["people.manage"])


def test_a_limited_token_cannot_make_an_unlimited_one(conn: db.Connection) -> None:
    alice = make_actor(conn, "alice", "author")
    limited = services.create_token(conn, alice, "maker", permissions=[TOKENS_CREATE, "post.read"])
    maker = services.recognise_bearer(conn, limited.token).actor
    made = services.create_token(conn, maker, "made by a token")
    assert services.recognise_bearer(conn, made.token).actor.permissions == {TOKENS_CREATE, "post.read"}


def test_who_may_not_create_tokens_is_refused(conn: db.Connection) -> None:
    with pytest.raises(Forbidden):
        services.create_token(conn, make_actor(conn, "victor", "viewer"), "a script")


def test_a_revoked_or_expired_token_is_nobody(conn: db.Connection) -> None:
    alice = make_actor(conn, "alice", "author")
    revoked = services.create_token(conn, alice, "revoked")
    services.revoke_token(conn, alice, revoked.id)
    expired = services.create_token(conn, alice, "short", expires_at=datetime.now(UTC) + timedelta(hours=1))
    db.run(
        conn,
        "UPDATE api_token SET expires_at = clock_timestamp() - interval '1 second' WHERE id = %s",
        (expired.id,),
    )
    for token in (revoked.token, expired.token, "bf_unknown", ""):
        with pytest.raises(Unauthenticated):
            services.recognise_bearer(conn, token)


def test_a_token_that_has_expired_before_it_is_made_is_refused(conn: db.Connection) -> None:
    alice = make_actor(conn, "alice", "author")
    with pytest.raises(Invalid, match="past"):
        services.create_token(conn, alice, "late", expires_at=datetime(2020, 1, 1, tzinfo=UTC))


def test_another_persons_token_is_not_there(conn: db.Connection) -> None:
    alice, bob = make_actor(conn, "alice", "author"), make_actor(conn, "bob", "editor")
    new = services.create_token(conn, alice, "hers")
    with pytest.raises(NotFound):
        services.revoke_token(conn, bob, new.id)
    assert services.list_tokens(conn, bob) == []
    assert services.recognise_bearer(conn, new.token)


def test_a_token_notes_its_use_at_most_once_a_minute(conn: db.Connection) -> None:
    alice = make_actor(conn, "alice", "author")
    new = services.create_token(conn, alice, "a script")
    services.recognise_bearer(conn, new.token)
    first = services.list_tokens(conn, alice)[0].last_used_at
    services.recognise_bearer(conn, new.token)
    assert first is not None
    assert services.list_tokens(conn, alice)[0].last_used_at == first
