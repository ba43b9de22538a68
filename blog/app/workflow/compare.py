"""Texts of a field side by side, in the form an editor reads. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from blog.app.errors import Invalid
from blog.app.posts.diff import Segment, diff, take
from blog.app.translation import gettext as _
from blog.app.workflow import values
from blog.app.workflow.models import Comparison, Field

NEAR = 120  # characters of unchanged text kept on each side of a change


Span = tuple[int, int]


def compared(field: Field, old: str, new: str, *, within: Span | None = None) -> Comparison:
    """Two stored or suggested texts, as a textarea would show them.

    `within` are the characters of the old one outside of which both are the same.
    """
    before, after = shown(field, old), shown(field, new)
    return Comparison(old=before, new=after, segments=diff(before, after, within=within))


def taken(field: Field, old: str, new: str, hunks: Collection[int], *, within: Span | None = None) -> str:
    """`old` with only these changes of `compared` made: none leaves it, all make it `new`, byte for byte."""
    comparison = compared(field, old, new, within=within)
    everything = frozenset(range(1, comparison.changes + 1))
    if unknown := frozenset(hunks) - everything:
        raise Invalid(_("These changes are not in the suggestion."), unknown_hunks=sorted(unknown))
    if not hunks:
        return old
    return new if everything <= frozenset(hunks) else take(comparison.segments, hunks)


def shown(field: Field, text: str) -> str:
    """A model's text need not have the field's form; then it is shown as it came."""
    try:
        return values.shown(field.kind, values.canonical(field, text))
    except Invalid:
        return text


def problem(field: Field, text: str) -> str:
    """Why the field would refuse this text; empty: it would not."""
    try:
        values.canonical(field, text)
    except values.Unfit as refusal:
        return refusal.problem
    return ""


def shortened(segments: Sequence[Segment]) -> list[Segment]:
    """Only what is near a change; the rest of what stayed the same becomes an ellipsis."""
    last = len(segments) - 1
    return [
        _near(segment, is_first=number == 0, is_last=number == last)
        if segment.kind == "same" and last > 0
        else segment
        for number, segment in enumerate(segments)
    ]


def _near(segment: Segment, *, is_first: bool, is_last: bool) -> Segment:
    text = segment.text
    if len(text) <= 2 * NEAR + 20:
        return segment
    start = "" if is_first else text[:NEAR].rsplit(" ", 1)[0]
    end = "" if is_last else text[-NEAR:].split(" ", 1)[-1]
    return replace(segment, text=f"{start} … {end}".strip(" ") if start and end else f"{start}…{end}")
