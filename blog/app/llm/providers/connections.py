"""Connections that know which call they carry: each wait ends when the call's does, or at a cancel.

Knows nothing of requests' meaning or of answers; private to http.py.
"""

import http.client
import http.cookiejar
import io
import ipaddress
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import ProxyManager

from blog.app import reach
from blog.app.llm.providers.base import Cancel, Limits

if TYPE_CHECKING:
    from urllib3._base_connection import BaseHTTPConnection, BaseHTTPSConnection

Phase = Literal["connect", "answer", "first_token", "idle"]


@dataclass(slots=True, kw_only=True)
class Call:
    """One call in flight. Mutable: how long it may still wait changes with every token."""

    limits: Limits
    cancel: Cancel
    allowed: reach.Allowed
    deadline: float
    due: float
    phase: Phase = "connect"
    connected: bool = False  # by this call itself, not kept from an earlier one
    watched: socket.socket | None = None


def begin(limits: Limits, cancel: Cancel, allowed: reach.Allowed) -> Call:
    now = time.monotonic()
    deadline = now + limits.deadline_s
    due = min(now + limits.connect_s, deadline)
    return Call(limits=limits, cancel=cancel, allowed=allowed, deadline=deadline, due=due)


def begin_again(call: Call) -> None:
    release(call)
    expect(call, "connect", call.limits.connect_s)


def expect(call: Call, phase: Phase, seconds: float) -> None:
    call.phase = phase
    call.due = min(time.monotonic() + seconds, call.deadline)


def watch(call: Call, sock: socket.socket) -> None:
    release(call)
    call.watched = call.cancel.watch(sock)


def release(call: Call) -> None:
    if call.watched is not None:
        call.cancel.forget(call.watched)
        call.watched = None


def send(call: Call, prepared: requests.PreparedRequest) -> requests.Response:
    url = prepared.url or ""
    settings = _settings(url)
    if requests.utils.select_proxy(url, settings["proxies"]):
        reach.check_behind_proxy(url, call.allowed)
    _thread.call = call
    try:
        # The response's reader takes its timeouts from the call; these two are only upper bounds.
        return _session().send(
            prepared,
            stream=True,
            allow_redirects=False,
            timeout=(call.limits.connect_s, call.limits.deadline_s),
            **settings,
        )
    finally:
        _thread.call = None


class _Thread(threading.local):
    """The call this thread is sending, for the connection that urllib3 makes or reuses for it."""

    call: Call | None = None
    session: requests.Session | None = None


_thread = _Thread()
_ambient = requests.Session()


def _session() -> requests.Session:
    """One a thread: a connection never waits in a pool where another thread's call may take it."""
    if _thread.session is None:
        session = requests.Session()
        session.trust_env = False
        session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        session.mount("https://", _Adapter())
        session.mount("http://", _Adapter())
        _thread.session = session
    return _thread.session


def _settings(url: str) -> dict[str, Any]:
    """Proxy and certificates as the environment has them; no proxy leads to this machine itself."""
    loopback = _is_loopback(url)
    if loopback and url.startswith("http:"):
        return {"proxies": {}}
    settings = _ambient.merge_environment_settings(url, {}, True, None, None)
    return {"verify": settings["verify"], "proxies": {} if loopback else settings["proxies"]}


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Patient(io.RawIOBase):
    """Every single read of the socket waits as long as the call may still wait, and no longer.

    A timeout for the whole socket would start anew with each byte of a server that only keeps alive.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, call: Call) -> None:
        self._raw, self._sock, self._call = raw, sock, call

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = self._call.due - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's time is over")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        patient = _Patient(self.fp.detach(), sock, _current())
        self.fp = io.BufferedReader(patient, 65_536)


class _Connection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        return _connect(self, _current())

    def connect(self) -> None:
        super().connect()
        _carry(self.sock)

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:
            _check_kept(self, self.sock)
            _carry(self.sock)
        super().request(*args, **options)


class _TLSConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = cast("type[BaseHTTPConnection]", _Connection)


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = cast("type[BaseHTTPSConnection]", _TLSConnection)


POOLS = {"http": _Pool, "https": _TLSPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> ProxyManager:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager


def _current() -> Call:
    if _thread.call is None:
        raise RuntimeError("a connection is used outside send()")
    return _thread.call


def _carry(sock: socket.socket) -> None:
    """The connection stands, new or kept: from here on the call waits for its answer."""
    call = _current()
    if call.watched is None:
        watch(call, sock)
    if call.phase == "connect":
        expect(call, "answer", call.limits.first_token_s)


def _resolved(connection: HTTPConnection, call: Call) -> Sequence[reach.Found]:
    host = connection.host.strip("[]")
    if connection.proxy is not None:  # the operator's own; where it leads to was looked at before
        return socket.getaddrinfo(host, connection.port, type=socket.SOCK_STREAM)
    return reach.resolve(host, connection.port, call.allowed)


def _check_kept(connection: HTTPConnection, sock: socket.socket) -> None:
    """What was allowed when the connection was made may not be now."""
    if connection.proxy is None:
        address = str(sock.getpeername()[0])
        reach.check(connection.host.strip("[]"), connection.port, address, _current().allowed)


def _connect(connection: HTTPConnection, call: Call) -> socket.socket:
    """As urllib3 does it, but the socket can be cancelled before it is connected."""
    found = _resolved(connection, call)
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            for option in connection.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(max(call.due - time.monotonic(), 0.001))
            watch(call, sock)
            sock.connect(address)
        except OSError as exc:
            release(call)
            sock.close()
            failure = exc
        else:
            call.connected = True
            return sock
        if call.cancel.cancelled:
            break
    raise failure
