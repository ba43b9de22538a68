"""Does a reply keep the action's promise? Says what is wrong in sentences; saves, retries and improves
nothing."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry

from blog.app.llm.inputs import Inputs, Value, values_of
from blog.app.llm.output_type import OutputType
from blog.app.llm.reply import Read, Unreadable, clean, read_json, read_list, read_prose
from blog.app.llm.validators import (
    AvoidWords,
    EachOnce,
    ExactCount,
    ItemMaxChars,
    KeyMaxChars,
    MaxChars,
    MaxCount,
    MaxHashtags,
    MaxValue,
    MaxWords,
    MinChars,
    MinCount,
    MinValue,
    MinWords,
    NoUrls,
    OneOf,
    Pattern,
    UniqueItems,
    Validator,
)

MAX_EXAMPLES = 5  # of one problem; a model that is told fifty corrects none
_REPLACED = "Characters that cannot be stored were replaced."

_URL = re.compile(r"\b(?:https?|ftp)://|\bwww\.\w|\]\(\s*\w+:", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<![\w&/#])#\w*[^\W\d]\w*")
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
    text, replaced = clean(reply)
    text = text.strip().strip("\ufeff").strip()
    if not text:
        return Failed(problems=("The reply is empty.",))
    match _read(text, output):
        case Unreadable(problem=problem):
            return Failed(problems=(problem,))
        case Read(value=value, repaired=repaired):
            problems = (*_schema_problems(value, output.schema), *_problems(value, output, inputs))
            notes = (*repaired, _REPLACED) if replaced else repaired
            return Failed(problems=problems) if problems else _checked(value, output, notes)


def _checked(value: Value, output: OutputType, notes: tuple[str, ...]) -> Checked:
    if output.kind in {"list", "json"}:
        return Checked(text=json.dumps(value, ensure_ascii=False), repaired=notes)
    return Checked(text=str(value), repaired=notes)


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
    return Unreadable(problem=f"“{_short(text)}” is none of the choices: {', '.join(choices)}.")


def _read_number(read: Read) -> Read | Unreadable:
    text = str(read.value)
    if _NUMBER.fullmatch(text) is None:
        return Unreadable(problem=f"“{_short(text)}” is not a number.")
    plain = text.replace(",", "").removeprefix("+")
    note = ("The number is written plainly.",) if plain != text else ()
    return Read(value=plain, repaired=read.repaired + note)


def _schema_problems(value: Value, schema: Mapping[str, object] | None) -> Iterator[str]:
    if schema is None:
        return
    # An empty registry: a schema never makes us fetch another one.
    validator = Draft202012Validator(cast("Any", schema), registry=Registry[Any]())
    errors = cast("Iterator[ValidationError]", cast("Any", validator).iter_errors(value))
    # The library names each missing key by an error of its own; the sentence names them all.
    found = dict.fromkeys(f"{_where(error)}: {_schema_words(error)}." for error in errors)
    yield from list(found)[:MAX_EXAMPLES]
    if len(found) > MAX_EXAMPLES:
        yield f"{len(found) - MAX_EXAMPLES} more places do not fit the schema."


def _where(error: ValidationError) -> str:
    steps = [
        f"item {step + 1}" if isinstance(step, int) else f"“{step[:80]}”" for step in error.absolute_path
    ]
    return f"At {', '.join(steps)}" if steps else "At the top"


def _schema_words(error: ValidationError) -> str:
    """The library's own message would repeat the whole reply."""
    rule, told = cast("tuple[str, Any]", (error.validator, error.validator_value))
    match rule:
        case "type":
            kinds = cast("list[str]", told if isinstance(told, list) else [told])
            return f"this should be of type {' or '.join(kinds)}"
        case "required":
            missing = [name for name in told if name not in cast("Any", error.instance)]
            return f"there is no {', '.join(f'“{_short(name)}”' for name in missing)}"
        case "additionalProperties" | "unevaluatedProperties":
            return "there is a key that was not asked for"
        case "enum":
            return f"this is none of {_short(json.dumps(told, ensure_ascii=False))}"
        case "minItems" | "maxItems" | "minLength" | "maxLength":
            size = len(cast("Any", error.instance))
            most = "at most" if rule.startswith("max") else "at least"
            thing = "items" if rule.endswith("Items") else "characters"
            return f"this has {size} {thing}, {most} {told} were asked for"
        case None:
            return "nothing may stand here"
        case _:
            return f"this breaks the rule “{rule}”: {_short(json.dumps(told, ensure_ascii=False))}"


def _problems(value: Value, output: OutputType, inputs: Inputs) -> Iterator[str]:
    if output.kind == "list":
        if not value:
            yield "The list is empty."
        empty = (i for i, item in enumerate(_items(value), start=1) if not item)
        yield from (f"Item {position} of the list is empty." for position in empty)
    for validator in output.validators:
        yield from _broken(validator, value, inputs)


def _broken(  # noqa: C901, PLR0912 - one for each rule
    rule: Validator, value: Value, inputs: Inputs
) -> Iterator[str]:
    match rule:
        case ExactCount() | MinCount() | MaxCount():
            yield from _count_problems(rule, value)
        case MinChars() | MaxChars() | MinWords() | MaxWords():
            yield from _length_problems(rule, str(value))
        case MinValue(n=n) if float(str(value)) < n:
            yield f"{value} is less than {n}."
        case MaxValue(n=n) if float(str(value)) > n:
            yield f"{value} is more than {n}."
        case MinValue() | MaxValue():
            pass
        case ItemMaxChars(n=n):
            yield from _too_long(enumerate(_items(value), start=1), n)
        case KeyMaxChars(key=key, n=n):
            yield from _too_long(((f"“{key}”", text) for text in _under(key, value)), n)
        case UniqueItems():
            yield from _repeated(value)
        case EachOnce():
            yield from _not_each_once(rule, value, inputs)
        case Pattern(regex=regex, on=on):
            texts = [str(value)] if on == "whole" else _items(value)
            yield from _not_matching(regex, texts)
        case OneOf(choices=choices):
            strange = [text for text in _texts(value) if text not in choices]
            yield from _examples("none of the choices", strange)
        case NoUrls() if any(_URL.search(text) for text in _texts(value)):
            yield "The reply has a web address in it."
        case NoUrls():
            pass
        case MaxHashtags(n=n):
            yield from _too_many_hashtags(str(value), n)
        case AvoidWords(words=words):
            yield from _examples("to be avoided", _found_words(words, value))


def _count_problems(rule: ExactCount | MinCount | MaxCount, value: Value) -> Iterator[str]:
    if not isinstance(value, list):
        yield "The reply is not a list, so its items cannot be counted."
        return
    match rule:
        case ExactCount(n=n) if len(value) != n:
            yield f"The list has {len(value)} items, exactly {n} were asked for."
        case MinCount(n=n) if len(value) < n:
            yield f"The list has {len(value)} items, at least {n} were asked for."
        case MaxCount(n=n) if len(value) > n:
            yield f"The list has {len(value)} items, at most {n} were asked for."
        case _:
            pass


def _length_problems(rule: MinChars | MaxChars | MinWords | MaxWords, text: str) -> Iterator[str]:
    words = len(text.split())
    match rule:
        case MinChars(n=n) if len(text) < n:
            yield f"The text has {len(text)} characters, at least {n} were asked for."
        case MaxChars(n=n) if len(text) > n:
            yield f"The text has {len(text)} characters, at most {n} were asked for."
        case MinWords(n=n) if words < n:
            yield f"The text has {words} words, at least {n} were asked for."
        case MaxWords(n=n) if words > n:
            yield f"The text has {words} words, at most {n} were asked for."
        case _:
            pass


def _too_long(texts: Iterator[tuple[int | str, str]], n: int) -> Iterator[str]:
    long = [(name, len(text)) for name, text in texts if len(text) > n]
    for name, length in long[:MAX_EXAMPLES]:
        called = f"Item {name}" if isinstance(name, int) else name
        yield f"{called} has {length} characters, at most {n} were asked for."
    if len(long) > MAX_EXAMPLES:
        yield f"{len(long) - MAX_EXAMPLES} more are too long."


def _repeated(value: Value) -> Iterator[str]:
    if not isinstance(value, list):
        yield "The reply is not a list, so its items cannot be compared."
        return
    folded = Counter(_fold(_as_text(item)) for item in value)
    yield from _examples("there more than once", [text for text, n in folded.items() if n > 1])


def _not_each_once(rule: EachOnce, value: Value, inputs: Inputs) -> Iterator[str]:
    wanted: Counter[str] = Counter()
    for given in values_of(rule.of, inputs):
        if not isinstance(given, (list, tuple)):
            yield f"“{rule.of}” is not a list, so nothing can be compared with it."
            return
        wanted.update(_fold(str(item)) for item in given)
    texts = _items(value) if rule.key is None else list(_under(rule.key, value))
    found = Counter(_fold(text) for text in texts)
    repeated = {text: n - wanted[text] for text, n in (found - wanted).items() if text in wanted}
    yield from _examples(f"of “{rule.of}” but not in the reply", list(wanted - found))
    yield from _examples("in the reply more than once", list(repeated))
    yield from _examples(f"in the reply but not in “{rule.of}”", [t for t in found if t not in wanted])


def _not_matching(regex: str, texts: Sequence[str]) -> Iterator[str]:
    compiled = re.compile(regex)
    wrong = [text for text in texts if compiled.fullmatch(text) is None]
    yield from _examples("not of the form that was asked for", wrong)


def _too_many_hashtags(text: str, n: int) -> Iterator[str]:
    count = len(_HASHTAG.findall(text))
    if count > n:
        yield f"The text has {count} hashtags, at most {n} were asked for."


def _found_words(words: Sequence[str], value: Value) -> list[str]:
    whole = "\n".join(_texts(value))
    return [
        word
        for word in words
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", whole, re.IGNORECASE) is not None
    ]


def _examples(what: str, texts: Sequence[str]) -> Iterator[str]:
    for text in texts[:MAX_EXAMPLES]:
        yield f"“{_short(text)}” is {what}."
    if len(texts) > MAX_EXAMPLES:
        yield f"{len(texts) - MAX_EXAMPLES} more are {what}."


def _items(value: Value) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _texts(value: Value) -> Iterator[str]:
    """Every text in the value, at any depth; keys are the format's, not the model's."""
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
        case _:
            pass


def _under(key: str, value: Value) -> Iterator[str]:
    match value:
        case Mapping():
            for name, inner in value.items():
                yield from _texts(inner) if name == key else _under(key, inner)
        case list():
            for inner in value:
                yield from _under(key, inner)
        case _:
            pass


def _as_text(item: Value) -> str:
    return item if isinstance(item, str) else json.dumps(item, sort_keys=True, ensure_ascii=False)


def _fold(text: str) -> str:
    return " ".join(text.split())


def _short(text: object) -> str:
    whole = _fold(str(text))
    return whole if len(whole) <= 80 else f"{whole[:79]}…"
