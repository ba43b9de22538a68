"""Where calls may go, as rows: one host each, allowed and taken back by whoever may."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from blog.app import db, reach
from blog.app.auth import outgoing, places
from blog.app.errors import Conflict, Forbidden, NotFound, Upstream
from blog.app.reach import Place
from tests.factories import all_powerful, make_actor, make_user
from tests.llm.providers.scripted import Reply, json_reply, serve


@pytest.fixture
def nowhere(conn: db.Connection) -> db.Connection:
    """Without what the tests of other things are allowed."""
    db.run(conn, "DELETE FROM outgoing_place")
    return conn


def test_a_host_is_allowed_once_and_taken_back(nowhere: db.Connection) -> None:
    actor = all_powerful(nowhere)
    place_id = places.allow(nowhere, actor, host="ollama", port=11434, note="")
    with pytest.raises(Conflict):
        places.allow(nowhere, actor, host="ollama", port=11434, note="again")
    assert places.allowed(nowhere) == {Place("ollama", 11434)}
    places.withdraw(nowhere, actor, place_id)
    with pytest.raises(NotFound):
        places.withdraw(nowhere, actor, place_id)
    assert places.allowed(nowhere) == set()
    said = nowhere.execute("SELECT name FROM audit_event WHERE name LIKE 'outgoing.%' ORDER BY id").fetchall()
    assert said == [("outgoing.allowed",), ("outgoing.withdrawn",)]


def test_who_may_not_is_refused(nowhere: db.Connection) -> None:
    editor = make_actor(nowhere, "ed", "editor")
    for forbidden in (
        lambda: places.list_places(nowhere, editor),
        lambda: places.allow(nowhere, editor, host="x", port=1, note=""),
        lambda: places.withdraw(nowhere, editor, 1),
    ):
        with pytest.raises(Forbidden):
            forbidden()


def test_the_page_allows_and_takes_back(
    nowhere: db.Connection, client: FlaskClient, as_user: Callable[[FlaskClient, int], FlaskClient]
) -> None:
    as_user(client, make_user(nowhere, "carol", "administrator"))
    token = client.get("/access/outgoing").text.partition('name="csrf_token" value="')[2].partition('"')[0]

    def send(path: str, **form: str) -> tuple[int, str]:
        answer = client.post(path, data={"csrf_token": token, **form})
        return answer.status_code, answer.text

    assert send("/access/outgoing", host="http://x/", port="")[0] == 422
    assert send("/access/outgoing", host="Ollama", port="70000")[0] == 422
    assert send("/access/outgoing", host=" Ollama ", port="", note="models")[0] == 303
    status, page = send("/access/outgoing", host="ollama", port="")
    assert status == 409
    assert "allowed already" in page
    place_id = db.scalar(nowhere, "SELECT id FROM outgoing_place WHERE host = 'ollama' AND port IS NULL")
    assert send(f"/access/outgoing/{place_id}/withdrawal")[0] == 303
    assert places.allowed(nowhere) == set()


def here(url: str) -> reach.Allowed:
    return frozenset({reach.place_of(url)})


def test_a_service_on_this_machine_is_called_only_if_it_is_allowed() -> None:
    with serve(json_reply({"issuer": "x"})) as server:
        with pytest.raises(Upstream, match="this machine itself"):
            outgoing.fetch(server.url, allowed=reach.NOWHERE)
        with pytest.raises(Upstream, match="this machine itself"):
            outgoing.fetch(server.url, allowed=frozenset({Place("127.0.0.1", 1)}))
        assert server.received == []
        assert outgoing.fetch(server.url, allowed=here(server.url)) == {"issuer": "x"}


def test_a_name_that_turns_to_this_machine_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(json_reply({})) as server:
        port = reach.place_of(server.url).port
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))],
        )
        with pytest.raises(Upstream, match=r"evil\.example is this machine itself"):
            outgoing.fetch(f"https://evil.example:{port}/jwks", allowed=reach.NOWHERE)
        assert server.connections == 0


def test_no_redirect_is_followed() -> None:
    with serve(json_reply({"secret": 1})) as inner:
        away = Reply(status=302, headers={"Location": inner.url}, pieces=[b"{}"])
        with serve(away) as server, pytest.raises(Upstream, match="302"):
            outgoing.fetch(
                server.url, allowed=here(server.url) | here(inner.url), credentials=("id", "client secret")
            )
        assert inner.received == []


def test_an_answer_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "DEADLINE", 0.6)
    drip = Reply(pieces=[piece for _ in range(200) for piece in (b" ", 0.05)])
    with serve(drip) as server:
        begun = time.monotonic()
        with pytest.raises(Upstream, match="took too long"):
            outgoing.fetch(server.url, allowed=here(server.url))
        assert time.monotonic() - begun < 5


def test_an_answer_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "LARGEST", 1000)
    with serve(json_reply({"x": "y" * 2000})) as server, pytest.raises(Upstream, match="more than it should"):
        outgoing.fetch(server.url, allowed=here(server.url))


def test_a_provider_at_home_is_allowed_with_one_press(
    nowhere: db.Connection, client: FlaskClient, as_user: Callable[[FlaskClient, int], FlaskClient]
) -> None:
    as_user(client, make_user(nowhere, "carol", "administrator"))
    with serve(json_reply({"data": [{"id": "small"}]})) as server:
        token = client.get("/llm/connect").text.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"csrf_token": token, "label": "Mine", "base_url": server.url, "api_key": "sk-1234567"}
        page = client.get(client.post("/llm/connect/compatible", data=form).location)
        assert "is this machine itself" in page.text
        assert server.connections == 0
        button = page.request.path + "/allowance"
        assert button in page.text
        client.post(button, data={"csrf_token": token})
        assert "small" in client.get(page.request.path).text
        assert button not in client.get(page.request.path).text
    assert [each.note for each in places.list_places(nowhere, all_powerful(nowhere))] == ["Mine"]


def test_a_proxy_is_asked_only_for_what_may_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tunnel to a service at home is refused before the proxy is connected to."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *asked: Any, **options: Any) -> Any:
        if host == "login.example":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.1.7", 443))]
        return real(host, *asked, **options)

    with serve(Reply(status=502)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        with pytest.raises(Upstream, match="an address of a private network"):
            outgoing.fetch("https://login.example/jwks", allowed=reach.NOWHERE)
        assert proxy.connections == 0
        with pytest.raises(Upstream, match="cannot be reached"):
            outgoing.fetch("https://login.example/jwks", allowed=frozenset({Place("login.example")}))
        assert [(asked.method, asked.path) for asked in proxy.received] == [("CONNECT", "login.example:443")]
