"""The dashboard: everything from rows, and what to do where there are none."""

from flask.testing import FlaskClient

from blog.app import db
from blog.app.llm.runs import execution
from tests.conftest import OneConnection
from tests.factories import make_actor
from tests.llm.callers import Browser, Program, SignIn
from tests.llm.providers.scripted import openai_reply, serve
from tests.llm.runs.test_execution import SECRETS, queue


def test_an_empty_installation_says_what_to_do(
    conn: db.Connection, client: FlaskClient, as_user: SignIn
) -> None:
    browser = Browser(as_user(client, make_actor(conn, "ed", "editor").user_id or 0))
    page = browser.get("/llm/")
    assert "No provider yet" in page
    assert "Connect a model" in page
    assert "Nothing has run in these days" in page


def test_providers_and_models_stand_with_their_health_and_spend(
    conn: db.Connection, pool: OneConnection, client: FlaskClient, as_user: SignIn
) -> None:
    with serve(openai_reply(["Yes."], usage=(1_000_000, 0))) as server:
        run = queue(conn, server.url)
        db.run(
            conn,
            """
            UPDATE llm_model SET price_input = 2, price_output = 2, price_currency = 'EUR',
                                 notes = 'Good at <b>facts</b>.' WHERE id = %s
            """,
            (run.model_id,),
        )
        execution.execute_run(pool, SECRETS, run.id, 1)
    execution.execute_run(pool, SECRETS, queue(conn).id, 1)
    browser = Browser(as_user(client, make_actor(conn, "ed", "editor").user_id or 0))
    page = browser.get("/llm/")
    assert "2.00 EUR" in page
    assert "Good at &lt;b&gt;facts&lt;/b&gt;." in page
    assert "unreachable" in page
    assert f'href="/llm/runs/{run.id}"' in page
    assert "100 % failed or invalid" in page
    assert "Switch off" in page
    browser.post(f"/llm/models/{run.model_id}/switch")
    assert "Switch on" in browser.get("/llm/")


def test_who_may_only_look_sees_no_button(conn: db.Connection, client: FlaskClient, as_user: SignIn) -> None:
    queue(conn)
    page = Browser(as_user(client, make_actor(conn, "vera", "viewer").user_id or 0)).get("/llm/")
    assert "Switch off" not in page
    assert "Test and update" not in page


def test_the_same_over_rest(conn: db.Connection, pool: OneConnection, client: FlaskClient) -> None:
    run = queue(conn)
    execution.execute_run(pool, SECRETS, run.id, 1)
    found = Program(conn, client, make_actor(conn, "vera", "editor")).call("GET", "/dashboard")
    [card] = [each for provider in found["providers"] for each in provider["models"] if each["usage"]["runs"]]
    assert card["model"]["id"] == run.model_id
    assert found["latest"][0]["id"] == run.id
