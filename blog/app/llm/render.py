"""Fills a parsed template with values and remembers where each value landed; parses nothing, so a
value that looks like a template stays the text it is."""

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal, NamedTuple, cast

from blog.app.errors import Invalid
from blog.app.llm.inputs import Inputs, Reference, Value, is_empty, values_of
from blog.app.llm.prompt_nodes import (
    Both,
    Choice,
    Compared,
    Comparison,
    Constant,
    Either,
    Expression,
    FenceMark,
    Filtered,
    Item,
    Loop,
    LoopState,
    Not,
    Output,
    Read,
    SectionRead,
    Sections,
    Statement,
    Text,
    reference_of,
)
from blog.app.translation import gettext as _

MAX_CHARACTERS = 2_000_000
MAX_PIECES = 200_000  # loops inside loops multiply; the largest real prompt has a few hundred

_Section = Mapping[str, Value]


# What a long prompt has hundreds of is a tuple: a frozen dataclass takes four times as long to make.


class Mark(NamedTuple):
    """Characters start to end came from this input."""

    start: int
    end: int
    reference: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    text: str
    marks: tuple[Mark, ...] = ()


class _Turn(NamedTuple):
    """One time round a loop."""

    at: Value
    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """`turns` are those of the loops one is inside of, the innermost last."""

    inputs: Inputs
    fence: str
    turns: list[_Turn]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """Texts in their order; for each that came from an input, its place among them and the input."""

    texts: list[str]
    sources: list[tuple[int, Reference]]


def fence_open(fence: str) -> str:
    return f"<{fence}>"


def fence_close(fence: str) -> str:
    return f"</{fence}>"


def render(body: tuple[Statement, ...], inputs: Inputs, *, fence: str, fenced: bool = False) -> Rendered:
    """White space around the whole is dropped: tags on lines of their own leave it behind. A text
    that came to nothing is not fenced either."""
    written = _Written(texts=[], sources=[])
    _write(body, _Given(inputs=inputs, fence=fence, turns=[]), written)
    _check_size(written)
    whole = "".join(written.texts)
    text = whole.strip()
    if not text:
        return Rendered(text="")
    opening, closing = (f"{fence_open(fence)}\n", f"\n{fence_close(fence)}") if fenced else ("", "")
    shift = len(opening) - (len(whole) - len(whole.lstrip()))
    marks = _marks(written, shift=shift, lowest=len(opening), highest=len(opening) + len(text))
    return Rendered(text=f"{opening}{text}{closing}", marks=tuple(marks))


def _check_size(written: _Written) -> None:
    if len(written.texts) > MAX_PIECES or sum(map(len, written.texts)) > MAX_CHARACTERS:
        raise Invalid(_("The loops of this part multiply its data beyond any prompt."))


def _marks(written: _Written, *, shift: int, lowest: int, highest: int) -> Iterator[Mark]:
    starts = list(accumulate(map(len, written.texts), initial=shift))
    for place, reference in written.sources:
        start, end = max(starts[place], lowest), min(starts[place + 1], highest)
        if start < end:
            yield Mark(start=start, end=end, reference=reference)


def _write(body: tuple[Statement, ...], given: _Given, written: _Written) -> None:
    # Appending to one list halves the time of a long loop against generators inside one another.
    for statement in body:
        match statement:
            case Text(text=text):
                written.texts.append(text)
            case Output(of=of):
                _write_output(of, given, written)
            case Choice():
                _write(_chosen(statement, given), given, written)
            case Loop():
                _write_loop(statement, given, written)


def _write_output(of: Expression, given: _Given, written: _Written) -> None:
    reference = reference_of(of)
    text = _text(_value(of, given), reference)
    if reference is not None:
        text = _defused(text, given.fence)
        written.sources.append((len(written.texts), reference))
    written.texts.append(text)


def _chosen(choice: Choice, given: _Given) -> tuple[Statement, ...]:
    for test, body in choice.branches:
        if _is_true(_value(test, given)):
            return body
    return choice.otherwise


def _write_loop(loop: Loop, given: _Given, written: _Written) -> None:
    values = _list(_value(loop.over, given), reference_of(loop.over))
    if not values:
        _write(loop.otherwise, given, written)
    for index, at in enumerate(values, start=1):
        written.texts.append("")  # so that a loop that says nothing is counted too
        if len(written.texts) > MAX_PIECES:
            _check_size(written)
        given.turns.append(_Turn(at, index, len(values)))
        _write(loop.body, given, written)
        given.turns.pop()


def _value(expression: Expression, given: _Given) -> Value:  # noqa: C901, PLR0911 - one for each kind
    match expression:
        case Item(slot=slot):
            return given.turns[slot].at
        case LoopState(slot=slot, what=what):
            return _state(given.turns[slot], what)
        case Read(of=of):
            return values_of(of, given.inputs)[0]
        case SectionRead(slot=slot, of=of):
            return cast("_Section", given.turns[slot].at).get(of.field)
        case Sections():
            return list(given.inputs.sections)
        case Constant(value=value):
            return value
        case FenceMark(side=side):
            return fence_open(given.fence) if side == "open" else fence_close(given.fence)
        case Filtered():
            return _filtered(expression, _value(expression.of, given))
        case Not(of=of):
            return not _is_true(_value(of, given))
        case Both(left=left, right=right):
            return _is_true(_value(left, given)) and _is_true(_value(right, given))
        case Either(left=left, right=right):
            return _is_true(_value(left, given)) or _is_true(_value(right, given))
        case Compared():
            return _compared(expression, given)


def _state(turn: _Turn, what: Literal["index", "first", "last"]) -> Value:
    match what:
        case "index":
            return turn.number
        case "first":
            return turn.number == 1
        case "last":
            return turn.number == turn.total


def _filtered(filtered: Filtered, value: Value) -> Value:  # noqa: PLR0911 - one for each filter
    if value is None and filtered.name not in {"length", "json"}:
        return None  # an `if` may ask; `_text` refuses to put it out
    reference = reference_of(filtered)
    match filtered.name:
        case "join":
            return filtered.separator.join(_text(v, reference) for v in _list(value, reference))
        case "length":
            return _length(value, reference)
        case "upper":
            return _word(value, reference).upper()
        case "lower":
            return _word(value, reference).lower()
        case "trim":
            return _word(value, reference).strip()
        case "first":
            return next(iter(_list(value, reference)), None)
        case "last":
            return next(reversed(_list(value, reference)), None)
        case "json":
            return _json(value)


_COMPARE: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda one, many: one in many,
    "notin": lambda one, many: one not in many,
}


def _compared(compared: Compared, given: _Given) -> bool:
    left = _value(compared.first, given)
    for name, expression in compared.rest:
        right = _value(expression, given)
        try:
            holds = _holds(name, left, right)
        except TypeError as exc:
            subject = reference_of(compared.first) or reference_of(expression)
            raise Invalid(_("%(called)s cannot be compared that way.", called=_called(subject))) from exc
        if not holds:
            return False
        left = right
    return True


def _holds(name: Comparison, left: Value, right: Value) -> bool:
    """Nothing is neither more nor less than anything, and nothing is in it."""
    match name:
        case "eq" | "ne":
            return _COMPARE[name](left, right)
        case "notin":
            return right is None or _COMPARE[name](left, right)
        case _:
            return left is not None and right is not None and _COMPARE[name](left, right)


def _is_true(value: Value) -> bool:
    """What `if` asks of a field is what a run asks of an input: is there anything? Only 0 and false,
    which are answers, also count as no."""
    return not is_empty(value) and value is not False and value != 0


def _text(value: Value, reference: Reference | None) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case None:
            raise Invalid(_("%(called)s is empty.", called=_called(reference)), missing=[str(reference)])
        case Mapping():
            return _json(value)
        case _ if any(isinstance(item, (Mapping, list, tuple)) for item in value):
            return _json(value)
        case _:
            return "\n".join(_text(item, reference) for item in value)


def _json(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False, default=list)


def _word(value: Value, reference: Reference | None) -> str:
    if isinstance(value, (str, int, float)):
        return _text(value, reference)
    raise Invalid(_("%(called)s is not a text.", called=_called(reference)))


def _list(value: Value, reference: Reference | None) -> Sequence[Value]:
    match value:
        case None | "":
            return ()
        case str() | bool() | int() | float() | Mapping():
            raise Invalid(_("%(called)s is not a list.", called=_called(reference)))
        case _:
            return value


def _length(value: Value, reference: Reference | None) -> int:
    match value:
        case None:
            return 0
        case bool() | int() | float():
            raise Invalid(_("%(called)s is a number and has no length.", called=_called(reference)))
        case _:
            return len(value)


def _called(reference: Reference | None) -> str:
    return "A value" if reference is None else f"“{reference}”"


def _defused(text: str, fence: str) -> str:
    """Data may not end its own fence. The fence is random, so this only meets a value that learnt it."""
    if fence.lower() not in text.lower():
        return text
    return re.sub(re.escape(fence), f"{fence[:1]}·{fence[1:]}", text, flags=re.IGNORECASE)
