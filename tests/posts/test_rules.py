from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.posts import rules
from blog.app.posts.models import Section

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def sections(*marks: str) -> list[Section]:
    """ "1 2 -3" are sections 1 and 2 and the removed 3."""
    return [
        Section(
            id=abs(int(mark)),
            post_id=1,
            position=position,
            created_at=NOW,
            removed_at=NOW if mark.startswith("-") else None,
        )
        for position, mark in enumerate(marks)
    ]


def test_a_removed_section_stays_behind_the_one_it_followed() -> None:
    assert rules.reordered(sections("1", "-2", "3", "4"), [4, 3, 1]) == [4, 3, 1, 2]


def test_a_removed_section_at_the_front_stays_at_the_front() -> None:
    assert rules.reordered(sections("-1", "2", "3"), [3, 2]) == [1, 3, 2]


@pytest.mark.parametrize("wanted", [[1, 2], [1, 2, 3, 4], [1, 2, 2], [1, 1, 2, 3], []])
def test_an_order_that_is_not_of_all_present_sections_is_refused(wanted: list[int]) -> None:
    with pytest.raises(Conflict) as refused:
        rules.reordered(sections("1", "2", "3", "-4"), wanted)
    assert refused.value.details["section_ids"] == [1, 2, 3]


@given(st.permutations(range(1, 8)), st.sets(st.integers(1, 7)))
def test_a_reorder_loses_no_section(order: list[int], removed: set[int]) -> None:
    before = sections(*(f"-{n}" if n in removed else str(n) for n in range(1, 8)))
    wanted = [n for n in order if n not in removed]
    after = rules.reordered(before, wanted)
    assert sorted(after) == list(range(1, 8))
    assert [n for n in after if n not in removed] == wanted


def test_a_section_is_added_behind_another_or_at_the_end() -> None:
    assert rules.inserted(sections("1", "2"), 9, 1) == [1, 9, 2]
    assert rules.inserted(sections("1", "2"), 9, None) == [1, 2, 9]
    with pytest.raises(NotFound):
        rules.inserted(sections("1", "2"), 9, 5)


def test_a_text_beyond_the_limit_is_refused_with_both_numbers() -> None:
    with pytest.raises(Invalid, match=r"2,000,001 characters; a field holds at most 2,000,000"):
        rules.check_size("x" * 2_000_001)
