from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.app import db
from blog.app.auth import links, services
from blog.app.auth.allowance import REMEMBERED, Allowance
from tests.auth.conftest import Send
from tests.factories import make_actor, make_user

AsUser = Callable[[FlaskClient, int], FlaskClient]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_may_come_at_once_and_then_goes_on_at_its_pace() -> None:
    clock = Clock()
    allowance = Allowance(clock)
    assert [allowance.take(("token", 1), 3) for _ in range(3)] == [0, 0, 0]
    assert allowance.take(("token", 1), 3) == pytest.approx(20)
    assert allowance.take(("token", 2), 3) == 0
    clock.now += 20.001
    assert allowance.take(("token", 1), 3) == 0
    assert allowance.take(("token", 1), 3) > 0


def test_without_a_limit_nothing_is_counted() -> None:
    allowance = Allowance(Clock())
    assert {allowance.take(("person", 1), None) for _ in range(1000)} == {0}


@settings(max_examples=60, deadline=None)
@given(per_minute=st.integers(1, 200), gaps=st.lists(st.floats(0, 5), min_size=1, max_size=300))
def test_whatever_the_rhythm_no_minute_has_more_than_twice_the_limit(
    per_minute: int, gaps: list[float]
) -> None:
    clock = Clock()
    allowance = Allowance(clock)
    taken: list[float] = []
    for gap in gaps:
        clock.now += gap
        if allowance.take(("token", 1), per_minute) == 0:
            taken.append(clock.now)
    for at in taken:
        assert sum(at <= other < at + 60 for other in taken) <= 2 * per_minute


def test_who_waits_as_long_as_was_said_is_let_through() -> None:
    clock = Clock()
    allowance = Allowance(clock)
    for _ in range(50):
        clock.now += allowance.take(("token", 1), 7)
        assert allowance.take(("token", 1), 7) == pytest.approx(0) or clock.now < 1100


def test_what_is_full_again_is_forgotten() -> None:
    clock = Clock()
    allowance = Allowance(clock)
    for number in range(REMEMBERED):
        allowance.take(("token", number), 60)
    clock.now += 61
    allowance.take(("token", REMEMBERED + 1), 60)
    assert len(allowance._full_at) == 1


# --- edges ---------------------------------------------------------------------------------------


def test_a_token_beyond_its_limit_is_told_when_to_come_back(client: FlaskClient, conn: db.Connection) -> None:
    carol = make_actor(conn, "carol", "administrator")
    links.change_limits(conn, carol, token=2, person=None)
    headers, other = (
        {"Authorization": f"Bearer {services.create_token(conn, carol, 'x').token}"} for _ in range(2)
    )
    answers = [client.get("/api/v1/me", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].mimetype == "application/problem+json"
    assert answers[2].json
    assert answers[2].json["type"] == "/problems/too_many"
    assert 0 < int(answers[2].headers["Retry-After"]) <= 30
    assert client.get("/api/v1/me", headers=other).status_code == 200


def test_browsers_and_tokens_of_a_person_count_together(
    client: FlaskClient, conn: db.Connection, as_user: AsUser
) -> None:
    carol = make_actor(conn, "carol", "administrator")
    links.change_limits(conn, carol, token=None, person=2)
    assert carol.user_id
    as_user(client, carol.user_id)
    headers = {"Authorization": f"Bearer {services.create_token(conn, carol, 'x').token}"}
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    assert client.get("/account").status_code == 200
    refused = client.get("/account")
    assert refused.status_code == 429
    assert "Try again in" in refused.text
    assert int(refused.headers["Retry-After"]) > 0


def test_limits_are_rows_that_an_administrator_changes(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "carol", "administrator"))
    assert 'value="600"' in client.get("/access").text
    assert send(client, "/access/limits", token="5", person="").status_code == 303
    policy = links.get_policy(conn)
    assert (policy.token_requests_per_minute, policy.person_requests_per_minute) == (5, None)
    refused = send(client, "/access/limits", token="0", person="many")
    assert refused.status_code == 422
    assert 'value="many"' in refused.text
    opened = send(client, "/access/sign-up", is_sign_up_open="1", sign_up_role="viewer")
    assert opened.status_code == 303
    assert links.get_policy(conn).is_sign_up_open
    as_user(client, make_user(conn, "bob", "editor"))
    assert client.get("/access").status_code == 403


def test_a_token_made_on_its_page_may_do_only_what_is_ticked(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "alice", "author"))
    made = send(client, "/account/tokens", name="reader", scope="some", permissions=["post.read"])
    assert made.status_code == 201
    assert db.scalar(conn, "SELECT permissions FROM api_token") == ["post.read"]
    nothing = send(client, "/account/tokens", name="nothing", scope="some")
    assert nothing.status_code == 422
    assert "tick something" in nothing.text
    beyond = send(client, "/account/tokens", name="beyond", scope="some", permissions=["people.manage"])
    assert beyond.status_code == 403


def test_how_people_come_in_and_how_much_they_ask_for_is_set_over_rest(
    conn: db.Connection, client: FlaskClient
) -> None:
    carol = make_actor(conn, "carol", "administrator")
    headers = {"Authorization": f"Bearer {services.create_token(conn, carol, 'x').token}"}

    def put(path: str, **said: object) -> dict[str, object]:
        answer = client.put(f"/api/v1/access/{path}", json=said, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    assert put("sign-up", is_sign_up_open=True, sign_up_role="viewer")["sign_up_role"] == "viewer"
    assert put("requests", token=None, person=60)["person_requests_per_minute"] == 60
    assert put("sessions", idle_minutes=30, hours=None)["session_hours"] is None
    now = client.get("/api/v1/access", headers=headers).get_json()
    assert (now["is_sign_up_open"], now["token_requests_per_minute"]) == (True, None)
    assert now["session_idle_minutes"] == 30
    for path, wrong in (
        ("sign-up", {"is_sign_up_open": True}),
        ("sign-up", {"is_sign_up_open": True, "sign_up_role": "nobody"}),
        ("requests", {"token": 0, "person": None}),
        ("sessions", {"idle_minutes": 1, "hours": None}),
    ):
        assert client.put(f"/api/v1/access/{path}", json=wrong, headers=headers).status_code == 422, path


def test_a_second_factor_that_was_lost_is_taken_away_over_rest(
    conn: db.Connection, client: FlaskClient
) -> None:
    carol, dora = make_actor(conn, "carol", "administrator"), make_user(conn, "dora")
    headers = {"Authorization": f"Bearer {services.create_token(conn, carol, 'x').token}"}
    path = f"/api/v1/users/{dora}/second-factor"
    assert client.delete(path, headers=headers).status_code == 404
    db.run(
        conn,
        "INSERT INTO second_factor (app_user_id, sealed_secret, confirmed_at) VALUES (%s, 'x', now())",
        (dora,),
    )
    assert client.delete(path, headers=headers).status_code == 204
    assert client.delete(path, headers=headers).status_code == 404
