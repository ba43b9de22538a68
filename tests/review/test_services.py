"""Working a post through its sub-stages: who may, what follows, who is told, and taking it back."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.posts import services as posts
from blog.app.review import dates, notifications, requirements, services, standing
from blog.app.review.models import Status, SubStageState
from blog.app.workflow import services as workflow
from blog.app.workflow import workspaces
from tests.factories import make_actor, make_post

READY = {"basic_idea": "A worked-out idea.", "provisional_title": "The kilt"}


@dataclass(frozen=True, kw_only=True)
class Post:
    """A post by Alice with the first sub-stage's fields filled, and the people around it."""

    conn: db.Connection
    id: int
    alice: Actor
    bob: Actor
    dora: Actor

    def state(self, sub_stage: str = "idea") -> SubStageState:
        return next(s for s in standing.list_states(self.conn, self.alice, self.id) if s.name == sub_stage)

    def set(
        self, status: Status, sub_stage: str = "idea", actor: Actor | None = None, note: str = ""
    ) -> None:
        services.change_status(self.conn, actor or self.alice, self.id, sub_stage, status, note=note)

    def place(self) -> str:
        return next(s.name for s in standing.list_states(self.conn, self.alice, self.id) if s.is_here)

    def told(self, actor: Actor) -> list[tuple[str, str]]:
        found = notifications.list_notifications(self.conn, actor).items
        return [(each.kind, each.place) for each in found]

    def newest(self) -> int:
        return standing.list_events(self.conn, self.alice, self.id).items[0].id


@pytest.fixture
def post(conn: db.Connection) -> Post:
    alice = make_actor(conn, "alice", "author")
    return Post(
        conn=conn,
        id=make_post(conn, alice, **READY),
        alice=alice,
        bob=make_actor(conn, "bob miller", "editor"),
        dora=make_actor(conn, "dora", "author"),
    )


# --- the way of a sub-stage ----------------------------------------------------------------------


def test_who_starts_what_is_nobodys_has_it(post: Post) -> None:
    assert post.state().status == "not_started"
    post.set("in_work")
    state = post.state()
    assert (state.status, state.assignee_name, state.updated_by_name) == ("in_work", "alice", "alice")


def test_done_moves_the_post_on(post: Post) -> None:
    post.set("done")
    assert post.place() == "research"
    assert post.state().status == "done"


def test_done_elsewhere_moves_nothing(post: Post) -> None:
    db.run(post.conn, "DELETE FROM workflow_requirement")
    post.set("done", "images")
    assert post.place() == "idea"


def test_the_same_status_again_changes_nothing(post: Post) -> None:
    post.set("in_work")
    post.set("in_work")
    assert len(standing.list_events(post.conn, post.alice, post.id).items) == 1


def test_blocked_needs_a_reason_and_shows_it_until_it_goes_on(post: Post) -> None:
    with pytest.raises(Invalid, match="Say why"):
        post.set("blocked", note="  ")
    post.set("blocked", note="No pictures yet.")
    services.assign(post.conn, post.alice, post.id, "idea", post.bob.user_id)
    assert post.state().note == "No pictures yet."
    with pytest.raises(Conflict, match="it cannot become ready"):
        post.set("ready")
    post.set("in_work")
    assert post.state().note == ""


def test_a_change_of_what_is_no_longer_so_is_refused(post: Post) -> None:
    post.set("ready")
    with pytest.raises(Conflict, match="alice set Idea to ready for review meanwhile"):
        services.change_status(post.conn, post.bob, post.id, "idea", "in_work", seen="not_started")


def test_a_second_press_changes_nothing_and_is_no_conflict(post: Post) -> None:
    post.set("in_work")
    before = post.state()
    again = services.change_status(post.conn, post.alice, post.id, "idea", "in_work", seen="not_started")
    assert again.status == "in_work"
    assert post.state() == before


def test_an_unknown_sub_stage_is_not_found(post: Post) -> None:
    with pytest.raises(NotFound):
        post.set("in_work", "nowhere")


# --- requirements --------------------------------------------------------------------------------


def test_ready_is_refused_with_what_is_missing_and_where(post: Post) -> None:
    bare = make_post(post.conn, post.alice, basic_idea="Words.")
    with pytest.raises(requirements.Unmet) as refused:
        services.change_status(post.conn, post.alice, bare, "idea", "ready")
    assert refused.value.details["unmet"] == [
        {"field": "provisional_title", "section_id": None, "problem": "Provisional title is empty."}
    ]
    assert services.change_status(post.conn, post.alice, post.id, "idea", "ready").status == "ready"


def test_sections_are_asked_for_one_by_one(post: Post) -> None:
    section = posts.add_section(post.conn, post.alice, post.id)
    review = standing.get_review(post.conn, post.alice, post.id, "content")
    drafts = [check for check in review.checks if check.field_name == "draft"]
    assert [(check.section_id, check.is_met) for check in drafts] == [(section.id, False)]
    assert drafts[0].problem == "Draft of “Untitled section” is empty."


# --- handing over and sending back ---------------------------------------------------------------


def test_handed_over_within_a_sub_stage_it_is_somebody_elses(post: Post) -> None:
    services.hand_over(
        post.conn, post.alice, post.id, "idea", person_id=post.bob.user_id or 0, note="Please look."
    )
    state = post.state()
    assert (state.assignee_name, state.status, state.note) == ("bob miller", "in_work", "Please look.")
    assert post.told(post.bob) == [("handed_over", "Idea")]
    assert post.place() == "idea"


def test_handed_over_to_a_later_sub_stage_this_one_is_done(post: Post) -> None:
    services.hand_over(
        post.conn, post.alice, post.id, "idea", person_id=post.dora.user_id or 0, to="research"
    )
    assert (post.state().status, post.state("research").assignee_name) == ("done", "dora")
    assert post.place() == "research"
    assert post.told(post.dora) == [("handed_over", "Research")]


def test_what_is_not_ready_is_not_handed_on(post: Post) -> None:
    with pytest.raises(requirements.Unmet):
        services.hand_over(
            post.conn, post.alice, post.id, "research", person_id=post.dora.user_id or 0, to="structure"
        )
    with pytest.raises(Invalid, match="send it back"):
        services.hand_over(
            post.conn, post.alice, post.id, "research", person_id=post.dora.user_id or 0, to="idea"
        )


def test_only_a_colleague_is_given_work(post: Post) -> None:
    nobody = make_actor(post.conn, "nobody")
    with pytest.raises(Invalid, match="reads no posts"):
        services.assign(post.conn, post.alice, post.id, "idea", nobody.user_id)


def test_sent_back_the_earlier_work_begins_anew(post: Post) -> None:
    post.set("done")
    services.send_back(post.conn, post.bob, post.id, "research", to="idea", reason="Too broad.")
    idea, research = post.state(), post.state("research")
    assert (idea.status, idea.note, post.place()) == ("in_work", "Too broad.", "idea")
    assert research.status == "not_started"
    assert post.told(post.alice) == [("sent_back", "Idea")]


def test_sent_back_only_with_a_reason_and_only_back(post: Post) -> None:
    with pytest.raises(Invalid, match="Say what"):
        services.send_back(post.conn, post.bob, post.id, "research", to="idea", reason=" ")
    with pytest.raises(Invalid, match="does not come before"):
        services.send_back(post.conn, post.bob, post.id, "idea", to="idea", reason="x")


# --- who may -------------------------------------------------------------------------------------


def test_a_stranger_changes_nothing_until_it_is_given_to_them(post: Post) -> None:
    with pytest.raises(Forbidden):
        post.set("in_work", actor=post.dora)
    services.assign(post.conn, post.alice, post.id, "idea", post.dora.user_id)
    post.set("in_work", actor=post.dora)
    post.set("done", actor=post.dora)
    assert post.place() == "research"
    with pytest.raises(Forbidden):
        services.set_due(post.conn, post.dora, post.id, "idea", date(2026, 12, 1))


def test_a_viewer_given_something_still_only_reads(post: Post) -> None:
    viewer = make_actor(post.conn, "vera", "viewer")
    services.assign(post.conn, post.alice, post.id, "idea", viewer.user_id)
    with pytest.raises(Forbidden):
        post.set("in_work", actor=viewer)


# --- dates ---------------------------------------------------------------------------------------


def test_a_due_date_is_set_and_taken_away(post: Post) -> None:
    services.set_due(post.conn, post.alice, post.id, "idea", date(2026, 12, 1))
    assert post.state().due_on == date(2026, 12, 1)
    services.set_due(post.conn, post.alice, post.id, "idea", None)
    assert post.state().due_on is None


def test_a_post_is_planned_and_scheduled(post: Post) -> None:
    dates.plan(post.conn, post.alice, post.id, date(2026, 12, 1), date(2026, 12, 3))
    found = dates.get_plan(post.conn, post.bob, post.id)
    assert (found.planned_on, found.scheduled_for) == (date(2026, 12, 1), date(2026, 12, 3))
    with pytest.raises(Forbidden):
        dates.plan(post.conn, post.dora, post.id, None, None)


def test_the_day_a_post_is_set_to_appear_is_what_its_field_says(post: Post) -> None:
    def written() -> str:
        return workspaces.get_field_state(post.conn, post.alice, post.id, "scheduling", None).shown

    def write(text: str) -> date | None:
        base = workspaces.get_field_state(post.conn, post.alice, post.id, "scheduling", None).revision
        workflow.save_field(
            post.conn,
            post.alice,
            post_id=post.id,
            field_name="scheduling",
            section_id=None,
            text=text,
            base_revision_id=base.id if base else None,
        )
        return dates.get_plan(post.conn, post.alice, post.id).scheduled_for

    assert write("2026-12-24") == date(2026, 12, 24)
    dates.plan(post.conn, post.alice, post.id, None, date(2026, 12, 27))
    assert written() == "2026-12-27"
    assert write("") is None
    dates.plan(post.conn, post.alice, post.id, None, date(2026, 12, 28))
    dates.plan(post.conn, post.alice, post.id, None, None)
    assert written() == ""


def test_a_workflow_without_a_field_for_it_keeps_the_day_with_the_post(post: Post) -> None:
    post.conn.execute("UPDATE workflow_field SET part = NULL, part_rank = NULL WHERE name = 'scheduling'")
    dates.plan(post.conn, post.alice, post.id, None, date(2026, 12, 3))
    assert dates.get_plan(post.conn, post.alice, post.id).scheduled_for == date(2026, 12, 3)


# --- taking it back ------------------------------------------------------------------------------


def test_a_hand_over_is_taken_back_with_all_that_came_of_it(post: Post) -> None:
    post.set("in_work")
    services.hand_over(
        post.conn, post.alice, post.id, "idea", person_id=post.dora.user_id or 0, to="research"
    )
    event = standing.get_review(post.conn, post.alice, post.id, "idea").undo
    assert event
    services.undo(post.conn, post.alice, event.id)
    assert (post.state().status, post.state().assignee_name) == ("in_work", "alice")
    assert (post.state("research").status, post.state("research").assignee_name) == ("not_started", None)
    assert post.place() == "idea"
    assert post.told(post.dora) == []
    assert standing.get_review(post.conn, post.alice, post.id, "idea").undo is None


def test_done_is_taken_back_to_where_it_was(post: Post) -> None:
    post.set("done")
    services.undo(post.conn, post.alice, post.newest())
    assert (post.state().status, post.place()) == ("not_started", "idea")


def test_what_was_followed_stays(post: Post) -> None:
    post.set("in_work")
    first = post.newest()
    post.set("ready")
    with pytest.raises(Conflict, match="Something was changed after this"):
        services.undo(post.conn, post.alice, first)
    second = post.newest()
    with pytest.raises(Forbidden):
        services.undo(post.conn, post.bob, second)
    services.undo(post.conn, post.alice, second)
    with pytest.raises(Conflict):
        services.undo(post.conn, post.alice, second)


def test_every_change_is_an_event_with_who_and_from_what_to_what(post: Post) -> None:
    post.set("in_work")
    post.set("ready", actor=post.bob)
    events = standing.list_events(post.conn, post.alice, post.id, "idea").items
    assert [(e.kind, e.status_before, e.status_after, e.author_name) for e in events] == [
        ("ready", "in_work", "ready", "bob miller"),
        ("started", "not_started", "in_work", "alice"),
    ]
    first = standing.list_events(post.conn, post.alice, post.id, "idea", limit=1)
    assert first.next
    rest = standing.list_events(post.conn, post.alice, post.id, "idea", after=int(first.next), limit=1)
    assert [e.kind for e in rest.items] == ["started"]
    assert rest.next is None


# --- what the post itself keeps of it ------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_post_says_how_it_stands_where_it_stands(post: Post, seed: int) -> None:
    chance = random.Random(seed)
    conn, alice, bob_id = post.conn, post.alice, post.bob.user_id
    assert bob_id is not None
    people = [alice.user_id, bob_id, None]
    places = [state.name for state in standing.list_states(conn, alice, post.id)][:4]
    stati: list[Status] = ["in_work", "ready", "done", "blocked"]
    steps: list[Callable[[str], object]] = [
        lambda place: services.assign(conn, alice, post.id, place, chance.choice(people)),
        lambda place: services.set_due(conn, alice, post.id, place, chance.choice([date(2026, 3, 5), None])),
        lambda place: services.change_status(conn, alice, post.id, place, chance.choice(stati), note="so"),
        lambda place: services.hand_over(conn, alice, post.id, place, person_id=bob_id),
        lambda place: services.send_back(conn, alice, post.id, post.place(), to=place, reason="again"),
        lambda place: workflow.move_post(conn, alice, post.id, place),
        lambda _: services.undo(conn, alice, post.newest()),
    ]
    post.set("in_work")
    changed = 0
    for _ in range(60):
        with suppress(Conflict, Forbidden, Invalid, NotFound):
            chance.choice(steps)(chance.choice(places))
            changed += 1
        here = next(state for state in standing.list_states(conn, alice, post.id) if state.is_here)
        kept = conn.execute(
            "SELECT status, assignee_id, due_on FROM post WHERE id = %s", (post.id,)
        ).fetchone()
        assert kept == (here.status, here.assignee_id, here.due_on)
    assert changed > 20
