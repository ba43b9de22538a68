"""The transport: prompt, patient only as long as allowed, stopped at once, and silent about keys."""

import datetime
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from blog.app.llm.providers import ollama, openai
from blog.app.llm.providers.base import (
    Cancel,
    ChatRequest,
    Done,
    Event,
    Limits,
    ProviderError,
    TextDelta,
)
from tests.llm.providers.asking import ask
from tests.llm.providers.scripted import (
    EVENTS,
    Reply,
    event,
    json_reply,
    ollama_reply,
    openai_chunk,
    openai_reply,
    serve,
)

FIRST = event(openai_chunk({"content": "Ca"}))
END = event(openai_chunk({"content": "ts"}, "stop")) + b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


def call(
    request: ChatRequest,
    cancel: Cancel | None = None,
    tap: Callable[[bytes], None] = lambda _: None,
    adapter=openai,
) -> Iterator[Event]:
    return adapter.stream(request, adapter.build(request), cancel=cancel or Cancel(), tap=tap)


def text_of(events: list[Event]) -> str:
    return "".join(each.text for each in events if isinstance(each, TextDelta))


def fails(request: ChatRequest, cancel: Cancel | None = None) -> tuple[ProviderError, str]:
    """The error, and the text that came before it."""
    events: list[Event] = []
    try:
        for each in call(request, cancel):
            events.append(each)  # noqa: PERF402 - what came before the error counts
    except ProviderError as exc:
        return exc, text_of(events)
    raise AssertionError(f"the call did not fail: {events}")


# --- what goes out and comes in ------------------------------------------------------------------


@pytest.mark.parametrize("adapter", [openai, ollama])
def test_the_bytes_that_were_built_are_sent_and_the_bytes_that_came_are_kept(adapter):
    reply = openai_reply(["Cats ", "入睡"]) if adapter is openai else ollama_reply(["Cats ", "入睡"])
    with serve(reply) as server:
        request = ask(server.url, key="k", temperature=0.5)
        kept: list[bytes] = []
        *deltas, done = call(request, tap=kept.append, adapter=adapter)
        assert server.received[0].body == adapter.build(request).body
    assert text_of(deltas) == "Cats 入睡"
    assert isinstance(done, Done)
    assert (done.usage.input, done.usage.output) == (11, 7)
    assert b"".join(kept) == b"".join(piece for piece in reply.pieces if isinstance(piece, bytes))


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_the_first_text_is_given_out_when_it_comes(framing):
    pieces = [FIRST, 0.6, END]
    with serve(Reply(headers=EVENTS, pieces=pieces, framing=framing)) as server:
        start = time.monotonic()
        events = call(ask(server.url))
        assert next(events) == TextDelta("Ca")
        assert time.monotonic() - start < 0.5
        assert text_of(list(events)) == "ts"


@pytest.mark.parametrize("reply", [openai_reply(["a"]), openai_reply(["a"], one_write=True)])
def test_a_connection_is_used_again(reply):
    with serve(reply) as server:
        for _ in range(3):
            assert text_of(list(call(ask(server.url)))) == "a"
        assert server.connections == 1


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced():
    with serve([openai_reply(["a"]), openai_reply(["b"])]) as server:
        assert text_of(list(call(ask(server.url)))) == "a"
        for connection in list(server.open):
            connection.shutdown(socket.SHUT_RDWR)
        assert text_of(list(call(ask(server.url)))) == "b"


def test_a_proxy_in_the_environment_does_not_break_loopback(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serve(openai_reply(["a"])) as server:
        assert text_of(list(call(ask(server.url)))) == "a"


def test_a_stream_of_2000_events_is_read_whole():
    """What an event costs is measured by bench/streams.py."""
    with serve(openai_reply(["word "] * 2000)) as server:
        assert len(list(call(ask(server.url)))) == 2001


# --- refusals ------------------------------------------------------------------------------------


def test_an_unknown_model_is_not_found():
    refusal = json_reply({"error": "model 'm' not found"}, 404)
    with serve(refusal) as server, pytest.raises(ProviderError) as caught:
        list(call(ask(server.url), adapter=ollama))
    assert (caught.value.kind, caught.value.message) == ("not_found", "model 'm' not found")


def test_the_body_of_a_refusal_is_kept_as_any_other():
    kept: list[bytes] = []
    with serve(json_reply({"error": "no"}, 500)) as server, pytest.raises(ProviderError):
        list(call(ask(server.url), tap=kept.append))
    assert kept == [b'{"error": "no"}']


def test_a_redirect_is_not_followed():
    with serve(openai_reply(["a"])) as other:
        location = {"Location": f"{other.url}/v1?key=k"}
        with serve(Reply(status=307, headers=location, framing="length")) as server:
            error, _ = fails(ask(server.url, key="sk-secret"))
        assert other.received == []
    assert error.kind == "bad_response"
    assert other.url in error.message
    assert "key=" not in error.message


def test_nobody_there_is_unreachable():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        error, _ = fails(ask(url))
    assert (error.kind, error.retryable) == ("unreachable", True)
    assert error.message == f"Could not reach {url}: connection refused."


@pytest.mark.parametrize("base", ["nowhere at all", "", "http://[::1", "gopher://h/1"])
def test_an_address_that_is_none_is_a_bad_request(base: str):
    error, _ = fails(ask(base))
    assert (error.kind, error.retryable) == ("bad_request", False)


def test_a_header_that_cannot_be_sent_is_refused_without_being_shown():
    error, _ = fails(ask(options={"extra_headers": {"X-Key": "sk-\nsecret"}}))
    assert error.kind == "bad_request"
    assert "secret" not in error.message


def test_a_name_that_does_not_exist_is_unreachable(monkeypatch):
    def unknown(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error, _ = fails(ask("http://nowhere.invalid"))
    assert (error.kind, error.message) == (
        "unreachable",
        "Could not reach http://nowhere.invalid: name or service not known.",
    )


def test_a_server_that_hangs_up_without_an_answer_is_to_blame():
    with closing_server() as url:
        error, _ = fails(ask(url))
    assert (error.kind, error.retryable) == ("server", True)


@contextmanager
def closing_server() -> Generator[str]:
    listener = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)

    thread = threading.Thread(target=hang_up)
    thread.start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(2)


# --- streams that break off ----------------------------------------------------------------------


def test_a_server_that_stays_on_the_line_after_done_costs_no_time():
    with serve(Reply(headers=EVENTS, pieces=[FIRST, END], ending="hang")) as server:
        start = time.monotonic()
        assert text_of(list(call(ask(server.url)))) == "Cats"
        assert time.monotonic() - start < 0.5
        assert server.disconnected.wait(2)


# --- time ----------------------------------------------------------------------------------------


def timed(limits: Limits, reply: Reply) -> tuple[ProviderError, str, float]:
    with serve(reply) as server:
        start = time.monotonic()
        error, text = fails(ask(server.url, limits=limits))
        assert server.disconnected.wait(2)
        return error, text, time.monotonic() - start


SHORT = Limits(connect_s=2, first_token_s=0.3, idle_s=0.3, deadline_s=3)


def test_waiting_for_the_first_word_has_an_end():
    error, _, took = timed(SHORT, Reply(before_headers_s=9))
    assert (error.kind, error.retryable, error.http_status) == ("timeout", True, None)
    assert 0.25 < took < 2.5


def test_a_consumer_that_is_busy_does_not_make_the_provider_idle():
    limits = Limits(connect_s=2, first_token_s=0.5, idle_s=0.15, deadline_s=3)
    with serve(Reply(headers=EVENTS, pieces=[FIRST, 0.05, END])) as server:
        events = call(ask(server.url, limits=limits))
        next(events)
        time.sleep(0.4)
        assert isinstance(list(events)[-1], Done)


def test_words_that_keep_coming_are_waited_for_until_the_deadline():
    limits = Limits(connect_s=2, first_token_s=0.3, idle_s=0.3, deadline_s=0.8)
    error, text, took = timed(limits, Reply(headers=EVENTS, pieces=[FIRST, 0.1] * 30, ending="hang"))
    assert error.kind == "timeout"
    assert "longer than 0.8 seconds" in error.message
    assert len(text) > 8
    assert 0.7 < took < 2.5


def test_a_server_that_dribbles_its_headers_is_not_waited_for():
    listener = socket.create_server(("127.0.0.1", 0))

    def dribble() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            for byte in b"HTTP/1.1 200 OK\r\n" * 5:
                if not _sent(connection, bytes([byte])):
                    return
                time.sleep(0.05)

    thread = threading.Thread(target=dribble)
    thread.start()
    start = time.monotonic()
    with listener:
        error, _ = fails(ask(f"http://127.0.0.1:{listener.getsockname()[1]}", limits=SHORT))
        took = time.monotonic() - start
        thread.join(3)
    assert error.kind == "timeout"
    assert took < 1


def _sent(connection: socket.socket, piece: bytes) -> bool:
    try:
        connection.sendall(piece)
    except OSError:
        return False
    return True


# --- stopping ------------------------------------------------------------------------------------


def cancel_when(happened: threading.Event, cancel: Cancel) -> threading.Thread:
    def stop() -> None:
        assert happened.wait(5)
        time.sleep(0.05)
        cancel.cancel()

    thread = threading.Thread(target=stop)
    thread.start()
    return thread


def test_nothing_more_is_shown_after_a_cancel_though_it_has_been_read():
    cancel = Cancel()
    with serve(openai_reply(["a"] * 100, one_write=True)) as server:
        events = call(ask(server.url), cancel)
        next(events)
        cancel.cancel()
        with pytest.raises(ProviderError, match="cancelled"):
            next(events)


def test_a_cancelled_call_does_not_connect():
    cancel = Cancel()
    cancel.cancel()
    with serve(openai_reply(["a"])) as server:
        error, _ = fails(ask(server.url), cancel)
        assert (error.kind, server.connections) == ("cancelled", 0)


def test_a_cancel_after_the_end_hurts_nobody_elses_call():
    cancel = Cancel()
    with serve([openai_reply(["a"]), openai_reply(["b"], pause_s=0.05)]) as server:
        list(call(ask(server.url), cancel))
        events = call(ask(server.url))
        next(events)
        cancel.cancel()
        assert isinstance(list(events)[-1], Done)
        assert server.connections == 1


def test_calls_leave_no_threads_and_no_sockets_behind():
    with serve(Reply(headers=EVENTS, pieces=[FIRST, 30.0])) as server:
        fails(ask(server.url, limits=Limits(connect_s=1, first_token_s=1, idle_s=0.01, deadline_s=1)))
        threads, files = threading.active_count(), _open_files()
        for _ in range(20):
            cancel = Cancel()
            events = call(ask(server.url), cancel)
            next(events)
            cancel.cancel()
            with pytest.raises(ProviderError):
                next(events)
        deadline = time.monotonic() + 2
        while threading.active_count() > threads and time.monotonic() < deadline:
            time.sleep(0.01)
        assert threading.active_count() <= threads
        assert _open_files() <= files + 1


def _open_files() -> int:

    return len(os.listdir("/proc/self/fd"))


def test_cookies_are_neither_kept_nor_sent():
    reply = Reply(headers={**EVENTS, "Set-Cookie": "a=b"}, pieces=[FIRST, END])
    with serve(reply) as server:
        list(call(ask(server.url)))
        list(call(ask(server.url)))
        assert "cookie" not in server.received[1].headers


# --- over TLS ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def tls_server(certificate: Path) -> Generator[tuple[str, threading.Event]]:
    """Sends one word, then listens: the event is set when the client has hung up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener, hung_up = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def speak() -> None:
        plain, _ = listener.accept()
        with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + FIRST)
            while connection.recv(65_536):
                pass
        hung_up.set()

    thread = threading.Thread(target=speak)
    thread.start()
    with listener:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", hung_up
        thread.join(3)


def test_a_cancel_hangs_up_an_encrypted_call_too(certificate: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    cancel, shown = Cancel(), threading.Event()
    with tls_server(certificate) as (url, hung_up):
        stopping = cancel_when(shown, cancel)
        events = call(ask(url), cancel)
        assert next(events) == TextDelta("Ca")
        shown.set()
        with pytest.raises(ProviderError, match="cancelled"):
            next(events)
        assert hung_up.wait(2)
        stopping.join()


def test_a_certificate_nobody_vouches_for_is_refused(certificate: Path):
    with tls_server(certificate) as (url, _):
        error, _ = fails(ask(url, key="sk-secret"))
    assert (error.kind, error.retryable) == ("unreachable", False)
    assert "certificate verify failed" in error.message
