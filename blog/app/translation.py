"""Sentences in the language of whoever reads them: the standard library's gettext over locale/. Knows nobody.

English is the source: each text stands in the code and is its own key. An edge chooses the language of its
request with `speak`; whatever did not choose, such as a job, a command or the API, speaks English.
"""

import gettext as catalogues
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
SOURCE = "en"


class NoCatalogue(ValueError):
    """There is no compiled catalogue for a language that was asked for."""


@cache
def catalogue(language: str) -> catalogues.NullTranslations:
    if language == SOURCE:
        return catalogues.NullTranslations()
    try:
        return catalogues.translation("messages", LOCALE, [language])
    except FileNotFoundError as exc:
        place = LOCALE / language / "LC_MESSAGES" / "messages.po"
        raise NoCatalogue(
            f"there is no catalogue; put one at {place} and run `make setup`, which compiles it"
        ) from exc


_spoken = ContextVar("spoken", default=SOURCE)


def speak(language: str) -> None:
    """What is said from here on in this context, a request or a job, is said in `language`."""
    catalogue(language)
    _spoken.set(language)


def spoken() -> str:
    """The language as HTML names it: pt_BR is pt-BR."""
    language = _spoken.get()
    return language if language == SOURCE else language.replace("_", "-")


def gettext(text: str, /, **values: object) -> str:
    """`text`, a literal, in the language spoken, with `values` in its named places: %(name)s."""
    said = catalogue(_spoken.get()).gettext(text)
    return said % values if values else said


def ngettext(one: str, several: str, n: int, /, **values: object) -> str:
    """`one` or `several`, as `n` of them are spoken of; a number in the text is one of `values`."""
    said = catalogue(_spoken.get()).ngettext(one, several, n)
    return said % values if values else said


def N_(text: str) -> str:  # noqa: N802  the name by which extraction knows it
    """`text` as it is, marked for translation: for a constant that is said later, with gettext."""
    return text
