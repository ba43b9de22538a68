"""An answer held to the checks of a case, each answered with a sentence when it does not hold. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blog.app.llm.cases.answers import Said
from blog.app.llm.cases.checks import Check, Contains, FitsSchema, Lacks, Matches, Similar
from blog.app.llm.cases.similarity import similarity
from blog.app.llm.check_rules import broken
from blog.app.llm.check_schema import schema_problems
from blog.app.llm.inputs import Inputs
from blog.app.llm.language import NAMES
from blog.app.llm.reply import shortened
from blog.app.llm.validators import (
    ExactCount,
    Language,
    MaxChars,
    MaxCount,
    MaxWords,
    MinChars,
    MinCount,
    MinWords,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A check after an answer was held to it. `problem` empty: it holds. `score`: of a similarity."""

    rule: str
    asked: str
    problem: str = ""
    score: float | None = None

    @property
    def holds(self) -> bool:
        return not self.problem


def hold(checks: Sequence[Check], said: Said, reference: str) -> list[Held]:
    return [_held(check, said, reference) for check in checks]


def _held(check: Check, said: Said, reference: str) -> Held:
    if isinstance(check, Similar):
        return _compared(check, similarity(said.text, reference))
    return Held(rule=_NAMES[type(check)], asked=asked(check), problem=" ".join(_problems(check, said)))


def _problems(check: Check, said: Said) -> Iterator[str]:
    match check:
        case ExactCount() | MinCount() | MaxCount():
            yield from broken(check, said.value, Inputs())
        case MinChars() | MaxChars() | MinWords() | MaxWords() | Language():
            yield from broken(check, said.text, Inputs())
        case Contains(texts=texts):
            yield from (f"“{shortened(text)}” is not in the answer." for text in _missing(texts, said))
        case Lacks(texts=texts):
            found = [text for text in texts if text not in _missing(texts, said)]
            yield from (f"“{shortened(text)}” is in the answer." for text in found)
        case Matches(regex=regex) if re.search(regex, said.text) is None:
            yield f"Nothing in the answer matches “{shortened(regex)}”."
        case FitsSchema(schema=schema):
            yield from schema_problems(said.value, schema)
        case _:
            pass


def _missing(texts: Sequence[str], said: Said) -> list[str]:
    whole = _fold(said.text)
    return [text for text in texts if _fold(text) not in whole]


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()


def _compared(check: Similar, score: float) -> Held:
    told, least = _percent(score), _percent(check.least)
    problem = f"The answer is {told} like the reference, at least {least} was asked for."
    return Held(
        rule=_NAMES[Similar],
        asked=asked(check),
        problem="" if score >= check.least else problem,
        score=round(score, 4),
    )


def _percent(share: float) -> str:
    """Cut and not rounded, so that what falls short of a hundred never reads as a hundred."""
    return f"{int(share * 100 + 1e-9)}%"


_NAMES: Mapping[type[Any], str] = {
    ExactCount: "exact_count",
    MinCount: "min_count",
    MaxCount: "max_count",
    MinChars: "min_chars",
    MaxChars: "max_chars",
    MinWords: "min_words",
    MaxWords: "max_words",
    Language: "language",
    Contains: "contains",
    Lacks: "lacks",
    Matches: "matches",
    FitsSchema: "schema",
    Similar: "similar",
}

# --- a check in an editor's words ----------------------------------------------------------------

_COUNTED: Mapping[type[Any], str] = {
    ExactCount: "exactly {} items",
    MinCount: "at least {} items",
    MaxCount: "at most {} items",
    MinChars: "at least {} characters",
    MaxChars: "at most {} characters",
    MinWords: "at least {} words",
    MaxWords: "at most {} words",
}


def asked(check: Check) -> str:
    match check:
        case Language(code=code):
            return f"in {NAMES[code]}"
        case Contains(texts=texts) | Lacks(texts=texts):
            verb = "contains" if isinstance(check, Contains) else "does not contain"
            return f"{verb} {_listed(texts)}"
        case Matches(regex=regex):
            return f"matches “{shortened(regex)}”"
        case FitsSchema():
            return "fits the case’s schema"
        case Similar(least=least):
            return f"at least {_percent(least)} like the reference"
        case _:
            return _COUNTED[type(check)].format(check.n)


def _listed(texts: Sequence[str]) -> str:
    shown = ", ".join(f"“{shortened(text)}”" for text in texts[:3])
    return f"{shown} and {len(texts) - 3} more" if len(texts) > 3 else shown
