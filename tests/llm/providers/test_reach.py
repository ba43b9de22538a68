"""Providers are called where reach.py lets them, at the address that was looked at."""

import socket
from collections.abc import Sequence
from typing import Any

import pytest

from blog.app import reach
from blog.app.llm.providers import http
from blog.app.llm.providers.base import ProviderError
from blog.app.reach import Place
from tests.llm.providers.scripted import Reply, json_reply, serve


def fetch(url: str, allowed: reach.Allowed) -> object:
    return http.fetch_json(url, {"Authorization": "Bearer sk-secret"}, allowed=allowed)


def test_this_machine_is_refused_before_a_connection() -> None:
    with serve(json_reply({})) as server:
        with pytest.raises(ProviderError, match="this machine itself") as refused:
            fetch(server.url, reach.NOWHERE)
        assert not refused.value.retryable
        assert server.connections == 0
        assert fetch(server.url, frozenset({reach.place_of(server.url)})) == {}


def test_a_kept_connection_is_not_used_once_it_is_taken_back() -> None:
    with serve(json_reply({})) as server:
        assert fetch(server.url, frozenset({reach.place_of(server.url)})) == {}
        with pytest.raises(ProviderError, match="this machine itself"):
            fetch(server.url, reach.NOWHERE)
        assert len(server.received) == 1


def test_a_name_is_asked_once_and_leads_where_it_led_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: each answer is another one, and only the one that was looked at is connected to."""
    with serve([json_reply({}, Connection="close"), json_reply({"stolen": True})]) as server:
        port = reach.place_of(server.url).port or 0
        answers = ["127.0.0.1", "127.0.0.9", "169.254.169.254"]
        asked = list[str]()

        def getaddrinfo(host: str, port: int, **_: object) -> list[reach.Found]:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[len(asked) - 1], port))]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        allowed = frozenset({Place("127.0.0.1", port)})
        url = f"http://rebind.example:{port}/"
        assert fetch(url, allowed) == {}
        assert asked == ["rebind.example"]
        for kind in ("this machine itself", "link-local"):
            with pytest.raises(ProviderError, match=kind):
                fetch(url, allowed)
        assert len(server.received) == 1


def test_a_redirect_takes_no_key_anywhere() -> None:
    with serve(json_reply({"data": []})) as other:
        with serve(Reply(status=307, headers={"Location": other.url}, pieces=[b""])) as server:
            both = frozenset({reach.place_of(server.url), reach.place_of(other.url)})
            with pytest.raises(ProviderError):
                fetch(server.url, both)
        assert other.received == []


@pytest.mark.parametrize(
    ("addresses", "refusal"),
    [
        (["93.184.215.14"], None),
        (["10.0.0.7"], "an address of a private network"),
        (["93.184.215.14", "169.254.169.254"], "link-local"),
        ([], None),
    ],
    ids=["public", "private", "one of two", "known to the proxy alone"],
)
def test_a_proxy_is_asked_only_for_what_may_be_called(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], refusal: str | None
) -> None:
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, **options: Any) -> Sequence[Any]:
        if host != "model.example":
            return real(host, port, **options)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    with serve(json_reply({"data": 1})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        if refusal is None:
            assert fetch("http://model.example/v1", reach.NOWHERE) == {"data": 1}
            assert proxy.received[0].path == "http://model.example/v1"
        else:
            with pytest.raises(ProviderError, match=refusal):
                fetch("http://model.example/v1", reach.NOWHERE)
            assert proxy.connections == 0
            assert fetch("http://model.example/v1", frozenset({Place("model.example")})) == {"data": 1}


def test_a_proxy_is_not_asked_for_a_name_of_a_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(json_reply({})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with pytest.raises(ProviderError, match="a name of a private network"):
            fetch("http://wiki.internal/v1", reach.NOWHERE)
        assert proxy.connections == 0
