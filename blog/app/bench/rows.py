"""The places of a stack rearranged, and held against what saving would ask. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from blog.app.bench.models import Typed, TypedRow
from blog.app.errors import AppError, Invalid
from blog.app.llm.prompts import rules
from blog.app.translation import gettext as _


def arranged(typed: Typed, do: str) -> Typed:
    """After one press: up-key, down-key, out-key. Anything else leaves the places alone."""
    what, _, key = do.partition("-")
    keys = [row.key for row in typed.rows]
    if what not in {"up", "down", "out"} or key not in keys:
        return typed
    position = keys.index(key) + 1
    if what == "out":
        return replace(typed, rows=rules.without_part(typed.rows, position=position))
    moved = rules.moved(typed.rows, position=position, by=-1 if what == "up" else 1)
    return replace(typed, rows=moved)


def with_row(typed: Typed, row: TypedRow) -> Typed:
    return replace(typed, rows=[*typed.rows, row])


def free_key(rows: Sequence[TypedRow]) -> str:
    """A name for one more place."""
    numbers = [int(row.key[1:]) for row in rows if row.key[:1] == "r" and row.key[1:].isdigit()]
    return f"r{max(numbers, default=0) + 1}"


def at_row(problem: AppError, key: str) -> AppError:
    """The same refusal, which now says which place it is about."""
    return type(problem)(problem.message, **{**problem.details, "row": key})


def excerpt(template: str, problem: AppError) -> str:
    """The line a refusal is about, with a mark below the column. Empty: it names no line."""
    line, column = problem.details.get("line"), problem.details.get("column")
    lines = template.split("\n")
    if not isinstance(line, int) or not 1 <= line <= len(lines):
        return ""
    number = f"{line} │ "
    if not isinstance(column, int):
        return number + lines[line - 1]
    return f"{number}{lines[line - 1]}\n{' ' * (len(number) + column - 1)}^"


def check_same(row: TypedRow, other: TypedRow) -> None:
    """A part that stands at two places has one text."""
    if (row.role, row.kind, row.template) != (other.role, other.kind, other.template):
        raise Invalid(
            _(
                "This part stands at two places and was changed in two ways. "
                "Make one of them a part of its own."
            ),
            row=row.key,
        )
