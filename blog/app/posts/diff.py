"""What changed between two texts, word by word. Never loses a character, and stays quick on long texts."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

Kind = Literal["same", "removed", "added"]

_WORDS = re.compile(r"\w+(?:['’]\w+)*|\s+|[^\w\s]")

# difflib finds the nicest answer and takes the product of both lengths for it; beyond this, words that
# occur once on both sides hold the texts together, and what has none is shown as replaced whole.
_NICE = 60_000
_DEPTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A run of text. `hunk`: the number of its change, from 1; None for what stayed the same."""

    kind: Kind
    text: str
    hunk: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`old` became `new` between two runs of unchanged text; equal ones did not change."""

    old: str
    new: str


def diff(old: str, new: str) -> list[Segment]:
    """Same and removed join to `old`, same and added to `new`."""
    pieces = _joined(_by_lines(old, new))
    return list(_segments(_joined(_readable(pieces))))


def take(segments: Sequence[Segment], hunks: Collection[int]) -> str:
    """The old text with only these changes made."""
    return "".join(
        segment.text
        for segment in segments
        if segment.kind == "same" or (segment.kind == "added") == (segment.hunk in hunks)
    )


# --- finding changes -----------------------------------------------------------------------------


def _by_lines(old: str, new: str) -> Iterator[Change]:
    for lines in _aligned(old.splitlines(keepends=True), new.splitlines(keepends=True), _DEPTH):
        if lines.old == lines.new:
            yield lines
        else:
            yield from _aligned(_WORDS.findall(lines.old), _WORDS.findall(lines.new), _DEPTH)


def _aligned(old: Sequence[str], new: Sequence[str], depth: int) -> Iterator[Change]:
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    yield _same(old[:start])
    yield from _between(old[start : len(old) - end], new[start : len(new) - end], depth)
    yield _same(old[len(old) - end :])


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many tokens both begin with."""
    return next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )


def _between(old: Sequence[str], new: Sequence[str], depth: int) -> Iterator[Change]:
    if not old or not new:
        yield Change(old="".join(old), new="".join(new))
    elif len(old) * len(new) <= _NICE:
        yield from _nicest(old, new)
    elif depth and (anchors := _anchors(old, new)):
        yield from _around(old, new, anchors, depth - 1)
    else:
        yield Change(old="".join(old), new="".join(new))


def _nicest(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    for _, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield Change(old="".join(old[a:b]), new="".join(new[c:d]))


def _around(
    old: Sequence[str], new: Sequence[str], anchors: Sequence[tuple[int, int]], depth: int
) -> Iterator[Change]:
    a = b = 0
    for next_a, next_b in anchors:
        yield from _aligned(old[a:next_a], new[b:next_b], depth)
        yield _same(old[next_a : next_a + 1])
        a, b = next_a + 1, next_b + 1
    yield from _aligned(old[a:], new[b:], depth)


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Where the tokens that occur once on both sides are, as many as keep their order (patience diff)."""
    places = _places_of_single(new)
    pairs = [(a, places[token]) for token, a in _places_of_single(old).items() if token in places]
    return _longest_rising(sorted(pairs))


def _places_of_single(tokens: Sequence[str]) -> dict[str, int]:
    counts = Counter(tokens)
    return {token: place for place, token in enumerate(tokens) if counts[token] == 1}


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    ends: list[int] = []  # the smallest end of a rising run of each length
    last: list[int] = []  # the pair it ends with
    before: list[int] = []  # for each pair, the one it follows in its run; -1: none
    for number, (_, b) in enumerate(pairs):
        length = bisect_left(ends, b)
        ends[length : length + 1] = [b]
        last[length : length + 1] = [number]
        before.append(last[length - 1] if length else -1)
    rising: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        rising.append(pairs[number])
        number = before[number]
    return rising[::-1]


def _same(tokens: Sequence[str]) -> Change:
    text = "".join(tokens)
    return Change(old=text, new=text)


# --- making them readable ------------------------------------------------------------------------


def _joined(changes: Iterator[Change]) -> Iterator[Change]:
    """Neighbours of one sort as one, without empty ones."""
    present = (change for change in changes if change.old or change.new)
    for _, group in groupby(present, key=lambda change: change.old == change.new):
        run = list(group)
        yield Change(old="".join(c.old for c in run), new="".join(c.new for c in run))


def _readable(changes: Iterator[Change]) -> Iterator[Change]:
    """A sameness no longer than the changes on both sides is chance: nobody reads confetti."""
    run = list(changes)
    for number, change in enumerate(run):
        around = run[number - 1 : number] + run[number + 1 : number + 2]
        is_chance = len(around) == 2 and all(_size(side) >= len(change.old) for side in around)
        if change.old == change.new and is_chance and "\n" not in change.old:
            yield from (Change(old=change.old, new=""), Change(old="", new=change.new))
        else:
            yield change


def _size(change: Change) -> int:
    return max(len(change.old), len(change.new))


def _segments(changes: Iterator[Change]) -> Iterator[Segment]:
    hunk = 0
    for change in changes:
        if change.old == change.new:
            yield Segment(kind="same", text=change.old, hunk=None)
            continue
        hunk += 1
        if change.old:
            yield Segment(kind="removed", text=change.old, hunk=hunk)
        if change.new:
            yield Segment(kind="added", text=change.new, hunk=hunk)
