"""What editors made of suggestions: measured in words, counted as it happens, and as a recount has it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.app import db
from blog.app.automation import splits, statistics, suggestions
from blog.app.automation.keeping import kept_share
from blog.app.automation.schemas import SplitCreate
from blog.app.automation.splitting import gets_tried
from blog.app.errors import Conflict, Forbidden
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.prompts.going_live import Objection, no_gate
from blog.app.llm.runs import services as runs
from tests.automation.desk import Desk
from tests.conftest import OneConnection
from tests.factories import make_actor, make_post
from tests.llm.providers.scripted import openai_reply, serve

MakeDesk = Callable[..., Desk]
VOCABULARY = Vocabulary(post=frozenset({"question"}))


# --- in words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "later", "share"),
    [
        ("Wool is warm.", "Wool is warm.", 1),
        ("Wool is warm.", "WOOL — is very warm!", 1),
        ("Wool is warm.", "Rain.", 0),
        ("Wool is warm and dry.", "Wool, dry.", 0.4),
        ("one two", "two one", 0.5),
        ("Wool.", "", 0),
        ("…", "Wool.", None),
    ],
)
def test_what_is_kept_is_counted_in_words(accepted: str, later: str, share: float | None) -> None:
    assert kept_share(accepted, later) == share


words = st.lists(st.sampled_from(["wool", "rain", "kilt"]), max_size=20).map(" ".join)


@given(accepted=words, later=words, more=words)
def test_adding_words_loses_none(accepted: str, later: str, more: str) -> None:
    before, after = kept_share(accepted, later), kept_share(accepted, f"{later} {more}")
    assert (before is None and after is None) or (
        before is not None and after is not None and after >= before
    )


# --- counted and measured ------------------------------------------------------------------------


def usage(conn: db.Connection) -> list[str]:
    rows = conn.execute(
        """
        SELECT row(span, day, llm_action_version_id, llm_model_id, status, cost_currency, suggestions,
                   cost::float8, measured, kept::float8)::text
        FROM suggestion_usage WHERE suggestions <> 0 ORDER BY 1
        """
    ).fetchall()
    return [row for (row,) in rows]


def count(conn: db.Connection) -> dict[str, int]:
    found = conn.execute(
        "SELECT status, sum(suggestions)::int FROM suggestion_usage WHERE span = 'day' GROUP BY status"
    )
    return {status: number for status, number in found.fetchall() if number}


def settle(conn: db.Connection, pool: OneConnection) -> int:
    """As if nobody had touched a field for an hour."""
    db.run(conn, "UPDATE field_revision SET created_at = created_at - interval '1 hour'")
    return statistics.measure(pool)


def kept(conn: db.Connection) -> list[float | None]:
    rows = conn.execute("SELECT kept_share::float8 FROM suggestion ORDER BY id").fetchall()
    return [share for (share,) in rows]


def test_what_is_kept_is_measured_when_the_field_was_left_alone(desk: MakeDesk, pool: OneConnection) -> None:
    with serve(openai_reply(["Wool is warm."])) as server:
        made = desk(server.url)
        made.work(made.start())
    revision = suggestions.accept(made.conn, made.actor, made.waiting()[0].id, base_revision_id=None)
    assert statistics.measure(pool) == 0  # somebody may be typing still
    assert settle(made.conn, pool) == 1
    assert kept(made.conn) == [1]
    made.write("Wool is dry.", revision.id)
    settle(made.conn, pool)
    assert kept(made.conn) == [pytest.approx(2 / 3, abs=1e-6)]
    assert settle(made.conn, pool) == 0


def test_another_answer_over_it_ends_the_measuring(desk: MakeDesk, pool: OneConnection) -> None:
    with serve([openai_reply(["Wool is warm."]), openai_reply(["Quite another text."])]) as server:
        made = desk(server.url)
        made.work(made.start())
        first = suggestions.accept(made.conn, made.actor, made.waiting()[0].id, base_revision_id=None)
        mine = made.write("Wool is dry.", first.id)
        made.work(made.start())
    suggestions.accept(made.conn, made.actor, made.waiting()[0].id, base_revision_id=mine.id)
    settle(made.conn, pool)
    assert kept(made.conn) == [pytest.approx(2 / 3, abs=1e-6), 1]


def test_a_decision_moves_a_suggestion_from_one_count_to_another(desk: MakeDesk) -> None:
    with serve(openai_reply(["Wool."])) as server:
        made = desk(server.url)
        made.work(made.start())
    [waiting] = made.waiting()
    assert count(made.conn) == {"waiting": 1}
    suggestions.discard(made.conn, made.actor, waiting.id)
    assert count(made.conn) == {"discarded": 1}
    suggestions.bring_back(made.conn, made.actor, waiting.id)
    assert count(made.conn) == {"waiting": 1}


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_the_counts_are_those_of_a_recount(
    desk: MakeDesk, pool: OneConnection, seed: int
) -> None:
    chance = Random(seed)
    with serve([openai_reply([f"Wool is warm, says number {n}."]) for n in range(8)]) as server:
        made = desk(server.url)
        for _ in range(8):
            run = made.work(made.start())
            if chance.random() < 0.2:
                db.run(made.conn, "UPDATE llm_run SET purpose = 'use' WHERE id = %s", (run.id,))
            for _ in range(2):
                step(made, chance)
            if chance.random() < 0.4:
                settle(made.conn, pool)
    before = usage(made.conn)
    assert before
    statistics.recount(made.conn)
    assert usage(made.conn) == before


def step(made: Desk, chance: Random) -> None:
    """Something an editor may do; what cannot be done just now is refused and left."""
    current = made.current()
    base = current.id if current else None
    waiting = made.waiting()
    decided = suggestions.list_suggestions(made.conn, made.actor, made.post_id, "discarded")
    with suppress(Conflict):
        match chance.choice(["accept", "edit", "discard", "bring back", "write"]):
            case "accept" if waiting:
                suggestions.accept(made.conn, made.actor, waiting[0].id, base_revision_id=base)
            case "edit" if waiting:
                suggestions.accept(
                    made.conn,
                    made.actor,
                    waiting[-1].id,
                    base_revision_id=base,
                    value=f"Mine {chance.random()}",
                )
            case "discard" if waiting:
                suggestions.discard(made.conn, made.actor, waiting[0].id)
            case "bring back" if decided:
                suggestions.bring_back(made.conn, made.actor, decided[0].id)
            case _:
                made.write(f"Wool, {chance.random()}", base)


# --- splits --------------------------------------------------------------------------------------


@settings(deadline=None)
@given(split_id=st.integers(1, 10**9), percent=st.sampled_from([1, 10, 50, 99]))
def test_a_post_gets_the_same_version_every_time_and_shares_are_kept(split_id: int, percent: int) -> None:
    got = [gets_tried(split_id, post_id, percent) for post_id in range(2000)]
    assert got == [gets_tried(split_id, post_id, percent) for post_id in range(2000)]
    assert abs(sum(got) / 20 - percent) < 6


def draft(made: Desk) -> int:
    """A second version of the desk's action, with its parts, that nobody made live."""
    version_id = db.scalar(
        made.conn,
        """
        INSERT INTO llm_action_version (llm_action_id, number, llm_model_id, output_kind, deadline_seconds)
        SELECT llm_action_id, 2, llm_model_id, output_kind, deadline_seconds FROM llm_action_version
        WHERE llm_action_id = %s RETURNING id
        """,
        (made.action_id,),
    )
    db.run(
        made.conn,
        """
        INSERT INTO llm_action_part (llm_action_version_id, position, llm_prompt_part_id)
        SELECT %s, position, llm_prompt_part_id FROM llm_action_part
        JOIN llm_action ON live_version_id = llm_action_version_id WHERE llm_action.id = %s
        """,
        (version_id, made.action_id),
    )
    return version_id


def divide(made: Desk, version_id: int, percent: int = 50) -> int:
    new = SplitCreate(version_id=version_id, percent=percent)
    return splits.start_split(made.conn, made.actor, made.action_id, new, VOCABULARY, gate=no_gate).id


def test_runs_are_divided_by_post_and_know_their_split(desk: MakeDesk) -> None:
    made = desk()
    tried = draft(made)
    split_id = divide(made, tried)
    posts = [make_post(made.conn, made.actor, question="Why?") for _ in range(12)]
    got: dict[int, int] = {}
    for post_id in posts:
        run = replace(made, post_id=post_id).start()
        assert run.split_id == split_id
        got[post_id] = run.action_version_id
    assert {post_id for post_id in posts if got[post_id] == tried} == {
        post_id for post_id in posts if gets_tried(split_id, post_id, 50)
    }
    splits.end_split(made.conn, made.actor, split_id)
    made.work(replace(made, post_id=posts[0]).work(runs.get_run(made.conn, made.start().id)))
    assert made.start().split_id is None


def test_a_split_chooses_no_more_once_another_version_is_live(desk: MakeDesk) -> None:
    made = desk()
    tried = draft(made)
    split_id = divide(made, tried, 99)
    db.run(made.conn, "UPDATE llm_action SET live_version_id = %s WHERE id = %s", (tried, made.action_id))
    assert made.start().split_id is None
    assert not splits.get_split(made.conn, made.actor, split_id).is_choosing


def test_a_split_that_makes_no_sense_is_refused(desk: MakeDesk) -> None:
    made = desk()
    live = db.scalar(made.conn, "SELECT live_version_id FROM llm_action WHERE id = %s", (made.action_id,))
    with pytest.raises(Conflict, match="live already"):
        divide(made, live)
    tried = draft(made)
    divide(made, tried)
    with pytest.raises(Conflict, match="divided already"):
        divide(made, tried)
    with pytest.raises(Forbidden):
        splits.end_split(made.conn, make_actor(made.conn, "amy", "author"), 1)


def test_the_gate_is_asked_before_a_version_is_tried(desk: MakeDesk) -> None:
    made = desk()
    new = SplitCreate(version_id=draft(made), percent=10)
    objection = Objection(action_id=made.action_id, title="Case 1", message="It never passed.")
    with pytest.raises(Conflict, match="It never passed"):
        splits.start_split(
            made.conn, made.actor, made.action_id, new, VOCABULARY, gate=lambda _conn, _of: [objection]
        )
