"""The chain: whatever is changed, taken out or put in is told, at its place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from blog.app.trail import chain
from blog.app.trail.models import Content, Seal

AT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
TEXT = st.text(max_size=20)
EVENTS = st.lists(
    st.builds(
        Content,
        id=st.integers(1, 2**60),
        at=st.datetimes(timezones=st.just(UTC)),
        user_id=st.none() | st.integers(1, 9),
        api_token_id=st.none() | st.integers(1, 9),
        name=TEXT,
        subject_kind=TEXT,
        subject_id=st.none() | st.integers(1, 9),
        details=TEXT,
        address=st.none() | TEXT,
        request_id=st.none() | TEXT,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda event: event.id,
)


def links(events: list[Content]) -> list[tuple[Seal, Content | None]]:
    return list(zip(chain.sealed(None, events), events, strict=True))


@given(EVENTS)
def test_what_nobody_touched_holds(events: list[Content]) -> None:
    whole = links(events)
    assert list(chain.problems(None, whole)) == []
    assert [seal.number for seal, _ in whole] == list(range(1, len(events) + 1))
    assert list(chain.sealed(whole[0][0], events[1:])) == [seal for seal, _ in whole[1:]]


@given(EVENTS, st.data())
def test_one_changed_event_is_told_once(events: list[Content], data: st.DataObject) -> None:
    whole = links(events)
    place = data.draw(st.integers(0, len(events) - 1))
    seal, event = whole[place]
    assert event is not None
    changed: list[Content | None] = [
        replace(event, details=event.details + "!"),
        replace(event, user_id=(event.user_id or 0) + 1),
        replace(event, at=event.at + timedelta(microseconds=1)),
        replace(event, address=f"{event.address}0"),
        None,
    ]
    whole[place] = seal, data.draw(st.sampled_from(changed))
    assert [problem.number for problem in chain.problems(None, whole)] == [seal.number]


@given(EVENTS.filter(lambda events: len(events) > 2), st.data())
def test_a_gap_is_told(events: list[Content], data: st.DataObject) -> None:
    whole = links(events)
    del whole[data.draw(st.integers(0, len(events) - 2))]
    assert len(list(chain.problems(None, whole))) == 1


def test_the_clock_of_the_reader_changes_nothing() -> None:
    event = Content(
        id=1,
        at=AT,
        user_id=None,
        api_token_id=None,
        name="post.revised",
        subject_kind="post",
        subject_id=1,
        details="{}",
        address=None,
        request_id=None,
    )
    elsewhere = replace(event, at=AT.astimezone(timezone(timedelta(hours=9))))
    assert chain.link(chain.NOTHING, event) == chain.link(chain.NOTHING, elsewhere)
