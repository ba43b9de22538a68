"""Each route, called by people who lack one thing at a time: the permission, the sight, the verb.

A route that is not in routes.py fails, and so does a job that is not in JOBS.
"""

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import pytest
from flask import Flask

from blog.app import db, jobs, worker
from blog.app.auth import services as auth
from blog.app.auth.permissions import PERMISSIONS
from blog.app.automation import batches, suggestions, trying
from blog.app.automation import services as automation
from blog.app.llm.runs import ending
from blog.app.llm.trials import services as trials
from blog.app.llm.trials.schemas import TrialKeep, TrialStart
from blog.app.posts import services as posts
from blog.app.review import comments
from blog.app.review import services as review
from blog.app.workflow import outline
from blog.app.workflow import services as workflow
from tests.access import test_matrix
from tests.access.callers import Caller
from tests.access.people import ALL, make_narrow
from tests.access.routes import ROWS, Row
from tests.access.test_matrix import STAGES, field_id, offer
from tests.factories import all_powerful, make_post
from tests.house.test_routes import access, edges

EVERYWHERE = {stage: set(ALL) for stage in STAGES}
BOUND = [row for row in ROWS.values() if row.verb != "-"]

# What is done in somebody's name is done with their rights of that moment; the test that shows it, by task.
JOBS: Mapping[str, str] = {
    "automation.execute_run": "test_a_queued_run_sends_nothing_for_somebody_who_may_not_any_more",
    "automation.advance_batch": "test_a_batch_ends_with_the_rights_of_whoever_began_it",
    "automation.settle_suggestion": "test_without_the_right_to_accept_nothing_is_saved_by_itself",
}
# These read and write nothing of a post: their values came with them, or they are the installation's own.
OF_NOBODY = {
    "auth.send_link",
    "auth.send_notice",
    "llm.execute_run",
    "llm.execute_case_run",
    "llm.execute_judge_run",
}


def test_every_route_has_a_row_that_says_what_it_asks(wired: Flask) -> None:
    there = {f"{method} {rule}": access(view) for method, rule, view in edges(wired)}
    assert sorted(there.keys() - ROWS.keys()) == [], "add a line to tests/access/routes.py"
    assert sorted(ROWS.keys() - there.keys()) == [], "take the line out of tests/access/routes.py"
    assert {key: row.permission for key, row in ROWS.items()} == there
    assert {row.verb for row in ROWS.values()} <= {*ALL, "-"}


def test_what_names_a_post_or_what_belongs_to_one_asks_the_matrix() -> None:
    named = re.compile(r"<int:(post|run|batch|comment|suggestion|revision|event|trial|case)_id>")
    of_cases = re.compile(r"/llm/case-batches/")
    free = [row.key for row in ROWS.values() if named.search(row.rule) and row.verb == "-"]
    assert [key for key in free if not of_cases.search(key)] == []


def test_every_job_has_its_rights(wired: Flask) -> None:
    del wired
    for module in worker.TASK_MODULES:
        import_module(module)
    assert jobs.TASKS.keys() == JOBS.keys() | OF_NOBODY
    assert [name for name in JOBS.values() if not hasattr(test_matrix, name)] == []


# --- without the permission ----------------------------------------------------------------------


def test_without_its_permission_a_route_refuses(conn: db.Connection, caller: Callable[..., Caller]) -> None:
    wrong: list[object] = []
    for permission in sorted(PERMISSIONS):
        somebody = caller(make_narrow(conn, EVERYWHERE, permissions=PERMISSIONS.keys() - {permission}))
        for row in (row for row in ROWS.values() if row.permission == permission):
            path = re.sub(r"<int:\w+>", "1", re.sub(r"<\w+>", "x", row.rule))
            status = somebody.status(row, path, {})
            if status != 403:
                wrong.append((row.key, permission, status))
    assert wrong == []


def test_a_stranger_is_asked_to_sign_in(app: Flask) -> None:
    stranger, wrong = app.test_client(), list[object]()
    for row in (row for row in ROWS.values() if row.permission != "public"):
        path = re.sub(r"<int:\w+>", "1", re.sub(r"<\w+>", "x", row.rule))
        answer = stranger.open(path, method=row.method)
        led = answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
        if not (led or answer.status_code == 401 or (row.method != "GET" and answer.status_code == 403)):
            wrong.append((row.key, answer.status_code))
    assert wrong == []


# --- a post with everything that can be named ------------------------------------------------------


At = Mapping[str, Any]


@pytest.fixture
def at(conn: db.Connection) -> At:
    """Whatever an address may name, of a post that stands in its first stage."""
    carol = all_powerful(conn)
    offer(conn, "basic_idea", "draft", "topics_to_cover", "interesting_facts")
    db.run(conn, "DELETE FROM workflow_requirement")
    post_id = make_post(conn, carol, basic_idea="Because of ships.")
    section = outline.add_section(conn, carol, post_id, "One").id
    other = outline.add_section(conn, carol, post_id, "Two").id
    draft = workflow.save_field(
        conn,
        carol,
        post_id=post_id,
        field_name="draft",
        section_id=section,
        text="First words.\n\nLast words.",
        base_revision_id=None,
    )
    idea = posts.find_current(conn, post_id=post_id, section_id=None, field_id=field_id(conn, "basic_idea"))
    assert idea
    run = automation.start(conn, carol, post_id=post_id, field_name="basic_idea")
    conn.execute(
        "UPDATE llm_run SET status = 'succeeded', finished_at = now(), output = 'Ships.' WHERE id = %s",
        (run.id,),
    )
    automation.save_output(conn, run.id, "Ships.")
    ending.follow_up(conn, run.id)
    [waiting] = suggestions.list_suggestions(conn, carol, post_id)
    batch = batches.start_stage(conn, carol, post_id=post_id, sub_stage_name="research")
    said = comments.comment(conn, carol, post_id, "Why?")
    review.change_status(conn, carol, post_id, "research", "in_work")
    trial = trying.start(conn, carol, run.action_id, TrialStart(post_id=post_id))
    case = trials.keep(conn, carol, trial.id, TrialKeep(name="Kept"))
    return {
        "post_id": post_id,
        "section_id": section,
        "other": other,
        "draft": draft.id,
        "idea": idea.id,
        "run_id": run.id,
        "other_id": batch.steps[0].run_id,
        "action_id": run.action_id,
        "suggestion_id": waiting.id,
        "batch_id": batch.id,
        "step_id": batch.steps[0].id,
        "comment_id": said.id,
        "event_id": db.scalar(conn, "SELECT max(id) FROM post_sub_stage_event"),
        "trial_id": trial.id,
        "case_id": case.id,
        "case_version": case.version_id,
        "person": carol.user_id,
    }


def address(row: Row, at: At, *, post_field: str = "basic_idea", section_field: str = "draft") -> str:
    of_section = "<int:section_id>" in row.rule
    each_section = of_section or row.rule.endswith("<field_name>/batches")
    named = {
        "field_name": section_field if each_section else post_field,
        "name": "idea" if "/sub-stages/" in row.rule else section_field if of_section else post_field,
        "sub_stage_name": "research" if "returns" in row.rule or "/batches/<" in row.rule else "idea",
        "export_format": "markdown",
        "revision_id": at["draft"] if of_section else at["idea"],
        **{name: value for name, value in at.items() if name.endswith("_id")},
    }
    if row.key == "POST /api/v1/posts/<int:post_id>/sub-stages/<name>/returns":
        named["name"] = "research"
    if row.rule.endswith("/sub-stages/<sub_stage_name>/batches") and row.method == "POST":
        named["sub_stage_name"] = "research"
    path = re.sub(r"<(?:int:)?(\w+)>", lambda found: str(named[found[1]]), row.rule)
    return path + QUERIES.get(row.key, "").format(**at)


QUERIES = {
    "GET /api/v1/posts/<int:post_id>/history/comparison": "?old={idea}&new={idea}",
    "GET /posts/<int:post_id>/history/comparison": "?old={idea}&new={idea}",
    "GET /api/v1/posts/<int:post_id>/snapshot": "?at=2100-01-01T00:00:00Z",
    "GET /api/v1/llm/actions/<int:action_id>/preview": "?post_id={post_id}",
    "GET /llm/runs/comparison": "?run={run_id}&run={other_id}",
}


def sent(row: Row, at: At) -> dict[str, Any]:
    """What a call of the route must say to be taken at all; the same names over REST and in forms."""
    is_api = row.rule.startswith("/api/")
    last = row.rule.rpartition("/")[2]
    if "calendar" in row.rule:
        return {"post_id": at["post_id"], "which": "scheduled_for", "day": "2027-01-01"}
    if last == "restoration" and not ("revision" in row.rule or "history" in row.rule):
        return {}
    if "/cases/<int:case_id>" in row.rule:
        inputs: object = {} if is_api else "{}"
        return {"name": "Other", "inputs": inputs, "base_version_id": at["case_version"]}
    return dict(
        _bodies(at, is_api, at["draft"] if "<int:section_id>" in row.rule else at["idea"]).get(last, {})
    )


def _bodies(at: At, is_api: bool, base: int) -> dict[str, dict[str, Any]]:
    """By the last word of the address."""
    said, written = {"body": "Because."}, {"value": "Other words.", "base_revision_id": base}
    return {
        **dict.fromkeys(("comments", "replies", "<int:comment_id>", "text"), said),
        **dict.fromkeys(("<field_name>", "<name>"), written),
        "formatted": {"value": "*Words*"},
        "acceptance": {"base_revision_id": at["idea"]},
        "refinements": {"instruction": "Shorter"},
        "restoration": {"base_revision_id": base},
        "cases": {"name": "A case"},
        "plan": {"planned_on": "2027-01-01", "scheduled_for": None if is_api else ""},
        "moves": {"post_id": at["post_id"], "sub_stage": "structure"},
        "stage": {"sub_stage": "structure"},
        "order": {"section_ids": [at["other"], at["section_id"]]},
        "name": {"heading": "Three", "seen": "One"},
        "move": {"direction": "down"},
        "merge": {"next_section_id": at["other"]},
        "split": {"field": "draft", "offset": 14, "base_revision_id": at["draft"]},
        "reversal": {
            "other_section_id": at["other"],
            "revision_ids": [at["draft"]] if is_api else str(at["draft"]),
        },
        "status": {"status": "in_work"},
        "hand-overs": {"person_id": at["person"]},
        "returns": {"to": "idea", "reason": "Again"},
        "assignee": {"person_id": at["person"]},
        "due-date": {"due_on": "2027-01-01"},
        "previews": {"post_id": at["post_id"]},
    }


def called(conn: db.Connection, caller: Caller, row: Row, path: str, at: At) -> set[int]:
    """And taken back. What only its own person may change is theirs for the moment."""
    with conn.transaction(force_rollback=True):
        db.run(conn, "UPDATE comment SET app_user_id = %s", (caller.actor.user_id,))
        db.run(conn, "UPDATE post_sub_stage_event SET app_user_id = %s", (caller.actor.user_id,))
        return caller.statuses(row, path, sent(row, at))


def test_what_is_out_of_sight_is_not_there(
    conn: db.Connection, caller: Callable[..., Caller], at: At
) -> None:
    """Not by its own id, nor by that of anything that belongs to it; whatever else one may."""
    nora = caller(make_narrow(conn, {stage: set(ALL) for stage in STAGES if stage != "planning"}))
    wrong = [
        (row.key, found) for row in BOUND if (found := called(conn, nora, row, address(row, at), at)) != {404}
    ]
    assert wrong == []


def test_a_field_out_of_sight_is_not_there(
    conn: db.Connection, caller: Callable[..., Caller], at: At
) -> None:
    nora = caller(make_narrow(conn, {"planning": ALL}))
    wrong = [
        (row.key, found)
        for row in BOUND
        if "<field_name>" in row.rule or "/fields/<name>" in row.rule
        if (found := called(conn, nora, row, address(row, at, post_field="conclusion"), at)) != {404}
    ]
    assert wrong == []


@pytest.mark.parametrize("verb", ALL)
def test_each_route_asks_for_its_verb_and_for_no_other(
    conn: db.Connection, caller: Callable[..., Caller], at: At, verb: str
) -> None:
    rows = [row for row in BOUND if row.verb == verb]
    assert rows
    lacking = caller(make_narrow(conn, {stage: set(ALL) - {verb} for stage in STAGES}))  # type: ignore[arg-type]
    able = caller(make_narrow(conn, {stage: {"see", verb} for stage in STAGES}, "abe"))  # type: ignore[arg-type]
    refused = {404} if verb == "see" else {403}
    wrong: list[object] = []
    for row in rows:
        path = address(row, at)
        if (found := called(conn, lacking, row, path, at)) != refused:
            wrong.append((row.key, "without", found))
        found = called(conn, able, row, path, at)
        if any(status >= 400 and status != 409 for status in found):
            wrong.append((row.key, "with", found))
    assert wrong == []


def test_a_token_may_at_most_what_its_person_may(conn: db.Connection, app: Flask, at: At) -> None:
    nora = make_narrow(conn, {"authoring": ALL}, permissions=[*PERMISSIONS])
    token = auth.create_token(conn, nora, "program", permissions=["post.read"]).token
    answer = app.test_client().get(
        f"/api/v1/posts/{at['post_id']}", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 404
