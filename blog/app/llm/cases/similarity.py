"""How alike two texts are, as a number anybody can work out by hand. Pure; knows no meaning.

The measure is rapidfuzz's normalized Indel similarity over words: twice the number of words in the longest
sequence that both texts have in this order, divided by the number of words of both. 1: the same words in
the same order; 0: no word in common. Case and punctuation do not count.
"""

import re
import unicodedata

from rapidfuzz.distance import Indel

_WORD = re.compile(r"\w+(?:['’]\w+)*")


def similarity(text: str, reference: str) -> float:
    return Indel.normalized_similarity(_words(text), _words(reference))


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text).casefold().replace("’", "'"))
