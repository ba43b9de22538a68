"""Decisions about finding on values alone: search words, cursors, what a view keeps, a month's days."""

import base64
import binascii
import calendar
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import cast
from urllib.parse import parse_qsl, urlencode

from blog.app.auth import whom
from blog.app.auth.models import Actor
from blog.app.auth.reach import seen
from blog.app.errors import Invalid
from blog.app.finding.models import CalendarDay, CalendarEntry, CalendarMonth, Due, FoundPost, SavedView, Sort
from blog.app.finding.schemas import PostFilter
from blog.app.review.models import Status
from blog.app.text import clean
from blog.app.translation import N_
from blog.app.translation import gettext as _

SHOWN_PER_DAY = 6


# --- search --------------------------------------------------------------------------------------


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
class Wanted:
    """A filter with its words understood and its people known. `assignee_id` 0: nobody. None: whatever.

    `seen`: the sub-stages whose posts and words count; None: all, so that nothing is asked about them.
    """

    seen: list[int] | None
    search: SearchWords | None = None
    sub_stage_id: int | None = None
    status: Status | None = None
    assignee_id: int | None = None
    author_id: int | None = None
    due: Due | None = None
    removed: bool = False


def wanted(actor: Actor, asked: PostFilter, *, removed: bool = False) -> Wanted:
    return Wanted(
        seen=seen(actor),
        search=search_words(asked.search) if asked.search.strip() else None,
        sub_stage_id=asked.sub_stage_id,
        status=asked.status,
        assignee_id=whom.meant(actor, asked.assignee),
        author_id=whom.meant(actor, asked.author),
        due=asked.due,
        removed=removed,
    )


# --- pages ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last post of a page, and what it was sorted by: the next page begins behind it."""

    sort: Sort
    key: str
    post_id: int


def cursor_text(sort: Sort, last: FoundPost) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, last.sort_key, last.id]).encode()).decode().rstrip("=")


def parse_cursor(sort: Sort, text: str) -> Cursor:
    """Refuses what no page of this order has given out."""
    try:
        found: object = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as exc:
        raise _no_cursor() from exc
    match found:
        case [str(said), str(key), int(post_id)] if said == sort and 0 < post_id < 2**63:
            if _is_key(sort, key):
                return Cursor(sort=sort, key=key, post_id=post_id)
        case _:
            pass
    raise _no_cursor()


def _is_key(sort: Sort, key: str) -> bool:
    match sort:
        case "changed":
            return re.fullmatch(
                r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}", key
            ) is not None and _is_date(key)
        case "created":
            return re.fullmatch(r"[0-9]{1,18}", key) is not None
        case "title":
            return len(key) <= 200 and clean(key) == key
        case "due" | "planned":
            return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", key) is not None and _is_date(key)


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _no_cursor() -> Invalid:
    return Invalid(_("“after” must be the “next” of an earlier page in the same order."))


def address(path: str, asked: PostFilter, **values: object) -> str:
    """The address of a list or board with this filter; `values` replace or, as None, take away."""
    said = {**asked.model_dump(exclude_defaults=True, mode="json"), **values}
    present = {name: value for name, value in said.items() if value is not None}
    return f"{path}?{urlencode(present)}" if present else path


# --- saved views ---------------------------------------------------------------------------------

KEPT = ("search", "sub_stage_id", "status", "assignee", "author", "due", "sort", "workflow_id")


def kept_query(query: str) -> dict[str, str]:
    """What of an address is worth keeping: what is asked, not the page or the news it was on."""
    said = parse_qsl(query.removeprefix("?"), keep_blank_values=False)
    return {name: value for name, value in said if name in KEPT}


def kept_text(asked: PostFilter) -> str:
    """The same of a question that was asked, as in an address."""
    said = asked.model_dump(exclude_defaults=True, exclude_none=True, mode="json")
    return urlencode({name: value for name, value in said.items() if name in KEPT})


def view_address(view: SavedView) -> str:
    path = "/board" if view.place == "board" else "/posts"
    return f"{path}?{view.query}" if view.query else path


# --- the calendar --------------------------------------------------------------------------------


def shown_days(month: date) -> list[date]:
    """The whole weeks, from Monday, that the month of this day touches."""
    return list(calendar.Calendar().itermonthdates(month.year, month.month))


def month_of(text: str | None, today: date) -> date:
    return date.fromisoformat(f"{text}-01") if text else today.replace(day=1)


def calendar_month(first: date, entries: Iterable[CalendarEntry]) -> CalendarMonth:
    """`entries` in the order of their days, one more on a day than is shown there if there are more."""
    by_day = {day: list(found) for day, found in groupby(entries, key=lambda entry: entry.day)}
    days = [_day(day, first, by_day.get(day, [])) for day in shown_days(first)]
    return CalendarMonth(
        month=first.isoformat()[:7],
        previous=(first - timedelta(days=1)).isoformat()[:7],
        next=(first + timedelta(days=31)).isoformat()[:7],
        weeks=[days[start : start + 7] for start in range(0, len(days), 7)],
    )


def _day(day: date, first: date, entries: list[CalendarEntry]) -> CalendarDay:
    return CalendarDay(
        day=day,
        is_in_month=(day.year, day.month) == (first.year, first.month),
        entries=entries[:SHOWN_PER_DAY],
        is_more=len(entries) > SHOWN_PER_DAY,
    )


# --- jump to -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePlace:
    """A page of the product. `permission` empty: everybody who is signed in."""

    label: str
    detail: str
    url: str
    permission: str


PAGES = (
    PagePlace(label=N_("Posts"), detail=N_("The list of posts"), url="/posts", permission="post.read"),
    PagePlace(label=N_("Board"), detail=N_("Posts by stage"), url="/board", permission="post.read"),
    PagePlace(
        label=N_("Calendar"),
        detail=N_("Planned and scheduled posts"),
        url="/calendar",
        permission="post.read",
    ),
    PagePlace(
        label=N_("New post"), detail=N_("Write down an idea"), url="/posts/new", permission="post.create"
    ),
    PagePlace(
        label=N_("My posts"), detail=N_("Written by me"), url="/posts?author=me", permission="post.read"
    ),
    PagePlace(
        label=N_("Assigned to me"),
        detail=N_("Posts I have"),
        url="/posts?assignee=me",
        permission="post.read",
    ),
    PagePlace(
        label=N_("Removed posts"),
        detail=N_("To be brought back"),
        url="/posts?removed=1",
        permission="post.read",
    ),
    PagePlace(
        label=N_("Audit trail"),
        detail=N_("Who did what, and from where"),
        url="/audit",
        permission="audit.read",
    ),
    PagePlace(label=N_("Saved views"), detail=N_("Lists by name"), url="/views", permission="post.read"),
    PagePlace(
        label=N_("Actions"), detail=N_("What models can be asked"), url="/llm/actions", permission="llm.read"
    ),
    PagePlace(
        label=N_("Prompt parts"), detail=N_("Pieces of prompts"), url="/llm/parts", permission="llm.read"
    ),
    PagePlace(
        label=N_("Providers & models"), detail=N_("What answers"), url="/llm/providers", permission="llm.read"
    ),
    PagePlace(
        label=N_("Connect a model"), detail=N_("Settings"), url="/llm/connect", permission="llm.configure"
    ),
    PagePlace(
        label=N_("Runs"), detail=N_("What was asked and answered"), url="/llm/runs", permission="llm.read"
    ),
    PagePlace(
        label=N_("Usage"), detail=N_("Tokens, cost, time, errors"), url="/llm/usage", permission="llm.read"
    ),
    PagePlace(
        label=N_("What editors keep"),
        detail=N_("Accepted, discarded"),
        url="/llm/editors",
        permission="llm.read",
    ),
    PagePlace(
        label=N_("Account"), detail=N_("Name, password, theme, API tokens"), url="/account", permission=""
    ),
    PagePlace(label=N_("People"), detail=N_("Who may do what"), url="/people", permission="people.manage"),
    PagePlace(
        label=N_("Invitations"),
        detail=N_("Who is asked to join"),
        url="/invitations",
        permission="people.manage",
    ),
    PagePlace(
        label=N_("Access"),
        detail=N_("Sign-up, limits, other services"),
        url="/access",
        permission="people.manage",
    ),
    PagePlace(
        label=N_("Other services"),
        detail=N_("Sign-in with OpenID Connect"),
        url="/access/services",
        permission="people.manage",
    ),
    PagePlace(
        label=N_("API tokens"), detail=N_("For programs"), url="/account/tokens", permission="tokens.create"
    ),
    PagePlace(label=N_("Roles"), detail=N_("What each role may do"), url="/roles", permission="roles.manage"),
    PagePlace(label=N_("API"), detail=N_("The description of the REST API"), url="/api/docs", permission=""),
)


def pages(actor: Actor, text: str) -> list[PagePlace]:
    """Those this person may open whose label or detail has every word, as the beginning of one of its own."""
    sought = clean(text).lower().split()
    places = (replace(page, label=_(page.label), detail=_(page.detail)) for page in PAGES)
    return [
        page
        for page in places
        if (not page.permission or actor.may(page.permission)) and _has(f"{page.label} {page.detail}", sought)
    ]


def _has(text: str, sought: list[str]) -> bool:
    words = cast(list[str], re.findall(r"[\w&]+", text.lower()))
    return all(any(word.startswith(part) for word in words) for part in sought)


def like(text: str) -> str:
    """A pattern for ILIKE that has `text` anywhere, with nothing special in it."""
    escaped = re.sub(r"([\\%_])", r"\\\1", clean(text).strip())
    return f"%{escaped}%"


def number(text: str) -> int | None:
    """An id somebody typed, such as 88 or #88."""
    found = re.fullmatch(r"#?([1-9][0-9]{0,17})", text.strip())
    return int(found[1]) if found else None
