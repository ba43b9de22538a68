"""What providers answer instead of text, in all the shapes they have for it."""

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.llm.providers import failures

NOW = datetime.datetime(2026, 1, 1, 12, 0, 0, tzinfo=datetime.UTC)


def refused(status: int, body: Any = b"", **headers: str) -> failures.ProviderError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return failures.from_status(status, named, raw, now=NOW)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (
            401,
            {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}},
            "auth",
            "Incorrect API key",
        ),
        (
            400,
            {"error": {"message": "bad key", "details": [{"reason": "API_KEY_INVALID"}]}},
            "auth",
            "bad key",
        ),
        (402, {"error": {"message": "no money"}}, "quota", "no money"),
        (403, {"error": "no"}, "permission", "no"),
        (404, {"error": "model 'x' not found"}, "not_found", "model 'x' not found"),
        (404, b"", "not_found", "404"),
        (408, b"", "timeout", "408"),
        (413, {"error": {"message": "prompt is too long: 9 > 8"}}, "context_length", "prompt is too long"),
        (
            422,
            {"detail": [{"msg": "extra forbidden"}, {"msg": "too"}]},
            "bad_request",
            "extra forbidden; too",
        ),
        (422, {"object": "error", "message": {"detail": [{"msg": "m"}]}}, "bad_request", "m"),
        (429, {"error": {"message": "slow down"}}, "rate_limit", "slow down"),
        (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, "quota", "pay"),
        (500, [{"error": {"message": "in a list", "status": "INTERNAL"}}], "server", "in a list"),
        (502, b"<html><head><style>p{}</style></head><h1>Bad &amp; gone</h1></html>", "server", "Bad & gone"),
        (503, {"error": {"message": "loading model", "type": "unavailable_error"}}, "overloaded", "loading"),
        (
            529,
            {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}},
            "overloaded",
            "busy",
        ),
        (
            400,
            {"error": {"message": "Provider returned error", "metadata": {"raw": "too hot"}, "code": 400}},
            "bad_request",
            "Provider returned error too hot",
        ),
        (
            400,
            {
                "error": {
                    "message": "too long",
                    "type": "invalid_request_error",
                    "code": "context_length_exceeded",
                }
            },
            "context_length",
            "too long",
        ),
        (400, {"error": {"message": "filtered", "code": "content_filter"}}, "content_filter", "filtered"),
        (401, {"error": {"code": "401", "message": "Access denied"}}, "auth", "Access denied"),
    ],
)
def test_quirk_7_status_words_and_kind_are_found_in_every_shape(status, body, kind, words):
    error = refused(status, body)
    assert (error.kind, error.http_status) == (kind, status)
    assert words in error.message
    assert "<" not in error.message


def test_leading_blank_lines_before_a_body_are_nothing():
    assert refused(500, b'\n\n\n {"error": "late"}').message == "late"


def test_a_message_is_short_and_without_tags():
    assert len(refused(500, {"error": "word " * 1000}).message) == 600


@pytest.mark.parametrize(
    ("headers", "words", "wait"),
    [
        ({"retry_after": "20"}, "", 20),
        ({"retry_after": "0.5"}, "", 0.5),
        ({"retry_after": "Thu, 01 Jan 2026 12:00:30 GMT"}, "", 30),
        ({"retry_after": "Thu, 01 Jan 2026 11:00:00 GMT"}, "", 0),
        ({"retry_after": "6m0s"}, "", 360),
        ({"retry_after": "soon"}, "", None),
        ({"retry_after_ms": "1500", "retry_after": "9"}, "", 1.5),
        ({"retry_after": "999999"}, "", 3600),
        ({}, "Please try again in 1.25s. Visit", 1.25),
        ({}, "try again in 6m0s", 360),
        ({}, "Try again in 20 seconds.", 20),
        ({}, "retry after 12ms", 0.012),
        ({}, "", None),
        (
            {
                "x_ratelimit_remaining_tokens": "0",
                "x_ratelimit_reset_tokens": "17.39s",
                "x_ratelimit_remaining_requests": "9",
                "x_ratelimit_reset_requests": "8h0m0s",
            },
            "",
            17.39,
        ),
    ],
)
def test_quirk_29_the_wait_is_read_wherever_it_is_written(headers, words, wait):
    error = refused(429, {"error": {"message": words}}, **headers)
    assert error.retryable
    assert error.retry_after_s == (None if wait is None else pytest.approx(wait))


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
