"""Does a reply keep the action's promise? Says what is wrong in sentences; saves, retries and improves
nothing."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from blog.app.llm.check_rules import broken
from blog.app.llm.check_schema import schema_problems
from blog.app.llm.inputs import Inputs, Value
from blog.app.llm.output_type import OutputType
from blog.app.llm.reply import (
    REPLACEMENT,
    Read,
    Unreadable,
    read_json,
    read_list,
    read_prose,
    shortened,
)
from blog.app.llm.validators import OneOf, Validator
from blog.app.text import clean

_REPLACED = "Characters that cannot be stored were replaced."

_NUMBER = re.compile(r"[+-]?(?:\d{1,30}|\d{1,3}(?:,\d{3}){1,9})(?:\.\d{1,30})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`text` is what to save: prose as it is, lists and JSON as JSON text."""

    text: str
    repaired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    problems: tuple[str, ...]


def check(reply: str, output: OutputType, inputs: Inputs) -> Checked | Failed:
    text = clean(reply).strip().strip("\ufeff").strip()
    if not text:
        return Failed(problems=("The reply is empty.",))
    match _read(text, output):
        case Unreadable(problem=problem):
            return Failed(problems=(problem,))
        case Read(value=value, repaired=repaired):
            problems = (*schema_problems(value, output.schema), *_problems(value, output, inputs))
            return Failed(problems=problems) if problems else _checked(reply, value, output, repaired)


def _checked(reply: str, value: Value, output: OutputType, repaired: tuple[str, ...]) -> Checked:
    as_json = output.kind in {"list", "json"}
    text = json.dumps(value, ensure_ascii=False) if as_json else str(value)
    # The result is asked and not the reply, because an escape in JSON can spell such a character.
    replaced = REPLACEMENT in text and REPLACEMENT not in reply
    return Checked(text=text, repaired=(*repaired, _REPLACED) if replaced else repaired)


def _read(text: str, output: OutputType) -> Read | Unreadable:
    match output.kind:
        case "text" | "markdown":
            return _not_empty(read_prose(text))
        case "list":
            return read_list(text)
        case "json":
            return _read_json(text, output)
        case "choice":
            return _read_choice(read_prose(text), output.validators)
        case "number":
            return _read_number(read_prose(text))


def _not_empty(read: Read) -> Read | Unreadable:
    return read if str(read.value).strip() else Unreadable(problem="The reply is empty.")


def _read_json(text: str, output: OutputType) -> Read | Unreadable:
    wanted = None if output.schema is None else output.schema.get("type")
    found = read_json(text, lambda value: _is_container(value, wanted))
    match found:
        case Read(value=Mapping() as value) if wanted == "array" and len(value) == 1:
            key, inner = next(iter(value.items()))
            note = f"The list was taken out of “{key[:80]}”."
            unwrapped = Read(value=inner, repaired=(*found.repaired, note))
            return unwrapped if isinstance(inner, list) else found
        case Read(value=Mapping() | list()) | Unreadable():
            return found
        case _:
            return Unreadable(problem="The reply is a single value, not a JSON list or object.")


def _is_container(value: Value, wanted: object) -> bool:
    match value:
        case Mapping():
            return wanted != "array"
        case list():
            return wanted != "object"
        case _:
            return False


def _read_choice(read: Read, validators: Sequence[Validator]) -> Read | Unreadable:
    choices = [c for rule in validators if isinstance(rule, OneOf) for c in rule.choices]
    text = str(read.value)
    if text in choices:
        return read
    bare = text.strip(" \t\n\"'“”‘’`*.").casefold()
    for choice in choices:
        if choice.casefold() == bare:
            return Read(value=choice, repaired=(*read.repaired, "The choice is spelt as declared."))
    return Unreadable(problem=f"“{shortened(text)}” is none of the choices: {', '.join(choices)}.")


def _read_number(read: Read) -> Read | Unreadable:
    text = str(read.value)
    if _NUMBER.fullmatch(text) is None:
        return Unreadable(problem=f"“{shortened(text)}” is not a number.")
    plain = text.replace(",", "").removeprefix("+")
    note = ("The number is written plainly.",) if plain != text else ()
    return Read(value=plain, repaired=read.repaired + note)


def _problems(value: Value, output: OutputType, inputs: Inputs) -> Iterator[str]:
    if output.kind == "list":
        yield from _empty_items(value)
    for validator in output.validators:
        yield from broken(validator, value, inputs)


def _empty_items(value: Value) -> Iterator[str]:
    match value:
        case list() if value:
            empty = (position for position, item in enumerate(value, start=1) if not item)
            yield from (f"Item {position} of the list is empty." for position in empty)
        case _:
            yield "The list is empty."
