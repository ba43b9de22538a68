"""A suggestion cut into changes that can be taken one by one, and which of them undo a person's. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from blog.app.posts.diff import Segment

Span = tuple[int, int]  # the first character and the one behind the last; the same twice: something left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Words of the field and what the suggestion makes of them. `number` None: it leaves them alone.

    `undoes`: a person wrote or struck words here after the suggestion was asked for.
    """

    number: int | None
    old: str
    new: str
    undoes: bool


def pieces(segments: Sequence[Segment], written_since: Sequence[Segment] = ()) -> list[Piece]:
    """`segments` from what is there now to the suggestion; `written_since` from what was there to now."""
    touched = _touched(written_since)
    found: list[Piece] = []
    place = 0
    for number, group in groupby(segments, key=lambda segment: segment.hunk):
        change = list(group)
        old = "".join(segment.text for segment in change if segment.kind != "added")
        new = "".join(segment.text for segment in change if segment.kind != "removed")
        here = (place, place + len(old))
        undoes = number is not None and any(_meet(here, span) for span in touched)
        found.append(Piece(number=number, old=old, new=new, undoes=undoes))
        place += len(old)
    return found


def _touched(written_since: Sequence[Segment]) -> list[Span]:
    """Where in the present text something was put in or left out."""
    spans: list[Span] = []
    place = 0
    for segment in written_since:
        end = place if segment.kind == "removed" else place + len(segment.text)
        if segment.kind != "same":
            spans.append((place, end))
        place = end
    return spans


def _meet(one: Span, other: Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
