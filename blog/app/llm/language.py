"""Which of a few languages a text reads like, by its commonest words; a guess, silent when unsure."""

import re
from collections.abc import Mapping

from blog.app.translation import N_

# Small words that are frequent in one of these languages and rare or unknown in the others.
_COMMONEST: Mapping[str, str] = {
    "en": "the and of to that was with for this from which were have they are its by",
    "de": "der die und das nicht ist mit sich auf eine für dem auch wird als einer war",
    "fr": "le les des est dans une qui pour sur pas avec sont cette mais nous ses au",
    "es": "el los las del por con una para como más pero sus fue este entre cuando muy",
    "it": "il gli della che di non sono per è nel una delle anche più come questo alla",
    "pt": "os das não uma com para dos mais como foi ao pela são também seu isso à",
    "nl": "het een van en niet dat zijn voor met ook maar deze werd naar wordt bij uit",
}
_SMALL_WORDS = {code: frozenset(words.split()) for code, words in _COMMONEST.items()}

NAMES: Mapping[str, str] = {
    "en": N_("English"),
    "de": N_("German"),
    "fr": N_("French"),
    "es": N_("Spanish"),
    "it": N_("Italian"),
    "pt": N_("Portuguese"),
    "nl": N_("Dutch"),
}

_ENOUGH_WORDS = 15
_ENOUGH_SMALL_WORDS = 3
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


def reads_like_another(text: str, code: str) -> str | None:
    """The name of what it reads like instead, or None where it may well be the language asked for. A
    title or a list of names is too little to tell."""
    words = _WORD.findall(text.lower())
    letters = "".join(words)
    if len(letters) >= _ENOUGH_WORDS and len(_LATIN.findall(letters)) < len(letters) / 2:
        return "a language in another script"
    hits = {other: sum(word in small for word in words) for other, small in _SMALL_WORDS.items()}
    best = max(hits, key=lambda other: hits[other])
    sure = len(words) >= _ENOUGH_WORDS and hits[best] >= max(_ENOUGH_SMALL_WORDS, 2 * hits[code])
    return NAMES[best] if sure and best != code else None
