"""How long a provider asks to wait, in each of the forms they have for it. Pure; decides no retry."""

import datetime
import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

from blog.app.llm.providers.framing import mapping, sequence

DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)")
UNIT_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
WAIT_WORDS = re.compile(
    r"(?:try again|retry|retry again) (?:in|after) ((?:\d+(?:\.\d+)?(?:ms|h|m|s))+)"
    r"|(?:try again|retry|retry again) (?:in|after) (\d+(?:\.\d+)?) ?(?:second|$|\.)",
    re.IGNORECASE,
)
# More seconds than this since 1970 are a moment, not a wait; more than the other are milliseconds.
A_MOMENT, IN_MILLISECONDS = 1e9, 1e11


def in_headers(headers: Mapping[str, str], now: datetime.datetime) -> Iterator[float | None]:
    """From the most exact header to the least. `headers` has lower-case names."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    yield None if milliseconds is None else milliseconds / 1000
    yield seconds(headers.get("retry-after", ""), now)
    yield _reset(headers, now)


def seconds(text: str, now: datetime.datetime) -> float | None:
    """Seconds, a Go duration, an HTTP date, an RFC 3339 time, or seconds or milliseconds since 1970."""
    if (number := _number(text)) is not None:
        since_1970 = number / 1000 if number > IN_MILLISECONDS else number
        return number if number < A_MOMENT else since_1970 - now.timestamp()
    if (length := duration(text)) is not None:
        return length
    then = _moment(text)
    return None if then is None else (then - now).total_seconds()


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d{1,14}(\.\d+)?\s*", text) else None


def duration(text: str) -> float | None:
    """Go's way to write one: "6m0s", "17.39s", "12ms"."""
    pieces = DURATION.findall(text)
    if not pieces or "".join(number + unit for number, unit in pieces) != text.strip():
        return None
    return sum(float(number) * UNIT_S[unit] for number, unit in pieces)


def _moment(text: str) -> datetime.datetime | None:
    for read in (datetime.datetime.fromisoformat, parsedate_to_datetime):
        try:
            then = read(text)
        except (ValueError, OverflowError):
            continue
        return then if then.tzinfo else then.replace(tzinfo=datetime.UTC)
    return None


def _reset(headers: Mapping[str, str], now: datetime.datetime) -> float | None:
    """When the bucket that is empty fills again; of several empty ones, the last."""
    resets = (
        seconds(value, now)
        for name, value in headers.items()
        if "ratelimit" in name and "reset" in name and headers.get(name.replace("reset", "remaining")) == "0"
    )
    return max((each for each in resets if each is not None), default=None)


def in_body(payload: object) -> float | None:
    """Google's RetryInfo, wherever it stands in an error."""
    fields = mapping(payload)
    length = fields.get("retryDelay")
    if isinstance(length, str) and (wait := duration(length)) is not None:
        return wait
    inside = (*sequence(payload), fields.get("error"), *sequence(fields.get("details")))
    found = (in_body(each) for each in inside if each)
    return next((each for each in found if each is not None), None)


def in_words(words: str) -> float | None:
    found = WAIT_WORDS.search(words)
    if not found:
        return None
    spelled, number = found.groups()
    return duration(spelled) if spelled else float(number)
