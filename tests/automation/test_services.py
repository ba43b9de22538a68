"""Runs for a field, from the press of the button to a revision that names the run."""

import json
from collections.abc import Callable

import pytest

from blog.app import db, jobs
from blog.app.automation import preview, suggestions, tasks
from blog.app.automation import services as automation
from blog.app.automation.models import PreviewOf, Suggestion
from blog.app.errors import Conflict, Forbidden, Invalid
from blog.app.posts import services as posts
from tests.automation.desk import SECRETS, Desk
from tests.conftest import OneConnection
from tests.factories import all_powerful, bind, make_action, make_actor, make_field, make_model, make_post
from tests.llm.providers.scripted import json_reply, openai_reply, serve


def suggest(desk: Callable[..., Desk], *texts: str) -> tuple[Desk, Suggestion]:
    """A desk with one waiting suggestion."""
    with serve(openai_reply(texts or ["Wool ", "is warm."])) as server:
        made = desk(server.url)
        made.work(made.start())
    [suggestion] = made.waiting()
    return made, suggestion


def test_run_target_and_job_exist_together(desk: Callable[..., Desk]) -> None:
    made = desk()
    run = made.start()
    args = db.scalar(made.conn, "SELECT args FROM procrastinate_jobs ORDER BY id DESC LIMIT 1")
    assert args == {"run_id": run.id}
    [item] = automation.list_automations(made.conn, made.actor, made.post_id)
    assert (item.run_id, item.field_name, item.status) == (run.id, "answer", "queued")


def test_a_second_press_is_refused_and_names_the_run(desk: Callable[..., Desk]) -> None:
    made = desk()
    run = made.start()
    with pytest.raises(Conflict) as refused:
        made.start()
    assert refused.value.details["run_id"] == run.id


def test_a_field_without_the_action_refuses_it(desk: Callable[..., Desk]) -> None:
    made = desk()
    other = make_action(made.conn, [("user", "task", "Sing.")])
    with pytest.raises(Invalid):
        made.start(action_id=other)
    with pytest.raises(Invalid):
        made.start(field_name="question")


def test_an_empty_required_field_is_refused_by_name(desk: Callable[..., Desk]) -> None:
    made = desk()
    made.conn.execute("UPDATE field_revision SET value = '' WHERE value = 'Why kilts?'")
    with pytest.raises(Invalid) as refused:
        made.start()
    assert refused.value.details["missing"] == ["post.question"]


def test_starting_on_what_is_no_longer_there_is_a_conflict(desk: Callable[..., Desk]) -> None:
    made = desk()
    made.write("Mine", None)
    with pytest.raises(Conflict):
        made.start(base_revision_id=None)


def test_a_viewer_may_not_start_and_an_author_not_in_anothers_post(desk: Callable[..., Desk]) -> None:
    made = desk()
    for role in ("viewer", "author"):
        with pytest.raises(Forbidden):
            automation.start(
                made.conn,
                make_actor(made.conn, "dave", role),
                post_id=made.post_id,
                field_name="answer",
            )


def test_a_good_answer_waits_as_a_suggestion_and_leaves_the_field_alone(
    desk: Callable[..., Desk],
) -> None:
    made, suggestion = suggest(desk)
    assert (suggestion.value, suggestion.status, suggestion.is_stale) == ("Wool is warm.", "waiting", False)
    assert made.current() is None


def test_a_job_done_twice_makes_one_suggestion(desk: Callable[..., Desk]) -> None:
    with serve(openai_reply(["Once."])) as server:
        made = desk(server.url)
        run = made.start()
        made.work(run)
        made.work(run, attempt=2)
    assert len(made.waiting()) == 1


def test_accepting_makes_a_revision_that_names_the_run(desk: Callable[..., Desk]) -> None:
    made, suggestion = suggest(desk)
    revision = suggestions.accept(made.conn, made.actor, suggestion.id, base_revision_id=None)
    assert (revision.value, revision.origin, revision.llm_run_id) == (
        "Wool is warm.",
        "run",
        suggestion.run_id,
    )
    assert made.waiting() == []
    decided = suggestions.get_suggestion(made.conn, made.actor, suggestion.id)
    assert decided.status == "accepted"


def test_accepting_an_edited_text_is_accepting_in_part(desk: Callable[..., Desk]) -> None:
    made, suggestion = suggest(desk)
    revision = suggestions.accept(
        made.conn, made.actor, suggestion.id, base_revision_id=None, value="Wool is very warm."
    )
    assert revision.value == "Wool is very warm."
    decided = suggestions.get_suggestion(made.conn, made.actor, suggestion.id)
    assert decided.status == "accepted_in_part"


def test_a_field_that_moved_on_is_never_overwritten(desk: Callable[..., Desk]) -> None:
    made, suggestion = suggest(desk)
    mine = made.write("My own words.", None)
    [stale] = made.waiting()
    assert stale.is_stale
    with pytest.raises(Conflict):
        suggestions.accept(made.conn, made.actor, suggestion.id, base_revision_id=None)
    current = made.current()
    assert current is not None
    assert current.value == "My own words."
    [still] = made.waiting()
    assert still.id == suggestion.id
    after = suggestions.accept(made.conn, made.actor, suggestion.id, base_revision_id=mine.id)
    assert (after.number, after.value) == (2, "Wool is warm.")


def test_a_discarded_suggestion_can_be_brought_back(desk: Callable[..., Desk]) -> None:
    made, suggestion = suggest(desk)
    suggestions.discard(made.conn, made.actor, suggestion.id, "Dull")
    assert made.waiting() == []
    with pytest.raises(Conflict):
        suggestions.accept(made.conn, made.actor, suggestion.id, base_revision_id=None)
    suggestions.bring_back(made.conn, made.actor, suggestion.id)
    assert [waiting.id for waiting in made.waiting()] == [suggestion.id]


def test_a_failed_run_can_be_retried_on_the_field_as_it_is_now(desk: Callable[..., Desk]) -> None:
    replies = [json_reply({"error": {"message": "No such key"}}, 401), openai_reply(["Better."])]
    with serve(replies) as server:
        made = desk(server.url)
        failed = made.work(made.start())
        assert failed.status == "failed"
        again = automation.retry(made.conn, made.actor, failed.id)
        assert again.retry_of_id == failed.id
        made.work(again)
    [suggestion] = made.waiting()
    assert suggestion.value == "Better."


def test_an_invalid_answer_is_kept_and_reaches_no_field(desk: Callable[..., Desk]) -> None:
    with serve(openai_reply(["not a list"])) as server:
        made = desk(
            server.url,
            field_kind="list",
            output_kind="list",
            validators=[{"rule": "exact_count", "n": 2}],
        )
        run = made.work(made.start())
    assert (run.status, run.output) == ("invalid", "not a list")
    assert made.waiting() == []
    assert made.current() is None


def test_an_accepted_plan_creates_sections_and_loses_none(conn: db.Connection, pool: OneConnection) -> None:
    plan = [{"heading": "Wool", "description": "Warm."}, {"heading": "Pleats", "description": "Many."}]
    with serve(openai_reply([json.dumps(plan)])) as server:
        actor = all_powerful(conn)
        action_id = make_action(
            conn,
            [("user", "task", "Plan.")],
            model_id=make_model(conn, server.url),
            output_kind="json",
        )
        field_id = make_field(conn, "outline", kind="json", on_accept="plan_sections")
        bind(conn, field_id, action_id)
        post_id = make_post(conn, actor)
        kept = posts.add_section(conn, actor, post_id, None)
        run = automation.start(conn, actor, post_id=post_id, field_name="outline")
        tasks.run_automation(jobs.Context(pool=pool, attempt=1, secrets=SECRETS), run_id=run.id)
    [suggestion] = suggestions.list_suggestions(conn, actor, post_id)
    suggestions.accept(conn, actor, suggestion.id, base_revision_id=None)
    sections = posts.list_sections(conn, post_id)
    assert len(sections) == 3
    assert sections[-1].id == kept.id


def test_a_preview_is_what_a_run_then_sends(desk: Callable[..., Desk]) -> None:
    with serve(openai_reply(["Fine."])) as server:
        made = desk(server.url, params={"temperature": 0.5})
        seen = preview.preview(
            made.conn,
            made.actor,
            SECRETS,
            PreviewOf(action_id=made.action_id, post_id=made.post_id),
        )
        run = made.start()
        made.work(run)
        [received] = server.received
    assert seen.wire is not None
    fence = str(run.messages[1]["content"]).split(">")[0].removeprefix("<")
    seen_fence = str(seen.messages[1]["content"]).split(">")[0].removeprefix("<")
    assert seen.wire.body.replace(seen_fence, fence) == received.body.decode()


def test_a_preview_names_what_is_missing(desk: Callable[..., Desk]) -> None:
    made = desk()
    empty = make_post(made.conn, made.actor)
    seen = preview.preview(
        made.conn,
        made.actor,
        SECRETS,
        PreviewOf(action_id=made.action_id, post_id=empty),
    )
    assert (seen.missing, seen.wire) == (["post.question"], None)


def test_a_model_that_cannot_take_the_messages_says_so_before_any_call(desk: Callable[..., Desk]) -> None:
    made = desk()
    action_id = make_action(
        made.conn,
        [("user", "task", "Answer."), ("assistant", "example", "The answer is")],
        model_id=make_model(made.conn),
    )
    db.run(made.conn, "UPDATE llm_model SET refused_params = '{prefill}'")
    seen = preview.preview(
        made.conn, made.actor, SECRETS, PreviewOf(action_id=action_id, post_id=made.post_id)
    )
    assert seen.wire is None
    assert seen.refusal
    assert len(seen.messages) == 2


@pytest.mark.parametrize(
    ("protocol", "answer", "path"),
    [
        ("ollama", {"_debug_info": {"rendered_template": "<|user|>Answer."}}, "/api/chat"),
        ("openai", {"prompt": "<|user|>Answer."}, "/apply-template"),
    ],
)
def test_a_local_server_s_own_rendering_is_shown(
    desk: Callable[..., Desk], protocol: str, answer: dict, path: str
) -> None:
    with serve(json_reply(answer)) as server:
        made = desk()
        model_id = make_model(made.conn, server.url, protocol)
        db.run(
            made.conn,
            """UPDATE llm_provider SET options = '{"applies_template": true}' WHERE base_url = %s""",
            (server.url,),
        )
        of = PreviewOf(action_id=made.action_id, post_id=made.post_id, model_id=model_id)
        assert preview.preview(made.conn, made.actor, SECRETS, of).can_render
        assert preview.render_template(made.conn, made.actor, SECRETS, of).text == "<|user|>Answer."
        assert server.received[-1].path == path


def test_a_server_that_cannot_render_is_not_asked(desk: Callable[..., Desk]) -> None:
    made = desk()
    of = PreviewOf(action_id=made.action_id, post_id=made.post_id)
    assert not preview.preview(made.conn, made.actor, SECRETS, of).can_render
    with pytest.raises(Invalid):
        preview.render_template(made.conn, made.actor, SECRETS, of)
