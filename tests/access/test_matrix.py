"""What the matrix grants and what it does not, through the services that enforce it."""

from dataclasses import replace
from datetime import date

import pytest

from blog.app import db
from blog.app.auth import reach
from blog.app.auth import services as auth
from blog.app.auth.models import Actor, Verb
from blog.app.automation import batches, suggestions
from blog.app.automation import services as automation
from blog.app.errors import Forbidden, NotFound
from blog.app.llm.runs import services as runs
from blog.app.posts import services as posts
from blog.app.review import comments, dates, notifications, standing
from blog.app.review import services as review
from blog.app.workflow import field_values, outline, trees, workspaces
from blog.app.workflow import services as workflow
from tests.access.people import ALL, make_narrow
from tests.factories import all_powerful, bind, make_action, make_actor, make_model, make_post

STAGES = ("planning", "authoring", "publishing")
HIDDEN = "the hedgehog is in the cellar"


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


def place_id(conn: db.Connection, name: str) -> int:
    return db.scalar(conn, "SELECT id FROM workflow_sub_stage WHERE name = %s", (name,))


def field_id(conn: db.Connection, name: str) -> int:
    return db.scalar(conn, "SELECT id FROM workflow_field WHERE name = %s", (name,))


# --- what is granted -----------------------------------------------------------------------------


def test_the_five_roles_may_where_they_could_before(conn: db.Connection) -> None:
    everywhere = {
        "administrator": set(ALL),
        "editor": set(ALL),
        "author": set(ALL),
        "reviewer": {"see", "edit", "move"},
        "viewer": {"see"},
    }
    places = [place for (place,) in conn.execute("SELECT id FROM workflow_sub_stage").fetchall()]
    for role, verbs in everywhere.items():
        actor = make_actor(conn, role, role)
        assert reach.seen(actor) is None
        assert {verb for verb in ALL if all(reach.may(actor, verb, place) for place in places)} == verbs
        assert not any(reach.may(actor, verb, places[0]) for verb in set(ALL) - verbs)


def test_without_a_row_there_is_no_right_and_without_seeing_no_other(conn: db.Connection) -> None:
    nobody = make_narrow(conn, {})
    assert reach.seen(nobody) == []
    blind = make_narrow(conn, {"planning": ["edit", "run"]})
    assert not reach.may(blind, "edit", place_id(conn, "idea"))
    unread = replace(make_narrow(conn, {"planning": ALL}), permissions=frozenset({"post.edit"}))
    assert not reach.may_see(unread, place_id(conn, "idea"))
    assert reach.seen(unread) == []


def test_a_new_stage_is_the_administrators_alone(conn: db.Connection, carol: Actor) -> None:
    stage = db.scalar(
        conn,
        """
        INSERT INTO workflow_stage (workflow_id, name, label, position)
        SELECT id, 'legal', 'Legal', 9 FROM workflow RETURNING id
        """,
    )
    place = db.scalar(
        conn,
        """
        INSERT INTO workflow_sub_stage (workflow_id, workflow_stage_id, name, label, position)
        SELECT workflow_id, id, 'legal', 'Legal', 1 FROM workflow_stage WHERE id = %s RETURNING id
        """,
        (stage,),
    )
    assert reach.may(carol, "publish", place)
    editor = make_actor(conn, "ed", "editor")
    assert not reach.may_see(editor, place)
    assert reach.seen(editor) is not None


def test_a_closed_workflow_is_open_to_the_members_of_its_groups(conn: db.Connection, carol: Actor) -> None:
    db.run(conn, "DELETE FROM user_group_workflow")
    editor, member = make_actor(conn, "ed", "editor"), make_actor(conn, "mo", "editor")
    group = db.scalar(conn, "INSERT INTO user_group (name) VALUES ('Legal') RETURNING id")
    db.run(conn, "INSERT INTO user_group_workflow SELECT %s, id FROM workflow", (group,))
    db.run(conn, "INSERT INTO user_group_member VALUES (%s, %s)", (group, member.user_id))
    post_id = make_post(conn, carol)
    with pytest.raises(NotFound):
        posts.get_post(conn, editor, post_id)
    with pytest.raises(NotFound):
        trees.default_workflow(conn, editor)
    assert posts.get_post(conn, auth.actor_of_user(conn, member.user_id or 0), post_id).id == post_id


# --- out of sight --------------------------------------------------------------------------------


def test_a_post_that_stands_out_of_sight_is_not_there(conn: db.Connection, carol: Actor) -> None:
    nora = make_narrow(conn, {"planning": ALL})
    post_id = make_post(conn, carol)
    assert posts.get_post(conn, nora, post_id).id == post_id
    workflow.move_post(conn, carol, post_id, "content")
    for look in (posts.get_post, posts.lock_to_edit, standing.list_states, field_values.list_values):
        with pytest.raises(NotFound):
            look(conn, nora, post_id)
    assert posts.list_latest(conn, nora, limit=5) == []


def test_fields_out_of_sight_are_not_shown(conn: db.Connection, carol: Actor) -> None:
    nora = make_narrow(conn, {"planning": ALL})
    post_id = make_post(conn, carol, conclusion=HIDDEN, basic_idea="Seen")
    values = field_values.list_values(conn, nora, post_id)
    assert "conclusion" not in {value.name for value in values}
    assert any(value.value == "Seen" for value in values)
    for ask in (workspaces.get_field_state, field_values.get_value):
        with pytest.raises(NotFound, match="no field"):
            ask(conn, nora, post_id, "conclusion", None)
    revision = posts.find_current(
        conn, post_id=post_id, section_id=None, field_id=field_id(conn, "conclusion")
    )
    assert revision is not None
    with pytest.raises(NotFound):
        field_values.get_revision_value(conn, nora, revision.id)
    workspace = workspaces.get_workspace(conn, nora, post_id)
    assert workspace.progress[place_id(conn, "content")].total == 0
    with pytest.raises(NotFound):
        workspaces.get_workspace(conn, nora, post_id, "content")


def test_what_is_said_of_a_field_out_of_sight_is_not_heard(conn: db.Connection, carol: Actor) -> None:
    nora = make_narrow(conn, {"planning": ALL})
    post_id = make_post(conn, carol, conclusion="An end")
    said = comments.comment(conn, carol, post_id, f"@{nora.name} {HIDDEN}", field_name="conclusion")
    comments.comment(conn, carol, post_id, f"@{nora.name} hello")
    assert [thread.comment.body for thread in comments.list_threads(conn, nora, post_id).items] == [
        f"@{nora.name} hello"
    ]
    assert comments.list_counts(conn, nora, post_id) == []
    assert notifications.count_unread(conn, nora) == 1
    assert len(notifications.list_notifications(conn, nora).items) == 1
    for ask in (comments.get_thread, comments.resolve):
        with pytest.raises(NotFound):
            ask(conn, nora, said.id)
    with pytest.raises(NotFound):
        comments.reply(conn, nora, said.id, "What?")


# --- each verb -----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["edit", "run", "accept", "move", "publish"])
def test_each_verb_is_asked_for_by_what_it_names(conn: db.Connection, carol: Actor, verb: Verb) -> None:
    made = _post_with_everything(conn, carol)
    without = make_narrow(conn, dict.fromkeys(STAGES, set(ALL) - {verb}))
    for act in _acts(verb):
        with pytest.raises(Forbidden, match="You may not"), conn.transaction():
            act(conn, without, made)
    able = make_narrow(conn, {stage: {"see", verb} for stage in STAGES}, "abe")
    for act in _acts(verb):
        with conn.transaction(force_rollback=True):
            act(conn, able, made)


def _post_with_everything(conn: db.Connection, carol: Actor) -> dict[str, int]:
    post_id = make_post(conn, carol, basic_idea="Seen")
    section = outline.add_section(conn, carol, post_id, "One")
    offer(conn, "idea_scope", "topics_to_cover", "interesting_facts")
    db.run(conn, "DELETE FROM workflow_requirement")
    run = automation.start(conn, carol, post_id=post_id, field_name="idea_scope")
    conn.execute(
        "UPDATE llm_run SET status = 'succeeded', finished_at = now(), output = 'Wide.' WHERE id = %s",
        (run.id,),
    )
    automation.save_output(conn, run.id, "Wide.")
    [waiting] = suggestions.list_suggestions(conn, carol, post_id)
    batch = batches.start_stage(conn, carol, post_id=post_id, sub_stage_name="research")
    return {
        "post": post_id,
        "section": section.id,
        "run": run.id,
        "suggestion": waiting.id,
        "batch": batch.id,
        "person": carol.user_id or 0,
    }


def offer(conn: db.Connection, *fields: str) -> None:
    """One action for these fields alone."""
    action_id = make_action(conn, [("user", "data", "{{ post.idea_seed }}")], model_id=make_model(conn))
    db.run(conn, "DELETE FROM workflow_field_action")
    for name in fields:
        bind(conn, field_id(conn, name), action_id)


def _acts(verb: Verb) -> list:  # type: ignore[type-arg]
    match verb:
        case "edit":
            return [
                lambda conn, actor, at: workflow.create_post_with_idea(conn, actor, "An idea"),
                lambda conn, actor, at: _write(conn, actor, at, "subtitle"),
                lambda conn, actor, at: outline.add_section(conn, actor, at["post"], ""),
                lambda conn, actor, at: posts.remove_section(conn, actor, at["post"], at["section"]),
                lambda conn, actor, at: posts.remove_post(conn, actor, at["post"]),
                lambda conn, actor, at: review.assign(conn, actor, at["post"], "idea", at["person"]),
                lambda conn, actor, at: review.set_due(conn, actor, at["post"], "idea", date(2027, 1, 1)),
                lambda conn, actor, at: dates.plan(conn, actor, at["post"], date(2027, 1, 1), None),
            ]
        case "run":
            return [
                _start,
                lambda conn, actor, at: automation.retry(conn, actor, at["run"]),
                lambda conn, actor, at: automation.refine(conn, actor, at["run"], "Shorter"),
                lambda conn, actor, at: batches.stop(conn, actor, at["batch"]),
            ]
        case "accept":
            return [
                _accept,
                lambda conn, actor, at: _accept(conn, actor, at, value="My own words"),
                lambda conn, actor, at: suggestions.discard(conn, actor, at["suggestion"]),
            ]
        case "move":
            return [
                lambda conn, actor, at: workflow.move_post(conn, actor, at["post"], "content"),
                lambda conn, actor, at: review.change_status(conn, actor, at["post"], "idea", "in_work"),
                lambda conn, actor, at: review.hand_over(
                    conn, actor, at["post"], "idea", person_id=at["person"], to="structure"
                ),
                lambda conn, actor, at: review.send_back(
                    conn, actor, at["post"], "research", to="idea", reason="Again"
                ),
            ]
        case _:
            return [lambda conn, actor, at: dates.plan(conn, actor, at["post"], None, date(2027, 1, 1))]


def _write(conn: db.Connection, actor: Actor, at: dict[str, int], name: str) -> None:
    workflow.save_field(
        conn, actor, post_id=at["post"], field_name=name, section_id=None, text="x", base_revision_id=None
    )


def _start(conn: db.Connection, actor: Actor, at: dict[str, int]) -> None:
    automation.start(conn, actor, post_id=at["post"], field_name="idea_scope")


def _accept(conn: db.Connection, actor: Actor, at: dict[str, int], value: str | None = None) -> None:
    suggestions.accept(conn, actor, at["suggestion"], base_revision_id=None, value=value)


def test_finishing_the_workflow_is_publishing(conn: db.Connection, carol: Actor) -> None:
    post_id = make_post(conn, carol)
    db.run(conn, "DELETE FROM workflow_requirement")
    mover = make_narrow(conn, {"planning": ALL, "authoring": ALL, "publishing": ["see", "move"]})
    assert review.change_status(conn, mover, post_id, "launch", "done").status == "done"
    with pytest.raises(Forbidden, match="publish"):
        review.change_status(conn, mover, post_id, "syndication", "done")


def test_a_post_can_be_moved_out_of_ones_own_sight(conn: db.Connection, carol: Actor) -> None:
    nora = make_narrow(conn, {"planning": ALL})
    post_id = make_post(conn, carol)
    assert workflow.move_post(conn, nora, post_id, "content").sub_stage_id == place_id(conn, "content")
    assert not posts.is_in_sight(conn, nora, post_id)


# --- what models read and write ------------------------------------------------------------------


def test_a_prompt_reads_nothing_that_its_actor_may_not(conn: db.Connection, carol: Actor) -> None:
    nora = make_narrow(conn, {"planning": ALL})
    post_id = make_post(conn, carol, conclusion=HIDDEN)
    action_id = make_action(conn, [("user", "data", "{{ post.conclusion }}")], model_id=make_model(conn))
    conn.execute("DELETE FROM workflow_field_action")
    bind(conn, field_id(conn, "idea_scope"), action_id)
    with pytest.raises(Forbidden, match=r"reads what you may not read: post\.conclusion"):
        automation.start(conn, nora, post_id=post_id, field_name="idea_scope")
    run = automation.start(conn, carol, post_id=post_id, field_name="idea_scope")
    with pytest.raises(NotFound):  # its messages have the words
        runs.get_seen_run(conn, nora, run.id)
    assert runs.get_seen_run(conn, make_actor(conn, "vera", "viewer"), run.id).id == run.id


def test_a_run_by_itself_is_its_persons_and_the_configurers(conn: db.Connection, carol: Actor) -> None:
    action_id = make_action(conn, [("user", "data", "{{ post.idea_seed }}")], model_id=make_model(conn))
    dave, erin = make_actor(conn, "dave", "author"), make_actor(conn, "erin", "author")
    prepared = runs.prepare(
        conn,
        action_id=action_id,
        model_id=None,
        vocabulary=trees.vocabulary(conn),
        inputs=replace(workspaces.gather_inputs(conn, carol, make_post(conn, carol), None)),
    )
    run = runs.enqueue_run(conn, dave, prepared)
    for able in (dave, make_actor(conn, "ed", "editor")):
        assert runs.get_seen_run(conn, able, run.id).id == run.id
    for refused in (runs.get_seen_run, runs.get_seen_exchange, runs.cancel_run, automation.retry):
        with pytest.raises(NotFound):
            refused(conn, erin, run.id)


def test_without_the_right_to_accept_nothing_is_saved_by_itself(conn: db.Connection, carol: Actor) -> None:
    made = _post_with_everything(conn, carol)
    runner = make_narrow(conn, {"planning": ["see", "run"]})
    assert not suggestions.accept_unseen(conn, runner, made["suggestion"])
    assert suggestions.get_suggestion(conn, carol, made["suggestion"]).status == "waiting"
    assert suggestions.accept_unseen(conn, carol, made["suggestion"])


def test_a_batch_ends_with_the_rights_of_whoever_began_it(conn: db.Connection, carol: Actor) -> None:
    post_id = make_post(conn, carol)
    nora = make_narrow(conn, {"planning": ALL})
    offer(conn, "basic_idea", "idea_scope")
    batch = batches.start_stage(conn, nora, post_id=post_id, sub_stage_name="idea")
    later = [step for step in batch.steps if step.state == "later"]
    assert later
    db.run(conn, "DELETE FROM stage_grant WHERE verb = 'run'")
    batches.advance(conn, batch.id)
    after = {step.id: step for step in batches.get_batch(conn, carol, batch.id).steps}
    for step in later:
        assert after[step.id].state == "left_out"
        assert "may not do this any more: You may not run actions in Planning" in after[step.id].problem


def test_a_queued_run_sends_nothing_for_somebody_who_may_not_any_more(
    conn: db.Connection, carol: Actor
) -> None:
    nora = make_narrow(conn, {"planning": ALL})
    made = _post_with_everything(conn, carol)
    run = automation.start(conn, nora, post_id=made["post"], field_name="idea_scope")
    automation.check_still_allowed(conn, run.id)
    db.run(conn, "DELETE FROM stage_grant WHERE verb = 'run'")
    with pytest.raises(Forbidden, match="nothing was sent: You may not run actions in Planning"):
        automation.check_still_allowed(conn, run.id)
