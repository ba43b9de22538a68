"""Runs and figures as files: JSON lines, CSV. Pure.

A spreadsheet takes a cell that begins like a formula for one, and a model's words are a stranger's: such a
cell is written with an apostrophe before it, which spreadsheets show as text.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol


class Row(Protocol):
    """Any row dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


FORMULA = ("=", "+", "-", "@", "\t", "\r")
# In a table: what fits into a cell. Messages, inputs and requests are in the JSON lines.
COLUMNS = (
    "id", "action", "action_version", "provider", "model", "status", "purpose", "attempt", "retry_of_id",
    "refines_id", "replay_of_id", "repair_of_id", "user_name", "post_id", "section_id", "field",
    "suggestion_status", "created_at", "started_at", "first_text_at", "finished_at", "finish", "error_kind",
    "error_message", "usage_input", "usage_output", "usage_cached", "usage_cache_write", "usage_reasoning",
    "cost", "cost_currency", "output",
)  # fmt: skip


def json_lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(asdict(row), default=_plain, ensure_ascii=False) + "\n"


def table_of(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    return table(columns, (asdict(row) for row in rows))


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A CSV as RFC 4180 has it, line by line, with a line of names. None is an empty cell."""
    yield _line(columns)
    for row in rows:
        yield _line([_cell(row[column]) for column in columns])


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, datetime | date | Decimal):
        return _plain(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else str(value)


def _plain(value: object) -> str:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case _:
            raise TypeError(f"{type(value).__name__} has no form in an export.")
