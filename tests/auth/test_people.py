from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from blog.app import db
from blog.app.auth import people, services
from blog.app.auth.models import Actor
from blog.app.auth.permissions import PERMISSIONS
from blog.app.errors import Conflict, Forbidden, Invalid, Unauthenticated
from tests.auth.conftest import PASSWORD
from tests.factories import make_actor, make_user


def sign_in(conn: db.Connection, email: str, password: str = PASSWORD, address: str = "10.0.0.1") -> str:
    return services.sign_in(conn, email, password, address=address).session


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
        people.list_users(conn, actor, after=0, limit=10)
    with pytest.raises(Forbidden):
        people.create_user(conn, actor, name="Eve", email="eve@example.org", role_names=["administrator"])
    with pytest.raises(Forbidden):
        people.update_user(conn, actor, bob, role_names=["administrator"])
    with pytest.raises(Forbidden):
        people.reset_password(conn, actor, bob)


def test_a_new_person_signs_in_with_the_password_shown(conn: db.Connection) -> None:
    carol = make_actor(conn, "carol", "administrator")
    new = people.create_user(
        conn, carol, name="Eve", email="eve@example.org", role_names=["author", "viewer"]
    )
    assert sign_in(conn, "eve@example.org", new.password)
    assert services.get_user(conn, new.id).roles == ["author", "viewer"]


def test_two_people_cannot_share_an_address(conn: db.Connection, alice: str) -> None:
    carol = make_actor(conn, "carol", "administrator")
    with pytest.raises(Conflict):
        people.create_user(conn, carol, name="Eve", email=alice, role_names=[])


def test_an_unknown_role_stops_everything(conn: db.Connection) -> None:
    carol = make_actor(conn, "carol", "administrator")
    with pytest.raises(Invalid, match="administrator, editor, author, reviewer, viewer"):
        people.create_user(conn, carol, name="Eve", email="eve@example.org", role_names=["author", "owner"])
    assert services.find_user_by_email(conn, "eve@example.org") is None


def test_a_deactivated_person_is_out_at_once_and_back_when_reactivated(
    conn: db.Connection, alice: str
) -> None:
    carol = make_actor(conn, "carol", "administrator")
    session = sign_in(conn, alice)
    user = services.find_user_by_email(conn, alice)
    assert user
    token = services.create_token(conn, services.actor_of_user(conn, user.id), "a script").token
    people.update_user(conn, carol, user.id, is_active=False)
    assert services.recognise_session(conn, session) is None
    with pytest.raises(Unauthenticated):
        services.recognise_bearer(conn, token)
    with pytest.raises(Unauthenticated):
        sign_in(conn, alice)
    with pytest.raises(Forbidden):
        services.actor_of_user(conn, user.id)
    people.update_user(conn, carol, user.id, is_active=True)
    assert sign_in(conn, alice)


def test_a_reset_password_ends_the_sessions(conn: db.Connection, alice: str) -> None:
    carol = make_actor(conn, "carol", "administrator")
    session = sign_in(conn, alice)
    user = services.find_user_by_email(conn, alice)
    assert user
    new = people.reset_password(conn, carol, user.id)
    assert services.recognise_session(conn, session) is None
    assert sign_in(conn, alice, new.password)


def test_nobody_changes_their_own_roles_or_locks_themselves_out(conn: db.Connection) -> None:
    carol = make_actor(conn, "carol", "administrator")
    assert carol.user_id
    with pytest.raises(Forbidden):
        people.update_user(conn, carol, carol.user_id, role_names=["viewer"])
    with pytest.raises(Forbidden):
        people.update_user(conn, carol, carol.user_id, is_active=False)
    assert people.update_user(conn, carol, carol.user_id, name="Caroline").name == "Caroline"


def test_the_last_administrator_stays(conn: db.Connection) -> None:
    carol = make_user(conn, "carol", "administrator")
    program = replace(make_actor(conn, "dave"), permissions=frozenset(PERMISSIONS))
    for change in ({"role_names": ["editor"]}, {"is_active": False}):
        with pytest.raises(Conflict, match="last administrator"):
            people.update_user(conn, program, carol, **change)  # pyright: ignore[reportArgumentType]
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
                people.update_user(own, actor, other.user_id, role_names=[])
            except Conflict:
                return "refused"
        return "done"

    with ThreadPoolExecutor(2) as threads:
        outcomes = threads.map(demote, (carol, erin), (erin, carol))
    assert sorted(outcomes) == ["done", "refused"]


def test_people_come_in_pages(conn: db.Connection) -> None:
    carol = make_actor(conn, "carol", "administrator")
    made = [carol.user_id, *(make_user(conn, f"p{number}") for number in range(4))]
    first = people.list_users(conn, carol, after=0, limit=3)
    assert [user.id for user in first.items] == made[:3]
    assert first.next
    assert first.next == str(made[2])
    second = people.list_users(conn, carol, after=int(first.next), limit=3)
    assert [user.id for user in second.items] == made[3:]
    assert second.next is None
