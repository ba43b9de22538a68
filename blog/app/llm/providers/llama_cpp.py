"""llama.cpp inside this process, for GGUF files in a folder; it speaks OpenAI's protocol on loopback.

One model is loaded at a time. A stream is never cut off because another model is wanted: that one waits.
"""

import secrets
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from blog.app import reach
from blog.app.llm.providers import gguf_header, openai
from blog.app.llm.providers.base import (
    Cancel,
    ChatRequest,
    Endpoint,
    Event,
    ModelListing,
    ProviderError,
    Tap,
    WireRequest,
)

# The port is known once a model is loaded; what is sent there is settled before.
PLACEHOLDER = "http://127.0.0.1/v1/chat/completions"
BESIDES = ("top_k", "min_p", "typical_p", "repeat_penalty", "repeat_last_n")
CONTEXT = 16_384
AT_ONCE = 4
LOOK_AGAIN_S = 0.1
QUIET, TALKATIVE = -1, 3


def build(request: ChatRequest) -> WireRequest:
    # The engine's templates know one way to say it, whoever made the model.
    options = {"think_style": "template", **request.endpoint.options}
    endpoint = replace(request.endpoint, options=options)
    return openai.compose(replace(request, endpoint=endpoint), url=PLACEHOLDER, besides=BESIDES)


def stream(request: ChatRequest, wire: WireRequest, *, cancel: Cancel, tap: Tap) -> Iterator[Event]:
    with _engine(_wanted(request), request, cancel) as engine:
        there = replace(
            wire,
            url=f"{engine.address}/v1/chat/completions",
            headers={
                **wire.headers,
                "Authorization": f"Bearer {engine.key}",
                "Connection": "close",  # it does so after every stream, and says otherwise
            },
        )
        ours = replace(request.endpoint, allowed=frozenset({reach.place_of(engine.address)}))
        yield from openai.stream(replace(request, endpoint=ours), there, cancel=cancel, tap=tap)


def list_models(endpoint: Endpoint) -> list[ModelListing]:
    folder = _folder(endpoint)
    if not folder.is_dir():
        raise ProviderError("not_found", f"There is no folder {folder}.")
    return [
        ModelListing(
            name=path.name,
            context_window=gguf_header.context_length(path),
            capabilities=frozenset({"schema"}),
            details={"size": path.stat().st_size},
        )
        for path in sorted(folder.glob("*.gguf"))
        if path.is_file()
    ]


# --- which model -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    path: Path
    changed_ns: int
    context: int
    talkative: bool


def _wanted(request: ChatRequest) -> _Wanted:
    path = _path(request)
    if not path.is_file():
        raise ProviderError("not_found", f"There is no model file {path}.")
    if not gguf_header.is_gguf(path):
        raise ProviderError("bad_request", f"{path.name} is not a GGUF model file.")
    return _Wanted(
        path=path,
        changed_ns=path.stat().st_mtime_ns,
        context=request.traits.context_window or CONTEXT,
        talkative=bool(request.endpoint.options.get("debug")),
    )


def _path(request: ChatRequest) -> Path:
    named = Path(request.model)
    if named.is_absolute():
        return named
    if named.name != request.model:
        raise ProviderError("bad_request", f"{request.model} is neither a file name nor an absolute path.")
    return _folder(request.endpoint) / named


def _folder(endpoint: Endpoint) -> Path:
    parts = urlsplit(endpoint.base_url)
    if parts.scheme != "file" or not parts.path:
        raise ProviderError(
            "bad_request", "The address of this provider is a folder: file:///path/to/models."
        )
    return Path(unquote(parts.path))


# --- the engine --------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True, eq=False)
class _Engine:
    """Mutable, so that the server can be let go while somebody still holds this value."""

    wanted: _Wanted
    address: str
    key: str
    server: Any  # xllamacpp has no types


@dataclass(slots=True)
class _Desk:
    """Who uses the engine. `busy` while one is loaded or unloaded, which happens outside the lock."""

    free: threading.Condition
    engine: _Engine | None = None
    users: int = 0
    busy: bool = False


_desk = _Desk(free=threading.Condition())


@contextmanager
def _engine(wanted: _Wanted, request: ChatRequest, cancel: Cancel) -> Generator[_Engine]:
    engine = _take(wanted, cancel, time.monotonic() + request.limits.deadline_s)
    try:
        yield engine
    finally:
        with _desk.free:
            _desk.users -= 1
            _desk.free.notify_all()


def _take(wanted: _Wanted, cancel: Cancel, deadline: float) -> _Engine:
    with _desk.free:
        while _desk.busy or (_desk.users and not _loaded(wanted)):
            _desk.free.wait(LOOK_AGAIN_S)
            _check_patience(cancel, deadline)
        if _desk.engine is not None and _loaded(wanted):
            _desk.users += 1
            return _desk.engine
        _desk.busy, before, _desk.engine = True, _desk.engine, None
    engine = None
    try:
        if before is not None:
            # First, and wholly: the memory of two models may be more than there is.
            before.server = None
        engine = _load(wanted)
        return engine
    finally:
        with _desk.free:
            _desk.busy, _desk.engine = False, engine
            _desk.users += engine is not None
            _desk.free.notify_all()


def _loaded(wanted: _Wanted) -> bool:
    return _desk.engine is not None and _desk.engine.wanted == wanted


def _check_patience(cancel: Cancel, deadline: float) -> None:
    if cancel.cancelled:
        raise ProviderError("cancelled", "The call was cancelled.")
    if time.monotonic() >= deadline:
        raise ProviderError(
            "timeout", "Another model was in use for longer than this call may take.", retryable=True
        )


def _load(wanted: _Wanted) -> _Engine:
    # 105 MB, without types: only for a process that really runs a model.
    xllamacpp: Any = import_module("xllamacpp")
    key = secrets.token_urlsafe(24)
    params = xllamacpp.CommonParams()
    params.model.path = str(wanted.path)
    params.model_alias = {wanted.path.name}  # else replies name the whole path
    params.n_ctx = wanted.context
    params.n_parallel = AT_ONCE
    params.kv_unified = True  # else each of the four gets a quarter of the context
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]  # a web page in somebody's browser can reach loopback too
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = TALKATIVE if wanted.talkative else QUIET
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as exc:
        raise ProviderError(
            "bad_request",
            f"llama.cpp could not load {wanted.path.name}: the file is damaged, of a kind it does "
            "not know, or too large for this machine.",
        ) from exc
    return _Engine(wanted=wanted, address=server.listening_address, key=key, server=server)
