"""How much of a text is still there after somebody worked on it, in words. Pure."""

import re

from rapidfuzz.distance import LCSseq

_WORDS = re.compile(r"\w+(?:['’]\w+)*")


def kept_share(accepted: str, later: str) -> float | None:
    """The share of the accepted text's words that the later one has in the same order.

    Case does not count. None: the accepted text has no words.
    """
    words, later_words = _words(accepted), _words(later)
    if not words:
        return None
    same: int = LCSseq.similarity(words, later_words)
    return same / len(words)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORDS.findall(text)]
