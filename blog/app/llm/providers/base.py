"""The values every adapter takes and gives; speaks no wire format and knows nothing of us."""

import contextlib
import errno
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from blog.app import reach

Role = Literal["system", "user", "assistant"]

Finish = Literal[
    "stop",
    "length",
    "tool_call",
    "content_filter",
    "refusal",
    "pause",
    "pending",
    "error",
    "load",
    "unload",
]

ErrorKind = Literal[
    "auth",
    "permission",
    "quota",
    "rate_limit",
    "overloaded",
    "bad_request",
    "not_found",
    "content_filter",
    "server",
    "bad_response",
    "truncated_stream",
    "context_length",
    "timeout",
    "cancelled",
    "unreachable",
]

MESSAGE_LIMIT = 600
MASK = "•••"
PLAIN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "anthropic-beta",
        "anthropic-version",
        "connection",
        "content-type",
        "user-agent",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a provider is. `options` is the provider row's JSON; it may hold secret headers. `allowed`: what
    may be called besides public addresses."""

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    options: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    allowed: reach.Allowed = reach.NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTraits:
    """Facts of the model's row. None means nobody knows. `options` count for more than the endpoint's."""

    context_window: int | None = None
    max_output: int | None = None
    refused: frozenset[str] = frozenset()
    output_cap_name: str | None = None
    system_role: str | None = None
    capabilities: frozenset[str] = frozenset()
    options: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds. `first_token_s` and `idle_s` wait for tokens: keep-alive bytes do not count."""

    connect_s: float = 10.0
    first_token_s: float = 120.0
    idle_s: float = 60.0
    deadline_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """`params` are logical: temperature, top_p, max_output, stop, seed, think, others by name."""

    endpoint: Endpoint
    model: str
    messages: tuple[Message, ...]
    traits: ModelTraits = ModelTraits()
    params: Mapping[str, object] = field(default_factory=dict[str, object])
    output_schema: Mapping[str, object] | None = None
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A parameter or message that was not sent as it was given."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes
    dropped: tuple[Dropped, ...] = ()


def masked_headers(wire: WireRequest) -> dict[str, str]:
    """The headers as they may be stored and shown: whatever might be a secret is hidden."""
    return {name: value if name.lower() in PLAIN_HEADERS else MASK for name, value in wire.headers.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens. None = the provider did not say; 0 = it said zero.

    `input` is the whole prompt, cached and cache-written tokens included; `output` is everything
    generated, reasoning included.
    """

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """What a model wants called. `arguments` None: they are no JSON object; `raw` is what it said."""

    name: str
    arguments: Mapping[str, object] | None
    raw: str
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    finish: Finish
    finish_raw: str | None
    usage: Usage
    tool_calls: tuple[ToolCall, ...] = ()


Event = TextDelta | ReasoningDelta | Done


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelListing:
    """What a provider says of a model. `options` are such as a model's row has: how it thinks, …"""

    name: str
    context_window: int | None = None
    max_output: int | None = None
    capabilities: frozenset[str] = frozenset()
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    details: Mapping[str, object] = field(default_factory=dict[str, object])


class ProviderError(Exception):
    """What went wrong, in the provider's words. `retryable` is false once text has been shown."""

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        retryable: bool = False,
        http_status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.kind: ErrorKind = kind
        self.message = message[:MESSAGE_LIMIT]
        self.retryable = retryable
        self.http_status = http_status
        self.retry_after_s = retry_after_s
        super().__init__(self.message)


class Cancel:
    """Stops one call from any thread: the call's socket is shut at once, whatever it waits for.

    It keeps handles of its own (duplicated descriptors), which stay valid however the connection
    is wrapped or closed meanwhile, and never become another call's.
    """

    __slots__ = ("_handles", "_lock", "_stopped")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handles: set[socket.socket] = set()
        self._stopped = False

    @property
    def cancelled(self) -> bool:
        return self._stopped

    def cancel(self) -> None:
        with self._lock:
            self._stopped = True
            for handle in self._handles:
                _shut(handle)

    def watch(self, sock: socket.socket) -> socket.socket:
        """-> the handle to `forget` later. Refuses a socket when it is too late to use it."""
        with self._lock:
            if self._stopped:
                raise ConnectionAbortedError(errno.ECONNABORTED, "the call was cancelled")
            handle = socket.socket(fileno=os.dup(sock.fileno()))
            self._handles.add(handle)
            return handle

    def forget(self, handle: socket.socket) -> None:
        with self._lock:
            self._handles.discard(handle)
        handle.close()


def _shut(handle: socket.socket) -> None:
    # What is not connected any more has nothing left to shut.
    with contextlib.suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


Tap = Callable[[bytes], None]


class Adapter(Protocol):
    """One wire format. A module satisfies it."""

    def build(self, request: ChatRequest) -> WireRequest: ...

    def stream(
        self, request: ChatRequest, wire: WireRequest, *, cancel: Cancel, tap: Tap
    ) -> Iterator[Event]: ...

    def list_models(self, endpoint: Endpoint) -> list[ModelListing]: ...
