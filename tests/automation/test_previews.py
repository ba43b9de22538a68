"""Previews: of any version, of what is typed and not saved; held against the run that follows."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.automation import preview
from blog.app.automation import services as automation
from blog.app.automation.models import PreviewOf
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts import typed
from blog.app.llm.prompts.going_live import as_make_up
from blog.app.llm.runs import execution
from blog.app.llm.runs import services as runs
from blog.app.workflow import services as workflow
from blog.app.workflow import trees, workspaces
from tests.conftest import OneConnection
from tests.factories import bind, make_action, make_actor, make_field, make_model, make_post
from tests.llm.providers.scripted import openai_reply, serve

SECRETS = ("a secret for the tests only",)


class Program:
    """A program at the preview's edge, for one post."""

    def __init__(self, conn: db.Connection, client: FlaskClient, actor: Actor) -> None:
        self.client = client
        self.post_id = make_post(conn, actor, idea="Herons in cities")
        self.headers = {"Authorization": f"Bearer {auth.create_token(conn, actor, 'program').token}"}

    def post(self, path: str, status: int = 200, **body: Any) -> Any:
        answer = self.client.post(f"/api/v1{path}", json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.get_json()

    def preview(self, action_id: int, status: int = 200, **body: Any) -> Any:
        return self.post(f"/llm/actions/{action_id}/previews", status, post_id=self.post_id, **body)


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return make_actor(conn, "carol", "administrator")


@pytest.fixture
def program(conn: db.Connection, client: FlaskClient, carol: Actor) -> Program:
    return Program(conn, client, carol)


PARTS = (("system", "role", "You edit."), ("user", "data", "Idea: {{ post.idea_seed }}"))


def test_a_run_started_from_a_preview_sends_the_bytes_that_were_seen(
    conn: db.Connection, pool: OneConnection, program: Program
) -> None:
    with serve(openai_reply(["Herons wait."])) as server:
        action_id = make_action(conn, PARTS, model_id=make_model(conn, server.url))
        bind(conn, make_field(conn, "essay"), action_id)
        seen = program.preview(action_id)
        run = program.post(
            f"/posts/{program.post_id}/fields/essay/runs",
            202,
            llm_action_id=action_id,
            fence=seen["fence"],
        )
        execution.execute_run(pool, SECRETS, run["id"], 1, automation.TARGET)
        assert server.received.pop().body.decode() == seen["wire"]["body"]
        assert seen["fence"] in seen["wire"]["body"]
        assert program.preview(action_id)["fence"] != seen["fence"]
        assert program.preview(action_id, fence=seen["fence"])["wire"] == seen["wire"]


def test_a_fence_is_one_of_ours_or_none(conn: db.Connection, program: Program) -> None:
    action_id = make_action(conn, PARTS, model_id=make_model(conn))
    bind(conn, make_field(conn, "essay"), action_id)
    program.post(f"/posts/{program.post_id}/fields/essay/runs", 422, fence="data")


def test_what_is_typed_is_previewed_and_not_saved(conn: db.Connection, program: Program) -> None:
    action_id = make_action(conn, PARTS, model_id=make_model(conn), params={"temperature": 0.5})
    action = prompts.get_live_action(conn, action_id)
    make_up = as_make_up(action).model_dump()
    make_up |= {"params": {"temperature": 0.1}, "off_positions": [1]}
    wording = {"position": 2, "role": "user", "kind": "task", "template": "About {{ post.title }}!"}
    seen = program.preview(action_id, make_up=make_up, wordings=[wording])
    assert [each["content"] for each in seen["messages"]] == ["About Herons in cities!"]
    assert '"temperature":0.1' in seen["wire"]["body"].replace(" ", "")
    assert seen["reads"] == ["post.title"]
    assert prompts.get_newest_action(conn, action_id) == action


@pytest.mark.parametrize(
    ("template", "line", "column"),
    [
        ("Ok\n{{ post.nothing_like_it }}", 2, 4),
        ("{{ post.title.upper() }}", 1, None),
        ("{% if post.title %}", 1, None),
        ("{{ post.__class__ }}", 1, 4),
    ],
)
def test_a_typed_part_that_may_not_be_is_refused_with_its_place(
    conn: db.Connection, program: Program, template: str, line: int, column: int | None
) -> None:
    action_id = make_action(conn, PARTS, model_id=make_model(conn))
    make_up = as_make_up(prompts.get_live_action(conn, action_id)).model_dump()
    wording = {"position": 2, "role": "user", "kind": "task", "template": template}
    refused = program.preview(action_id, 422, make_up=make_up, wordings=[wording])
    assert refused["line"] == line
    assert refused["column"] >= 1 if column is None else refused["column"] == column


def test_a_preview_says_when_what_it_read_has_changed(
    conn: db.Connection, carol: Actor, program: Program
) -> None:
    action_id = make_action(conn, PARTS, model_id=make_model(conn))
    seen = program.preview(action_id)

    def is_current() -> bool:
        path = f"/llm/actions/{action_id}/previews/state"
        known = {"reads": seen["reads"], "inputs_digest": seen["inputs_digest"]}
        return program.post(path, post_id=program.post_id, **known)["is_current"]

    _save(conn, carol, program.post_id, "subtitle", "Nobody reads this")
    assert is_current()
    _save(conn, carol, program.post_id, "idea_seed", "Herons in ponds")
    assert not is_current()


def _save(conn: db.Connection, actor: Actor, post_id: int, field_name: str, text: str) -> None:
    state = workspaces.get_field_state(conn, actor, post_id, field_name, None)
    workflow.save_field(
        conn,
        actor,
        post_id=post_id,
        field_name=field_name,
        section_id=None,
        text=text,
        base_revision_id=state.revision.id if state.revision else None,
    )


def test_the_cost_is_a_range_by_the_models_prices_and_unknown_without_them(
    conn: db.Connection, program: Program
) -> None:
    model_id = make_model(conn)
    action_id = make_action(conn, PARTS, model_id=model_id, params={"max_output": 1000})
    assert program.preview(action_id)["cost"] is None
    db.run(
        conn,
        """
        UPDATE llm_model SET price_input = 1000, price_output = 2000, price_currency = 'EUR', max_output = 500
        WHERE id = %s
        """,
        (model_id,),
    )
    seen = program.preview(action_id)
    assert seen["most_output"] == 500
    least, most = (float(seen["cost"][name]) for name in ("least", "most"))
    assert least == pytest.approx(seen["tokens"] / 1000)
    assert most == pytest.approx(least + 1)


def test_what_nobody_saved_cannot_be_run(conn: db.Connection, carol: Actor, program: Program) -> None:
    action_id = make_action(conn, PARTS, model_id=make_model(conn))
    make_up = as_make_up(prompts.get_live_action(conn, action_id))
    as_typed = typed.typed_action(conn, action_id, make_up, typed.worded(conn, make_up))
    of = PreviewOf(action_id=action_id, post_id=program.post_id, typed=as_typed)
    assert preview.preview(conn, carol, SECRETS, of).messages
    prepared = runs.prepare_typed(
        conn,
        as_typed,
        model_id=None,
        vocabulary=trees.vocabulary(conn),
        inputs=workspaces.gather_inputs(conn, carol, program.post_id, None),
    )
    with pytest.raises(ValueError, match="cannot be run"):
        runs.create_run(conn, carol, prepared)
