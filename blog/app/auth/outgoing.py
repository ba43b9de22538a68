"""The one way in which accounts call out: a JSON document from a service that says who somebody is.

Refuses redirects, what is larger than such documents or takes longer, http but on this machine, and where
reach.py lets no call go.
"""

import json
import socket
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import ProxyManager

from blog.app import reach
from blog.app.errors import Upstream
from blog.app.translation import gettext as _

if TYPE_CHECKING:
    from urllib3._base_connection import BaseHTTPConnection, BaseHTTPSConnection

PATIENCE = (5, 10)  # seconds to connect, and between two pieces of the answer
DEADLINE = 20.0  # for the whole of it, however slowly pieces come
LARGEST = 1024 * 1024
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def fetch(
    url: str,
    *,
    allowed: reach.Allowed,
    form: Mapping[str, str] | None = None,
    credentials: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """GETs a JSON object, or POSTs a form for one."""
    check_address(url)
    try:
        _check_behind_proxy(url, allowed)
        with (
            _session(allowed) as session,
            session.request(
                "GET" if form is None else "POST",
                url,
                data=form,
                auth=credentials,
                headers={"Accept": "application/json"},
                timeout=PATIENCE,
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            body = answer.raw.read(LARGEST + 1, decode_content=True)
    except reach.Refused as exc:
        raise Upstream(str(exc)) from exc
    except TimeoutError as exc:
        raise Upstream(_("%(hostname)s took too long.", hostname=urlsplit(url).hostname)) from exc
    except (requests.RequestException, OSError) as exc:
        raise Upstream(
            _("%(hostname)s cannot be reached just now.", hostname=urlsplit(url).hostname)
        ) from exc
    return _object(url, answer.status_code, body)


def _check_behind_proxy(url: str, allowed: reach.Allowed) -> None:
    if requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)):
        reach.check_behind_proxy(url, allowed)


def check_address(url: str) -> None:
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname or parts.username:
        raise Upstream(_("The service names an address that is not https."))


def _object(url: str, status: int, body: bytes) -> dict[str, Any]:
    host = urlsplit(url).hostname
    if len(body) > LARGEST:
        raise Upstream(_("%(host)s answered with more than it should.", host=host))
    try:
        found = json.loads(body)
    except ValueError as exc:
        raise Upstream(
            _("%(host)s answered %(status)s with something that is not JSON.", host=host, status=status)
        ) from exc
    if status != 200 or not isinstance(found, dict):
        error = cast(dict[str, Any], found).get("error", "") if isinstance(found, dict) else ""
        raise Upstream(f"{host} refused with {status} {str(error)[:100]}".strip() + ".")
    return cast(dict[str, Any], found)


# --- the connection ------------------------------------------------------------------------------


@contextmanager
def _session(allowed: reach.Allowed) -> Generator[requests.Session]:
    """For one call: when its time is over its sockets are shut, whatever it waits for."""
    made: list[socket.socket] = []
    is_over = threading.Event()
    timer = threading.Timer(DEADLINE, _shut, (made, is_over))
    timer.daemon = True
    adapter = _Adapter(allowed, made)
    with requests.Session() as session:
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        timer.start()
        try:
            yield session
        finally:
            timer.cancel()
            for each in made:
                each.close()
            if is_over.is_set():  # what was shut looks like the end of an answer
                raise TimeoutError


def _shut(made: list[socket.socket], is_over: threading.Event) -> None:
    is_over.set()
    for each in list(made):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    def __init__(self, allowed: reach.Allowed, made: list[socket.socket]) -> None:
        self._allowed, self._made = allowed, made
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._allowed, self._made)

    def proxy_manager_for(self, *args: Any, **options: Any) -> ProxyManager:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = _pools(self._allowed, self._made)
        return manager


def _pools(allowed: reach.Allowed, made: list[socket.socket]) -> dict[str, type[HTTPConnectionPool]]:
    class Guarded(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, allowed, made)

    class GuardedTLS(Guarded, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = cast("type[BaseHTTPConnection]", Guarded)

    class TLSPool(HTTPSConnectionPool):
        ConnectionCls = cast("type[BaseHTTPSConnection]", GuardedTLS)

    return {"http": Pool, "https": TLSPool}


def _resolved(connection: HTTPConnection, allowed: reach.Allowed) -> Sequence[reach.Found]:
    host = connection.host.strip("[]")
    if connection.proxy is not None:  # the operator's own; where it leads to was looked at before
        return socket.getaddrinfo(host, connection.port, type=socket.SOCK_STREAM)
    return reach.resolve(host, connection.port, allowed)


def _connect(connection: HTTPConnection, allowed: reach.Allowed, made: list[socket.socket]) -> socket.socket:
    failure = OSError("the name has no address")
    for family, kind, protocol, _name, address in _resolved(connection, allowed):
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(PATIENCE[0])
        made.append(sock.dup())  # a handle of its own, however the connection is wrapped meanwhile
        try:
            sock.connect(address)
        except OSError as exc:
            sock.close()
            failure = exc
        else:
            return sock
    raise failure
