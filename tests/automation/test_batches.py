"""Batches: a field in every section at once; a sub-stage's fields in order, resumable from its rows alone."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from blog.app import db, jobs
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.automation import batches, suggestions, tasks
from blog.app.automation import services as automation
from blog.app.automation.batch_models import Batch
from blog.app.errors import Conflict, Forbidden, Invalid
from blog.app.workflow import outline, workspaces
from blog.app.workflow import services as workflow
from tests.conftest import OneConnection
from tests.factories import bind, make_action, make_actor, make_field, make_model, make_post
from tests.llm.providers.scripted import Reply, json_reply, openai_reply, serve
from tests.workflow.test_api import Api, alice

__all__ = ["alice"]  # fixture
SECRETS = ("a secret for the tests only",)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A post of three sections with `note` in each, and a sub-stage `shape` of two fields of the post."""

    conn: db.Connection
    pool: OneConnection
    actor: Actor
    post_id: int
    sections: list[int]

    def work(self, *replies: Reply) -> None:
        """Plays the worker until the queue is empty; each run gets the next reply."""
        with serve(list(replies)) as server:
            db.run(
                self.conn,
                "UPDATE llm_provider SET base_url = %s WHERE name LIKE 'provider-%%'",
                (server.url,),
            )
            while job := self.conn.execute(
                "DELETE FROM procrastinate_jobs WHERE id = (SELECT min(id) FROM procrastinate_jobs) "
                "RETURNING task_name, args"
            ).fetchone():
                context = jobs.Context(pool=self.pool, attempt=1, secrets=SECRETS)
                task = {automation.TASK: tasks.run_automation, automation.ADVANCE: tasks.advance_batch}[
                    job[0]
                ]
                task(context, **job[1])

    def write(self, field: str, text: str, section_id: int | None = None) -> None:
        revision = workspaces.get_field_state(self.conn, self.actor, self.post_id, field, section_id).revision
        workflow.save_field(
            self.conn,
            self.actor,
            post_id=self.post_id,
            field_name=field,
            section_id=section_id,
            text=text,
            base_revision_id=revision.id if revision else None,
        )

    def read(self, field: str, section_id: int | None = None) -> str:
        return workspaces.get_field_state(self.conn, self.actor, self.post_id, field, section_id).shown

    def start_stage(self, acceptance: str = "review") -> Batch:
        return batches.start_stage(
            self.conn,
            self.actor,
            post_id=self.post_id,
            sub_stage_name="shape",
            acceptance="checks" if acceptance == "checks" else "review",
        )

    def look(self, batch: Batch) -> Batch:
        return batches.get_batch(self.conn, self.actor, batch.id)


def states(batch: Batch) -> list[str]:
    return [step.state for step in batch.steps]


@pytest.fixture
def site(conn: db.Connection, pool: OneConnection) -> Site:
    actor = make_actor(conn, "carol", "editor")
    model_id = make_model(conn)
    note = make_field(conn, "note", scope="section")
    make_field(conn, "source_note", scope="section")
    bind(
        conn,
        note,
        make_action(conn, [("user", "data", "{{ section.source_note }}")], model_id=model_id),
    )
    place = db.scalar(
        conn,
        """
        INSERT INTO workflow_sub_stage (workflow_id, workflow_stage_id, name, label, position)
        SELECT workflow_id, workflow_stage_id, 'shape', 'Shape', 1000
        FROM workflow_sub_stage ORDER BY id LIMIT 1
        RETURNING id
        """,
    )
    for name, template in (("first", "Say one."), ("second", "{{ post.first }}")):
        field_id = make_field(conn, name)
        db.run(conn, "UPDATE workflow_field SET workflow_sub_stage_id = %s WHERE id = %s", (place, field_id))
        bind(conn, field_id, make_action(conn, [("user", "data", template)], model_id=model_id))
    actor = auth.actor_of_user(conn, actor.user_id or 0)  # with the new sub-stage in reach
    post_id = make_post(conn, actor)
    sections = [outline.add_section(conn, actor, post_id, name).id for name in ("One", "Two", "Three")]
    made = Site(conn=conn, pool=pool, actor=actor, post_id=post_id, sections=sections)
    for section_id in sections[:2]:
        made.write("source_note", "Wool.", section_id)
    conn.execute("DELETE FROM procrastinate_jobs")
    return made


# --- every section -------------------------------------------------------------------------------


def start_sections(site: Site, actor: Actor | None = None, field: str = "note") -> Batch:
    return batches.start_for_sections(site.conn, actor or site.actor, post_id=site.post_id, field_name=field)


def test_each_section_has_a_run_or_the_reason_it_has_none(site: Site) -> None:
    batch = start_sections(site)
    assert (states(batch), batch.state, batch.done) == (["working", "working", "left_out"], "working", 1)
    assert "source_note" in batch.steps[2].problem.lower().replace(" ", "_")
    assert [step.section_heading for step in batch.steps] == ["One", "Two", "Three"]
    assert db.scalar(site.conn, "SELECT count(*) FROM procrastinate_jobs") == 2


def test_each_has_its_own_result_and_is_tried_again_by_itself(site: Site) -> None:
    batch = start_sections(site)
    site.work(openai_reply(["A."]), json_reply({"error": {"message": "No such key"}}, 401))
    seen = site.look(batch)
    assert (states(seen), seen.state) == (["waiting", "failed", "left_out"], "halted")
    assert seen.steps[1].run_id is not None
    automation.retry(site.conn, site.actor, seen.steps[1].run_id)
    site.work(openai_reply(["B."]))
    assert states(site.look(batch)) == ["waiting", "waiting", "left_out"]
    for suggestion in suggestions.list_suggestions(site.conn, site.actor, site.post_id):
        suggestions.accept(site.conn, site.actor, suggestion.id, base_revision_id=None)
    assert site.look(batch).state == "finished"
    assert [site.read("note", section) for section in site.sections] == ["A.", "B.", ""]


def test_stop_ends_all_that_has_not_ended(site: Site) -> None:
    batch = start_sections(site)
    assert batches.stop(site.conn, site.actor, batch.id).state == "stopped"
    ended = site.conn.execute("SELECT DISTINCT status FROM llm_run").fetchall()
    assert ended == [("cancelled",)]
    with pytest.raises(Conflict):
        batches.stop(site.conn, site.actor, batch.id)


def test_a_field_of_the_post_and_a_stranger_are_refused(site: Site) -> None:
    with pytest.raises(Invalid):
        start_sections(site, field="first")
    for role in ("viewer", "author"):
        with pytest.raises(Forbidden):
            start_sections(site, make_actor(site.conn, "dave", role))


# --- a sub-stage ---------------------------------------------------------------------------------


def decide(site: Site, *, accept: bool = True) -> None:
    [suggestion] = suggestions.list_suggestions(site.conn, site.actor, site.post_id)
    if accept:
        suggestions.accept(site.conn, site.actor, suggestion.id, base_revision_id=None)
    else:
        suggestions.discard(site.conn, site.actor, suggestion.id)


def test_the_next_field_begins_when_the_one_before_is_decided(site: Site) -> None:
    batch = site.start_stage()
    assert states(batch) == ["working", "later"]
    site.work(openai_reply(["One."]))
    seen = site.look(batch)
    assert (states(seen), seen.state) == (["waiting", "later"], "waiting")
    assert site.read("first") == ""
    decide(site)
    site.work(openai_reply(["Two."]))
    assert states(site.look(batch)) == ["done", "waiting"]
    decide(site)
    assert (site.look(batch).state, site.read("second")) == ("finished", "Two.")


def test_with_acceptance_by_checks_it_goes_through_and_names_run_and_person(site: Site) -> None:
    batch = site.start_stage("checks")
    site.work(openai_reply(["One."]), openai_reply(["Two."]))
    assert (site.look(batch).state, site.read("first"), site.read("second")) == ("finished", "One.", "Two.")
    revision = workspaces.get_field_state(site.conn, site.actor, site.post_id, "second", None).revision
    assert revision is not None
    assert (revision.origin, revision.author_id) == ("run", site.actor.user_id)


def test_a_field_that_was_written_meanwhile_waits_for_a_person(site: Site) -> None:
    batch = site.start_stage("checks")
    site.write("first", "My own words.")
    site.work(openai_reply(["One."]))
    assert (states(site.look(batch)), site.read("first")) == (["waiting", "later"], "My own words.")


def test_a_lost_step_is_taken_up_again_from_the_rows(site: Site) -> None:
    batch = site.start_stage()
    site.work(openai_reply(["One."]))
    decide(site)
    site.conn.execute("DELETE FROM procrastinate_jobs")  # the job that takes it further is lost
    assert states(site.look(batch)) == ["done", "later"]
    assert states(batches.go_on(site.conn, site.actor, batch.id)) == ["done", "working"]
    batches.advance(site.conn, batch.id)
    assert db.scalar(site.conn, "SELECT count(*) FROM llm_run") == 2


def test_a_step_without_its_input_is_left_out_with_the_reason(site: Site) -> None:
    batch = site.start_stage()
    site.work(openai_reply(["One."]))
    decide(site, accept=False)
    site.work()
    seen = site.look(batch)
    assert (states(seen), seen.state) == (["done", "left_out"], "finished")
    assert seen.steps[1].problem


def test_a_failed_step_halts_until_it_is_left_out(site: Site) -> None:
    site.write("first", "Mine.")
    batch = site.start_stage()
    assert [step.field_name for step in batch.steps] == ["second"]
    site.work(json_reply({"error": {"message": "No such key"}}, 401))
    assert site.look(batch).state == "halted"
    with pytest.raises(Conflict):
        site.start_stage()
    left = batches.leave_out(site.conn, site.actor, batch.id, batch.steps[0].id)
    assert (left.state, states(left)) == ("finished", ["left_out"])


def test_a_stopped_one_goes_no_further(site: Site) -> None:
    batch = site.start_stage()
    site.work(openai_reply(["One."]))
    batches.stop(site.conn, site.actor, batch.id)
    decide(site)
    site.work()
    assert states(site.look(batch)) == ["done", "later"]


def test_a_filled_sub_stage_has_nothing_to_automate(site: Site) -> None:
    site.write("first", "Mine.")
    site.write("second", "Mine.")
    with pytest.raises(Invalid):
        site.start_stage()


# --- the edges -----------------------------------------------------------------------------------


def test_over_rest(site: Site, alice: Api) -> None:
    author = db.scalar(site.conn, "SELECT max(id) FROM app_user WHERE name = 'alice'")
    db.run(site.conn, "UPDATE post SET app_user_id = %s WHERE id = %s", (author, site.post_id))
    batch = alice("POST", f"/posts/{site.post_id}/fields/note/batches", {}, 201)
    assert [step["state"] for step in batch["steps"]] == ["working", "working", "left_out"]
    assert alice("GET", f"/batches/{batch['id']}") == batch
    assert alice("POST", f"/batches/{batch['id']}/cancellation", {})["state"] == "stopped"
    stage = alice("POST", f"/posts/{site.post_id}/sub-stages/shape/batches", {"acceptance": "checks"}, 201)
    assert alice("POST", f"/batches/{stage['id']}/continuation", {})["state"] == "working"
    listed = alice("GET", f"/posts/{site.post_id}/batches")
    assert [each["id"] for each in listed] == [stage["id"], batch["id"]]
    step = stage["steps"][0]["id"]
    alice("POST", f"/batches/{stage['id']}/steps/{step}/omission", {}, 409)


def test_the_page_offers_begins_tells_and_stops(
    site: Site, client: FlaskClient, as_user: Callable[[FlaskClient, int], FlaskClient]
) -> None:
    assert site.actor.user_id is not None
    as_user(client, site.actor.user_id)
    address = f"/posts/{site.post_id}/sub-stages/shape/batches"

    def press(path: str, **form: str) -> str:
        token = re.search(r'name="csrf_token" value="(\w+)"', client.get("/posts").text)
        assert token is not None
        answer = client.post(path, data={"csrf_token": token[1], **form})
        assert answer.status_code == 303, answer.text
        return client.get(answer.location).text

    assert "Automate Shape" in client.get(address).text
    assert "writing…" in press(address, acceptance="review")
    site.work(openai_reply(["One."]))
    page = client.get(address, headers={"HX-Request": "true"}).text
    assert "Shape: 0 of 2, waiting for your review of First" in page
    batch = batches.list_batches(site.conn, site.actor, site.post_id)[0]
    assert ", stopped" in press(f"{address}/{batch.id}/cancellation")
    assert client.get(f"/posts/{site.post_id}/shape").status_code == 200
