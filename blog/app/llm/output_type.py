"""What an action promises to write, as data and as values; checks no reply and changes no promise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from blog.app.llm.inputs import Reference

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
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputType:
    kind: OutputKind
    schema: Mapping[str, object] | None = None
    validators: tuple[Validator, ...] = ()
