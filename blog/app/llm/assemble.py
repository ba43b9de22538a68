"""Prompt parts plus inputs become the messages of a request, in the order the editor saved; sends,
stores and sorts nothing.

Preview, test and run all come through here, so what is seen is what is sent.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from blog.app.errors import Invalid
from blog.app.llm.inputs import Inputs, Reference, Vocabulary, is_empty, values_of
from blog.app.llm.prompt_nodes import Text
from blog.app.llm.prompt_template import ParsedTemplate, parse
from blog.app.llm.providers.base import Message, Role
from blog.app.llm.render import Mark, Rendered, render
from blog.app.translation import gettext as _

PartKind = Literal["role", "style", "task", "data", "format", "example"]

CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PartText:
    """One version of a part, where an action has put it."""

    part_id: int
    version: int
    name: str
    role: Role
    kind: PartKind
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembledPart:
    """`marks` are the characters of the message that came from inputs."""

    part: PartText
    message: Message
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """`left_out` are the parts that came to nothing but white space with these inputs."""

    parts: tuple[AssembledPart, ...]
    left_out: tuple[PartText, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(assembled.message for assembled in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadingConstant:
    """How much of every request of an action is the same from the start, for a provider's cache.

    `parts` of its leading parts are constant as wholes; those of them that say something are `messages`.
    """

    parts: int
    messages: int
    characters: int
    tokens: int


def new_fence() -> str:
    """The one impure function here: called once per run by whoever owns the run, and passed in."""
    return f"data-{secrets.token_hex(8)}"


def assemble(parts: Sequence[PartText], vocabulary: Vocabulary, inputs: Inputs, *, fence: str) -> Assembly:
    check_inputs(parts, vocabulary, inputs)
    rendered = [(part, _render(part, vocabulary, inputs, fence)) for part in parts]
    return Assembly(
        parts=tuple(_assembled(part, result) for part, result in rendered if result.text),
        left_out=tuple(part for part, result in rendered if not result.text),
    )


def check_inputs(parts: Sequence[PartText], vocabulary: Vocabulary, inputs: Inputs) -> None:
    missing = [str(reference) for reference in missing_inputs(parts, vocabulary, inputs)]
    if missing:
        raise Invalid(
            _("The prompt needs inputs that were not given: %(missing)s.", missing=", ".join(missing)),
            missing=missing,
        )


def missing_inputs(parts: Sequence[PartText], vocabulary: Vocabulary, inputs: Inputs) -> list[Reference]:
    return [
        reference
        for reference in sorted(required_inputs(parts, vocabulary))
        if any(is_empty(value) for value in values_of(reference, inputs))
    ]


def required_inputs(parts: Sequence[PartText], vocabulary: Vocabulary) -> frozenset[Reference]:
    return frozenset[Reference]().union(*(parse_part(p, vocabulary).required for p in parts))


def read_inputs(parts: Sequence[PartText], vocabulary: Vocabulary) -> frozenset[Reference]:
    return frozenset[Reference]().union(*(parse_part(p, vocabulary).reads for p in parts))


def parse_part(part: PartText, vocabulary: Vocabulary) -> ParsedTemplate:
    """What saving a part asks: may this text be a part of this kind?"""
    parsed = parse(part.template, vocabulary)
    if part.kind == "data" and parsed.names_fence:
        raise Invalid(
            _(
                "The data part “%(name)s” is put inside the fence as a whole; name the fence "
                "in another part.",
                name=part.name,
            ),
            part_id=part.part_id,
        )
    return parsed


def leading_constant(parts: Sequence[PartText], vocabulary: Vocabulary) -> LeadingConstant:
    parsed = [(part, parse_part(part, vocabulary)) for part in parts]
    whole = [_constant_start(p, t) for p, t in takewhile(lambda pair: _is_constant(*pair), parsed)]
    first_changing = [_constant_start(p, t) for p, t in parsed[len(whole) : len(whole) + 1]]
    text = "".join([*(start.strip() for start in whole), *first_changing])
    return LeadingConstant(
        parts=len(whole),
        messages=sum(1 for start in whole if start.strip()),
        characters=len(text),
        tokens=estimate_tokens(text),
    )


def estimate_tokens(text: str) -> int:
    """An estimate: four characters to a token, which is about right for English and too few for most
    other scripts. Only the provider's own count is true, and it comes back with the run."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def _render(part: PartText, vocabulary: Vocabulary, inputs: Inputs, fence: str) -> Rendered:
    body = parse_part(part, vocabulary).body
    return render(body, inputs, fence=fence, fenced=part.kind == "data")


def _assembled(part: PartText, rendered: Rendered) -> AssembledPart:
    message = Message(role=part.role, content=rendered.text)
    return AssembledPart(part=part, message=message, marks=rendered.marks)


def _is_constant(part: PartText, parsed: ParsedTemplate) -> bool:
    # A data part begins with the fence, and the fence is another one in every run.
    return part.kind != "data" and all(isinstance(piece, Text) for piece in parsed.body)


def _constant_start(part: PartText, parsed: ParsedTemplate) -> str:
    if part.kind == "data":
        return ""
    texts = takewhile(lambda piece: isinstance(piece, Text), parsed.body)
    return "".join(piece.text for piece in texts if isinstance(piece, Text)).lstrip()
