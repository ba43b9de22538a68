"""Measures the word diff of two texts of 20,000 words, alike to several degrees. `python -m bench.diffs`."""

import random
import statistics
import sys
import time

from bench.figures import Figure, show
from blog.app.posts.diff import diff

WORDS = 20_000
TIMES = 5
BOUND_MS = 200
SHARES = (0.01, 0.05, 0.2, 0.5, 0.7, 1.0)


def main() -> None:
    sys.exit(show(measure()))


def measure() -> list[Figure]:
    chance = random.Random(1)  # noqa: S311 - the same texts each time
    vocabulary = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=2 + n % 8)) for n in range(6000)]
    weights = [1 / (n + 5) for n in range(6000)]
    old, other = (chance.choices(vocabulary, weights, k=WORDS) for _ in range(2))
    return [
        Figure(
            name=f"Word diff of {WORDS:,} words, {share:.0%} of them changed",
            value=statistics.median(
                _one_diff_ms(old, _mixed(chance, share, old, other)) for _ in range(TIMES)
            ),
            unit="ms",
            bound=BOUND_MS,
        )
        for share in SHARES
    ]


def _one_diff_ms(old: list[str], new: list[str]) -> float:
    texts = [_prose(old), _prose(new)]
    started = time.perf_counter()
    diff(*texts)
    return (time.perf_counter() - started) * 1000


def _mixed(chance: random.Random, share: float, old: list[str], other: list[str]) -> list[str]:
    return [b if chance.random() < share else a for a, b in zip(old, other, strict=True)]


def _prose(words: list[str]) -> str:
    """Paragraphs of about ninety words in sentences of thirteen."""
    ends = (".\n\n" if n % 90 == 89 else ". " if n % 13 == 12 else " " for n in range(len(words)))
    return "".join(word + end for word, end in zip(words, ends, strict=True))


if __name__ == "__main__":
    main()
