"""What a case holds an answer to, beyond the action's own output type. Pure; asks no model.

A check is stored as an object with a `rule` and what the rule is told, such as
`{"rule": "contains", "texts": ["kilt"]}`. Counts, lengths and the language are the validators of actions;
the others are only here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from blog.app.errors import Invalid
from blog.app.llm.output_type import parse_output_type
from blog.app.llm.pattern import check_pattern
from blog.app.llm.validators import (
    ExactCount,
    Language,
    MaxChars,
    MaxCount,
    MaxWords,
    MinChars,
    MinCount,
    MinWords,
    OutputKind,
    parse_validators,
)
from blog.app.translation import gettext as _

MAX_CHECKS = 40
MAX_TEXTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains:
    """Every one of the texts, wherever it stands. Case and white space do not matter."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacks:
    """None of the texts, wherever it stands. Case and white space do not matter."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The regular expression is found somewhere; ^ and $ stand for the ends of the answer."""

    regex: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FitsSchema:
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """To the case's reference; `least` is from 0 to 1, see similarity.py."""

    least: float


Counted = ExactCount | MinCount | MaxCount
Measured = MinChars | MaxChars | MinWords | MaxWords
Check = Counted | Measured | Language | Contains | Lacks | Matches | FitsSchema | Similar


# --- what a case may ask -------------------------------------------------------------------------

_COUNTS = frozenset({"exact_count", "min_count", "max_count"})
_LENGTHS = frozenset({"min_chars", "max_chars", "min_words", "max_words", "language"})
_NEEDS: Mapping[str, str] = {
    "contains": "texts",
    "lacks": "texts",
    "matches": "regex",
    "schema": "schema",
    "similar": "least",
}
_REPEATABLE = frozenset({"matches"})
RULES = (*sorted(_COUNTS), *sorted(_LENGTHS), *_NEEDS)


def parse_checks(checks: Sequence[Mapping[str, object]], *, has_reference: bool) -> tuple[Check, ...]:
    """Refuses what means nothing, contradicts itself or could never be held to."""
    if len(checks) > MAX_CHECKS:
        raise Invalid(_("A case has at most %(max_checks)s checks.", max_checks=MAX_CHECKS))
    rules = [_rule(data) for data in checks]
    for rule in rules:
        if rules.count(rule) > 1 and rule not in _REPEATABLE:
            raise _invalid(rule, "is given twice")
    if "similar" in rules and not has_reference:
        raise _invalid("similar", "needs a reference on the case to compare with")
    return (
        *_borrowed("list", checks, _COUNTS),
        *_borrowed("text", checks, _LENGTHS),
        *(_own(rule, data) for rule, data in zip(rules, checks, strict=True) if rule in _NEEDS),
    )


def _borrowed(
    kind: OutputKind, checks: Sequence[Mapping[str, object]], rules: frozenset[str]
) -> tuple[Check, ...]:
    """The rules that are validators too mean the same here; together, so that they do not contradict."""
    return cast(
        "tuple[Check, ...]", parse_validators(kind, [data for data in checks if data["rule"] in rules])
    )


def _rule(data: Mapping[str, object]) -> str:
    rule = data.get("rule")
    if not isinstance(rule, str) or rule not in RULES:
        raise Invalid(
            _("There is no check “%(rule)s”; there are %(rules)s.", rule=rule, rules=", ".join(RULES)),
            rule=rule,
        )
    if rule in _NEEDS and (unknown := sorted(data.keys() - {"rule", _NEEDS[rule]})):
        raise _invalid(rule, f"knows no “{unknown[0]}”")
    return rule


def _own(rule: str, data: Mapping[str, object]) -> Check:
    told = data.get(_NEEDS[rule])
    match rule, told:
        case ("contains", list()):
            return Contains(texts=_texts(rule, cast("list[object]", told)))
        case ("lacks", list()):
            return Lacks(texts=_texts(rule, cast("list[object]", told)))
        case ("matches", str()) if told.strip():
            check_pattern(told)
            return Matches(regex=told)
        case ("schema", Mapping()):
            schema = cast("Mapping[str, object]", told)
            return FitsSchema(schema=parse_output_type("json", schema).schema or schema)
        case ("similar", int() | float()) if not isinstance(told, bool) and 0 < told <= 1:
            return Similar(least=float(told))
        case _:
            raise _invalid(rule, f"needs “{_NEEDS[rule]}”, {_WANTED[_NEEDS[rule]]}")


_WANTED: Mapping[str, str] = {
    "texts": "a list of texts",
    "regex": "a regular expression",
    "schema": "a JSON Schema as an object",
    "least": "a number above 0 and up to 1",
}


def _texts(rule: str, told: Sequence[object]) -> tuple[str, ...]:
    texts = tuple(text.strip() for text in told if isinstance(text, str) and text.strip())
    if not texts or len(texts) < len(told) or len(texts) > MAX_TEXTS:
        raise _invalid(rule, f"needs “texts”, a list of 1 to {MAX_TEXTS} texts that say something")
    return texts


def _invalid(rule: object, sentence: str) -> Invalid:
    return Invalid(_("The check “%(rule)s” %(sentence)s.", rule=rule, sentence=sentence), rule=rule)
