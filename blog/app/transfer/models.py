"""What a file would change here, item by item, before and after. Nothing here holds an id: a name is all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

ItemKind = Literal["workflow", "stage", "sub_stage", "field", "part", "action"]
What = Literal["new", "changed", "brought_back"]
MissingModels = Literal["refuse", "default"]
FileFormat = Literal["yaml", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why the file cannot be imported as it is. `where` is the item's place in it; empty: all of it."""

    where: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing about an item. `before` is null for a new item."""

    name: str
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """`name` is the item's own; `within` the workflow it belongs to, empty for parts and actions."""

    kind: ItemKind
    name: str
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """brought_back: it was archived here and is used again."""

    item: Item
    what: What
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingModel:
    """A model that an action of the file asks and that is not connected here.

    `instead` says what was asked for: the default model, or no other model in place of a fallback.
    """

    action: str
    model: str
    role: Literal["model", "fallback_model"]
    instead: Literal["default model", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What importing a file does here. `digest` names exactly this; with problems there is none.

    `left_alone` is what is here and not in the file. `same` counts what is equal in both.
    """

    changes: Sequence[Change]
    left_alone: Sequence[Item]
    same: Mapping[ItemKind, int]
    missing_models: Sequence[MissingModel]
    notes: Sequence[str]
    problems: Sequence[Problem]
    digest: str | None
    is_imported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PastImport:
    """An import that was done, as the audit trail has it."""

    at: datetime
    author: str | None
    new: int
    changed: int
