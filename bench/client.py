"""A lean HTTP client for one run at a time: POST it, follow its events, time its first text and its end."""

import json
import socket
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Milliseconds since the POST was sent."""

    first_text_ms: float
    done_ms: float


def post_and_follow(address: tuple[str, int], token: str, path: str, body: bytes) -> Timing:
    """One streamed run over the REST API."""
    started = time.perf_counter()
    run_id = json.loads(_post(address, token, path, body))["id"]
    first = 0.0
    with socket.create_connection(address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(_head("GET", f"/api/v1/llm/runs/{run_id}/events", token, 0))
        received = b""
        while b"event: done" not in received:
            piece = connection.recv(65536)
            if not piece:
                raise RuntimeError(f"The events of run {run_id} ended early: {received[-300:]!r}")
            received += piece
            if not first and b"event: text" in received:
                first = time.perf_counter()
    if b'"status": "succeeded"' not in received:
        raise RuntimeError(f"Run {run_id} did not succeed: {received[-500:]!r}")
    ended = time.perf_counter()
    return Timing(first_text_ms=(first - started) * 1000, done_ms=(ended - started) * 1000)


def ask_directly(address: tuple[str, int], body: bytes) -> float:
    """Milliseconds from the POST to the first text when the provider is asked without us."""
    started = time.perf_counter()
    with socket.create_connection(address) as connection:
        connection.sendall(_head("POST", "/v1/chat/completions", "", len(body)) + body)
        received = b""
        while b"word0" not in received:
            received += connection.recv(65536)
    return (time.perf_counter() - started) * 1000


def _head(method: str, path: str, token: str, length: int) -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    ).encode()


def _post(address: tuple[str, int], token: str, path: str, body: bytes) -> bytes:
    with socket.create_connection(address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(_head("POST", path, token, len(body)) + body)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    head, _, content = received.partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].decode()
    if " 202 " not in status:
        raise RuntimeError(f"{status}: {content[:500]!r}")
    return content
