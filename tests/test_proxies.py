from dataclasses import replace
from ipaddress import ip_network

import pytest
from flask import request

from blog.app import create_app
from blog.app.config import Config
from blog.app.proxies import client_of
from tests.conftest import OneConnection

NETWORKS = (ip_network("10.0.0.0/8"), ip_network("::1"))


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7", "203.0.113.7"),  # the first was written by the client itself
        ("203.0.113.7, 10.1.1.1, ::1", "203.0.113.7"),
        ("", "10.0.0.1"),
        ("10.9.9.9", "10.9.9.9"),
        ("203.0.113.7, unknown", "10.0.0.1"),
        ("<script>, 10.1.1.1", "10.1.1.1"),
    ],
)
def test_the_client_is_the_nearest_that_is_no_proxy(forwarded: str, client: str) -> None:
    assert client_of("10.0.0.1", forwarded, NETWORKS) == client


@pytest.mark.parametrize(
    ("peer", "client", "is_secure"), [("10.0.0.1", "203.0.113.7", True), ("192.0.2.1", "192.0.2.1", False)]
)
def test_only_a_trusted_proxy_is_believed(
    config: Config, pool: OneConnection, peer: str, client: str, is_secure: bool
) -> None:
    app = create_app(replace(config, trusted_proxies=NETWORKS), pool)
    seen: list[tuple[str | None, bool]] = []
    app.before_request(lambda: seen.append((request.remote_addr, request.is_secure)))
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    app.test_client().get("/api/docs", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert seen == [(client, is_secure)]
