"""A post's desk through its forms, as a browser without JavaScript uses it, and what htmx asks for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.app import db, jobs
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.automation import services as automation
from blog.app.automation import suggestions, tasks
from blog.app.llm.runs import services as runs
from blog.app.llm.runs.models import Run
from blog.app.posts import services as posts
from blog.app.workflow import workspaces
from tests.conftest import OneConnection
from tests.factories import bind, make_action, make_field, make_model, make_post, make_user
from tests.llm.providers.scripted import openai_reply, serve

SECRETS = ("a secret for the tests only",)
SignIn = Callable[[FlaskClient, int], FlaskClient]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A post with a field `answer` that reads the field `question`, and a browser in front of it."""

    conn: db.Connection
    pool: OneConnection
    client: FlaskClient
    actor: Actor
    post_id: int

    def get(self, path: str, *, status: int = 200, headers: dict[str, str] | None = None) -> str:
        response = self.client.get(self.address(path), headers=headers)
        assert response.status_code == status, response.text
        return response.text

    def page(self) -> str:
        """Where the fields of this test are."""
        return self.client.get(self.address("fields/answer"), follow_redirects=True).text

    def post(
        self, path: str, form: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> TestResponse:
        token = re.search(r'name="csrf_token" value="(\w+)"', self.client.get("/posts").text)
        assert token is not None
        data = {"csrf_token": token[1], **(form or {})}
        return self.client.post(self.address(path), data=data, headers=headers)

    def address(self, path: str) -> str:
        return path if path.startswith("/") else f"/posts/{self.post_id}/{path}"

    def write(self, text: str, field: str = "answer", headers: dict[str, str] | None = None) -> TestResponse:
        """After the present revision, as the page has it."""
        form = {"value": text, "base_revision_id": self.base(field)}
        return self.post(f"fields/{field}", form, headers)

    def base(self, field: str = "answer") -> str:
        revision = self.value(field).revision
        return str(revision.id) if revision else ""

    def value(self, field: str = "answer") -> Any:
        return workspaces.get_field_state(self.conn, self.actor, self.post_id, field, None)

    def sections(self) -> list[int]:
        return [section.id for section in posts.list_sections(self.conn, self.post_id)]

    def suggest(self, *texts: str) -> int:
        """A waiting suggestion, by way of a run."""
        with serve(openai_reply(texts)) as server:
            db.run(
                self.conn,
                "UPDATE llm_provider SET base_url = %s WHERE name LIKE 'provider-%%'",
                (server.url,),
            )
            run = automation.start(self.conn, self.actor, post_id=self.post_id, field_name="answer")
            context = jobs.Context(pool=self.pool, attempt=1, secrets=SECRETS)
            tasks.run_automation(context, run_id=run.id)
        return suggestions.list_suggestions(self.conn, self.actor, self.post_id)[0].id


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(conn: db.Connection, pool: OneConnection, client: FlaskClient, as_user: SignIn) -> MakeDesk:
    def make(role: str = "editor", *, is_rehearsal: bool = False, **answer: Any) -> Desk:
        user_id = make_user(conn, "alice", role)
        author = auth.actor_of_user(conn, make_user(conn, "bob", "editor"))
        make_field(conn, "question")
        field_id = make_field(conn, "answer", **answer)
        model_id = make_model(conn, is_rehearsal=is_rehearsal)
        parts = [("system", "task", "Answer."), ("user", "data", "{{ post.question }}")]
        bind(conn, field_id, make_action(conn, parts, model_id=model_id))
        return Desk(
            conn=conn,
            pool=pool,
            client=as_user(client, user_id),
            actor=auth.actor_of_user(conn, user_id) if role == "editor" else author,
            post_id=make_post(conn, author, question="Why <kilts>?"),
        )

    return make


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk()


# --- posts and stages ----------------------------------------------------------------------------


def test_an_idea_becomes_a_post_and_leads_to_its_desk(desk: Desk) -> None:
    response = desk.post("/posts", {"idea": "Why hedges?\r\nAnd walls?"})
    assert response.status_code == 303
    page = desk.client.get(response.headers["Location"], follow_redirects=True).text
    assert "Why hedges?\nAnd walls?" in page


def test_an_empty_idea_is_asked_for_again(desk: Desk) -> None:
    response = desk.post("/posts", {"idea": "  "})
    assert response.status_code == 422
    assert "Write down the idea first" in response.text


def test_the_desk_escapes_what_people_wrote(desk: Desk) -> None:
    page = desk.page()
    assert "Why &lt;kilts&gt;?" in page
    assert "<kilts>" not in page


def test_a_viewer_reads_and_finds_no_form(make_desk: MakeDesk) -> None:
    desk = make_desk("viewer")
    page = desk.page()
    assert "Why &lt;kilts&gt;?" in page
    assert "data-autosave" not in page
    assert "✦ Automate" not in page
    assert "You may not run actions on the fields of this step" in page
    assert desk.write("Mine.").status_code == 403


def test_a_stage_that_is_not_there_is_not_found(desk: Desk) -> None:
    desk.get("nowhere", status=404)


def test_a_post_is_moved_on(desk: Desk) -> None:
    response = desk.post("stage", {"sub_stage": "research"})
    assert response.headers["Location"] == f"/posts/{desk.post_id}/research"
    assert desk.client.get(f"/posts/{desk.post_id}").headers["Location"].endswith("/research")


# --- fields --------------------------------------------------------------------------------------


def test_a_field_is_saved_and_leads_back_to_its_card(desk: Desk) -> None:
    response = desk.write("Wool.\r\nMostly.")
    assert response.status_code == 303
    assert response.headers["Location"].endswith("#field-answer")
    assert desk.value().shown == "Wool.\nMostly."


def test_an_autosave_answers_with_the_new_base_and_the_time_of_the_row(desk: Desk) -> None:
    fragment = desk.write("Wool.", headers={"HX-Request": "true"}).text
    revision = desk.value().revision
    assert f'name="base_revision_id" value="{revision.id}"' in fragment
    assert f'datetime="{revision.created_at.isoformat()}"' in fragment
    assert "<textarea" not in fragment


def test_the_second_of_two_writers_gets_a_comparison_and_overwrites_nothing(desk: Desk) -> None:
    stale = desk.base()
    desk.write("Theirs.")
    response = desk.post("fields/answer", {"value": "Mine.", "base_revision_id": stale})
    assert response.status_code == 409
    assert "<del>Theirs</del><ins>Mine</ins>" in response.text
    assert "Keep mine" in response.text
    assert desk.value().shown == "Theirs."


def test_keeping_mine_follows_theirs(desk: Desk) -> None:
    stale = desk.base()
    desk.write("Theirs.")
    comparison = desk.post("fields/answer", {"value": "Mine.", "base_revision_id": stale}).text
    chosen = re.search(r'name="base_revision_id" value="(\d+)">Keep mine', comparison)
    assert chosen is not None
    desk.post("fields/answer", {"value": "Mine.", "base_revision_id": chosen[1]})
    assert (desk.value().shown, desk.value().revisions) == ("Mine.", 2)


def test_a_text_too_long_is_refused_with_the_limit_and_kept_on_the_page(make_desk: MakeDesk) -> None:
    desk = make_desk(max_chars=10)
    response = desk.write("Rather too long.")
    assert response.status_code == 422
    assert "at most 10 are allowed" in response.text
    assert "Rather too long." in response.text
    assert desk.value().revision is None


def test_the_history_shows_each_change_and_restores(desk: Desk) -> None:
    desk.write("Wool is warm.")
    first = desk.value().revision
    desk.write("Wool is itchy.")
    assert "Wool is <del>warm</del><ins>itchy</ins>." in desk.get("fields/answer/revisions")
    response = desk.post(f"fields/answer/revisions/{first.id}/restoration", {"base_revision_id": desk.base()})
    assert response.status_code == 303
    assert "was restored as revision 3" in desk.client.get(response.headers["Location"]).text
    assert desk.value().shown == "Wool is warm."


# --- sections ------------------------------------------------------------------------------------


def test_sections_are_added_named_moved_and_removed_without_losing_words(desk: Desk) -> None:
    desk.post("sections?at=idea", {"heading": "One"})
    desk.post("sections?at=idea", {"heading": "Two"})
    one, two = desk.sections()
    desk.post(f"sections/{two}/move?at=idea", {"direction": "up"})
    assert desk.sections() == [two, one]
    desk.post(f"sections/{two}/name?at=idea", {"heading": "Second", "seen": "Two"})
    gone = desk.post(f"sections/{two}/removal?at=idea")
    assert desk.sections() == [one]
    page = desk.client.get(gone.headers["Location"]).text
    assert "its words are kept" in page
    assert "1 removed" in page
    desk.post(f"sections/{two}/restoration?at=idea")
    assert desk.sections() == [two, one]
    assert "Second" in desk.page()


def test_a_section_renamed_by_somebody_else_is_not_renamed_again(desk: Desk) -> None:
    desk.post("sections?at=idea", {"heading": "One"})
    [one] = desk.sections()
    response = desk.post(f"sections/{one}/name?at=idea", {"heading": "Mine", "seen": "Another"})
    assert response.status_code == 409
    assert "renamed this section meanwhile" in response.text


# --- a model's work ------------------------------------------------------------------------------


def test_the_desk_opens_with_the_first_field_whose_action_could_run(desk: Desk) -> None:
    lacking = make_field(desk.conn, "lacking")
    bind(desk.conn, lacking, make_action(desk.conn, [("user", "data", "{{ post.nowhere_written }}")]))
    make_field(desk.conn, "nowhere_written")
    db.run(
        desk.conn,
        """
        UPDATE workflow_field SET workflow_sub_stage_id = (
            SELECT id FROM workflow_sub_stage WHERE name = 'launch')
        WHERE name IN ('lacking', 'answer', 'nowhere_written')
        """,
    )
    db.run(desk.conn, "UPDATE workflow_field SET position = -1 WHERE name = 'lacking'")
    assert 'data-panel="answer"' in desk.get("launch")
    desk.write("Written.", "answer")
    assert 'data-panel="lacking"' in desk.get("launch")


def test_another_action_comes_with_its_own_model_unless_one_was_chosen(desk: Desk) -> None:
    first, second, third = make_model(desk.conn), make_model(desk.conn), make_model(desk.conn)
    parts = [("user", "data", "Answer.")]
    one, other = (make_action(desk.conn, parts, model_id=model) for model in (first, second))
    field = make_field(desk.conn, "several")
    bind(desk.conn, field, one)
    bind(desk.conn, field, other)

    def shown(**query: Any) -> tuple[int, int | None]:
        page = desk.get(f"fields/several/automation?{urlencode(query)}")
        model = re.search(r'name="llm_model_id" value="(\d+)"', page)
        own = re.search(r'name="own" value="(\d+)"', page)
        assert model
        return int(model[1]), int(own[1]) if own else None

    assert shown(action=one) == (first, first)
    assert shown(action=other, model=first, own=first) == (second, second)
    assert shown(action=one, model=third, own=first) == (third, None)
    assert shown(action=other, model=third) == (third, None)


def test_the_panel_shows_the_exact_messages_and_marks_what_was_put_in(desk: Desk) -> None:
    panel = desk.get("fields/answer/automation")
    assert '<mark title="post.question">Why &lt;kilts&gt;?</mark>' in panel
    assert "Request to Provider" in panel


def test_a_missing_input_is_named_with_the_way_to_it(desk: Desk) -> None:
    desk.write("", "question")
    panel = desk.get("fields/answer/automation")
    assert f'href="/posts/{desk.post_id}/fields/question"' in panel
    assert 'id="run-button" disabled' in panel
    assert desk.post("fields/answer/runs").status_code == 422


def test_a_run_is_queued_and_its_page_follows_it(desk: Desk) -> None:
    response = desk.post("fields/answer/runs", {"base_revision_id": ""})
    assert response.status_code == 303
    page = desk.client.get(response.headers["Location"]).text
    assert "data-run-stream=" in page
    assert '> 1<span class="runs__word"> running' in page
    assert "data-run-stream=" in desk.get("fields/answer/automation"), "a reload shows the run again"


def test_a_second_press_leads_to_the_run_of_the_first(desk: Desk) -> None:
    first = desk.post("fields/answer/runs")
    second = desk.post("fields/answer/runs")
    assert second.status_code == 303
    assert second.headers["Location"] == first.headers["Location"]


def test_a_run_that_ends_while_its_page_is_made_is_shown_with_its_suggestion(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(openai_reply(["Wool."])) as server:
        db.run(desk.conn, "UPDATE llm_provider SET base_url = %s", (server.url,))
        response = desk.post("fields/answer/runs")

        get = runs.get_last_repair

        def end_and_get(conn: db.Connection, run_id: int) -> Run:
            if runs.get_run(conn, run_id).is_active:
                context = jobs.Context(pool=desk.pool, attempt=1, secrets=SECRETS)
                tasks.run_automation(context, run_id=run_id)
            return get(conn, run_id)

        monkeypatch.setattr(runs, "get_last_repair", end_and_get)
        page = desk.get(response.headers["Location"])
    assert "data-run-stream=" not in page
    assert 'id="suggestion-' in page


def test_a_suggestion_is_compared_and_accepted_with_the_name_of_its_run(desk: Desk) -> None:
    desk.write("Wool is warm.")
    suggestion_id = desk.suggest("Wool is itchy.")
    page = desk.page()
    assert "<del>warm</del><ins>itchy</ins>" in page
    desk.post(f"/suggestions/{suggestion_id}/acceptance", {"base_revision_id": desk.base()})
    assert desk.value().shown == "Wool is itchy."
    assert "accepted by you" in desk.page()
    assert desk.value().revision.llm_run_id is not None


def test_what_is_ticked_is_accepted(desk: Desk) -> None:
    desk.write("Wool is warm and soft to wear. Kilts are old.")
    suggestion_id = desk.suggest("Wool is warm and rough to wear. Kilts are ancient.")
    assert desk.page().count('name="hunks"') == 2
    form = {"base_revision_id": desk.base(), "picks": "1", "hunks": "2"}
    desk.post(f"/suggestions/{suggestion_id}/acceptance", form)
    assert desk.value().shown == "Wool is warm and soft to wear. Kilts are ancient."


def test_accepting_with_nothing_ticked_is_refused(desk: Desk) -> None:
    desk.write("Wool is warm.")
    suggestion_id = desk.suggest("Wool is itchy.")
    form = {"base_revision_id": desk.base(), "picks": "1"}
    assert desk.post(f"/suggestions/{suggestion_id}/acceptance", form).status_code == 422
    assert desk.value().shown == "Wool is warm."


def test_a_suggestion_is_discarded_with_a_reason(desk: Desk) -> None:
    suggestion_id = desk.suggest("Wool is itchy.")
    desk.post(f"/suggestions/{suggestion_id}/discard", {"reason": "Not true"})
    assert suggestions.get_suggestion(desk.conn, desk.actor, suggestion_id).reason == "Not true"


def test_an_acceptance_can_be_undone_where_it_was_made(desk: Desk) -> None:
    desk.write("Wool is warm.")
    first = desk.base()
    suggestion_id = desk.suggest("Wool is itchy.")
    done = desk.post(f"/suggestions/{suggestion_id}/acceptance", {"base_revision_id": first})
    undo = f"/posts/{desk.post_id}/fields/answer/revisions/{first}/restoration?desk=1"
    assert undo in desk.client.get(done.headers["Location"]).text
    response = desk.post(undo, {"base_revision_id": desk.base()})
    assert response.headers["Location"].endswith("#field-answer")
    assert desk.value().shown == "Wool is warm."


def test_a_suggestion_is_accepted_as_edited(desk: Desk) -> None:
    suggestion_id = desk.suggest("Wool is itchy.")
    form = {"base_revision_id": "", "value": "Wool is warm and itchy."}
    desk.post(f"/suggestions/{suggestion_id}/acceptance", form)
    assert desk.value().shown == "Wool is warm and itchy."


def test_accepting_onto_a_field_that_moved_on_shows_all_three_versions(desk: Desk) -> None:
    desk.write("At the time.")
    base = desk.base()
    suggestion_id = desk.suggest("Suggested.")
    desk.write("Now.")
    response = desk.post(f"/suggestions/{suggestion_id}/acceptance", {"base_revision_id": base})
    assert response.status_code == 409
    for text in ("Not accepted", "At the time.", "Now.", "Suggested."):
        assert text in response.text
    assert desk.value().shown == "Now."
    desk.post(f"/suggestions/{suggestion_id}/acceptance", {"base_revision_id": desk.base()})
    assert desk.value().shown == "Suggested."


def test_a_discarded_suggestion_is_brought_back(desk: Desk) -> None:
    suggestion_id = desk.suggest("Wool.")
    gone = desk.post(f"/suggestions/{suggestion_id}/discard")
    assert "was discarded" in desk.client.get(gone.headers["Location"]).text
    assert "suggestion-" not in desk.page()
    desk.post(f"/suggestions/{suggestion_id}/restoration")
    assert f'id="suggestion-{suggestion_id}"' in desk.page()


def test_several_suggestions_are_all_reachable_newest_first(desk: Desk) -> None:
    older, newer = desk.suggest("Wool."), desk.suggest("Tartan.")
    page = desk.page()
    assert page.index(f'id="suggestion-{newer}"') < page.index(f'id="suggestion-{older}"')
    assert "2 suggestions side by side" in page


def test_a_suggestion_is_refined_and_retried_from_its_card(desk: Desk) -> None:
    desk.suggest("Wool.")
    [waiting] = suggestions.list_suggestions(desk.conn, desk.actor, desk.post_id)
    refined = desk.post(f"/llm/runs/{waiting.run_id}/refinements", {"instruction": "Shorter"})
    assert refined.status_code == 303
    child = int(refined.headers["Location"].rsplit("=")[-1])
    assert runs.get_run(desk.conn, child).refines_id == waiting.run_id
    assert "“Shorter”" in desk.get(f"/llm/runs/{child}")
    models = [make_model(desk.conn), make_model(desk.conn)]
    again = desk.post(f"/llm/runs/{waiting.run_id}/retries", {"llm_model_id": models})
    assert again.status_code == 303
    active = automation.list_automations(desk.conn, desk.actor, desk.post_id, only_active=True)
    assert {run.model_id for run in active} >= {*models}


def test_suggestions_are_sent_anew_only_when_other_runs_are_at_work(desk: Desk) -> None:
    run = automation.start(desk.conn, desk.actor, post_id=desk.post_id, field_name="answer")
    asked = {"HX-Request": "true"}
    assert desk.get(f"fields/answer/offers?runs={run.id}", status=204, headers=asked) == ""
    assert "writing" in desk.get("fields/answer/offers", headers=asked)
    desk.get("fields/answer/offers", status=303)


def test_a_list_is_suggested_one_entry_a_line_whatever_form_it_came_in(make_desk: MakeDesk) -> None:
    desk = make_desk(kind="list")
    desk.suggest('["Wool", "Tartan"]')
    assert "Wool\nTartan" in desk.page()


def test_a_suggestion_the_field_would_refuse_says_why(make_desk: MakeDesk) -> None:
    desk = make_desk(max_chars=5)
    desk.suggest("Rather too long.")
    page = desk.page()
    assert "at most 5 are allowed" in page
    assert re.search(r'<button class="primary" disabled>Accept', page)


def test_words_of_the_rehearsal_model_are_labelled_until_the_last(make_desk: MakeDesk) -> None:
    desk = make_desk(is_rehearsal=True)
    suggestion_id = desk.suggest("Bator patupon.")
    said = "Rehearsal model: random words that only prove the wiring."
    assert said in desk.page()
    desk.post(f"/suggestions/{suggestion_id}/acceptance", {"base_revision_id": ""})
    assert said in desk.page()
    assert said in desk.get("fields/answer/revisions")


# --- very many sections --------------------------------------------------------------------------


def test_the_fields_of_very_many_sections_come_as_they_are_scrolled_to(desk: Desk) -> None:
    make_field(desk.conn, "paragraph", scope="section")
    ids = [
        row[0]
        for row in desk.conn.execute(
            "INSERT INTO post_section (post_id, position) SELECT %s, generate_series(1, 60) RETURNING id",
            (desk.post_id,),
        )
    ]
    page = desk.page()
    assert f'id="field-{ids[0]}-paragraph"' in page
    assert f'id="field-{ids[50]}-paragraph"' not in page
    [address] = re.findall(rf'id="section-{ids[50]}"[^>]* hx-get="([^"]+)"', page)
    fragment = desk.get(address, headers={"HX-Request": "true"})
    assert f'id="field-{ids[50]}-paragraph"' in fragment
    assert "<span>51</span>" in fragment
    plain = desk.client.get(address)
    assert plain.headers["Location"].endswith(f"?near={ids[50]}#section-{ids[50]}")
    assert f'id="field-{ids[50]}-paragraph"' in desk.get(plain.headers["Location"])
    found = desk.client.get(desk.address(f"sections/{ids[50]}/fields/paragraph"))
    assert f"near={ids[50]}" in found.headers["Location"]
