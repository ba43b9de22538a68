"""A provider on loopback that plays what it is told: real sockets, real HTTP/1.1, no model."""

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

Framing = Literal["chunked", "length", "close"]
Ending = Literal["keep", "close", "reset", "hang", "cut"]

EVENTS = {"Content-Type": "text/event-stream"}
NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`pieces` are bytes to send and seconds to wait. `cut` ends a chunked body without its end."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes | float] = ()
    framing: Framing = "chunked"
    ending: Ending = "keep"
    before_headers_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Script = Reply | Sequence[Reply] | Callable[[Received], Reply]


@dataclass(slots=True)
class Server:
    """`script` may be replaced between calls; a sequence is played in order, its last one again."""

    script: Script
    listener: socket.socket
    url: str
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    disconnected: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)
    open: set[socket.socket] = field(default_factory=set)


class _Gone(Exception):
    """The client hung up."""


@contextmanager
def serve(script: Script) -> Generator[Server]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    server = Server(script, listener, f"http://127.0.0.1:{listener.getsockname()[1]}")
    accepting = threading.Thread(target=_accept, args=(server,), daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        server.closing.set()
        # A blocked accept() is woken by shutdown, not by close.
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join(2)
        listener.close()
        for connection in list(server.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _accept(server: Server) -> None:
    while True:
        try:
            connection, _ = server.listener.accept()
        except OSError:
            return
        server.connections += 1
        server.open.add(connection)
        threading.Thread(target=_answer_all, args=(server, connection), daemon=True).start()


def _answer_all(server: Server, connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        with connection, connection.makefile("rb") as source:
            while (received := _receive(source)) and _answer(server, connection, received):
                pass
    except (_Gone, OSError):
        server.disconnected.set()
    finally:
        server.open.discard(connection)


def _receive(source: Any) -> Received | None:
    start = source.readline().decode("latin-1").split()
    if len(start) != 3:
        return None
    headers: dict[str, str] = {}
    while line := source.readline().strip().decode("latin-1"):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = source.read(int(headers.get("content-length", 0)))
    return Received(method=start[0], path=start[1], headers=headers, body=body)


def _answer(server: Server, connection: socket.socket, received: Received) -> bool:
    """-> whether the connection may be used again."""
    server.received.append(received)
    server.asked.set()
    reply = _next_reply(server, received)
    if reply.before_headers_s:
        _wait(server, connection, reply.before_headers_s)
    connection.sendall(_head(reply))
    for piece in reply.pieces:
        if isinstance(piece, bytes):
            connection.sendall(_framed(reply, piece))
        else:
            _wait(server, connection, piece)
    return _end(server, connection, reply)


def _next_reply(server: Server, received: Received) -> Reply:
    match server.script:
        case Reply() as reply:
            return reply
        case Sequence() as replies:
            return replies[min(len(server.received), len(replies)) - 1]
        case choose:
            return choose(received)


def _head(reply: Reply) -> bytes:
    headers = dict(reply.headers)
    match reply.framing:
        case "chunked":
            headers["Transfer-Encoding"] = "chunked"
        case "length":
            headers["Content-Length"] = str(sum(len(p) for p in reply.pieces if isinstance(p, bytes)))
        case "close":
            headers["Connection"] = "close"
    lines = [f"HTTP/1.1 {reply.status} Scripted", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _framed(reply: Reply, piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece) if reply.framing == "chunked" else piece


def _end(server: Server, connection: socket.socket, reply: Reply) -> bool:
    match reply.ending:
        case "hang":
            _wait(server, connection, 60.0)
        case "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        case "cut":
            pass
        case "keep" | "close" if reply.framing == "chunked":
            connection.sendall(b"0\r\n\r\n")
        case _:
            pass
    return reply.ending == "keep" and reply.framing != "close"


def _wait(server: Server, connection: socket.socket, seconds: float) -> None:
    """Pause, but notice at once when the client hangs up."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not server.closing.is_set():
        readable, _, _ = select.select([connection], [], [], min(left, 0.5))
        if readable:
            if connection.recv(1, socket.MSG_PEEK) == b"":
                raise _Gone
            time.sleep(min(left, 0.01))  # the next request, sent before this reply's end


# --- ready scripts ---------------------------------------------------------------------------


def event(payload: object) -> bytes:
    return b"data: %b\n\n" % json.dumps(payload, ensure_ascii=False).encode()


def openai_chunk(delta: Mapping[str, object], finish: str | None = None) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}


def openai_reply(
    texts: Iterable[str],
    usage: tuple[int, int] | None = (11, 7),
    *,
    finish: str = "stop",
    pause_s: float = 0.0,
    one_write: bool = False,
) -> Reply:
    """Every text is one event. `one_write` sends the whole body at once, as a fast server does."""
    events = [event(openai_chunk({"role": "assistant", "content": ""}))]
    events += [event(openai_chunk({"content": text})) for text in texts]
    events += [event(openai_chunk({}, finish))]
    if usage is not None:
        spent, made = usage
        told = {"prompt_tokens": spent, "completion_tokens": made, "total_tokens": spent + made}
        events += [event({"object": "chat.completion.chunk", "choices": [], "usage": told})]
    events += [b"data: [DONE]\n\n"]
    return Reply(headers=EVENTS, pieces=_paced(events, pause_s, one_write))


def ollama_reply(
    texts: Iterable[str],
    usage: tuple[int, int] | None = (11, 7),
    *,
    finish: str = "stop",
    pause_s: float = 0.0,
    one_write: bool = False,
) -> Reply:
    def line(payload: Mapping[str, object]) -> bytes:
        known = {"model": "m", "created_at": "2026-01-01T00:00:00.123456789Z"}
        return json.dumps({**known, **payload}, ensure_ascii=False).encode() + b"\n"

    said = [{"message": {"role": "assistant", "content": text}, "done": False} for text in texts]
    last: dict[str, object] = {
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": finish,
        "total_duration": 2_000_000,
    }
    if usage is not None:
        last |= {"prompt_eval_count": usage[0], "eval_count": usage[1]}
    lines = [line(payload) for payload in [*said, last]]
    return Reply(headers=NDJSON, pieces=_paced(lines, pause_s, one_write))


def _paced(events: list[bytes], pause_s: float, one_write: bool) -> list[bytes | float]:
    if one_write:
        return [b"".join(events)]
    return [piece for each in events for piece in ((each, pause_s) if pause_s else (each,))]


def json_reply(payload: object, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(payload).encode()
    return Reply(status=status, headers={**JSON, **named}, pieces=[body], framing="length")
