"""Measures the reading of providers' streams, protocol by protocol, against a server on loopback.

`measure()` answers the figures; `python -m bench.streams` prints them alone.
"""

import socket
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from bench.figures import Figure, show
from blog.app.llm.providers import ADAPTERS
from blog.app.llm.providers.base import (
    Cancel,
    ChatRequest,
    Endpoint,
    Event,
    Message,
    ModelTraits,
    TextDelta,
)
from blog.app.reach import place_of
from tests.llm.runs.dialects import DIALECTS, Dialect

EVENTS = 2000
ROUNDS = 5
SLOW_ROUNDS = 10
PAUSE_S = 0.05
FIRST_TEXT = b"first"


def main() -> None:
    sys.exit(show(measure()))


def measure() -> list[Figure]:
    return [each for dialect in DIALECTS for each in _of(dialect)]


def _of(dialect: Dialect) -> Iterator[Figure]:
    name = dialect.protocol
    late, each = _late_ms(dialect), _each_us(dialect)
    yield Figure(name=f"First event of a slow {name} stream, once sent", value=late, unit="ms", bound=5)
    yield Figure(name=f"Reading one of {EVENTS:,} events of {name}", value=each, unit="µs", bound=30)


def _late_ms(dialect: Dialect) -> float:
    """From just before the server writes the first text to our having it; the worst of all rounds.

    The body has no framing: it ends with its connection, and a reader that waits for a full buffer or
    for the end would be late by all the pauses.
    """
    pieces = [piece for piece in dialect.say(["first", *"abcdefg"]).pieces if isinstance(piece, bytes)]
    late: list[float] = []
    for _ in range(SLOW_ROUNDS):
        with _server(pieces, PAUSE_S) as (url, sent):
            events = _ask(dialect, url)
            next(event for event in events if isinstance(event, TextDelta))
            late.append(time.perf_counter() - sent[0])
            for _ in events:
                pass
    return max(late) * 1000


def _each_us(dialect: Dialect) -> float:
    """What one event costs the thread that reads it, transport and all; the best of a few rounds."""
    pieces = [piece for piece in dialect.say(["word "] * EVENTS).pieces if isinstance(piece, bytes)]
    spent: list[float] = []
    for _ in range(ROUNDS):
        with _server([b"".join(pieces)], 0.0) as (url, _):
            started = time.thread_time()
            count = sum(1 for _ in _ask(dialect, url))
            spent.append((time.thread_time() - started) / count)
    return min(spent) * 1e6


def _ask(dialect: Dialect, url: str) -> Iterator[Event]:
    adapter = ADAPTERS[dialect.protocol]
    request = ChatRequest(
        endpoint=Endpoint(base_url=url, allowed=frozenset({place_of(url)})),
        model="bench",
        messages=(Message(role="user", content="Write."),),
        traits=ModelTraits(max_output=4096),
    )
    return adapter.stream(request, adapter.build(request), cancel=Cancel(), tap=lambda _: None)


@contextmanager
def _server(pieces: list[bytes], pause_s: float) -> Generator[tuple[str, list[float]]]:
    """Answers one request; notes when the first text was about to be sent."""
    listener, sent = socket.create_server(("127.0.0.1", 0)), list[float]()
    thread = threading.Thread(target=_answer, args=(listener, pieces, pause_s, sent), daemon=True)
    thread.start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", sent
        thread.join(10)


def _answer(listener: socket.socket, pieces: list[bytes], pause_s: float, sent: list[float]) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as source:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        length = 0
        while (line := source.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        source.read(length)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for piece in pieces:
            time.sleep(pause_s)
            if FIRST_TEXT in piece:
                sent.append(time.perf_counter())
            connection.sendall(piece)


if __name__ == "__main__":
    main()
