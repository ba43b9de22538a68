"""Whose address a request comes from when it came through proxies. Believes only those it was told of."""

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

from flask import Flask

from blog.app.config import Config, Network
from blog.app.reach import is_address

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]


class TrustedProxies:
    """Sets REMOTE_ADDR and the scheme from X-Forwarded-For and -Proto, if a trusted proxy wrote them."""

    def __init__(self, application: Application, networks: tuple[Network, ...]) -> None:
        self._application = application
        self._networks = networks

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        peer = str(environ.get("REMOTE_ADDR", ""))
        if is_within(peer, self._networks):
            environ["REMOTE_ADDR"] = client_of(peer, environ.get("HTTP_X_FORWARDED_FOR", ""), self._networks)
            scheme = str(environ.get("HTTP_X_FORWARDED_PROTO", "")).strip().lower()
            if scheme in {"http", "https"}:
                environ["wsgi.url_scheme"] = scheme
        return self._application(environ, start_response)


def client_of(peer: str, forwarded: str, networks: tuple[Network, ...]) -> str:
    """The nearest address that is no proxy of ours. What stands left of it anybody may have written."""
    for address in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not is_address(address):
            return peer
        peer = address
        if not is_within(address, networks):
            return address
    return peer


def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    return is_address(address) and any(ip_address(address) in network for network in networks)


def register(app: Flask, config: Config) -> None:
    if config.trusted_proxies:
        app.wsgi_app = TrustedProxies(app.wsgi_app, config.trusted_proxies)
