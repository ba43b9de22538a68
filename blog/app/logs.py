"""What the processes log: lines for a person, or JSON for a machine, each with what it is about.

Lines name things by id; no secret and no text of a post is among them. An exception is told by where it came
from, its kind and the first line of what it says, since what follows often quotes values.
"""

import json
import logging
import sys
import traceback
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

Form = Literal["text", "json"]
_NOTHING: Mapping[str, object] = {}
_about: ContextVar[Mapping[str, object]] = ContextVar("about", default=_NOTHING)
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
LONGEST = 300


@contextmanager
def about(**what: object) -> Generator[None]:
    """Every line inside says this too, such as `run_id`; None is left out."""
    token = _about.set({**_about.get(), **{name: value for name, value in what.items() if value is not None}})
    try:
        yield
    finally:
        _about.reset(token)


def begin_request(request_id: str) -> None:
    """From here on this thread's lines are about a request; the next one takes its place."""
    _about.set({"request_id": request_id})


def configure(process: str, form: Form) -> None:
    """For a process of its own, once, at its start."""
    logging.basicConfig(level=logging.INFO, handlers=[handler(process, form)])
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    # A person at the console wants to know what went wrong; each request is for a machine that counts them.
    logging.getLogger("blog.app.telemetry").setLevel(logging.INFO if form == "json" else logging.WARNING)


def handler(process: str, form: Form) -> logging.Handler:
    """Writes lines of this form to where errors go."""
    made = logging.StreamHandler(sys.stderr)
    made.setFormatter(_Json() if form == "json" else _Text())
    made.addFilter(_Names(process))
    return made


class _Names(logging.Filter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def filter(self, record: logging.LogRecord) -> bool:
        record.process_name = self._process
        record.about = dict(_about.get())
        return True


def told(exc_info: _ExcInfo) -> str:
    """The chain of exceptions, the cause first, without what comes after the first line of each."""
    links: list[str] = []
    exception = exc_info[1]
    while exception is not None:
        said = (str(exception).splitlines() or [""])[0][:LONGEST]
        frames = "".join(traceback.format_tb(exception.__traceback__))
        links.append(f"{frames}{type(exception).__module__}.{type(exception).__qualname__}: {said}")
        exception = exception.__cause__ or (None if exception.__suppress_context__ else exception.__context__)
    return "\nled to:\n".join(reversed(links))


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(process_name)s %(levelname)s %(name)s: %(message)s")

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - the library's name
        return told(ei)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        ids = " ".join(f"{name}={value}" for name, value in record.__dict__["about"].items())
        return f"{super().formatMessage(record)}{f' [{ids}]' if ids else ''}"


class _Json(logging.Formatter):
    """An object a line. What it is about stands beside the message, each by its name."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "process": record.__dict__["process_name"],
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **record.__dict__["about"],
        }
        if record.exc_info:
            said["exception"] = told(record.exc_info)
        return json.dumps(said, default=str, ensure_ascii=False)
