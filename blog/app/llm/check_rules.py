"""Each rule of an action held against a value; says what is wrong in sentences and reads no raw reply."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from blog.app.llm.inputs import Inputs, Value, values_of
from blog.app.llm.language import NAMES, reads_like_another
from blog.app.llm.reply import shortened
from blog.app.llm.validators import (
    AvoidWords,
    EachOnce,
    ExactCount,
    ItemMaxChars,
    KeyMaxChars,
    Language,
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

_URL = re.compile(r"\b(?:https?|ftp)://|\bwww\.\w|\]\(\s*\w+:", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<![\w&/#])#\w*[^\W\d]\w*")


def broken(  # noqa: C901, PLR0912 - one for each rule
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
        case Language(code=code):
            yield from _in_another_language(code, "\n".join(_texts(value)))


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
    yield from _examples(f"in “{rule.of}” but not in the reply", list(wanted - found))
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


def _in_another_language(code: str, text: str) -> Iterator[str]:
    other = reads_like_another(text, code)
    if other is not None:
        yield f"The reply reads like {other}; {NAMES[code]} was asked for."


def _found_words(words: Sequence[str], value: Value) -> list[str]:
    whole = "\n".join(_texts(value))
    return [
        word
        for word in words
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", whole, re.IGNORECASE) is not None
    ]


def _examples(what: str, texts: Sequence[str]) -> Iterator[str]:
    for text in texts[:MAX_EXAMPLES]:
        yield f"“{shortened(text)}” is {what}."
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
