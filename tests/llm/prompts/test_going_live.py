"""Drafts, and what makes a version count: through SQL."""

from collections.abc import Sequence

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.llm.prompts import actions, forms, going_live, parts, services
from blog.app.llm.prompts.going_live import Candidate, Objection, no_gate
from blog.app.llm.prompts.models import Action, PromptPart
from blog.app.llm.prompts.schemas import ActionGoLive, GoLive, PromptPartChange
from tests.factories import all_powerful, bind, make_actor, make_field
from tests.llm.prompts.prompt_rows import VOCABULARY, make_action, make_part


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


def _reword(conn: db.Connection, actor: Actor, part: PromptPart, template: str) -> PromptPart:
    change = PromptPartChange(
        base_version_id=services.get_newest_part(conn, part.id).version_id,
        name=part.name,
        role="user",
        kind="task",
        template=template,
    )
    return going_live.save_part(conn, actor, part.id, change, VOCABULARY, gate=no_gate)


def _change(conn: db.Connection, actor: Actor, action: Action, **different: object) -> Action:
    base = services.get_newest_action(conn, action.id)
    change = forms.change_of(base, **different)
    return going_live.save_action(conn, actor, action.id, change, VOCABULARY, gate=no_gate)


def _ask(version_id: int, live_version_id: int, **given: object) -> ActionGoLive:
    return ActionGoLive.model_validate(
        {"version_id": version_id, "live_version_id": live_version_id, **given}
    )


def _objects(title: str) -> going_live.Gate:
    def gate(_conn: db.Connection, candidate: Candidate) -> Sequence[Objection]:
        return [Objection(action_id=candidate.action_id, case_id=7, title=title, message="Too long.")]

    return gate


def test_a_changed_part_is_in_no_run_before_it_is_live_and_in_the_next_one_then(
    conn: db.Connection, carol: Actor
) -> None:
    part = make_part(conn, carol, "First.")
    action = make_action(conn, carol, part)
    draft = _reword(conn, carol, part, "Second.")
    assert [each.template for each in services.load_parts(conn, action.version.id)] == ["First."]
    trying = services.load_parts(conn, action.version.id, [draft.version_id])
    assert [(each.template, each.version) for each in trying] == [("Second.", 2)]
    ask = GoLive(version_id=draft.version_id, live_version_id=part.version_id)
    live = going_live.make_part_live(conn, carol, part.id, ask, VOCABULARY, gate=no_gate)
    assert (live.template, live.draft_version_id) == ("Second.", None)
    assert [each.template for each in services.load_parts(conn, action.version.id)] == ["Second."]


def test_a_draft_of_an_action_counts_once_it_is_live_and_the_release_says_who_and_instead_of_what(
    conn: db.Connection, carol: Actor
) -> None:
    action = make_action(conn, carol)
    draft = _change(conn, carol, action, params={"temperature": 0.1})
    assert services.get_live_action(conn, action.id).version.number == 1
    assert (draft.draft_version_id, draft.live_version_id) == (draft.version.id, action.version.id)
    ask = _ask(draft.version.id, action.version.id, reason="Calmer.")
    live = going_live.make_action_live(conn, carol, action.id, ask, VOCABULARY, gate=no_gate)
    assert (live.version.number, live.draft_version_id) == (2, None)
    latest, first = services.list_action_releases(conn, action.id)
    assert (latest.number, latest.replaced_number, latest.author, latest.reason) == (2, 1, "carol", "Calmer.")
    assert (first.number, first.replaced_number, latest.overruled) == (1, None, None)


def test_an_earlier_version_is_made_live_again_and_the_next_change_begins_there(
    conn: db.Connection, carol: Actor
) -> None:
    action = make_action(conn, carol, params={"temperature": 0.7})
    second = _change(conn, carol, action, params={"temperature": 0.1}, make_live=True)
    back = going_live.make_action_live(
        conn, carol, action.id, _ask(action.version.id, second.version.id), VOCABULARY, gate=no_gate
    )
    assert back.version.params == {"temperature": 0.7}
    assert services.get_newest_action(conn, action.id).version.number == 1
    third = _change(conn, carol, action, params={"temperature": 0.6})
    assert third.version.number == 3


def test_saving_and_making_live_in_one_call_does_both_or_neither(conn: db.Connection, carol: Actor) -> None:
    action = make_action(conn, carol)
    change = forms.change_of(action, label="Mine", make_live=True)
    with pytest.raises(Conflict):
        going_live.save_action(conn, carol, action.id, change, VOCABULARY, gate=_objects("A case"))
    assert len(services.list_action_versions(conn, action.id)) == 1
    saved = going_live.save_action(conn, carol, action.id, change, VOCABULARY, gate=no_gate)
    assert saved.live_version_id == saved.version.id != action.version.id


def test_of_two_who_make_something_live_the_second_is_told(conn: db.Connection, carol: Actor) -> None:
    action = make_action(conn, carol)
    second = _change(conn, carol, action, label="Two", make_live=True)
    third = _change(conn, carol, action, label="Three")
    with pytest.raises(Conflict) as refused:
        going_live.make_action_live(
            conn, carol, action.id, _ask(third.version.id, action.version.id), VOCABULARY, gate=no_gate
        )
    assert refused.value.details["live_version_id"] == second.version.id


def test_a_gate_refuses_with_its_cases_and_is_overruled_only_with_a_reason(
    conn: db.Connection, carol: Actor
) -> None:
    action = make_action(conn, carol)
    draft = _change(conn, carol, action, params={"temperature": 0.1})
    ask = _ask(draft.version.id, action.version.id)
    with pytest.raises(Conflict) as refused:
        going_live.make_action_live(conn, carol, action.id, ask, VOCABULARY, gate=_objects("Kilts"))
    assert refused.value.details["objections"] == [
        {"action_id": action.id, "case_id": 7, "title": "Kilts", "message": "Too long."}
    ]
    with pytest.raises(Invalid):
        going_live.make_action_live(
            conn, carol, action.id, ask.model_copy(update={"override": True}), VOCABULARY, gate=_objects("K")
        )
    sure = ask.model_copy(update={"override": True, "reason": "The case is out of date."})
    going_live.make_action_live(conn, carol, action.id, sure, VOCABULARY, gate=_objects("Kilts"))
    release = services.list_action_releases(conn, action.id)[0]
    assert release.reason == "The case is out of date."
    assert release.overruled is not None
    assert release.overruled[0]["title"] == "Kilts"


def test_the_gates_of_every_action_that_has_a_part_are_asked_about_its_new_wording(
    conn: db.Connection, carol: Actor
) -> None:
    part = make_part(conn, carol, "First.")
    one, two = make_action(conn, carol, part), make_action(conn, carol, part)
    make_action(conn, carol)
    draft = _reword(conn, carol, part, "Second.")
    asked: list[Candidate] = []

    def gate(_conn: db.Connection, candidate: Candidate) -> Sequence[Objection]:
        asked.append(candidate)
        return ()

    ask = GoLive(version_id=draft.version_id, live_version_id=part.version_id)
    going_live.make_part_live(conn, carol, part.id, ask, VOCABULARY, gate=gate)
    assert {each.action_id for each in asked} == {one.id, two.id}
    assert {each.part_version_ids for each in asked} == {(draft.version_id,)}


def test_drafts_of_parts_go_live_with_the_action_or_not_at_all(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol, "First.")
    action = make_action(conn, carol, part)
    wording = _reword(conn, carol, part, "Second.")
    draft = _change(conn, carol, action, params={"temperature": 0.1})
    ask = _ask(draft.version.id, action.version.id, part_version_ids=[wording.version_id])
    with pytest.raises(Conflict):
        going_live.make_action_live(conn, carol, action.id, ask, VOCABULARY, gate=_objects("A case"))
    assert services.get_part(conn, part.id).template == "First."
    going_live.make_action_live(conn, carol, action.id, ask, VOCABULARY, gate=no_gate)
    assert services.get_part(conn, part.id).template == "Second."


def test_a_draft_that_is_set_aside_is_not_gone_on_from_and_stays_readable(
    conn: db.Connection, carol: Actor
) -> None:
    part = make_part(conn, carol, "First.")
    draft = _reword(conn, carol, part, "Second.")
    parts.set_draft_aside(conn, carol, part.id, draft.version_id)
    assert services.get_newest_part(conn, part.id).template == "First."
    assert services.get_part_version(conn, draft.version_id).template == "Second."
    with pytest.raises(Conflict):
        parts.set_draft_aside(conn, carol, part.id, draft.version_id)
    action = make_action(conn, carol)
    change = _change(conn, carol, action, label="Two")
    actions.set_draft_aside(conn, carol, action.id, change.version.id)
    assert services.get_newest_action(conn, action.id).version.id == action.version.id


def test_a_version_of_something_else_is_not_made_live(conn: db.Connection, carol: Actor) -> None:
    one, two = make_action(conn, carol), make_action(conn, carol)
    with pytest.raises(NotFound):
        going_live.make_action_live(
            conn, carol, one.id, _ask(two.version.id, one.version.id), VOCABULARY, gate=no_gate
        )
    with pytest.raises(NotFound):
        services.get_action(conn, one.id, two.version.id)


def test_an_author_makes_nothing_live(conn: db.Connection, carol: Actor) -> None:
    action = make_action(conn, carol)
    alice = make_actor(conn, "alice", "author")
    ask = _ask(action.version.id, action.version.id)
    with pytest.raises(Forbidden):
        going_live.make_action_live(conn, alice, action.id, ask, VOCABULARY, gate=no_gate)


def test_a_part_that_is_switched_off_keeps_its_place_and_is_not_sent(
    conn: db.Connection, carol: Actor
) -> None:
    one, two = make_part(conn, carol, "One."), make_part(conn, carol, "Two.")
    action = make_action(conn, carol, one, two, off_positions=[2])
    assert (action.part_ids, action.off_positions) == ([one.id, two.id], [2])
    assert [each.template for each in services.load_parts(conn, action.version.id)] == ["One."]
    with pytest.raises(Conflict, match=action.label):
        parts.archive_part(conn, carol, two.id)
    for wrong in ([1, 2], [3]):
        with pytest.raises(Invalid):
            make_action(conn, carol, one, two, off_positions=wrong)


def test_a_part_that_only_a_draft_has_is_in_use(conn: db.Connection, carol: Actor) -> None:
    action, part = make_action(conn, carol), make_part(conn, carol)
    _change(conn, carol, action, part_ids=[*action.part_ids, part.id])
    [use] = services.list_part_uses(conn, part.id)
    assert (use.action_id, use.is_sent, use.is_live) == (action.id, True, False)
    with pytest.raises(Conflict, match=action.label):
        parts.archive_part(conn, carol, part.id)


def test_an_action_cannot_come_to_write_what_its_field_cannot_hold(conn: db.Connection, carol: Actor) -> None:
    action = make_action(conn, carol)
    bind(conn, make_field(conn, "essay", kind="markdown"), action.id)
    with pytest.raises(Invalid, match="Essay"):
        _change(conn, carol, action, output_kind="list")
    assert _change(conn, carol, action, output_kind="markdown").version.number == 2


def test_two_versions_of_one_part_cannot_stand_in_for_each_other(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol, "First.")
    action = make_action(conn, carol, part)
    draft = _reword(conn, carol, part, "Second.")
    for wrong in ([part.version_id, draft.version_id], [999_999]):
        with pytest.raises(Invalid):
            services.load_parts(conn, action.version.id, wrong)
