import re
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from pyotp.totp import TOTP

from blog.app import db
from blog.app.auth import factor_store, roles, second_factor, services, totp
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from tests.auth.conftest import PASSWORD, Send
from tests.conftest import OneConnection
from tests.factories import make_actor, make_user

AsUser = Callable[[FlaskClient, int], FlaskClient]
KEYS = ("a secret for the tests only",)
HERE = "10.0.0.1"


class Phone:
    """An authenticator app that never shows a code twice, since each works once."""

    def __init__(self, secret: str) -> None:
        self.totp = TOTP(secret)
        self.step = int(time.time()) // 30 - 1

    def code(self) -> str:
        code = self.totp.generate_otp(self.step)
        self.step += 1
        return code


def alice_of(conn: db.Connection, email: str) -> Actor:
    user = services.find_user_by_email(conn, email)
    assert user
    return services.actor_of_user(conn, user.id)


def set_up(conn: db.Connection, actor: Actor) -> tuple[Phone, list[str]]:
    second_factor.begin(conn, KEYS, actor, PASSWORD, address=HERE)
    secret = second_factor.get_standing(conn, KEYS, actor).secret
    assert secret
    phone = Phone(secret)
    return phone, second_factor.confirm(conn, KEYS, actor, phone.code(), session="")


def step_of(conn: db.Connection, email: str) -> str:
    done = services.sign_in(conn, email, PASSWORD, address=HERE)
    assert not done.session
    return done.step


# --- codes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")]
)
def test_the_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp.matching_step(secret, code, at) == at // 30
    assert totp.matching_step(secret, code, at + 30) == at // 30
    assert totp.matching_step(secret, code, at + 90) is None
    assert totp.matching_step(secret, "", at) is None


def test_the_picture_holds_nothing_that_the_policy_forbids() -> None:
    picture = totp.picture(totp.address("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "alice@example.org"))
    assert picture.startswith("<svg")
    assert "viewBox" in picture  # else a style sheet that gives it a size cuts it off
    assert not re.search(r"style=|<script|on\w+=|<style|href", picture)


# --- signing in ----------------------------------------------------------------------------------


def test_a_password_alone_opens_nothing_and_a_code_opens_once(conn: db.Connection, alice: str) -> None:
    phone, _ = set_up(conn, alice_of(conn, alice))
    step, code = step_of(conn, alice), phone.code()
    assert services.recognise_session(conn, step) is None
    session = second_factor.pass_code(conn, KEYS, step, code)
    assert services.recognise_session(conn, session)
    with pytest.raises(Unauthenticated):
        second_factor.pass_code(conn, KEYS, step, phone.code())
    with pytest.raises(Invalid, match="used already"):
        second_factor.pass_code(conn, KEYS, step_of(conn, alice), code)


def test_the_code_that_turned_it_on_does_not_sign_in(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)
    second_factor.begin(conn, KEYS, actor, PASSWORD, address=HERE)
    phone = Phone(second_factor.get_standing(conn, KEYS, actor).secret or "")
    code = phone.code()
    with pytest.raises(Invalid):
        second_factor.confirm(conn, KEYS, actor, "000000" if code != "000000" else "111111", session="")
    second_factor.confirm(conn, KEYS, actor, code, session="")
    with pytest.raises(Invalid):
        second_factor.pass_code(conn, KEYS, step_of(conn, alice), code)


def test_a_recovery_code_signs_in_once_however_it_is_typed(conn: db.Connection, alice: str) -> None:
    _, codes = set_up(conn, alice_of(conn, alice))
    assert len(set(codes)) == second_factor.CODES
    assert second_factor.pass_code(conn, KEYS, step_of(conn, alice), f" {codes[0].upper()} ")
    with pytest.raises(Invalid):
        second_factor.pass_code(conn, KEYS, step_of(conn, alice), codes[0])
    assert second_factor.get_standing(conn, KEYS, alice_of(conn, alice)).codes_left == second_factor.CODES - 1
    renewed = second_factor.renew_codes(conn, alice_of(conn, alice), PASSWORD, address=HERE)
    with pytest.raises(Invalid):
        second_factor.pass_code(conn, KEYS, step_of(conn, alice), codes[1])
    assert second_factor.pass_code(conn, KEYS, step_of(conn, alice), renewed[1])


def test_guessing_codes_waits_also_with_a_fresh_password(conn: db.Connection, alice: str) -> None:
    phone, _ = set_up(conn, alice_of(conn, alice))
    for _ in range(second_factor.GUESSES):
        with pytest.raises(Invalid):
            second_factor.pass_code(conn, KEYS, step_of(conn, alice), "no code")
    with pytest.raises(TooMany) as refused:
        second_factor.pass_code(conn, KEYS, step_of(conn, alice), phone.code())
    assert refused.value.details["retry_after"]


def test_neither_secret_nor_codes_are_kept_as_they_are(conn: db.Connection, alice: str) -> None:
    phone, codes = set_up(conn, alice_of(conn, alice))
    step = step_of(conn, alice)
    tables = ("second_factor", "recovery_code", "sign_in_step", "audit_event", "procrastinate_jobs")
    kept = "".join(repr(conn.execute(f"SELECT t::text FROM {name} AS t").fetchall()) for name in tables)  # pyright: ignore[reportArgumentType, reportCallIssue]
    for secret in (phone.totp.secret, phone.totp.secret.encode().hex(), step, *codes):
        assert secret not in kept
        assert secret.replace("-", "") not in kept


def test_turning_it_on_ends_the_other_sessions(conn: db.Connection, alice: str) -> None:
    session = services.sign_in(conn, alice, PASSWORD, address=HERE).session
    set_up(conn, alice_of(conn, alice))
    assert services.recognise_session(conn, session) is None


def test_it_is_begun_and_taken_away_with_the_password_only(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)
    with pytest.raises(Invalid, match="present password"):
        second_factor.begin(conn, KEYS, actor, "wrong", address=HERE)
    set_up(conn, actor)
    with pytest.raises(Conflict):
        second_factor.begin(conn, KEYS, actor, PASSWORD, address=HERE)
    with pytest.raises(Invalid):
        second_factor.remove(conn, actor, "wrong", address=HERE)
    second_factor.remove(conn, actor, PASSWORD, address=HERE)
    assert services.sign_in(conn, alice, PASSWORD, address=HERE).session


# --- asked for by a role -------------------------------------------------------------------------


def need(conn: db.Connection, actor: Actor, name: str) -> None:
    role = next(role for role in roles.list_roles(conn) if role.name == name)
    roles.update_role(conn, actor, role.id, needs_second_factor=True)


def test_a_role_that_asks_for_it_shows_nothing_before(
    client: FlaskClient, conn: db.Connection, alice: str, send: Send
) -> None:
    actor = alice_of(conn, alice)
    token = services.create_token(conn, actor, "x").token
    send(client, "/sign-in", email=alice, password=PASSWORD)
    need(conn, make_actor(conn, "carol", "administrator"), "author")
    for path in ("/posts", "/account", "/account/tokens"):
        assert client.get(path).location == "/account/second-factor"
    program = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert program.status_code == 403
    assert "asks for a second factor" in client.get("/account/second-factor").text
    set_up(conn, actor)
    with pytest.raises(Conflict, match="asks for"):
        second_factor.remove(conn, actor, PASSWORD, address=HERE)
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_an_administrator_takes_it_away_and_it_is_in_the_trail(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)
    set_up(conn, actor)
    assert actor.user_id
    weak = Actor(user_id=make_user(conn, "h"), name="h", permissions=frozenset({"people.manage"}))
    with pytest.raises(Forbidden):
        second_factor.reset(conn, weak, actor.user_id)
    carol = make_actor(conn, "carol", "administrator")
    second_factor.reset(conn, carol, actor.user_id)
    assert factor_store.count_codes(conn, actor.user_id) == 0
    assert services.sign_in(conn, alice, PASSWORD, address=HERE).session
    query = "SELECT app_user_id FROM audit_event WHERE name = 'auth.second_factor_off' AND subject_id = %s"
    assert db.scalar(conn, query, (actor.user_id,)) == carol.user_id


def test_whoever_has_the_machine_takes_away_a_lost_one(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)
    assert actor.user_id
    set_up(conn, actor)
    session = second_factor.pass_code(conn, KEYS, step_of(conn, alice), set_up_code(conn, actor))
    second_factor.reset_by_operator(conn, actor.user_id)
    assert services.recognise_session(conn, session) is None
    assert services.sign_in(conn, alice, PASSWORD, address=HERE).session
    with pytest.raises(NotFound):
        second_factor.reset_by_operator(conn, actor.user_id)


def set_up_code(conn: db.Connection, actor: Actor) -> str:
    """A fresh recovery code."""
    return second_factor.renew_codes(conn, actor, PASSWORD, address=HERE)[0]


# --- pages ---------------------------------------------------------------------------------------


def test_by_the_pages_alone(client: FlaskClient, pool: OneConnection, alice: str, send: Send) -> None:
    send(client, "/sign-in", email=alice, password=PASSWORD)
    assert send(client, "/account/second-factor", present="wrong").status_code == 422
    assert send(client, "/account/second-factor", present=PASSWORD).status_code == 303
    page = client.get("/account/second-factor").text
    key = re.search(r'factor__key">([A-Z2-7 ]+)<', page)
    assert key
    assert "<svg" in page
    phone = Phone(key[1].replace(" ", ""))
    assert send(client, "/account/second-factor/confirmation", code="12").status_code == 422
    on = send(client, "/account/second-factor/confirmation", code=phone.code())
    assert "Your recovery codes" in on.text
    assert "Your recovery codes" not in client.get("/account/second-factor").text
    token = re.search(r'name="csrf_token" value="(\w+)"', on.text)
    assert token
    assert client.post("/sign-out", data={"csrf_token": token[1]}).status_code == 303
    asked = send(client, "/sign-in", email=alice, password=PASSWORD, next="/account?a=1")
    assert asked.location == "/sign-in/code?next=%2Faccount%3Fa%3D1"
    assert client.get("/account").status_code == 303
    assert "Code" in client.get(asked.location).text
    assert send(client, "/sign-in/code", code="000", next="/account?a=1").status_code == 422
    done = send(client, "/sign-in/code", code=phone.code(), next="/account?a=1")
    assert done.location == "/account?a=1"
    assert client.get("/account").status_code == 200


def test_the_page_for_a_code_needs_a_password_first(client: FlaskClient, send: Send) -> None:
    assert client.get("/sign-in/code").status_code == 303
    assert send(client, "/sign-in/code", code="123456").location == "/sign-in"
