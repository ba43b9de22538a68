"""Dividing a section's text in two, and joining two again: decisions on values. Writes and loses nothing."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from blog.app.errors import Invalid
from blog.app.text import cut, folded
from blog.app.translation import gettext as _
from blog.app.workflow.models import Field, SplitPlace

HEADING = re.compile(r"#{1,6}[ \t]+(?P<words>[^\n]*?)[ \t]*#*[ \t]*(?:\n|\Z)")
FENCE = re.compile(r"[ \t]{0,3}(?:```|~~~)")
EXCERPT_CHARS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """`heading` is the line the second half began with, if that was a heading; else empty."""

    before: str
    heading: str
    after: str


def is_divided(field: Field) -> bool:
    """Prose; what names a section stays whole."""
    return field.kind in {"text", "markdown"} and field.title_rank is None


def divided(text: str, offset: int) -> Division:
    """Both halves without the white space between them. Invalid: one of them would be empty."""
    before, rest = text[:offset].rstrip(), text[offset:].strip("\n")
    found = HEADING.match(rest)
    heading = folded(found["words"]) if found else ""
    after = (rest[found.end() :] if found and heading else rest).strip("\n")
    if not before.strip() or not (heading or after.strip()):
        raise Invalid(_("At this place one of the halves would be empty."), offset=offset)
    return Division(before=before, heading=heading, after=after)


def joined(field: Field, first: str, second: str) -> str:
    """Prose with a blank line between, lists one after the other; of anything else the first filled."""
    if not first.strip() or not second.strip():
        return first if first.strip() else second
    if is_divided(field):
        return first.rstrip() + "\n\n" + second.lstrip("\n")
    if field.kind == "list":
        return json.dumps([*json.loads(first), *json.loads(second)], ensure_ascii=False)
    return first


def split_places(text: str, cursor: int | None = None) -> list[SplitPlace]:
    """The cursor's, then the beginning of every paragraph but the first; none within a block of code."""
    paragraphs = [offset for offset in _paragraphs(text) if offset != cursor]
    offsets = paragraphs if cursor is None else [cursor, *paragraphs]
    return [place for offset in offsets if (place := _place(text, offset, offset == cursor)) is not None]


def _place(text: str, offset: int, is_cursor: bool) -> SplitPlace | None:
    try:
        division = divided(text, offset)
    except Invalid:
        return None  # nothing to choose here
    return SplitPlace(
        offset=offset,
        is_cursor=is_cursor,
        before=_end(folded(division.before)),
        heading=division.heading,
        after=cut(folded(division.after), EXCERPT_CHARS),
    )


def _end(line: str) -> str:
    return line if len(line) <= EXCERPT_CHARS else "…" + line[-EXCERPT_CHARS:]


def _paragraphs(text: str) -> Iterator[int]:
    offset, is_code, is_after_blank = 0, False, True
    for line in text.splitlines(keepends=True):
        begins = is_after_blank or HEADING.match(line)
        if line.strip() and begins and not is_code:
            yield offset
        is_code ^= FENCE.match(line) is not None
        is_after_blank = not line.strip()
        offset += len(line)
