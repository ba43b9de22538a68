"""The few things a prompt part can be made of; nothing that can call, assign or import exists here."""

from dataclasses import dataclass
from typing import Literal

from blog.app.llm.inputs import SECTIONS, Reference

FilterName = Literal["join", "length", "upper", "lower", "trim", "first", "last", "json"]
Comparison = Literal["eq", "ne", "lt", "lteq", "gt", "gteq", "in", "notin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """`post.title`, `section.draft`, `selection.text`, `input.idea`; never `post.sections`."""

    of: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """`post.sections`: something to loop over or to count, not a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionRead:
    """A field of the section a loop stands at. A slot is the loop's depth."""

    slot: int
    of: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a loop over a list field stands at."""

    slot: int
    of: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopState:
    slot: int
    what: Literal["index", "first", "last"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceMark:
    side: Literal["open", "close"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    name: FilterName
    of: "Expression"
    separator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    of: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    first: "Expression"
    rest: tuple[tuple[Comparison, "Expression"], ...]


Iterable = Read | Sections | SectionRead | Item
Test = Not | Both | Either | Compared
Expression = Constant | Iterable | LoopState | FenceMark | Filtered | Test


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    of: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    branches: tuple[tuple[Expression, tuple["Statement", ...]], ...]
    otherwise: tuple["Statement", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    slot: int
    over: Iterable
    body: tuple["Statement", ...]
    otherwise: tuple["Statement", ...]


Statement = Text | Output | Choice | Loop


def reference_of(expression: Expression) -> Reference | None:
    match expression:
        case Read(of=of) | SectionRead(of=of) | Item(of=of):
            return of
        case Sections():
            return Reference(scope="post", field=SECTIONS)
        case Filtered(of=of):
            return reference_of(of)
        case _:
            return None
