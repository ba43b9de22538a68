from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from blog.app import db
from blog.app.auth import first_administrator, services
from blog.app.auth.permissions import PEOPLE_MANAGE
from blog.app.errors import AppError, Conflict, Invalid, NotFound
from tests.auth.conftest import PASSWORD
from tests.factories import make_user


def sign_in(conn: db.Connection, email: str, password: str = PASSWORD, address: str = "10.0.0.1") -> str:
    return services.sign_in(conn, email, password, address=address).session


def set_up(conn: db.Connection, token: str, email: str = "carol@example.org") -> str:
    return first_administrator.set_up(conn, token, name="Carol", email=email, password=PASSWORD)


def test_the_link_makes_the_first_administrator_and_signs_them_in(conn: db.Connection) -> None:
    token = first_administrator.create_setup_link(conn)
    assert token
    found = services.recognise_session(conn, set_up(conn, token))
    assert found
    assert found.actor.may(PEOPLE_MANAGE)
    assert sign_in(conn, "carol@example.org")


def test_the_link_works_once(conn: db.Connection) -> None:
    token = first_administrator.create_setup_link(conn)
    assert token
    set_up(conn, token)
    with pytest.raises(Conflict, match="an administrator already"):
        set_up(conn, token, "mallory@example.org")
    assert services.find_user_by_email(conn, "mallory@example.org") is None


def test_a_newer_link_makes_the_older_one_void(conn: db.Connection) -> None:
    old, new = first_administrator.create_setup_link(conn), first_administrator.create_setup_link(conn)
    assert old
    assert new
    with pytest.raises(NotFound, match="newer one"):
        set_up(conn, old)
    assert set_up(conn, new)


def test_there_is_no_link_when_there_is_an_administrator(conn: db.Connection) -> None:
    make_user(conn, "carol", "administrator")
    assert first_administrator.create_setup_link(conn) is None


def test_a_poor_password_leaves_the_link_usable(conn: db.Connection) -> None:
    token = first_administrator.create_setup_link(conn)
    assert token
    with pytest.raises(Invalid):
        first_administrator.set_up(conn, token, name="Carol", email="carol@example.org", password="short")
    assert set_up(conn, token)


def test_of_two_who_use_the_link_at_once_one_wins(committed_db: str) -> None:
    with psycopg.connect(committed_db, autocommit=True) as conn:
        token = first_administrator.create_setup_link(conn)
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
