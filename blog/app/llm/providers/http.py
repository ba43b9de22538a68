"""The one way to call a provider: sends exactly the request it is given, reads promptly, stops at once.

It follows no redirect, repeats nothing a server may have read, and knows no protocol.
"""

import http.client
import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from blog.app import reach
from blog.app.llm.providers import connections, failures, keeping
from blog.app.llm.providers.base import (
    PLAIN_HEADERS,
    Cancel,
    ChatRequest,
    Done,
    Event,
    Limits,
    ProviderError,
    ReasoningDelta,
    Tap,
    TextDelta,
    WireRequest,
)
from blog.app.llm.providers.connections import Call
from blog.app.llm.providers.framing import parse_json
from blog.app.llm.providers.keeping import Keeper

READ_BYTES = 65_536
LARGEST_REPLY = 64 * 1024 * 1024
SETTLE_S = 0.05
ERROR_BODY_S = 5.0
LISTING = Limits(connect_s=5, first_token_s=15, idle_s=15, deadline_s=30)

Reader = Callable[[Iterable[bytes]], Iterator[Event]]


def converse(
    wire: WireRequest, read: Reader, *, request: ChatRequest, cancel: Cancel, tap: Tap
) -> Iterator[Event]:
    """Send, and give the events `read` makes of the answer's bytes as they come."""
    keeper, limits = Keeper(tap, _secrets(wire)), request.limits
    with _kept(keeper), _exchange(wire, limits, request.endpoint.allowed, cancel, tap) as (call, response):
        for event in read(_chunks(call, response, keeper)):
            if cancel.cancelled:
                raise _cancelled()  # one read may hold hundreds of events
            match event:
                case TextDelta() | ReasoningDelta():
                    call.phase = "idle"
                case Done():
                    _settle(call, response, keeper)
            yield event
            # From here, not from before: what the consumer takes is not the provider's silence.
            connections.expect(call, "idle", limits.idle_s)


@contextmanager
def _kept(keeper: Keeper) -> Generator[None]:
    try:
        yield
    finally:
        keeping.finish(keeper)


def fetch_json(
    url: str,
    headers: Mapping[str, str],
    *,
    allowed: reach.Allowed,
    body: object = None,
    limits: Limits = LISTING,
) -> object:
    wire = WireRequest(
        method="GET" if body is None else "POST",
        url=url,
        headers=headers,
        body=b"" if body is None else json.dumps(body).encode(),
    )
    with _exchange(wire, limits, allowed, Cancel(), None) as (call, response):
        answer = b"".join(_chunks(call, response))
    try:
        return parse_json(answer)
    except ValueError:
        raise failures.not_an_answer(answer) from None


@contextmanager
def _exchange(
    wire: WireRequest, limits: Limits, allowed: reach.Allowed, cancel: Cancel, tap: Tap | None
) -> Generator[tuple[Call, requests.Response]]:
    call, response = connections.begin(limits, cancel, allowed), None
    try:
        response = _send(call, wire)
        if not 200 <= response.status_code < 300:
            raise _refusal(call, response, tap, _secrets(wire))
        yield call, response
    except ProviderError as exc:
        exc.message = failures.without_secrets(exc.message.encode(), _secrets(wire)).decode()
        exc.args = (exc.message,)
        # Text that was shown is not to be replaced, nor paid for twice.
        exc.retryable = exc.retryable and call.phase != "idle"
        raise
    finally:
        connections.release(call)
        if response is not None:
            response.close()


def _secrets(wire: WireRequest) -> set[str]:
    """What must not come back: providers repeat a refused key in their message."""
    values = [v for name, v in wire.headers.items() if name.lower() not in PLAIN_HEADERS]
    return {part for value in values for part in (value, value.split(" ")[-1]) if len(part) > 3}


def _send(call: Call, wire: WireRequest) -> requests.Response:
    """Again on another connection while a kept one turns out to be closed, which nobody has read."""
    if call.cancel.cancelled:
        raise _cancelled()
    while True:
        try:
            response = connections.send(call, _prepared(wire))
        except reach.Refused as exc:
            raise ProviderError("bad_request", str(exc)) from exc
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as exc:
            if not _was_stale(call, exc):
                raise _broken(call, wire.url, exc) from exc
            connections.begin_again(call)
        else:
            call.phase = "first_token"
            return response


def _prepared(wire: WireRequest) -> requests.PreparedRequest:
    # By itself, not by the session: that would put a password of ~/.netrc over the key.
    return requests.Request(wire.method, wire.url, headers=dict(wire.headers), data=wire.body).prepare()


def _was_stale(call: Call, exc: Exception) -> bool:
    """llama.cpp promises to keep a connection and closes it; others close one at any idle moment."""
    return (
        call.phase == "answer"
        and not call.connected
        and not call.cancel.cancelled
        and isinstance(_cause(exc), (ConnectionResetError, BrokenPipeError))
    )


def _chunks(call: Call, response: requests.Response, keeper: Keeper | None = None) -> Iterator[bytes]:
    received = 0
    while True:
        try:
            chunk: bytes = response.raw.read1(READ_BYTES, decode_content=True)
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as exc:
            raise _broken(call, response.url, exc) from exc
        if call.cancel.cancelled:
            # A body that ends with its connection looks complete when the connection was shut.
            raise _cancelled()
        if not chunk:
            return
        received += len(chunk)
        if received > LARGEST_REPLY:
            raise ProviderError("bad_response", "The answer is longer than 64 MB.")
        if keeper is not None:
            keeping.keep(keeper, chunk)
        yield chunk


def _settle(call: Call, response: requests.Response, keeper: Keeper) -> None:
    """The reply is whole: read what ends the body, so that the connection can be used again."""
    call.due = time.monotonic() + SETTLE_S
    # Nothing is lost if the end does not come: the connection is closed instead of kept.
    with suppress(ProviderError):
        for _ in _chunks(call, response, keeper):
            pass


def _refusal(call: Call, response: requests.Response, tap: Tap | None, secrets: set[str]) -> ProviderError:
    if 300 <= response.status_code < 400:
        return _redirected(response)
    call.due = min(time.monotonic() + ERROR_BODY_S, call.deadline)
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = failures.without_secrets(_beginning(call, response), secrets)
    if tap is not None:
        tap(body)
    return failures.from_status(response.status_code, headers, body)


def _beginning(call: Call, response: requests.Response) -> bytes:
    """As much of an error's body as can be had: the status alone is an answer already."""
    body = b""
    try:
        for chunk in _chunks(call, response):
            body += chunk
            if len(body) >= READ_BYTES:
                break
    except ProviderError as exc:
        if exc.kind == "cancelled":
            raise
    return body


def _redirected(response: requests.Response) -> ProviderError:
    target = urlsplit(urljoin(response.url, response.headers.get("location", "")))
    return ProviderError(
        "bad_response",
        f"The address answers with a redirect to {target.scheme}://{target.netloc}{target.path}. "
        "A key is not sent after a redirect; enter the address it should have.",
        http_status=response.status_code,
    )


def _broken(call: Call, url: str, exc: Exception) -> ProviderError:
    """What a failure below HTTP means, told by how far the call had come."""
    if call.cancel.cancelled:
        return _cancelled()
    if isinstance(exc, requests.RequestException) and isinstance(exc, ValueError):
        return _unsendable(url, exc)
    cause = _cause(exc)
    if time.monotonic() >= call.due or isinstance(cause, TimeoutError):
        return ProviderError("timeout", _too_long(call, url), retryable=True)
    match call.phase:
        case "connect":
            words = f"Could not reach {_place(url)}: {_reason(cause)}."
            certificate = isinstance(exc, requests.exceptions.SSLError)
            return ProviderError("unreachable", words, retryable=not certificate)
        case "answer":
            words = f"{_place(url)} closed the connection without an answer."
            return ProviderError("server", words, retryable=True)
        case "first_token" | "idle":
            words = f"The connection to {_place(url)} broke off: {_reason(cause)}."
            return ProviderError("truncated_stream", words, retryable=True)


def _unsendable(url: str, exc: requests.RequestException) -> ProviderError:
    if isinstance(exc, requests.exceptions.InvalidHeader):
        # Its own words repeat the header, and the header may be a key.
        return ProviderError("bad_request", "A header holds characters that no header can.")
    return ProviderError("bad_request", f"{_place(url)} is not an address that can be called.")


def _cancelled() -> ProviderError:
    return ProviderError("cancelled", "The call was cancelled.")


def _too_long(call: Call, url: str) -> str:
    if time.monotonic() >= call.deadline:
        return f"The call took longer than {call.limits.deadline_s:g} seconds."
    match call.phase:
        case "connect":
            return f"{_place(url)} took no connection within {call.limits.connect_s:g} seconds."
        case "answer" | "first_token":
            return f"No text came within {call.limits.first_token_s:g} seconds."
        case "idle":
            return f"No further text came for {call.limits.idle_s:g} seconds."


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _cause(exc: BaseException) -> BaseException:
    """The innermost error: each library on the way wraps the one below it."""
    inner = exc.__cause__ or getattr(exc, "reason", None)
    if not isinstance(inner, BaseException):
        inner = next((each for each in reversed(exc.args) if isinstance(each, BaseException)), None)
    return exc if inner is None or inner is exc else _cause(inner)


def _reason(cause: BaseException) -> str:
    match cause:
        case OSError(strerror=str() as words):
            return words[:1].lower() + words[1:]
        case _:
            return "it was closed before the answer was complete"
