"""The rules a reply can be held to, as values; refuses rules that mean nothing or contradict each other.

A validator is stored as an object with a `rule` and what the rule is told:
`{"rule": "max_chars", "n": 160}`.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, cast

from blog.app.errors import Invalid
from blog.app.llm.inputs import Reference, parse_reference
from blog.app.llm.language import NAMES
from blog.app.llm.pattern import check_pattern
from blog.app.translation import gettext as _

OutputKind = Literal["text", "markdown", "list", "json", "choice", "number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactCount:
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MinCount:
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxCount:
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MinChars:
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxChars:
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MinWords:
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxWords:
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MinValue:
    n: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxValue:
    n: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMaxChars:
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMaxChars:
    """Every text under this key, at any depth of the JSON."""

    key: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueItems:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class EachOnce:
    """Every item of the input list appears exactly once among the texts under `key`, at any depth,
    and nothing else does. White space is folded before comparing. A list output has no key."""

    of: Reference
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """`on` is the whole text, or each item of a list; the pattern must match all of it."""

    regex: str
    on: Literal["whole", "item"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoUrls:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxHashtags:
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AvoidWords:
    """Words or phrases that may not occur, such as a spelling the house does not use."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    code: str


Validator = (
    ExactCount
    | MinCount
    | MaxCount
    | MinChars
    | MaxChars
    | MinWords
    | MaxWords
    | MinValue
    | MaxValue
    | ItemMaxChars
    | KeyMaxChars
    | UniqueItems
    | EachOnce
    | Pattern
    | OneOf
    | NoUrls
    | MaxHashtags
    | AvoidWords
    | Language
)


_TEXTS: frozenset[OutputKind] = frozenset({"text", "markdown"})
_LIST: frozenset[OutputKind] = frozenset({"list"})
_LISTS: frozenset[OutputKind] = frozenset({"list", "json"})

# Which kinds of output a rule can be asked of.
_KINDS: Mapping[str, frozenset[OutputKind]] = {
    "exact_count": _LISTS,
    "min_count": _LISTS,
    "max_count": _LISTS,
    "min_chars": _TEXTS,
    "max_chars": _TEXTS,
    "min_words": _TEXTS,
    "max_words": _TEXTS,
    "min_value": frozenset({"number"}),
    "max_value": frozenset({"number"}),
    "item_max_chars": _LIST,
    "key_max_chars": frozenset({"json"}),
    "unique_items": _LISTS,
    "each_once": _LISTS,
    "pattern": _TEXTS | _LIST,
    "one_of": frozenset({"choice", "list"}),
    "no_urls": _TEXTS | _LISTS,
    "max_hashtags": _TEXTS,
    "avoid_words": _TEXTS | _LISTS,
    "language": _TEXTS | _LISTS,
}

_MAX_N = 1_000_000
_REPEATABLE = frozenset({"key_max_chars", "pattern", "each_once"})
_BOUNDS: tuple[tuple[str, str], ...] = (
    ("min_count", "max_count"),
    ("min_chars", "max_chars"),
    ("min_words", "max_words"),
    ("min_value", "max_value"),
    ("exact_count", "min_count"),
    ("exact_count", "max_count"),
)


_WHOLE: Mapping[str, Callable[..., Validator]] = {
    "exact_count": ExactCount,
    "min_count": MinCount,
    "max_count": MaxCount,
    "min_chars": MinChars,
    "max_chars": MaxChars,
    "min_words": MinWords,
    "max_words": MaxWords,
    "item_max_chars": ItemMaxChars,
}

# What a rule is told besides its name; all others are told "n".
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "key_max_chars": ("key", "n"),
    "each_once": ("of", "key"),
    "pattern": ("regex", "on"),
    "one_of": ("choices",),
    "avoid_words": ("words",),
    "language": ("code",),
    "unique_items": (),
    "no_urls": (),
}


def parse_validators(kind: OutputKind, validators: Sequence[Mapping[str, object]]) -> tuple[Validator, ...]:
    _check_together(kind, validators)
    return tuple(_validator(kind, data) for data in validators)


def _validator(kind: OutputKind, data: Mapping[str, object]) -> Validator:
    rule = _rule(data)
    if kind not in _KINDS[rule]:
        raise _invalid(rule, f"cannot be asked of a {kind}")
    if rule in _WHOLE:
        return _WHOLE[rule](n=_whole(data, "n"))
    return _other_validator(rule, kind, data)


def _other_validator(  # noqa: C901, PLR0911 - one for each rule
    rule: str, kind: OutputKind, data: Mapping[str, object]
) -> Validator:
    match rule:
        case "min_value":
            return MinValue(n=_number(data, "n"))
        case "max_value":
            return MaxValue(n=_number(data, "n"))
        case "key_max_chars":
            return KeyMaxChars(key=_text(data, "key"), n=_whole(data, "n"))
        case "each_once":
            return _each_once(kind, data)
        case "pattern":
            return _pattern(kind, data)
        case "one_of":
            return OneOf(choices=_texts(data, "choices"))
        case "avoid_words":
            return AvoidWords(words=_texts(data, "words"))
        case "language":
            return _language(data)
        case "max_hashtags":
            return MaxHashtags(n=_whole(data, "n", least=0))
        case "unique_items":
            return UniqueItems()
        case "no_urls":
            return NoUrls()
        case _:
            raise _invalid(rule, "has no meaning")


def _rule(data: Mapping[str, object]) -> str:
    rule = data.get("rule")
    if not isinstance(rule, str) or rule not in _KINDS:
        near = get_close_matches(str(rule), _KINDS, n=1)
        hint = f"did you mean “{near[0]}”?" if near else f"there are {', '.join(_KINDS)}."
        raise Invalid(_("There is no validator “%(rule)s”; %(hint)s", rule=rule, hint=hint), rule=rule)
    unknown = sorted(data.keys() - {"rule", *_NEEDS.get(rule, ("n",))})
    if unknown:
        raise _invalid(rule, f"knows no “{unknown[0]}”")
    return rule


def _each_once(kind: OutputKind, data: Mapping[str, object]) -> EachOnce:
    of = parse_reference(_text(data, "of"))
    if kind == "json":
        return EachOnce(of=of, key=_text(data, "key"))
    if "key" in data:
        raise _invalid("each_once", "takes a “key” only for JSON")
    return EachOnce(of=of, key=None)


def _language(data: Mapping[str, object]) -> Language:
    code = _text(data, "code")
    if code not in NAMES:
        raise _invalid("language", f"can tell {', '.join(NAMES)}, but not “{code}”")
    return Language(code=code)


def _pattern(kind: OutputKind, data: Mapping[str, object]) -> Pattern:
    regex = _text(data, "regex")
    check_pattern(regex)
    match data.get("on", "item" if kind == "list" else "whole"), kind:
        case "item", "list":
            return Pattern(regex=regex, on="item")
        case "whole", "text" | "markdown":
            return Pattern(regex=regex, on="whole")
        case _:
            raise _invalid("pattern", "is “on” the whole of a text or each item of a list")


def _whole(data: Mapping[str, object], name: str, *, least: int = 1) -> int:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MAX_N:
        raise _invalid(data["rule"], f"needs “{name}”, a whole number from {least} to {_MAX_N:,}")
    return value


def _number(data: Mapping[str, object], name: str) -> float:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _invalid(data["rule"], f"needs “{name}”, a number")
    return value


def _text(data: Mapping[str, object], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _invalid(data["rule"], f"needs “{name}”, a text")
    return value


def _texts(data: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = data.get(name)
    texts = tuple(_text_items(value))
    if not texts or len({text.casefold() for text in texts}) < len(texts):
        raise _invalid(data["rule"], f"needs “{name}”, a list of different texts")
    return texts


def _text_items(value: object) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        for text in cast("Sequence[object]", value):
            if not isinstance(text, str) or not text.strip():
                return
            yield text.strip()


def _check_together(kind: OutputKind, validators: Sequence[Mapping[str, object]]) -> None:
    """What each rule cannot see by itself."""
    rules = [_rule(data) for data in validators]
    for rule in rules:
        if rules.count(rule) > 1 and rule not in _REPEATABLE:
            raise _invalid(rule, "is given twice")
    if kind == "choice" and "one_of" not in rules:
        raise Invalid(_("A choice needs the validator “one_of” with its choices."))
    numbers = {rule: data.get("n") for rule, data in zip(rules, validators, strict=True)}
    for low, high in _BOUNDS:
        match numbers.get(low), numbers.get(high):
            case int() | float() as least, int() | float() as most if low == "exact_count":
                raise Invalid(
                    _(
                        "“%(low)s” %(least)s already says what “%(high)s” %(most)s would.",
                        low=low,
                        least=least,
                        high=high,
                        most=most,
                    )
                )
            case int() | float() as least, int() | float() as most if least > most:
                raise Invalid(
                    _(
                        "“%(low)s” is %(least)s but “%(high)s” is %(most)s: nothing can be both.",
                        low=low,
                        least=least,
                        high=high,
                        most=most,
                    )
                )
            case _:
                pass


def _invalid(rule: object, sentence: str) -> Invalid:
    return Invalid(_("The validator “%(rule)s” %(sentence)s.", rule=rule, sentence=sentence), rule=rule)
