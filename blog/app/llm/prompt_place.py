"""Where in a part's source a word stands, for the person who must correct it; judges nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Counted from one, as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    text: str
    place: Place


# The words inside the tags, in order; prose between them is not searched, so a field's name in a
# sentence is never taken for the field.
Source = tuple[_Word, ...]


def read_source(environment: Environment, text: str) -> Source:
    return tuple(_words(environment, text))


def _words(environment: Environment, text: str) -> Iterator[_Word]:
    position = line_start = 0
    line = 1
    for _, kind, value in environment.lex(text):
        # White space cut off by a minus sign is missing from the tokens: look for the next one.
        found = text.find(value, position)
        start = position if found < 0 else found
        line += text.count("\n", position, start)
        line_start = text.rfind("\n", 0, start) + 1
        if kind not in {"data", "whitespace"}:
            place = Place(line=line, column=start - line_start + 1)
            yield _Word(text=value.strip() or value, place=place)
        position = start + len(value)
        line += text.count("\n", start, position)


def find_place(source: Source, line: int, *written: str) -> Place:
    """The first place from that line on where the words stand side by side; else the line's first
    tag. Jinja2 counts lines but not columns."""
    later = [word for word in source if word.place.line >= line]
    texts = ["", *(word.text for word in later), ""]
    for position, word in enumerate(later, start=1):
        if written and _stands(texts, position, written):
            return word.place
    return later[0].place if later else Place(line=line, column=1)


def _stands(texts: list[str], position: int, written: tuple[str, ...]) -> bool:
    if tuple(texts[position : position + len(written)]) != written:
        return False
    # A name by itself is neither part of a longer one nor the place where a loop introduces it.
    alone = len(written) == 1 and written[0].isidentifier()
    return not (alone and (texts[position - 1] in {".", "|", "for"} or texts[position + 1] == "."))


def syntax_place(environment: Environment, text: str, error: TemplateSyntaxError) -> Place:
    lines = text.split("\n")
    try:
        source = read_source(environment, text)
    except TemplateSyntaxError:
        # Not even words can be told apart: point at the first tag of the line.
        line = lines[min(error.lineno, len(lines)) - 1]
        tag = re.search(r"\{[{%#]", line)
        return Place(line=error.lineno, column=tag.start() + 1 if tag else 1)
    quoted = re.search(r"'([^']+)'", error.message or "")
    return find_place(source, error.lineno, *([quoted.group(1)] if quoted else []))
