"""How much there is to read. Counts what readers see, not the marks that make it look so. Pure."""

import re
from collections.abc import Iterable
from html import unescape

import nh3

WORDS_PER_MINUTE = 238  # silent reading of English non-fiction by adults: Brysbaert 2019, 190 studies
_WORD = re.compile(r"\w+(?:['’.,\-]\w+)*")


def count(texts: Iterable[str]) -> int:
    return sum(len(_WORD.findall(text)) for text in texts)


def minutes(words: int) -> int:
    """To the nearest whole minute, and never 0 for something."""
    return max(1, int(words / WORDS_PER_MINUTE + 0.5)) if words else 0


def plain(html: str) -> str:
    """The text of safe HTML."""
    return unescape(nh3.clean(html, tags=set()))
