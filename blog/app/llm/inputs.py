"""What a prompt may read, by name, and the values it is given; fetches nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from blog.app.errors import Invalid
from blog.app.translation import gettext as _

# A field's value as JSON knows it. A field that is not in the mapping is as empty as None.
Value: TypeAlias = str | bool | int | float | Sequence["Value"] | Mapping[str, "Value"] | None

# "section" is the one the action is bound to; "sections" is each section of the post in a loop;
# "selection" is the passage an editor has selected; "input" is what is handed to a run by name.
Scope = Literal["post", "section", "sections", "selection", "input"]

SECTIONS = "sections"
POST_ALWAYS = frozenset({"title"})
SECTION_ALWAYS = frozenset({"heading", "position"})
# The passage itself, and what stands before and after it in its field.
SELECTION = frozenset({"text", "before", "after"})

_REFERENCE = re.compile(r"(post\.sections\[\]|post|section|selection|input)\.([a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Reference:
    """One thing a prompt reads. `post.sections` itself is Reference(scope="post", field="sections")."""

    scope: Scope
    field: str

    def __str__(self) -> str:
        return f"{'post.sections[]' if self.scope == 'sections' else self.scope}.{self.field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The field names of the registry; `post.title`, a section's `heading` and `position` and what is known
    of a selection always exist and need not be listed."""

    post: frozenset[str] = frozenset()
    section: frozenset[str] = frozenset()
    input: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """`section` is None where the action is not bound to a section, `selection` where none was made.

    `withheld` is what whoever asks may not read: there is no value of it, and no run may ask for one.
    """

    post: Mapping[str, Value] = field(default_factory=dict[str, Value])
    sections: Sequence[Mapping[str, Value]] = ()
    section: Mapping[str, Value] | None = None
    selection: Mapping[str, Value] | None = None
    input: Mapping[str, Value] = field(default_factory=dict[str, Value])
    withheld: frozenset[Reference] = frozenset()


def post_fields(vocabulary: Vocabulary) -> frozenset[str]:
    return vocabulary.post | POST_ALWAYS | {SECTIONS}


def section_fields(vocabulary: Vocabulary) -> frozenset[str]:
    return vocabulary.section | SECTION_ALWAYS


def parse_reference(text: str) -> Reference:
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise Invalid(
            _("“%(text)s” names no input. Write it like post.interesting_facts.", text=text), name=text
        )
    scope, name = match.groups()
    match scope:
        case "post":
            return Reference(scope="post", field=name)
        case "section":
            return Reference(scope="section", field=name)
        case "selection":
            return Reference(scope="selection", field=name)
        case "input":
            return Reference(scope="input", field=name)
        case _:
            return Reference(scope="sections", field=name)


def values_of(reference: Reference, inputs: Inputs) -> Sequence[Value]:
    """Every value the reference stands for: one, or one per section of the post."""
    match reference.scope:
        case "post" if reference.field == SECTIONS:
            return [list(inputs.sections)]
        case "post":
            return [inputs.post.get(reference.field)]
        case "section":
            return [None if inputs.section is None else inputs.section.get(reference.field)]
        case "sections":
            return [section.get(reference.field) for section in inputs.sections]
        case "selection":
            return [None if inputs.selection is None else inputs.selection.get(reference.field)]
        case "input":
            return [inputs.input.get(reference.field)]


def is_empty(value: Value) -> bool:
    """None, no text, only white space, or a list of nothing but those. Zero and false are answers."""
    match value:
        case None:
            return True
        case str():
            return not value.strip()
        case bool() | int() | float():
            return False
        case Mapping():
            return not value
        case _:
            return all(item is None or (isinstance(item, str) and not item.strip()) for item in value)
