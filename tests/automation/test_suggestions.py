"""Suggestions taken change by change, against the base the editor saw."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.automation import suggestions
from blog.app.automation.models import Suggestion
from blog.app.desk import hunks
from blog.app.errors import Conflict, Invalid
from blog.app.posts.diff import diff, take
from tests.automation.desk import Desk
from tests.llm.providers.scripted import openai_reply, serve

MakeDesk = Callable[..., Desk]
BASE = "Wool is warm. Kilts are old. Rain is wet."
SUGGESTED = "Wool is very warm. Kilts are old. Rain is cold."


def suggest(desk: MakeDesk, text: str = SUGGESTED, base: str = BASE) -> tuple[Desk, Suggestion, int]:
    """A desk with a field that holds `base`, its revision, and one suggestion."""
    with serve(openai_reply([text])) as server:
        made = desk(server.url)
        revision = made.write(base, None)
        made.work(made.start())
    [suggestion] = made.waiting()
    return made, suggestion, revision.id


def accept(made: Desk, suggestion: Suggestion, base: int, hunks: list[int]) -> str:
    return suggestions.accept(made.conn, made.actor, suggestion.id, base_revision_id=base, hunks=hunks).value


def status(made: Desk, suggestion: Suggestion) -> str:
    return suggestions.get_suggestion(made.conn, made.actor, suggestion.id).status


def test_one_change_is_taken_and_the_others_are_left(desk: MakeDesk) -> None:
    made, suggestion, base = suggest(desk)
    assert accept(made, suggestion, base, [1]) == "Wool is very warm. Kilts are old. Rain is wet."
    assert status(made, suggestion) == "accepted_in_part"


def test_taking_every_change_is_accepting_the_whole(desk: MakeDesk) -> None:
    made, suggestion, base = suggest(desk)
    assert accept(made, suggestion, base, [2, 1]) == SUGGESTED
    assert status(made, suggestion) == "accepted"


@pytest.mark.parametrize("hunks", [[], [3], [0, 1]])
def test_no_change_or_one_that_is_not_there_is_refused(desk: MakeDesk, hunks: list[int]) -> None:
    made, suggestion, base = suggest(desk)
    with pytest.raises(Invalid):
        accept(made, suggestion, base, hunks)
    assert status(made, suggestion) == "waiting"


def test_changes_numbered_against_an_older_text_are_a_conflict(desk: MakeDesk) -> None:
    made, suggestion, base = suggest(desk)
    made.write("My own words.", base)
    with pytest.raises(Conflict):
        accept(made, suggestion, base, [1])
    current = made.current()
    assert current is not None
    assert current.value == "My own words."


def test_changes_are_taken_onto_what_a_person_wrote_since(desk: MakeDesk) -> None:
    made, suggestion, base = suggest(desk)
    now = "Wool is warm. Kilts are ancient. Rain is wet."
    mine = made.write(now, base)
    pieces = hunks.pieces(diff(now, SUGGESTED), diff(BASE, now))
    kept = [piece.number for piece in pieces if piece.number is not None and not piece.undoes]
    assert [piece.old for piece in pieces if piece.undoes] == ["ancient"]
    expected = "Wool is very warm. Kilts are ancient. Rain is cold."
    assert accept(made, suggestion, mine.id, kept) == expected


def test_a_change_where_a_person_struck_words_is_said_to_undo_that() -> None:
    base, now = "One two three four, and so it goes on.", "One four, and so it goes on."
    suggested = "One two three four, and so it goes on and on."
    undoing = [piece for piece in hunks.pieces(diff(now, suggested), diff(base, now)) if piece.undoes]
    assert [piece.new.strip() for piece in undoing] == ["two three"]


texts = st.text(st.sampled_from("ab \n.é"), max_size=80)


@given(old=texts, new=texts)
def test_dropping_every_change_gives_the_old_text_and_taking_all_the_new(old: str, new: str) -> None:
    segments = diff(old, new)
    assert take(segments, []) == old
    assert take(segments, [segment.hunk for segment in segments if segment.hunk]) == new


@given(old=texts, new=texts, since=texts)
def test_pieces_lose_nothing(old: str, new: str, since: str) -> None:
    pieces = hunks.pieces(diff(old, new), diff(since, old))
    assert "".join(piece.old for piece in pieces) == old
    assert "".join(piece.new for piece in pieces) == new
    assert all(piece.old == piece.new for piece in pieces if piece.number is None)
