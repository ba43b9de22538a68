"""Reads the value out of what a model wrote; repairs only the wrapping, never the content, and
guesses nothing."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from blog.app.llm.inputs import Value
from blog.app.text import clean

MAX_DEPTH = 50
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

CUT_OFF = "The reply was cut off before its end."
_TOO_DEEP = "The JSON of the reply is nested too deeply."
_NESTED_LIST = "The list has lists inside it."

_FENCE = re.compile(r"(`{3,}|~{3,})([^`]*)")
_PROSE = frozenset({"", "markdown", "md", "text", "txt", "plain", "plaintext"})
_JSON_START = re.compile(r"\[\s*(?:[\"{\[\]\d-]|true|false|null|$)|\{\s*(?:[\"}]|$)")
_BULLET = re.compile(r"([ \t]*)(?:[-*+•–]|\(?\d{1,4}[.)])[ \t]+(\S.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """`repaired` says, for the editor, what was taken away around the value."""

    value: Value
    repaired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    problem: str


def read_prose(text: str) -> Read:
    """Only a fence around the whole is wrapping; a fenced block of code is what was asked for."""
    return _unfenced(text, _PROSE)


def read_json(text: str, accepts: Callable[[Value], bool]) -> Read | Unreadable:
    """The one JSON list or object in the text that `accepts` would have."""
    unfenced = _unfenced(text, None)
    match _decode(str(unfenced.value)):
        case Read(value=value):
            return Read(value=value, repaired=unfenced.repaired)
        case Unreadable() as unreadable:
            return unreadable
        case None:
            return _read_among_words(text, accepts)


def read_list(text: str) -> Read | Unreadable:
    """A JSON list, or lines with bullets or numbers before them."""
    found = read_json(text, _is_list_of_items)
    match found:
        case Read(value=value):
            return _as_items(value, found.repaired)
        case Unreadable():
            lines = _read_lines(str(_unfenced(text, None).value))
            return found if lines is None else lines


def _unfenced(text: str, languages: frozenset[str] | None) -> Read:
    first, _, rest = text.partition("\n")
    match = _FENCE.fullmatch(first)
    if match is None or not rest.endswith(match.group(1)):
        return Read(value=text)
    inside = rest.removesuffix(match.group(1))
    language = match.group(2).strip().lower()
    if match.group(1) in inside or (languages is not None and language not in languages):
        return Read(value=text)
    return Read(value=inside.strip(), repaired=("The code fence around the reply was taken off.",))


class _Refused(ValueError):
    """JSON that is well formed for the decoder, but not for us."""


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    unique: dict[str, Value] = {}
    for key, value in pairs:
        cleaned = clean(key)
        if cleaned in unique:
            raise _Refused(f"The JSON of the reply has the key “{cleaned[:80]}” twice.")
        unique[cleaned] = value
    return unique


def _no_constant(name: str) -> Value:
    raise _Refused(f"{name} is not a number JSON knows.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Refused(f"The number {text[:40]} is too large.")
    return number


def _integer(text: str) -> int:
    if len(text) > 300:
        raise _Refused(f"The number {text[:40]}… is too long.")
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_no_constant,
    parse_float=_finite,
    parse_int=_integer,
    strict=False,  # models break lines inside strings; the text is none the worse for it
)


def _decode(text: str) -> Read | Unreadable | None:
    """None where the text as a whole is not JSON."""
    decoded = _decode_at(text, 0)
    match decoded:
        case (value, end) if end == len(text):
            return Read(value=value)
        case Unreadable():
            return decoded
        case _:
            return None


def _decode_at(text: str, start: int) -> tuple[Value, int] | Unreadable | None:
    try:
        value, end = cast("tuple[Value, int]", cast("Any", _DECODER).raw_decode(text, start))
    except _Refused as exc:
        return Unreadable(problem=str(exc))
    except RecursionError:
        return Unreadable(problem=_TOO_DEEP)
    except ValueError:
        return None
    if _depth(value) > MAX_DEPTH:
        return Unreadable(problem=_TOO_DEEP)
    return _cleaned(value), end


def _depth(value: Value) -> int:
    depth = 0
    level: list[Value] = [value]
    while level:
        level = [inner for outer in level for inner in _inside(outer)]
        depth += 1
    return depth


def _inside(value: Value) -> Sequence[Value]:
    match value:
        case Mapping():
            return list(value.values())
        case list():
            return value
        case _:
            return ()


def _cleaned(value: Value) -> Value:
    """An escape inside JSON text can spell what `clean` has just replaced outside it."""
    match value:
        case str():
            return clean(value)
        case Mapping():
            return {key: _cleaned(inner) for key, inner in value.items()}
        case list():
            return [_cleaned(inner) for inner in value]
        case _:
            return value


def _read_among_words(text: str, accepts: Callable[[Value], bool]) -> Read | Unreadable:
    found: list[Value] = []
    for candidate in _candidates(text):
        match candidate:
            case Unreadable():
                return candidate
            case Read(value=value) if accepts(value):
                found.append(value)
            case Read():
                pass
    match found:
        case []:
            return Unreadable(problem="The reply has no JSON of the kind that was asked for.")
        case [value]:
            return Read(value=value, repaired=("The words around the JSON were left out.",))
        case _:
            return Unreadable(
                problem=f"The reply has {len(found)} pieces of JSON; which one is meant is not clear."
            )


def _candidates(text: str) -> Iterator[Read | Unreadable]:
    """Every list or object that is not inside another. One that does not end was cut off, and what is
    whole inside it is only a part of what was meant."""
    position = 0
    while match := _JSON_START.search(text, position):
        decoded = _decode_at(text, match.start())
        match decoded:
            case Unreadable():
                yield decoded
                return
            case (value, position):
                yield Read(value=value)
            case None:
                end = _closing(text, match.start())
                if end is None:
                    yield Unreadable(problem=CUT_OFF)
                    return
                position = end


_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\(?:.|$))*(?:"|$)|[\[{]|[\]}]', re.DOTALL)


def _closing(text: str, start: int) -> int | None:
    """Where the bracket at `start` is closed again, brackets in strings not counted."""
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text, start):
        match token.group()[0]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
            case _:
                continue
        if depth == 0:
            return token.end()
    return None


def _is_list_of_items(value: Value) -> bool:
    """A footnote mark such as [1] is no list of items."""
    match value:
        case list():
            return any(isinstance(item, (str, Mapping)) for item in value)
        case Mapping() if len(value) == 1:
            inner = next(iter(value.values()))
            return isinstance(inner, list) and _is_list_of_items(inner)
        case _:
            return False


def _as_items(value: Value, repaired: tuple[str, ...]) -> Read | Unreadable:
    match value:
        case Mapping():
            return _from_single_key(value, repaired)
        case list():
            items = [_item(item) for item in value]
        case _:
            return Unreadable(problem="The reply is not a list.")
    unwrapped = any(isinstance(item, Mapping) for item in value)
    texts = [item for item in items if item is not None]
    if len(texts) < len(items):
        return Unreadable(problem=f"Item {items.index(None) + 1} of the list is not a text.")
    note = ("The texts were taken out of the objects around them.",) if unwrapped else ()
    return Read(value=texts, repaired=repaired + note)


def _from_single_key(value: Mapping[str, Value], repaired: tuple[str, ...]) -> Read | Unreadable:
    """Providers that can only be asked for an object get the list as its one value."""
    match list(value.items()):
        case [(key, list() as items)]:
            return _as_items(items, (*repaired, f"The list was taken out of “{key[:80]}”."))
        case _:
            return Unreadable(problem="The reply is an object, not a list.")


def _item(item: Value) -> str | None:
    match item:
        case str():
            return item.strip()
        case bool() | None:
            return None
        case int() | float():
            return str(item)
        case Mapping() if len(item) == 1:
            inner = next(iter(item.values()))
            return inner.strip() if isinstance(inner, str) else None
        case _:
            return None


def _read_lines(text: str) -> Read | Unreadable | None:
    """None where no line has a bullet or a number before it."""
    lines = [line for line in text.split("\n") if line.strip()]
    bullets = [_BULLET.fullmatch(line) for line in lines]
    marked = [position for position, bullet in enumerate(bullets) if bullet is not None]
    if not marked:
        return None
    indents = {len(bullet.group(1).expandtabs(4)) for bullet in bullets if bullet is not None}
    if max(indents) - min(indents) > 1:
        return Unreadable(problem=_NESTED_LIST)
    if set(marked) != set(range(marked[0], marked[-1] + 1)):
        return Unreadable(problem="The list is interrupted by other lines.")
    items: list[Value] = [bullet.group(2).strip() for bullet in bullets if bullet is not None]
    around = len(items) < len(lines)
    note = ("The words around the list were left out.",) if around else ()
    return Read(value=items, repaired=("The lines were read as a list.", *note))


def shortened(text: object) -> str:
    """A piece of a reply, short enough to quote in a sentence."""
    whole = " ".join(str(text).split())
    return whole if len(whole) <= 80 else f"{whole[:79]}…"
