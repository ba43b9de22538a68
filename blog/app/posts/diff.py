"""What changed between two texts, word by word. Never loses a character, and stays quick on long texts."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Literal, NamedTuple

from rapidfuzz.distance import LCSseq

Kind = Literal["same", "removed", "added"]

_WORDS = re.compile(r"\w+(?:['’]\w+)*|\s+|[^\w\s]")

# The longest common sequence keeps the most words, and takes the product of both lengths to find; between
# longer texts it keeps too many that are there by chance. So beyond this, words that occur once on both
# sides hold the texts together, and what has none is shown as replaced whole.
_CELLS = 60_000
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


class Block(NamedTuple):
    """`length` tokens, at these places of both texts, that are the same."""

    old: int
    new: int
    length: int


def diff(old: str, new: str, *, within: tuple[int, int] | None = None) -> list[Segment]:
    """Same and removed join to `old`, same and added to `new`.

    `within` are the characters of `old` outside of which both are known to be the same.
    """
    start, end = within or (0, len(old))
    before, after = old[:start], old[end:]
    if len(before) + len(after) > len(new) or not (new.startswith(before) and new.endswith(after)):
        raise ValueError("The texts differ outside of the part that was to be compared.")
    pieces = _joined(_by_lines(old[start:end], new[start : len(new) - len(after)]))
    around = Change(old=before, new=before), Change(old=after, new=after)
    return list(_segments(_joined(chain(around[:1], _readable(pieces), around[1:]))))


def take(segments: Sequence[Segment], hunks: Collection[int]) -> str:
    """The old text with only these changes made."""
    return "".join(
        segment.text
        for segment in segments
        if segment.kind == "same" or (segment.kind == "added") == (segment.hunk in hunks)
    )


# --- finding changes -----------------------------------------------------------------------------


def _by_lines(old: str, new: str) -> Iterator[Change]:
    for lines in _joined(_aligned(old.splitlines(keepends=True), new.splitlines(keepends=True))):
        if lines.old == lines.new:
            yield lines
        else:
            yield from _aligned(_WORDS.findall(lines.old), _WORDS.findall(lines.new))


def _aligned(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    a = b = 0
    for block in [*_blocks(old, new, 0, 0, _DEPTH), Block(len(old), len(new), 0)]:
        if a < block.old or b < block.new:
            yield Change(old="".join(old[a : block.old]), new="".join(new[b : block.new]))
        a, b = block.old + block.length, block.new + block.length
        same = "".join(old[block.old : a])
        yield Change(old=same, new=same)


def _blocks(old: Sequence[str], new: Sequence[str], a: int, b: int, depth: int) -> list[Block]:
    """Where the texts are the same, in order. `a` and `b` are the places of their first tokens."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    between = old[start : len(old) - end], new[start : len(new) - end]
    return [
        Block(a, b, start),
        *_blocks_between(*between, a + start, b + start, depth),
        Block(a + len(old) - end, b + len(new) - end, end),
    ]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many tokens both begin with."""
    return next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )


def _blocks_between(old: Sequence[str], new: Sequence[str], a: int, b: int, depth: int) -> list[Block]:
    if not old or not new or len(old) == len(new) == 1:
        return []
    if len(old) * len(new) <= _CELLS:
        return _longest_common(old, new, a, b)
    return _around(old, new, a, b, depth - 1) if depth else []


def _longest_common(old: Sequence[str], new: Sequence[str], a: int, b: int) -> list[Block]:
    """Keeps as many tokens as can be kept. Numbers stand for them: the library compares hashes."""
    number = {token: n for n, token in enumerate({*old, *new})}
    matching = LCSseq.opcodes([number[token] for token in old], [number[token] for token in new])
    return [
        Block(a + code.src_start, b + code.dest_start, code.src_end - code.src_start)
        for code in matching
        if code.tag == "equal"
    ]


def _around(old: Sequence[str], new: Sequence[str], a: int, b: int, depth: int) -> list[Block]:
    anchors = _anchors(old, new)
    if not anchors:
        return []
    blocks: list[Block] = []
    start_a = start_b = 0
    for next_a, next_b in anchors:
        blocks += _blocks(old[start_a:next_a], new[start_b:next_b], a + start_a, b + start_b, depth)
        blocks.append(Block(a + next_a, b + next_b, 1))
        start_a, start_b = next_a + 1, next_b + 1
    return blocks + _blocks(old[start_a:], new[start_b:], a + start_a, b + start_b, depth)


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
