"""Decisions about posts on values alone: the order of sections, search words, page cursors, sizes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.posts.models import PostListItem, Section
from blog.app.text import clean

MAX_VALUE_CHARS = 1_000_000  # the database holds the same limit: field_revision_value_check
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


def check_size(value: str) -> None:
    if len(value) > MAX_VALUE_CHARS:
        raise Invalid(
            f"This text has {len(value):,} characters; a field holds at most {MAX_VALUE_CHARS:,}. "
            "Nothing was saved.",
            length=len(value),
            limit=MAX_VALUE_CHARS,
        )


# --- sections ------------------------------------------------------------------------------------
#
# Removed sections keep their place among the others, so bringing one back needs no place of its own.


def reordered(sections: Sequence[Section], wanted: Sequence[int]) -> list[int]:
    """All ids in the order `wanted` for the present ones; a removed one stays behind its predecessor."""
    present = [section.id for section in sections if section.removed_at is None]
    if sorted(wanted) != sorted(present):
        raise Conflict(
            "The sections have changed meanwhile. Reload to see them; the order was left as it is.",
            section_ids=present,
        )
    followers: dict[int | None, list[int]] = {}
    predecessor: int | None = None
    for section in sections:
        if section.removed_at is None:
            predecessor = section.id
        else:
            followers.setdefault(predecessor, []).append(section.id)
    order = list(followers.get(None, []))
    for section_id in wanted:
        order += [section_id, *followers.get(section_id, [])]
    return order


def inserted(sections: Sequence[Section], new_id: int, after_section_id: int | None) -> list[int]:
    """All ids with the new one behind `after_section_id`; None: at the end."""
    order = [section.id for section in sections]
    if after_section_id is None:
        return [*order, new_id]
    if after_section_id not in order:
        raise NotFound("The section to add behind is not in this post.")
    place = order.index(after_section_id) + 1
    return [*order[:place], new_id, *order[place:]]


# --- the list ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWords:
    """`words` in a web search's syntax; `prefix` is the word still being typed, empty if there is none."""

    words: str
    prefix: str


def search_words(text: str) -> SearchWords:
    """The last word counts as a beginning, unless quotes, minus or "or" say exactly what is meant."""
    words = clean(text).split()
    exact = any('"' in word or word.startswith("-") or word.lower() == "or" for word in words)
    if not words or exact or not words[-1].isalnum():
        return SearchWords(words=" ".join(words), prefix="")
    return SearchWords(words=" ".join(words[:-1]), prefix=words[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last post of a page: the next one begins behind it."""

    updated_at: datetime
    post_id: int


def cursor_text(item: PostListItem) -> str:
    microseconds = (item.updated_at - _EPOCH) // timedelta(microseconds=1)
    return f"{microseconds}-{item.id}"


def parse_cursor(text: str) -> Cursor:
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise Invalid("“after” must be the “next” of an earlier page.")
    try:
        updated_at = _EPOCH + timedelta(microseconds=int(match[1]))
    except OverflowError as exc:
        raise Invalid("“after” must be the “next” of an earlier page.") from exc
    return Cursor(updated_at=updated_at, post_id=int(match[2]))
