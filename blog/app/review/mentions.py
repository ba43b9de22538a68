"""Finds people by name in what was written: @Bob, @Bob Miller. Knows no table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from blog.app.review.models import Colleague


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of a text. `is_mention`: it names somebody."""

    text: str
    is_mention: bool


def mentioned(text: str, people: Sequence[Colleague]) -> set[int]:
    """Whose name stands behind an @: the whole name, or a first name that only one of them has.

    Two people of the same name are both meant: better told once too often than not at all.
    """
    by_name = _by_name(people)
    return {person for found in _finds(text, by_name) for person in by_name[_key(found[1])]}


def split(text: str, people: Sequence[Colleague]) -> list[Run]:
    """The text in its stretches, so that a page can show who is meant."""
    runs: list[Run] = []
    end = 0
    for found in _finds(text, _by_name(people)):
        runs += [Run(text=text[end : found.start()], is_mention=False), Run(text=found[0], is_mention=True)]
        end = found.end()
    return [run for run in [*runs, Run(text=text[end:], is_mention=False)] if run.text]


def _by_name(people: Sequence[Colleague]) -> dict[str, set[int]]:
    names: dict[str, set[int]] = {}
    for person in people:
        names.setdefault(_key(person.name), set()).add(person.id)
    first: dict[str, set[int]] = {}
    for person in people:
        first.setdefault(_key(person.name.split()[0]), set()).add(person.id)
    alone = {name: ids for name, ids in first.items() if len(ids) == 1}
    return alone | names


def _key(name: str) -> str:
    return " ".join(name.split()).lower()


def _finds(text: str, by_name: dict[str, set[int]]) -> list[re.Match[str]]:
    """The longest name at each @ that does not stand in a word, such as an e-mail address."""
    if "@" not in text or not by_name:
        return []
    longest_first = sorted(by_name, key=len, reverse=True)
    names = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in longest_first)
    return list(re.finditer(rf"(?<![\w@])@({names})(?!\w)", text, re.IGNORECASE))
