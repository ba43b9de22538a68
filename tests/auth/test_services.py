from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from blog.app import db
from blog.app.auth import links, services
from blog.app.auth.models import Actor
from blog.app.auth.permissions import PEOPLE_MANAGE, PERMISSIONS, SYSTEM, TOKENS_CREATE
from blog.app.errors import AppError, Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from blog.app.security import digest
from tests.auth.conftest import PASSWORD
from tests.factories import all_powerful, make_actor, make_user


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
    link = services.create_setup_link(conn)
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


# --- the first administrator ---------------------------------------------------------------------


def set_up(conn: db.Connection, token: str, email: str = "carol@example.org") -> str:
    return services.set_up(conn, token, name="Carol", email=email, password=PASSWORD)


def test_the_link_makes_the_first_administrator_and_signs_them_in(conn: db.Connection) -> None:
    token = services.create_setup_link(conn)
    assert token
    found = services.recognise_session(conn, set_up(conn, token))
    assert found
    assert found.actor.may(PEOPLE_MANAGE)
    assert sign_in(conn, "carol@example.org")


def test_the_link_works_once(conn: db.Connection) -> None:
    token = services.create_setup_link(conn)
    assert token
    set_up(conn, token)
    with pytest.raises(Conflict, match="an administrator already"):
        set_up(conn, token, "mallory@example.org")
    assert services.find_user_by_email(conn, "mallory@example.org") is None


def test_a_newer_link_makes_the_older_one_void(conn: db.Connection) -> None:
    old, new = services.create_setup_link(conn), services.create_setup_link(conn)
    assert old
    assert new
    with pytest.raises(NotFound, match="newer one"):
        set_up(conn, old)
    assert set_up(conn, new)


def test_there_is_no_link_when_there_is_an_administrator(conn: db.Connection) -> None:
    make_user(conn, "carol", "administrator")
    assert services.create_setup_link(conn) is None


def test_a_poor_password_leaves_the_link_usable(conn: db.Connection) -> None:
    token = services.create_setup_link(conn)
    assert token
    with pytest.raises(Invalid):
        services.set_up(conn, token, name="Carol", email="carol@example.org", password="short")
    assert set_up(conn, token)


def test_of_two_who_use_the_link_at_once_one_wins(committed_db: str) -> None:
    with psycopg.connect(committed_db, autocommit=True) as conn:
        token = services.create_setup_link(conn)
    assert token

    def attempt(number: int) -> str:
        with psycopg.connect(committed_db, autocommit=True) as own:
            try:
                return set_up(own, token, f"person{number}@example.org")
            except AppError as exc:
                return exc.code

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(attempt, range(4)))
    assert sorted(outcome == "conflict" for outcome in outcomes) == [False, True, True, True]


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


# --- people --------------------------------------------------------------------------------------


def test_alice_edits_bob_reviews_carol_administers_and_dave_may_nothing(conn: db.Connection) -> None:
    alice = make_actor(conn, "alice", "author")
    bob = make_actor(conn, "bob", "editor")
    carol = make_actor(conn, "carol", "administrator")
    dave = make_actor(conn, "dave")
    assert alice.may("post.edit")
    assert not alice.may("post.edit_any")
    assert not alice.may("llm.configure")
    assert bob.may("post.edit_any")
    assert bob.may("llm.configure")
    assert not bob.may("people.manage")
    assert carol.may("people.manage")
    assert carol.may("workflow.configure")
    assert not dave.permissions


@pytest.mark.parametrize("roles", [(), ("viewer",), ("author",), ("editor",)])
def test_only_an_administrator_looks_after_people(conn: db.Connection, roles: tuple[str, ...]) -> None:
    actor = make_actor(conn, "alice", *roles)
    bob = make_user(conn, "bob")
    with pytest.raises(Forbidden):
        services.list_users(conn, actor, after=0, limit=10)
    with pytest.raises(Forbidden):
        services.create_user(conn, actor, name="Eve", email="eve@example.org", role_names=["administrator"])
    with pytest.raises(Forbidden):
        services.update_user(conn, actor, bob, role_names=["administrator"])
    with pytest.raises(Forbidden):
        services.reset_password(conn, actor, bob)


def test_a_new_person_signs_in_with_the_password_shown(conn: db.Connection) -> None:
    carol = make_actor(conn, "carol", "administrator")
    new = services.create_user(
        conn, carol, name="Eve", email="eve@example.org", role_names=["author", "viewer"]
    )
    assert sign_in(conn, "eve@example.org", new.password)
    assert services.get_user(conn, new.id).roles == ["author", "viewer"]


def test_two_people_cannot_share_an_address(conn: db.Connection, alice: str) -> None:
    carol = make_actor(conn, "carol", "administrator")
    with pytest.raises(Conflict):
        services.create_user(conn, carol, name="Eve", email=alice, role_names=[])


def test_an_unknown_role_stops_everything(conn: db.Connection) -> None:
    carol = make_actor(conn, "carol", "administrator")
    with pytest.raises(Invalid, match="administrator, editor, author, reviewer, viewer"):
        services.create_user(conn, carol, name="Eve", email="eve@example.org", role_names=["author", "owner"])
    assert services.find_user_by_email(conn, "eve@example.org") is None


def test_a_deactivated_person_is_out_at_once_and_back_when_reactivated(
    conn: db.Connection, alice: str
) -> None:
    carol = make_actor(conn, "carol", "administrator")
    session = sign_in(conn, alice)
    user = services.find_user_by_email(conn, alice)
    assert user
    token = services.create_token(conn, services.actor_of_user(conn, user.id), "a script").token
    services.update_user(conn, carol, user.id, is_active=False)
    assert services.recognise_session(conn, session) is None
    with pytest.raises(Unauthenticated):
        services.recognise_bearer(conn, token)
    with pytest.raises(Unauthenticated):
        sign_in(conn, alice)
    with pytest.raises(Forbidden):
        services.actor_of_user(conn, user.id)
    services.update_user(conn, carol, user.id, is_active=True)
    assert sign_in(conn, alice)


def test_a_reset_password_ends_the_sessions(conn: db.Connection, alice: str) -> None:
    carol = make_actor(conn, "carol", "administrator")
    session = sign_in(conn, alice)
    user = services.find_user_by_email(conn, alice)
    assert user
    new = services.reset_password(conn, carol, user.id)
    assert services.recognise_session(conn, session) is None
    assert sign_in(conn, alice, new.password)


def test_nobody_changes_their_own_roles_or_locks_themselves_out(conn: db.Connection) -> None:
    carol = make_actor(conn, "carol", "administrator")
    assert carol.user_id
    with pytest.raises(Forbidden):
        services.update_user(conn, carol, carol.user_id, role_names=["viewer"])
    with pytest.raises(Forbidden):
        services.update_user(conn, carol, carol.user_id, is_active=False)
    assert services.update_user(conn, carol, carol.user_id, name="Caroline").name == "Caroline"


def test_the_last_administrator_stays(conn: db.Connection) -> None:
    carol = make_user(conn, "carol", "administrator")
    program = replace(make_actor(conn, "dave"), permissions=frozenset(PERMISSIONS))
    for change in ({"role_names": ["editor"]}, {"is_active": False}):
        with pytest.raises(Conflict, match="last administrator"):
            services.update_user(conn, program, carol, **change)  # pyright: ignore[reportArgumentType]
    assert services.get_user(conn, carol).roles == ["administrator"]
    assert services.get_user(conn, carol).deactivated_at is None


def test_of_two_administrators_who_demote_each_other_one_stays(committed_db: str) -> None:
    with psycopg.connect(committed_db, autocommit=True) as conn:
        carol = make_actor(conn, "carol", "administrator")
        erin = make_actor(conn, "erin", "administrator")

    def demote(actor: Actor, other: Actor) -> str:
        assert other.user_id
        with psycopg.connect(committed_db, autocommit=True) as own:
            try:
                services.update_user(own, actor, other.user_id, role_names=[])
            except Conflict:
                return "refused"
        return "done"

    with ThreadPoolExecutor(2) as threads:
        outcomes = threads.map(demote, (carol, erin), (erin, carol))
    assert sorted(outcomes) == ["done", "refused"]


def test_people_come_in_pages(conn: db.Connection) -> None:
    carol = make_actor(conn, "carol", "administrator")
    made = [carol.user_id, *(make_user(conn, f"p{number}") for number in range(4))]
    first = services.list_users(conn, carol, after=0, limit=3)
    assert [user.id for user in first.items] == made[:3]
    assert first.next
    assert first.next == str(made[2])
    second = services.list_users(conn, carol, after=int(first.next), limit=3)
    assert [user.id for user in second.items] == made[3:]
    assert second.next is None


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
    services.update_user(
        conn, make_actor(conn, "carol", "administrator"), alice.user_id, role_names=["viewer"]
    )
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
