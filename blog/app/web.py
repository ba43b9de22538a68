"""The web edge every package shares: parsing, rendering, answering, errors. Knows no user and no table."""

import hashlib
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import psycopg
from flask import Flask, Response, current_app, g, jsonify, render_template, request
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, TypeAdapter, ValidationError
from werkzeug.exceptions import HTTPException

from blog.app import audit, db, page_language, refused_values, translation
from blog.app.config import Config
from blog.app.errors import AppError, Invalid, Unavailable
from blog.app.installation_secret import Secrets
from blog.app.translation import gettext as _

log = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "static"
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the application was wired with; edges reach it through site()."""

    config: Config
    pool: db.Pool
    secrets: Secrets = field(repr=False)
    vocabulary: Callable[[db.Connection], Any]  # what prompts may read; `llm` does not know `workflow`
    gate: Callable[
        ..., Any
    ]  # what may stand in the way of a version's going live; see llm/prompts/going_live.py
    wakeups: Any = None  # wakes the watchers of a run; see llm/runs/events.py


def site() -> Site:
    return cast(Site, current_app.extensions["blogforge"])


def conn() -> db.Connection:
    """This request's connection, borrowed when first asked for and given back when the request ends."""
    if "connection" not in g:
        g.borrowed = site().pool.connection()
        g.connection = g.borrowed.__enter__()
    return cast(db.Connection, g.connection)


def release_conn() -> None:
    """Gives the connection back early: a stream must not hold one."""
    borrowed = g.pop("borrowed", None)
    g.pop("connection", None)
    if borrowed is not None:
        borrowed.__exit__(None, None, None)


def client_address() -> str:
    """Where the request comes from; behind proxies, see proxies.py."""
    return request.remote_addr or "unknown"


# --- parsing -------------------------------------------------------------------------------------


def parse_json(schema: type[M]) -> M:
    """The request's JSON body as `schema`, or Invalid naming every field that is wrong."""
    body: object = request.get_json(silent=True)
    if body is None:
        raise Invalid(_("The body must be JSON, sent with Content-Type: application/json."))
    return validated(schema, body)


def parse_form(schema: type[M]) -> M:
    """The request's form as `schema`. A field that repeats becomes a list where the schema wants one."""
    values: dict[str, object] = {}
    for name in request.form:
        if name == "csrf_token":
            continue
        wanted = schema.model_fields.get(name)
        several = wanted is not None and "list[" in str(wanted.annotation)
        texts = [_line_ends(text) for text in request.form.getlist(name)]
        values[name] = texts if several else texts[0]
    return validated(schema, values)


def _line_ends(text: str) -> str:
    """Browsers send every line end of a textarea as CRLF, whatever was typed or loaded there."""
    return text.replace("\r\n", "\n")


def parse_query(schema: type[M]) -> M:
    """The query string as `schema`."""
    return validated(schema, {name: value for name, value in request.args.items() if value != ""})


def validated(schema: type[M], value: object) -> M:
    try:
        return schema.model_validate(value)
    except ValidationError as exc:
        problems = [_problem(error) for error in exc.errors()]
        raise Invalid(
            " ".join(f"{problem['field'] or 'Body'}: {problem['message']}." for problem in problems),
            problems=problems,
        ) from exc


def _problem(error: Any) -> dict[str, str]:
    return {
        "field": ".".join(str(place) for place in error["loc"]),
        "message": refused_values.said(error).rstrip("."),
    }


# --- answering -----------------------------------------------------------------------------------


def render(page: str, partial: str | None = None, /, *, status: int = 200, **context: object) -> Response:
    """The whole page, or for htmx the partial when there is one."""
    template = partial if partial and wants_fragment() else page
    response = Response(render_template(template, **context), status=status)
    response.vary.add("HX-Request")
    return response


def wants_fragment() -> bool:
    return request.headers.get("HX-Request") == "true"


def see_other(location: str) -> Response:
    """The answer to a form that did its work: 303 to the page that shows it."""
    return Response(status=303, headers={"Location": location})


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def answer(value: object, shape: Any = None, *, status: int = 200, **headers: str) -> Response:
    """`value` as JSON: a row dataclass, or a list of them with `shape` given as list[Row]."""
    body = _adapter(shape or type(value)).dump_json(value)
    return Response(body, status=status, mimetype="application/json", headers=headers)


def sse(events: Iterable[tuple[int, str, object]]) -> Response:
    """A stream of server-sent events from (id, kind, data); data becomes JSON. Holds no connection."""
    release_conn()
    return Response(
        _sse_lines(events),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _sse_lines(events: Iterable[tuple[int, str, object]]) -> Iterator[bytes]:
    for number, kind, data in events:
        if kind == "keep-alive":
            yield b": keep-alive\n\n"
        else:
            yield f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def last_event_id() -> int:
    """Where a watcher left off; 0 for a new one."""
    text = request.headers.get("Last-Event-ID") or request.args.get("after", "0")
    if not text.isdecimal():
        raise Invalid(_("Last-Event-ID must be the id of an event, a whole number."))
    return int(text)


def asset(path: str) -> str:
    """The address of a file in static/, with a hash of its content so that it may be cached for ever."""
    modified = os.stat(f"{STATIC}/{path}").st_mtime_ns  # forty times a page, and making a Path costs more
    return f"{request.script_root}{current_app.static_url_path}/{path}?v={_content_hash(path, modified)}"


@cache
def _content_hash(path: str, modified: int) -> str:
    del modified  # part of the key only: an edited file gets a new hash without a restart
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


def shown_time(at: datetime) -> str:
    """A moment as a page says it; in the browser, local-time.js turns it into the reader's own time."""
    return at.astimezone(UTC).strftime("%-d %b %Y, %H:%M UTC")


# --- errors --------------------------------------------------------------------------------------


def wants_problem() -> bool:
    return request.path.startswith("/api/")


def error_response(error: AppError) -> Response:
    """One shape per reader: problem+json for programs, a fragment for htmx, a page otherwise."""
    if wants_problem():
        body = {
            "type": f"/problems/{error.code}",
            "title": error.message,
            "status": error.status,
            "request_id": g.get("request_id", ""),
            **error.details,
        }
        response = jsonify(body)
        response.mimetype = "application/problem+json"
    else:
        template = "errors/_error.html" if wants_fragment() else "errors/error.html"
        response = Response(render_template(template, error=error))
        response.vary.add("HX-Request")
    response.status_code = error.status
    if "retry_after" in error.details:
        response.headers["Retry-After"] = str(error.details["retry_after"])
    if error.status == 401 and wants_problem():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


class Unexpected(AppError):
    """Shown for a bug: no detail for the reader, the request id leads to the log."""

    status = 500
    code = "unexpected"


def _largest() -> str:
    largest = request.max_content_length or 0
    return f"{largest // 1024**2} MB" if largest >= 1024**2 else f"{largest // 1024} kB"


def _http_error(exc: HTTPException) -> Response:
    status = exc.code or 500
    kind = type("HTTPError", (AppError,), {"status": status, "code": exc.name.lower().replace(" ", "_")})
    messages = {
        404: _("There is no page at this address."),
        405: _("%(method)s is not possible here.", method=request.method),
        413: _("That is more than is accepted here in one request (%(size)s).", size=_largest()),
    }
    response = error_response(kind(messages.get(status, exc.description or exc.name)))
    if exc.response is None and isinstance(allow := getattr(exc, "valid_methods", None), list):
        response.headers["Allow"] = ", ".join(cast(list[str], allow))
    return response


def _database_error(exc: psycopg.OperationalError | PoolTimeout) -> Response:
    log.warning("The database cannot be reached: %s", str(exc).splitlines()[0] if str(exc) else exc)
    return error_response(
        Unavailable(
            _(
                "The database cannot be reached just now. "
                "Nothing was saved by this request; try again in a moment."
            ),
            retry_after=2,
        )
    )


def _unexpected_error(exc: Exception) -> Response:
    log.exception("Unexpected error in request %s", g.get("request_id", ""), exc_info=exc)
    return error_response(
        Unexpected(
            _(
                "Something went wrong on our side. Reference: %(reference)s.",
                reference=g.get("request_id", ""),
            )
        )
    )


def register(app: Flask) -> None:
    """Request ids, the connection's return, error handlers and template globals."""

    @app.before_request
    def name_request() -> None:  # pyright: ignore[reportUnusedFunction]
        g.request_id = secrets.token_hex(8)
        audit.come_from(client_address(), g.request_id)
        translation.speak(translation.SOURCE if wants_problem() else site().config.language)

    @app.after_request
    def show_request_id(response: Response) -> Response:  # pyright: ignore[reportUnusedFunction]
        response.headers["X-Request-Id"] = g.get("request_id", "")
        return response

    @app.teardown_request
    def give_back(_exc: BaseException | None) -> None:  # pyright: ignore[reportUnusedFunction]
        release_conn()

    app.register_error_handler(AppError, error_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(psycopg.OperationalError, _database_error)
    app.register_error_handler(PoolTimeout, _database_error)
    app.register_error_handler(Exception, _unexpected_error)
    page_language.register(app, STATIC / "js")
    app.add_template_global(asset)
    app.add_template_filter(shown_time)
