"""Suggestions taken change by change, against the base the editor saw."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.automation import services as automation
from blog.app.automation import suggestions
from blog.app.automation.models import Suggestion
from blog.app.desk import hunks
from blog.app.errors import Conflict, Forbidden, Invalid
from blog.app.llm.runs import services as runs
from blog.app.posts.diff import diff, take
from tests.automation.desk import Desk
from tests.factories import make_actor, make_model
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


# --- going on from an answer ---------------------------------------------------------------------


def test_a_refinement_says_the_editors_words_after_the_answer(desk: MakeDesk) -> None:
    with serve([openai_reply(["Wool is warm."]), openai_reply(["Warm."])]) as server:
        made = desk(server.url)
        first = made.work(made.start())
        child = automation.refine(made.conn, made.actor, first.id, "Shorter, please: <b>")
        assert child.refines_id == first.id
        assert [m["content"] for m in child.messages[:-2]] == [m["content"] for m in first.messages]
        said = [(m["role"], m["content"]) for m in child.messages[-2:]]
        assert said == [("assistant", "Wool is warm."), ("user", "Shorter, please: <b>")]
        made.work(child)
    refined, before = made.waiting()
    assert (refined.value, refined.instruction, refined.refines_id) == (
        "Warm.",
        "Shorter, please: <b>",
        first.id,
    )
    assert refined.base_revision_id == before.base_revision_id
    suggestions.accept(made.conn, made.actor, before.id, base_revision_id=None)
    [left] = made.waiting()
    assert left.is_stale


def test_a_thread_is_a_tree_that_each_of_its_runs_shows(desk: MakeDesk) -> None:
    with serve(openai_reply(["Wool."])) as server:
        made = desk(server.url)
        first = made.work(made.start())
        second = made.work(automation.refine(made.conn, made.actor, first.id, "Shorter"))
        third = made.work(automation.refine(made.conn, made.actor, second.id, "Warmer"))
        other = made.work(automation.refine(made.conn, made.actor, first.id, "Longer"))
    expected = [
        (first.id, 0, ""),
        (second.id, 1, "Shorter"),
        (third.id, 2, "Warmer"),
        (other.id, 1, "Longer"),
    ]
    for run in (first, second, third, other):
        thread = runs.list_thread(made.conn, run.id)
        assert [(turn.run_id, turn.depth, turn.instruction) for turn in thread] == expected


def test_a_run_without_an_answer_cannot_be_refined(desk: MakeDesk) -> None:
    made = desk()
    run = made.start()
    with pytest.raises(Conflict):
        automation.refine(made.conn, made.actor, run.id, "Shorter")
    with pytest.raises(Invalid):
        automation.refine(made.conn, made.actor, run.id, "  ")


def test_only_who_may_edit_the_post_goes_on_from_its_runs(desk: MakeDesk) -> None:
    made, suggestion, _ = suggest(desk)
    for role in ("viewer", "author"):
        with pytest.raises(Forbidden):
            automation.refine(made.conn, make_actor(made.conn, "dave", role), suggestion.run_id, "Shorter")


def test_a_refinement_that_is_retried_keeps_its_words(desk: MakeDesk) -> None:
    with serve(openai_reply(["Wool."])) as server:
        made = desk(server.url)
        first = made.work(made.start())
        child = made.work(automation.refine(made.conn, made.actor, first.id, "Shorter"))
        again = automation.retry(made.conn, made.actor, child.id)
    assert (again.refines_id, again.messages[-1]["content"]) == (first.id, "Shorter")


def test_several_models_are_asked_at_once_and_none_twice(desk: MakeDesk) -> None:
    made, suggestion, _ = suggest(desk)
    models = [make_model(made.conn), make_model(made.conn)]
    asked = automation.retry_with(made.conn, made.actor, suggestion.run_id, model_ids=[*models, models[0]])
    assert [run.model_id for run in asked] == models
    again = automation.retry_with(made.conn, made.actor, suggestion.run_id, model_ids=models)
    assert [run.id for run in again] == [run.id for run in asked]


def test_a_note_lets_each_model_go_on_from_the_answer(desk: MakeDesk) -> None:
    made, suggestion, _ = suggest(desk)
    model = make_model(made.conn)
    [run] = automation.retry_with(
        made.conn, made.actor, suggestion.run_id, model_ids=[model], note="No adverbs"
    )
    assert (run.refines_id, run.model_id) == (suggestion.run_id, model)
    assert run.messages[-1]["content"] == "No adverbs"
