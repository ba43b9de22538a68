"""What changed between two texts, word by word. Never loses a character, and stays quick on long texts."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
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


class Block(NamedTuple):
    """`length` characters, or tokens, that are the same, at these places of both texts."""

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
    head, tail = Block(0, 0, start), Block(end, len(new) - len(after), len(after))
    between = _readable(old, head, _by_lines(old, new, head, tail), tail)
    return list(_segments(old, new, _joined([head, *between, tail])))


def take(segments: Sequence[Segment], hunks: Collection[int]) -> str:
    """The old text with only these changes made."""
    return "".join(
        segment.text
        for segment in segments
        if segment.kind == "same" or (segment.kind == "added") == (segment.hunk in hunks)
    )


# --- finding what is the same --------------------------------------------------------------------


def _by_lines(old: str, new: str, head: Block, tail: Block) -> list[Block]:
    """In characters, between two blocks: whole lines, and between those that differ their words."""
    found: list[Block] = []
    a = b = head.length
    lines = _lines(old[a : tail.old]), _lines(new[b : tail.new])
    for block in [*_aligned(*lines, a, b), tail]:
        words = _WORDS.findall(old[a : block.old]), _WORDS.findall(new[b : block.new])
        found += [*_aligned(*words, a, b), block]
        a, b = block.old + block.length, block.new + block.length
    return _joined(found[:-1])


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _joined(blocks: Iterable[Block]) -> list[Block]:
    """Neighbours as one, without empty ones."""
    joined: list[Block] = []
    a = b = -1  # where the last one ends
    for block in blocks:
        old, new, length = block
        if not length:
            continue
        if (old, new) == (a, b):
            last = joined[-1]
            joined[-1] = Block(last.old, last.new, last.length + length)
        else:
            joined.append(block)
        a, b = old + length, new + length
    return joined


def _aligned(old: Sequence[str], new: Sequence[str], a: int, b: int) -> list[Block]:
    """In characters, where the tokens are the same. `a` and `b` are the places of the first ones."""
    number = {token: n for n, token in enumerate({*old, *new})}
    same = _blocks([number[token] for token in old], [number[token] for token in new], 0, 0, _DEPTH)
    places, new_places = _places(old, a), _places(new, b)
    return [Block(places[a], new_places[b], places[a + length] - places[a]) for a, b, length in _joined(same)]


def _places(tokens: Sequence[str], first: int) -> list[int]:
    return list(accumulate(map(len, tokens), initial=first))


def _blocks(old: Sequence[int], new: Sequence[int], a: int, b: int, depth: int) -> list[Block]:
    """In tokens, which are numbers here; some are empty. `a` and `b` are the places of the first tokens."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    between = old[start : len(old) - end], new[start : len(new) - end]
    return [
        Block(a, b, start),
        *_blocks_between(*between, a + start, b + start, depth),
        Block(a + len(old) - end, b + len(new) - end, end),
    ]


def _common(old: Sequence[int], new: Sequence[int]) -> int:
    """How many tokens both begin with."""
    return next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )


def _blocks_between(old: Sequence[int], new: Sequence[int], a: int, b: int, depth: int) -> list[Block]:
    if not old or not new or len(old) == len(new) == 1:
        return []
    if len(old) * len(new) <= _CELLS:
        return _longest_common(old, new, a, b)
    return _around(old, new, a, b, depth - 1) if depth else []


def _longest_common(old: Sequence[int], new: Sequence[int], a: int, b: int) -> list[Block]:
    """Keeps as many tokens as can be kept."""
    return [
        Block(a + code.src_start, b + code.dest_start, code.src_end - code.src_start)
        for code in LCSseq.opcodes(old, new)
        if code.tag == "equal"
    ]


def _around(old: Sequence[int], new: Sequence[int], a: int, b: int, depth: int) -> list[Block]:
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


def _anchors(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
    """Where the tokens that occur once on both sides are, as many as keep their order (patience diff)."""
    places = _places_of_single(new)
    pairs = [(a, places[token]) for token, a in _places_of_single(old).items() if token in places]
    return _longest_rising(sorted(pairs))


def _places_of_single(tokens: Sequence[int]) -> dict[int, int]:
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


# --- making it readable --------------------------------------------------------------------------


def _readable(old: str, head: Block, blocks: Sequence[Block], tail: Block) -> Iterator[Block]:
    """A sameness no longer than the changes on both sides is chance: nobody reads confetti."""
    for before, block, after in zip([head, *blocks], blocks, [*blocks[1:], tail], strict=False):
        is_chance = block.length <= min(_changed(before, block), _changed(block, after))
        if not is_chance or "\n" in old[block.old : block.old + block.length]:
            yield block


def _changed(block: Block, following: Block) -> int:
    """How long the change between them is."""
    return max(following.old - block.old, following.new - block.new) - block.length


def _segments(old: str, new: str, blocks: Sequence[Block]) -> Iterator[Segment]:
    a = b = hunk = 0
    for block in [*blocks, Block(len(old), len(new), 0)]:
        hunk += a < block.old or b < block.new
        if a < block.old:
            yield Segment(kind="removed", text=old[a : block.old], hunk=hunk)
        if b < block.new:
            yield Segment(kind="added", text=new[b : block.new], hunk=hunk)
        a, b = block.old + block.length, block.new + block.length
        if block.length:
            yield Segment(kind="same", text=old[block.old : a], hunk=None)
