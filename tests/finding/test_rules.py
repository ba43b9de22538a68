from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.errors import Invalid
from blog.app.finding import rules
from blog.app.finding.models import CalendarEntry, FoundPost, Sort
from tests.factories import all_powerful

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
CHANGED = "2026-03-04T05:06:07.000000"


def post(sort_key: str, post_id: int = 7) -> FoundPost:
    return FoundPost(
        id=post_id,
        title="",
        workflow_id=1,
        sub_stage_id=1,
        stage="",
        sub_stage="",
        status="not_started",
        author_id=None,
        author_name=None,
        assignee_id=None,
        assignee_name=None,
        due_on=None,
        planned_on=None,
        scheduled_for=None,
        created_at=NOW,
        updated_at=NOW,
        removed_at=None,
        sort_key=sort_key,
    )


@pytest.mark.parametrize(
    ("text", "words", "prefix"),
    [
        ("black ber", "black", "ber"),
        ("ber", "", "ber"),
        ('"black berry"', '"black berry"', ""),
        ("cats or dogs", "cats or dogs", ""),
        ("cats -dogs", "cats -dogs", ""),
        ("what's", "what's", ""),
        ("", "", ""),
    ],
)
def test_the_last_word_of_a_search_is_a_beginning_unless_said_exactly(
    text: str, words: str, prefix: str
) -> None:
    assert rules.search_words(text) == rules.SearchWords(words=words, prefix=prefix)


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("changed", CHANGED),
        ("created", "12"),
        ("title", "öl & “quotes”, \n %"),
        ("title", ""),
        ("due", "2026-03-04"),
        ("planned", "2024-02-29"),
    ],
)
def test_a_cursor_is_the_last_post_of_its_page(sort: Sort, key: str) -> None:
    cursor = rules.parse_cursor(sort, rules.cursor_text(sort, post(key)))
    assert cursor == rules.Cursor(sort=sort, key=key, post_id=7)


@given(st.text(max_size=200))
def test_a_title_of_any_letters_comes_back_from_its_cursor(title: str) -> None:
    if rules.clean(title) == title:
        assert rules.parse_cursor("title", rules.cursor_text("title", post(title))).key == title


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("changed", "2026-13-04T05:06:07.000000"),
        ("changed", "2026-03-04T25:06:07.000000"),
        ("changed", "now"),
        ("created", "x"),
        ("created", "9" * 19),
        ("title", "x" * 201),
        ("title", "a\x00b"),
        ("due", "2026-02-30"),
        ("due", "infinity"),
    ],
)
def test_a_cursor_that_no_page_gave_is_refused(sort: Sort, key: str) -> None:
    with pytest.raises(Invalid):
        rules.parse_cursor(sort, rules.cursor_text(sort, post(key)))


@pytest.mark.parametrize("text", ["x", "", "1-1", "W10", "é", "bnVsbA", "W1tdXQ"])
def test_a_made_up_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        rules.parse_cursor("changed", text)


def test_a_cursor_of_another_order_is_refused() -> None:
    with pytest.raises(Invalid):
        rules.parse_cursor("title", rules.cursor_text("changed", post(CHANGED)))


def test_a_view_keeps_what_is_asked_and_not_the_page_it_was_on() -> None:
    kept = rules.kept_query("?search=a+b&after=xyz&gone=3&status=ready&limit=5&evil=1&due=")
    assert kept == {"search": "a b", "status": "ready"}


def entry(post_id: int, day: date, planned: date | None, scheduled: date | None) -> CalendarEntry:
    return CalendarEntry(
        day=day,
        post_id=post_id,
        title="",
        author_id=None,
        sub_stage_id=1,
        sub_stage="",
        status="not_started",
        planned_on=planned,
        scheduled_for=scheduled,
    )


def test_a_month_is_shown_in_whole_weeks_from_monday() -> None:
    month = rules.calendar_month(date(2026, 3, 1), [])
    assert [len(week) for week in month.weeks] == [7] * 6
    assert month.weeks[0][0].day == date(2026, 2, 23)
    assert (month.month, month.previous, month.next) == ("2026-03", "2026-02", "2026-04")


def test_a_day_shows_so_many_posts_and_says_that_there_are_more() -> None:
    day = date(2026, 3, 5)
    month = rules.calendar_month(day.replace(day=1), [entry(n, day, day, None) for n in range(7)])
    shown = next(one for week in month.weeks for one in week if one.day == day)
    assert (len(shown.entries), shown.is_more) == (rules.SHOWN_PER_DAY, True)


def test_two_days_differ_only_when_both_are_said() -> None:
    one, other = date(2026, 3, 5), date(2026, 3, 6)
    assert entry(1, one, one, other).differs
    assert not entry(1, one, one, one).differs
    assert not entry(1, one, one, None).differs
    assert not entry(1, one, None, one).differs


@pytest.mark.parametrize(
    ("text", "there"), [("boa", True), ("posts stage", True), ("oard", False), ("x", False)]
)
def test_a_page_is_found_by_the_beginnings_of_its_words(conn: Any, text: str, there: bool) -> None:
    found = {page.label for page in rules.pages(all_powerful(conn), text)}
    assert ("Board" in found) is there


@pytest.mark.parametrize(
    ("text", "number"), [("88", 88), ("#88", 88), (" #8 ", 8), ("0", None), ("8a", None)]
)
def test_a_run_is_found_by_its_number(text: str, number: int | None) -> None:
    assert rules.number(text) == number
