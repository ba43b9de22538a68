"""A field's value in its three forms: stored text, JSON value, and what a textarea shows. Stores nothing.

A list is stored as a JSON array of texts, json as compact JSON, everything else as it was typed; the
empty text is a cleared field of any kind.
"""

import json
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn, cast
from urllib.parse import urlsplit

from pydantic import JsonValue

from blog.app.errors import Invalid
from blog.app.posts.rules import MAX_VALUE_CHARS
from blog.app.text import clean
from blog.app.translation import gettext as _
from blog.app.workflow.models import Field, Kind

MAX_DEPTH = 100
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPACE = re.compile(r"\s")


class Unfit(Invalid):
    """A text that its field cannot hold. `problem` is why, without what became of it."""

    def __init__(self, field: Field, problem: str) -> None:
        super().__init__(f"{problem} {_('Nothing was saved.')}", field=field.name, limit=field.max_chars)
        self.problem = problem


def canonical(field: Field, text: str) -> str:
    """What is stored for a text from a form or a model. Invalid names the field and its limit."""
    stored = _stored(field, clean(text))
    _check_length(field, stored)
    return stored


def from_json(field: Field, value: JsonValue) -> str:
    """What is stored for a value from a program: null clears, a list is for list and json fields."""
    match field.kind, value:
        case _, None:
            return ""
        case "json", dict() | list():
            return canonical(field, _dumped(field, value))
        case "list", list():
            return canonical(field, _dumped(field, value))
        case "number", bool():
            raise Unfit(field, _("%(field)s must be a number.", field=field.label))
        case "number", int() | float():
            return canonical(field, format(Decimal(repr(value)), "f"))
        case "json", _:
            raise Unfit(
                field,
                _("%(field)s must be a JSON object or array, not a text that holds one.", field=field.label),
            )
        case _, str():
            return canonical(field, value)
        case _:
            raise Unfit(
                field,
                _(
                    "%(field)s is a %(kind)s field and cannot hold this JSON value.",
                    field=field.label,
                    kind=field.kind,
                ),
            )


def parsed(kind: Kind, stored: str) -> JsonValue:
    """The JSON value of a stored text. Of a cleared field: [] for a list, null for json and number."""
    match kind:
        case "list":
            return json.loads(stored) if stored else []
        case "json":
            return json.loads(stored) if stored else None
        case "number":
            return _number(stored) if stored else None
        case _:
            return stored


def shown(kind: Kind, stored: str) -> str:
    """What a textarea shows, so that saving it unchanged stores the same again."""
    if not stored:
        return ""
    match kind:
        case "list":
            lines = "\n".join(json.loads(stored))
            return lines if _items(lines) == json.loads(stored) else _pretty(stored)
        case "json":
            return _pretty(stored)
        case _:
            return stored


def is_filled(stored: str) -> bool:
    return bool(stored.strip())


# --- by kind -------------------------------------------------------------------------------------


def _stored(field: Field, text: str) -> str:  # noqa: PLR0911 - one line per kind
    match field.kind:
        case "text" | "markdown":
            return text
        case _ if not text.strip():
            return ""
        case "list":
            return _stored_list(field, text)
        case "json":
            return _stored_json(field, text)
        case "choice":
            return _stored_choice(field, text.strip())
        case "number":
            return _stored_number(field, text.strip())
        case "date":
            return _stored_date(field, text.strip())
        case "url":
            return _stored_url(field, text.strip())


def _stored_list(field: Field, text: str) -> str:
    items = _items(text)
    if items is None:
        raise Unfit(
            field,
            _(
                "%(field)s must be a list of texts: one per line, or a JSON array of strings.",
                field=field.label,
            ),
        )
    return json.dumps(items, ensure_ascii=False) if items else ""


def _items(text: str) -> list[str] | None:
    """A JSON array's items, else the lines; without white space around and empty ones. None: other JSON."""
    found: Sequence[object] = text.splitlines() if (array := _array(text)) is None else array
    if not all(isinstance(item, str) for item in found):
        return None
    return [stripped for item in found if (stripped := clean(cast(str, item)).strip())]


def _array(text: str) -> list[object] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None  # a line that begins with a bracket
    return cast(list[object], value) if isinstance(value, list) else None


def _stored_json(field: Field, text: str) -> str:
    try:
        found: object = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        value = _cleaned(found, MAX_DEPTH)
    except json.JSONDecodeError as exc:
        raise Unfit(
            field,
            _(
                "%(field)s is not JSON: %(problem)s in line %(line)s, column %(column)s.",
                field=field.label,
                problem=exc.msg,
                line=exc.lineno,
                column=exc.colno,
            ),
        ) from exc
    except ValueError as exc:
        raise Unfit(
            field, _("%(field)s cannot be kept: %(problem)s.", field=field.label, problem=exc)
        ) from exc
    except RecursionError as exc:
        raise Unfit(field, _("%(field)s is nested too deeply.", field=field.label)) from exc
    if not isinstance(value, (dict, list)):
        raise Unfit(field, _("%(field)s must be a JSON object or array.", field=field.label))
    return _dumped(field, value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [pair[0] for pair in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(_("the name “%(name)s” occurs twice in one object", name=clean(twice)))
    return dict(pairs)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(_("%(name)s is not a number in JSON", name=name))


def _cleaned(value: object, depth: int) -> JsonValue:
    if depth == 0:
        raise ValueError(_("it is nested more than %(levels)s levels deep", levels=MAX_DEPTH))
    match value:
        case str():
            return clean(value)
        case list():
            return [_cleaned(item, depth - 1) for item in cast(list[object], value)]
        case dict():
            pairs = cast(dict[str, object], value).items()
            return {clean(name): _cleaned(item, depth - 1) for name, item in pairs}
        case _:
            return cast(JsonValue, value)


def _dumped(field: Field, value: JsonValue) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError as exc:
        raise Unfit(field, _("%(field)s holds a number too large to keep.", field=field.label)) from exc
    except RecursionError as exc:
        raise Unfit(field, _("%(field)s is nested too deeply.", field=field.label)) from exc


def _pretty(stored: str) -> str:
    return json.dumps(json.loads(stored), ensure_ascii=False, indent=2)


def _stored_choice(field: Field, text: str) -> str:
    if text not in field.choices:
        raise Unfit(
            field,
            _("%(field)s must be one of: %(choices)s.", field=field.label, choices=", ".join(field.choices)),
        )
    return text


def _stored_number(field: Field, text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise Unfit(field, _("%(field)s must be a number such as 12 or 0.5.", field=field.label))
    number = Decimal(text)
    return format(number.normalize(), "f") if number else "0"


def _stored_date(field: Field, text: str) -> str:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text).isoformat()
    except ValueError as exc:
        raise Unfit(field, _("%(field)s must be a date such as 2026-03-31.", field=field.label)) from exc


def _stored_url(field: Field, text: str) -> str:
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or _SPACE.search(text):
        raise Unfit(
            field, _("%(field)s must be an address that begins with https:// or http://.", field=field.label)
        )
    return text


def _number(stored: str) -> int | float:
    return float(stored) if "." in stored else int(stored)


# --- limits --------------------------------------------------------------------------------------


def _check_length(field: Field, stored: str) -> None:
    if len(stored) > MAX_VALUE_CHARS:
        raise Unfit(
            field,
            _(
                "%(field)s has %(length)s characters; a field holds at most %(most)s.",
                field=field.label,
                length=f"{len(stored):,}",
                most=f"{MAX_VALUE_CHARS:,}",
            ),
        )
    length = counted(field.kind, stored)
    if field.max_chars is not None and length > field.max_chars:
        raise Unfit(
            field,
            _(
                "%(field)s has %(length)s characters; at most %(most)s are allowed.",
                field=field.label,
                length=f"{length:,}",
                most=f"{field.max_chars:,}",
            ),
        )


def counted(kind: Kind, stored: str) -> int:
    """The characters that count against `max_chars`: of a list those of its items, one per line."""
    if kind == "list" and stored:
        return len("\n".join(json.loads(stored)))
    return len(stored)
