"""What providers answer instead of text, in all the shapes they have for it."""

import datetime
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blog.app.llm.providers import failures

NOW = datetime.datetime(2026, 1, 1, 12, 0, 0, tzinfo=datetime.UTC)


def refused(status: int, body: Any = b"", **headers: str) -> failures.ProviderError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return failures.from_status(status, named, raw, now=NOW)


def test_leading_blank_lines_before_a_body_are_nothing():
    assert refused(500, b'\n\n\n {"error": "late"}').message == "late"


def test_a_message_is_short_and_without_tags():
    assert len(refused(500, {"error": "word " * 1000}).message) == 600


def test_a_provider_may_say_itself_whether_to_try_again():
    assert not refused(429, {"error": "x"}, x_should_retry="false").retryable
    assert refused(400, {"error": "x"}, x_should_retry="true").retryable
    assert not refused(429, {"error": {"code": "insufficient_quota"}}).retryable


def test_an_error_inside_a_success_keeps_its_code():
    error = failures.from_stream({"error": {"code": 429, "message": "busy, try again in 2s"}})
    assert (error.kind, error.http_status, error.retry_after_s) == ("rate_limit", 429, 2)
    assert failures.from_stream({"error": "exploded"}).kind == "server"
    assert failures.from_stream({"type": "error", "code": "server_error", "message": "m"}).message == "m"


@given(st.integers(400, 599), st.binary(max_size=200))
def test_no_body_is_too_strange(status: int, body: bytes):
    assert failures.from_status(status, {}, body).http_status == status


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "details", "type", "metadata", "raw"]), inner
        )
    ),
)


@given(st.integers(400, 599), JSON)
def test_no_json_is_too_strange(status: int, payload: object):
    assert isinstance(failures.from_status(status, {}, json.dumps(payload).encode()).message, str)
    failures.from_stream(payload)
