"""What a provider answered instead of text -> ProviderError, in its own words. Pure."""

import datetime
import html
import http
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from blog.app.llm.providers import waits
from blog.app.llm.providers.base import MASK, MESSAGE_LIMIT, ErrorKind, ProviderError
from blog.app.llm.providers.framing import mapping, parse_json, sequence

RETRYABLE: frozenset[ErrorKind] = frozenset({"rate_limit", "overloaded", "server", "timeout"})
LONGEST_WAIT_S = 3600.0

BY_STATUS: dict[int, ErrorKind] = {
    401: "auth",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    409: "server",
    425: "overloaded",
    429: "rate_limit",
    499: "server",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}

# The codes of an error object. They say more than the status, which gateways rewrite.
BY_CODE: dict[str, ErrorKind] = {
    "insufficient_quota": "quota",
    "billing_error": "quota",
    "enforced_spend_limit_reached": "quota",
    "context_length_exceeded": "context_length",
    "exceed_context_size_error": "context_length",
    "content_filter": "content_filter",
    "content_policy_violation": "content_filter",
    "invalid_api_key": "auth",
    "api_key_invalid": "auth",
    "authentication_error": "auth",
    "permission_error": "permission",
    "permission_denied": "permission",
    "model_not_found": "not_found",
    "not_found_error": "not_found",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "overloaded_error": "overloaded",
    "unavailable_error": "overloaded",
    "server_error": "server",
    "api_error": "server",
    "internal_error": "server",
    "timeout_error": "timeout",
    "not_found": "not_found",
    "deploymentnotfound": "not_found",
    "unauthenticated": "auth",
    "resource_exhausted": "rate_limit",
    "unavailable": "overloaded",
    "slow_down": "overloaded",
    "internal": "server",
    "deadline_exceeded": "timeout",
    "invalid_request_error": "bad_request",
}

CONTEXT_WORDS = re.compile(
    r"context (length|window|size)|maximum context|input length exceeds|prompt is too long"
    r"|too many (input )?tokens|exceeds? the (available )?context|input token count .* exceeds",
    re.IGNORECASE,
)
WORD_KEYS = ("message", "error", "detail", "details", "msg", "errors", "error_description", "title")
CODE_KEYS = ("code", "type", "status", "reason", "error_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What an error body says, whatever its shape."""

    words: str
    codes: tuple[str, ...] = ()
    wait_s: float | None = None


def from_status(
    status: int, headers: Mapping[str, str], body: bytes, *, now: datetime.datetime | None = None
) -> ProviderError:
    """The error of an answer that is not 2xx. `headers` must look names up in lower case."""
    stated = state(body)
    kind = _kind(status, stated)
    wait = retry_after(headers, stated, now=now)
    return ProviderError(
        kind,
        stated.words or f"The provider answered {status} {_phrase(status)} without saying why.",
        retryable=_retryable(kind, headers.get("x-should-retry")),
        http_status=status,
        retry_after_s=wait if kind in RETRYABLE else None,
    )


def from_stream(payload: object) -> ProviderError:
    """The error object inside an answer that had begun as a success."""
    stated = _stated(payload)
    status = next((int(code) for code in stated.codes if re.fullmatch(r"[45]\d\d", code)), None)
    kind = _kind(status or 500, stated)
    return ProviderError(
        kind,
        stated.words or "The provider broke off with an error it did not explain.",
        retryable=kind in RETRYABLE,
        http_status=status,
        retry_after_s=retry_after({}, stated) if kind in RETRYABLE else None,
    )


def not_an_answer(body: bytes) -> ProviderError:
    """The error of a 200 whose body is not what the protocol promises."""
    if not body.strip():
        return ProviderError(
            "bad_response", "The provider answered with nothing.", retryable=True, http_status=200
        )
    try:
        payload = parse_json(body)
    except ValueError:
        payload = None
    if has_error(payload):
        return from_stream(payload)
    words = state(body).words or plain(body.decode("utf-8", "replace"))
    message = f"The answer is not in the provider's protocol: {words}"
    return ProviderError("bad_response", message, http_status=200)


def has_error(payload: object) -> bool:
    fields = mapping(payload) or mapping(next(iter(sequence(payload)), None))
    return bool(fields.get("error")) or "error" in (fields.get("type"), fields.get("object"))


def without_secrets(said: bytes, secrets: Collection[str]) -> bytes:
    for secret in secrets:
        said = said.replace(secret.encode(), MASK.encode())
    return said


def state(body: bytes) -> Stated:
    try:
        payload = parse_json(body)
    except ValueError:
        return Stated(words=plain(body.decode("utf-8", "replace")))
    return _stated(payload)


def _stated(payload: object) -> Stated:
    return Stated(words=plain(_words(payload)), codes=tuple(_codes(payload)), wait_s=waits.in_body(payload))


def _words(value: object) -> str:
    match value:
        case str():
            return value
        case list():
            said = (_words(each) for each in sequence(cast(object, value))[:3])
            return "; ".join(each for each in said if each)
        case dict():
            fields = mapping(cast(object, value))
            said = (_words(fields[key]) for key in WORD_KEYS if key in fields)
            return " ".join(each for each in (next(filter(None, said), ""), _raw(fields)) if each)
        case _:
            return ""


def _raw(fields: Mapping[str, object]) -> str:
    """OpenRouter says "Provider returned error" and puts the provider's words into metadata."""
    return _words(mapping(fields.get("metadata")).get("raw"))


def _codes(value: object) -> Iterator[str]:
    for each in sequence(value):
        yield from _codes(each)
    fields = mapping(value)
    yield from (str(fields[key]).lower() for key in CODE_KEYS if fields.get(key))
    for key in ("error", "details", "innererror"):
        if key in fields:
            yield from _codes(fields[key])


def plain(text: str) -> str:
    """Without tags and runs of white space, cut to what an error row keeps."""
    text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", " ", text)
    text = html.unescape(re.sub(r"</?[a-zA-Z!][^<>]*>", " ", text))
    text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return " ".join(text.split())[:MESSAGE_LIMIT]


def _kind(status: int, stated: Stated) -> ErrorKind:
    if kind := _by_code(stated.codes):
        return kind
    if status in {400, 413, 422, 500} and CONTEXT_WORDS.search(stated.words):
        return "context_length"
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status < 400:
        return "bad_response"
    if status < 500 or "invalid_request_error" in stated.codes:
        return "bad_request"
    return "server"


def _by_code(codes: Collection[str]) -> ErrorKind | None:
    kinds: list[ErrorKind] = [BY_CODE[code] for code in codes if code in BY_CODE]
    # Said beside a rate limit too, and then no wait mends it.
    quotas: list[ErrorKind] = [kind for kind in kinds if kind == "quota"]
    # "invalid_request_error" stands beside every other code of a 400; it adds nothing.
    return next((kind for kind in (*quotas, *kinds) if kind != "bad_request"), None)


def _retryable(kind: ErrorKind, should_retry: str | None) -> bool:
    match should_retry:
        case "true":
            return True
        case "false":
            return False
        case _:
            return kind in RETRYABLE


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def retry_after(
    headers: Mapping[str, str], stated: Stated, *, now: datetime.datetime | None = None
) -> float | None:
    """Seconds to wait, from the most exact place that says so; at most an hour."""
    found = (
        *waits.in_headers(headers, now or datetime.datetime.now(datetime.UTC)),
        stated.wait_s,
        waits.in_words(stated.words),
    )
    wait = next((each for each in found if each is not None), None)
    return None if wait is None else min(max(wait, 0.0), LONGEST_WAIT_S)
