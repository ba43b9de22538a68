"""The pages of runs: the list, one run in each of its ends, Stop."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.llm.runs import execution, services, shown
from blog.app.llm.runs.models import Run
from tests.conftest import OneConnection
from tests.factories import make_user
from tests.llm.providers.scripted import Script, json_reply, openai_reply, serve
from tests.llm.runs.test_execution import SECRETS, queue

SignIn = Callable[[FlaskClient, int], FlaskClient]


@pytest.fixture
def reader(conn: db.Connection, client: FlaskClient, as_user: SignIn) -> FlaskClient:
    return as_user(client, make_user(conn, "vera", "editor"))


def end(conn: db.Connection, pool: OneConnection, script: Script, **options: object) -> Run:
    with serve(script) as server:
        run = queue(conn, server.url, **options)  # pyright: ignore[reportArgumentType]
        execution.execute_run(pool, SECRETS, run.id, 1)
    return services.get_run(conn, run.id)


def test_a_run_that_succeeded_shows_what_went_and_what_came(
    conn: db.Connection, pool: OneConnection, reader: FlaskClient
) -> None:
    run = end(conn, pool, openai_reply(["<b>Because</b>."], usage=(1200, 9)))
    page = reader.get(f"/llm/runs/{run.id}").text
    assert "&lt;b&gt;Because&lt;/b&gt;." in page
    assert '<mark title="post.idea">Why kilts?</mark>' in page
    assert "<b>1,200</b> in" in page
    assert "cost <b>unknown</b>" in page
    assert "Raw reply" in page


def test_a_failed_run_says_so_in_the_provider_s_words(
    conn: db.Connection, pool: OneConnection, reader: FlaskClient
) -> None:
    run = end(conn, pool, json_reply({"error": {"message": "Incorrect API key"}}, 401))
    page = reader.get(f"/llm/runs/{run.id}").text
    assert "The provider refused the key." in page
    assert "Incorrect API key" in page
    assert "The field was not touched." in page


def test_a_reply_that_failed_its_checks_is_shown_with_the_problems(
    conn: db.Connection, pool: OneConnection, reader: FlaskClient
) -> None:
    run = end(
        conn,
        pool,
        openai_reply('["one", "two"]'),
        output_kind="list",
        validators=[{"rule": "exact_count", "n": 3}],
    )
    page = reader.get(f"/llm/runs/{run.id}").text
    assert run.status == "invalid"
    assert "did not pass its checks" in page
    assert run.check_problems[0] in page
    assert "[&#34;one&#34;, &#34;two&#34;]" in page


def test_a_run_at_work_is_followed_and_counted(conn: db.Connection, reader: FlaskClient) -> None:
    run = queue(conn)
    page = reader.get(f"/llm/runs/{run.id}").text
    assert f'data-run-stream="/llm/runs/{run.id}/events"' in page
    assert "1 running" in re.sub(r"<[^>]+>", "", page)


def test_only_its_person_or_who_configures_may_stop_a_run(
    conn: db.Connection, client: FlaskClient, as_user: SignIn
) -> None:
    run = queue(conn)
    author = as_user(client, make_user(conn, "dave", "author"))
    token = re.search(r'name="csrf_token" value="(\w+)"', author.get("/posts").text)
    assert token is not None
    address = f"/llm/runs/{run.id}/cancellation"
    assert author.post(address, data={"csrf_token": token[1]}).status_code == 404
    assert services.get_run(conn, run.id).is_active


def test_a_stop_leads_back_to_where_it_was_pressed_and_nowhere_else(
    conn: db.Connection, client: FlaskClient, as_user: SignIn
) -> None:
    editor = as_user(client, make_user(conn, "alice", "editor"))
    token = re.search(r'name="csrf_token" value="(\w+)"', editor.get("/posts").text)
    assert token is not None
    for wanted in ("/posts/1", "//evil.example", "/\\evil.example", "https://evil.example"):
        run = queue(conn)
        form = {"csrf_token": token[1], "next": wanted}
        response = editor.post(f"/llm/runs/{run.id}/cancellation", data=form)
        assert response.status_code == 303
        assert response.headers["Location"] == ("/posts/1" if wanted == "/posts/1" else f"/llm/runs/{run.id}")
        assert services.get_run(conn, run.id).status == "cancelled"


def test_the_list_is_filtered_and_paged(conn: db.Connection, reader: FlaskClient) -> None:
    runs = [queue(conn) for _ in range(3)]
    page = reader.get("/llm/runs?limit=2&status=queued").text
    assert f"/llm/runs/{runs[2].id}" in page
    assert f'href="/llm/runs/{runs[0].id}"' not in page
    assert f"after={runs[1].id}" in page
    assert "No such runs" in reader.get("/llm/runs?status=failed").text


def test_a_message_is_cut_where_data_was_put_in_and_joins_to_itself() -> None:
    message = {"content": "Say hello to Ann.", "marks": [[4, 9, "post.word"], [13, 16, "post.name"]]}
    found = shown.pieces(message)
    assert "".join(piece.text for piece in found) == message["content"]
    assert [piece.text for piece in found if piece.reference] == ["hello", "Ann"]


def test_free_is_said_only_when_a_price_says_so() -> None:
    from decimal import Decimal

    assert shown.cost(Decimal(0), "USD").value == "free"
    assert shown.cost(None, None).value == "unknown"
    assert shown.cost(Decimal("0.0123"), "USD").value == "0.0123 USD"
