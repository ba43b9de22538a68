import logging
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from psycopg_pool import PoolTimeout

from blog.app import create_app, db
from blog.app.auth import first_administrator, services
from blog.app.auth.views import initials
from blog.app.config import Config
from blog.app.security import SESSION_COOKIE
from tests.auth.conftest import PASSWORD, Send
from tests.factories import make_actor, make_user

AsUser = Callable[[FlaskClient, int], FlaskClient]


# --- signing in and out --------------------------------------------------------------------------


def test_signing_in_leads_back_and_out_again(client: FlaskClient, send: Send, alice: str) -> None:
    asked = client.get("/account?a=1")
    assert asked.status_code == 303
    assert asked.location == "/sign-in?next=%2Faccount%3Fa%3D1"
    assert 'value="/account?a=1"' in client.get(asked.location).text
    done = send(client, "/sign-in", email=alice, password=PASSWORD, next="/account?a=1")
    assert (done.status_code, done.location) == (303, "/account?a=1")
    cookie = client.get_cookie(SESSION_COOKIE)
    assert cookie
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.max_age == 400 * 24 * 3600
    assert client.get("/account").status_code == 200
    assert send(client, "/sign-out").location == "/sign-in"
    assert client.get_cookie(SESSION_COOKIE) is None
    assert client.get("/account").status_code == 303


def test_the_cookie_is_for_tls_only_behind_tls(client: FlaskClient, alice: str) -> None:
    secure = {"base_url": "https://localhost"}
    token = re.search(r'csrf_token" value="(\w+)"', client.get("/sign-in", **secure).text)
    assert token
    fields = {"csrf_token": token[1], "email": alice, "password": PASSWORD}
    answer = client.post("/sign-in", data=fields, **secure)
    assert "Secure" in next(line for line in answer.headers.getlist("Set-Cookie") if SESSION_COOKIE in line)


def test_a_wrong_password_says_so_and_keeps_the_address(client: FlaskClient, send: Send, alice: str) -> None:
    answer = send(client, "/sign-in", email=alice, password="a wrong one", next="/posts")
    assert answer.status_code == 401
    assert "is wrong" in answer.text
    assert alice in answer.text
    assert "a wrong one" not in answer.text
    assert 'name="next" value="/posts"' in answer.text
    assert client.get_cookie(SESSION_COOKIE) is None


def test_the_eleventh_failure_is_told_when_to_come_back(client: FlaskClient, send: Send, alice: str) -> None:
    for _ in range(10):
        assert send(client, "/sign-in", email=alice, password="wrong").status_code == 401
    answer = send(client, "/sign-in", email=alice, password=PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert "Too many failed attempts" in answer.text


def test_sign_in_never_leads_to_another_site(client: FlaskClient, send: Send, alice: str) -> None:
    answer = send(client, "/sign-in", email=alice, password=PASSWORD, next="//evil.example/")
    assert answer.location == "/"


def test_who_is_signed_in_skips_the_sign_in_page(
    client: FlaskClient, conn: db.Connection, as_user: AsUser
) -> None:
    as_user(client, make_user(conn))
    assert client.get("/sign-in?next=/people").location == "/people"


def test_a_session_that_is_used_gets_a_fresh_cookie(
    client: FlaskClient, conn: db.Connection, as_user: AsUser
) -> None:
    as_user(client, make_user(conn))
    assert "Set-Cookie" not in client.get("/account").headers
    db.run(conn, "UPDATE user_session SET last_seen_at = clock_timestamp() - interval '1 hour'")
    assert SESSION_COOKIE in client.get("/account").headers["Set-Cookie"]


def test_the_start_is_the_posts_for_those_who_may_read_them(
    client: FlaskClient, conn: db.Connection, as_user: AsUser
) -> None:
    as_user(client, make_user(conn, "dave"))
    assert client.get("/").location == "/account"
    assert "no role yet" in client.get("/account").text
    as_user(client, make_user(conn, "victor", "viewer"))
    assert client.get("/").location == "/posts"


def test_htmx_is_given_a_fragment_with_a_link(client: FlaskClient) -> None:
    answer = client.get("/account", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "<html" not in answer.text
    assert 'href="/sign-in"' in answer.text


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(client: FlaskClient, send: Send) -> None:
    client.get("/sign-in")
    page = client.get("/sign-in").text
    token = re.search(r'csrf_token" value="(\w+)"', page)
    assert token
    answer = client.post(
        "/account", data={"csrf_token": token[1]}, headers={"Referer": "http://localhost/account"}
    )
    assert answer.location == "/sign-in?next=%2Faccount"


# --- forgery -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/sign-in", "/setup/abc", "/account", "/account/tokens", "/people", "/sign-out"]
)
def test_a_form_without_its_token_is_refused(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"email": "a@b"}).status_code == 403
    assert client.post(path, data={"csrf_token": "0" * 64}).status_code == 403


def test_a_form_of_another_site_is_refused(client: FlaskClient, conn: db.Connection, as_user: AsUser) -> None:
    as_user(client, make_user(conn))
    page = client.get("/account").text
    token = re.search(r'csrf_token" value="(\w+)"', page)
    assert token
    answer = client.post(
        "/account",
        data={"csrf_token": token[1], "name": "Mallory"},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403


def test_another_browsers_token_is_refused(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "mallory"))
    hers = re.search(r'csrf_token" value="(\w+)"', client.get("/account").text)
    as_user(client, make_user(conn, "alice"))
    assert hers
    assert client.post("/account", data={"csrf_token": hers[1], "name": "x"}).status_code == 403


# --- the first administrator ---------------------------------------------------------------------


def test_the_setup_page_makes_an_administrator_who_is_signed_in(
    client: FlaskClient, conn: db.Connection, send: Send
) -> None:
    path = f"/setup/{first_administrator.create_setup_link(conn)}"
    assert client.get(path).status_code == 200
    weak = send(client, path, name="Carol", email="carol@example.org", password="short")
    assert weak.status_code == 422
    assert "At least 10 characters" in weak.text
    assert 'value="carol@example.org"' in weak.text
    assert send(client, path, name="Carol", email="carol@example.org", password=PASSWORD).status_code == 303
    assert "Carol" in client.get("/people").text


def test_a_used_setup_link_is_refused_kindly(client: FlaskClient, conn: db.Connection) -> None:
    path = f"/setup/{first_administrator.create_setup_link(conn)}"
    make_user(conn, "carol", "administrator")
    answer = client.get(path)
    assert answer.status_code == 409
    assert "Sign in" in answer.text
    assert client.get("/setup/unknown").status_code == 409


def test_an_unknown_setup_link_says_where_the_newest_is(client: FlaskClient) -> None:
    answer = client.get("/setup/unknown")
    assert answer.status_code == 404
    assert "last start of BlogForge" in answer.text


# --- one's account -------------------------------------------------------------------------------


def test_a_name_is_changed_on_the_account_page(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "alice"))
    assert send(client, "/account", name="Alice   Liddell").status_code == 303
    page = client.get("/account?done=name").text
    assert "Alice Liddell" in page
    assert "Your name is saved" in page
    refused = send(client, "/account", name=" ")
    assert refused.status_code == 422
    assert "visible character" in refused.text


def test_the_chosen_theme_is_on_every_page(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn))
    assert "data-theme" not in client.get("/account").text.split("<body")[0]
    answer = send(client, "/account/theme", theme="quartz", next="/account?x=1")
    assert answer.location == "/account?x=1"
    assert '<html lang="en" data-theme="quartz">' in client.get("/account").text
    assert 'data-theme="quartz"' in client.get("/nowhere").text
    send(client, "/account/theme", theme="")
    assert '<html lang="en">' in client.get("/account").text
    assert send(client, "/account/theme", theme="pink").status_code == 422


def test_a_password_is_changed_with_the_present_one(client: FlaskClient, send: Send, alice: str) -> None:
    send(client, "/sign-in", email=alice, password=PASSWORD)
    wrong = send(client, "/account/password", present="wrong", password="another good one")
    assert wrong.status_code == 422
    assert "not your present password" in wrong.text
    before = client.get_cookie(SESSION_COOKIE)
    right = send(client, "/account/password", present=PASSWORD, password="another good one")
    assert right.status_code == 303
    after = client.get_cookie(SESSION_COOKIE)
    assert before
    assert after
    assert before.value != after.value
    assert client.get("/account").status_code == 200


def test_a_new_token_is_shown_on_that_page_and_never_again(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "alice", "author"))
    made = send(client, "/account/tokens", name="deploy script", expires_on="")
    assert made.status_code == 201
    token = re.search(r"bf_[\w-]{40,}", made.text)
    assert token
    later = client.get("/account/tokens").text
    assert token[0] not in later
    assert "deploy script" in later
    token_id = db.scalar(conn, "SELECT id FROM api_token")
    assert send(client, f"/account/tokens/{token_id}/revocation").status_code == 303
    assert "revoked" in client.get("/account/tokens").text


def test_a_token_for_a_day_that_has_passed_is_refused(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "alice", "author"))
    refused = send(client, "/account/tokens", name="late", expires_on="2020-01-01")
    assert refused.status_code == 422
    assert "in the past" in refused.text
    assert send(client, "/account/tokens", name="odd", expires_on="soon").status_code == 422


def test_another_persons_token_is_not_found(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    hers = services.create_token(conn, make_actor(conn, "alice", "author"), "hers")
    as_user(client, make_user(conn, "bob", "editor"))
    assert send(client, f"/account/tokens/{hers.id}/revocation").status_code == 404


# --- people --------------------------------------------------------------------------------------


def test_carol_adds_a_person_and_sees_the_password_once(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "carol", "administrator"))
    made = send(client, "/people", name="Eve", email="Eve@Example.org", roles=["author"])
    assert made.status_code == 201
    password = re.search(r'id="new-password">([^<]+)<', made.text)
    assert password
    assert password[1] not in client.get("/people").text
    assert services.sign_in(conn, "eve@example.org", password[1], address="10.0.0.1")
    again = send(client, "/people", name="Eve", email="eve@example.org", roles=["author"])
    assert again.status_code == 409
    assert "here already" in again.text


def test_carol_changes_roles_deactivates_reactivates_and_makes_a_new_password(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "carol", "administrator"))
    bob = make_user(conn, "bob", "author")
    assert send(client, f"/people/{bob}/roles", roles=["viewer", "editor"]).status_code == 303
    assert services.get_user(conn, bob).roles == ["editor", "viewer"]
    assert send(client, f"/people/{bob}/deactivation").status_code == 303
    assert "deactivated" in client.get("/people").text
    assert send(client, f"/people/{bob}/reactivation").status_code == 303
    assert services.get_user(conn, bob).deactivated_at is None
    assert "new-password" in send(client, f"/people/{bob}/password").text
    assert send(client, "/people/999999/roles", roles=[]).status_code == 404


def test_carol_cannot_deactivate_herself(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    carol = make_user(conn, "carol", "administrator")
    as_user(client, carol)
    assert send(client, f"/people/{carol}/deactivation").status_code == 403


def test_bob_does_not_see_people(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "bob", "editor"))
    page = client.get("/people")
    assert page.status_code == 403
    assert "Ask an administrator" in page.text
    assert 'href="/people"' not in page.text
    assert send(client, "/people", name="Eve", email="eve@example.org").status_code == 403


# --- what every page has -------------------------------------------------------------------------


def test_a_page_holds_no_inline_script_or_style(
    client: FlaskClient, conn: db.Connection, as_user: AsUser
) -> None:
    as_user(client, make_user(conn, "carol", "administrator"))
    for path in ("/account", "/people", "/nowhere"):
        page = client.get(path).text
        assert "<style" not in page
        assert " style=" not in page
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"\son\w+=", page)


def test_names_are_escaped(client: FlaskClient, conn: db.Connection, as_user: AsUser) -> None:
    as_user(client, make_user(conn, "<script>alert(1)</script>", "administrator"))
    assert "<script>alert" not in client.get("/people").text


@pytest.mark.parametrize(
    ("name", "letters"), [("Nora Frost", "NF"), ("nora", "N"), ("Anne Marie van Dyck", "AD"), ("  ", "")]
)
def test_a_name_has_one_or_two_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_nothing_secret_is_logged(
    client: FlaskClient, send: Send, alice: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    send(client, "/sign-in", email=alice, password="a wrong password")
    send(client, "/sign-in", email=alice, password=PASSWORD)
    made = send(client, "/account/tokens", name="script", expires_on="").text
    token = re.search(r"bf_[\w-]{40,}", made)
    assert token
    for secret in (PASSWORD, "a wrong password", token[0]):
        assert secret not in caplog.text


# --- when the database is away -------------------------------------------------------------------


class NoPool:
    def connection(self) -> AbstractContextManager[db.Connection]:
        raise PoolTimeout("no connection within 4 s")


def test_without_a_database_a_page_says_so_and_static_files_still_come(tmp_path: Path) -> None:
    client = create_app(
        Config(data_dir=tmp_path, secret="a secret for the tests only"), NoPool()
    ).test_client()
    client.set_cookie(SESSION_COOKIE, "some session")
    page = client.get("/account")
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "2"
    assert "Nothing was saved" in page.text
    program = client.get("/api/v1/me", headers={"Authorization": "Bearer bf_x"})
    assert program.status_code == 503
    assert program.json
    assert program.json["type"] == "/problems/unavailable"
    with client.get("/static/css/tokens.css") as file:
        assert file.status_code == 200
    assert client.get("/sign-in").status_code == 503
    assert client.get("/api/docs").status_code == 200
