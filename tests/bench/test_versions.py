"""Versions compared, rolled back, and what a part's change touches: pages and REST."""

from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm.prompts import actions, forms, parts, services
from blog.app.llm.prompts.going_live import Candidate, Objection
from blog.app.llm.prompts.models import Action, PromptPart
from blog.app.llm.prompts.schemas import PromptPartChange
from blog.app.workflow import trees
from tests.factories import make_actor, make_model, make_post, make_user
from tests.llm.callers import Browser, Program, SignIn
from tests.llm.prompts.prompt_rows import make_action, make_part


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return make_actor(conn, "carol", "administrator")


@pytest.fixture
def editor(conn: db.Connection, client: FlaskClient, as_user: SignIn) -> Browser:
    return Browser(as_user(client, make_user(conn, "edith", "editor")))


def _draft(conn: db.Connection, actor: Actor, action: Action, **different: object) -> Action:
    change = forms.change_of(services.get_newest_action(conn, action.id), **different)
    return actions.update_action(conn, actor, action.id, change, trees.vocabulary(conn))


def _reword(conn: db.Connection, actor: Actor, part: PromptPart, template: str) -> PromptPart:
    change = PromptPartChange(
        base_version_id=part.version_id, name=part.name, role="user", kind="task", template=template
    )
    return parts.update_part(conn, actor, part.id, change, trees.vocabulary(conn))


def test_two_versions_are_compared_in_make_up_and_in_what_they_send(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    model_id = make_model(conn)
    one, two = make_part(conn, carol, "About {{ post.title }}."), make_part(conn, carol, "Be brief.")
    action = make_action(conn, carol, one, model_id=model_id)
    draft = _draft(conn, carol, action, params={"temperature": 0.1}, part_ids=[one.id, two.id])
    post_id = make_post(conn, carol, idea="Herons")
    at = f"/llm/actions/{action.id}/versions"
    page = editor.get(f"{at}?old={action.version.id}&new={draft.version.id}&post_id={post_id}")
    for words in ("temperature: 0.1", two.name, "About Herons.", "Be brief."):
        assert words in page
    program = Program(conn, editor.client.application.test_client(), carol)
    query = f"old={action.version.id}&new={draft.version.id}&post_id={post_id}"
    found = program.call("GET", f"/actions/{action.id}/comparison?{query}")
    added = "".join(each["text"] for each in found["messages"] if each["kind"] == "added")
    assert "Be brief." in added
    assert (
        "".join(each["text"] for each in found["messages"] if each["kind"] != "added") == found["old"]["text"]
    )


def test_an_earlier_version_is_made_live_again_from_the_page(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    action = make_action(conn, carol, params={"temperature": 0.7})
    second = _draft(conn, carol, action, params={"temperature": 0.1})
    at = f"/llm/actions/{action.id}"
    for version_id, replaced in (
        (second.version.id, action.version.id),
        (action.version.id, second.version.id),
    ):
        editor.post(f"{at}/releases", version_id=version_id, live_version_id=replaced)
    assert services.get_live_action(conn, action.id).version.params == {"temperature": 0.7}
    page = editor.get(f"{at}/versions")
    assert "Make live again" in page
    assert [each.number for each in services.list_action_releases(conn, action.id)] == [1, 2, 1]
    refused = editor.post(
        f"{at}/releases", 409, version_id=second.version.id, live_version_id=second.version.id
    )
    assert "Not made live" in refused


def test_a_gate_is_shown_and_overruled_with_a_reason_on_the_page(
    conn: db.Connection, carol: Actor, app: Flask, editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gate(_conn: db.Connection, candidate: Candidate) -> Sequence[Objection]:
        return [Objection(action_id=candidate.action_id, title="Kilts", message="Too long.")]

    site = app.extensions["blogforge"]
    object.__setattr__(site, "gate", gate)
    monkeypatch.setitem(app.extensions, "blogforge", site)
    action = make_action(conn, carol)
    draft = _draft(conn, carol, action, params={"temperature": 0.1})
    ask = {"version_id": draft.version.id, "live_version_id": action.version.id}
    page = editor.post(f"/llm/actions/{action.id}/releases", 409, **ask)
    assert "Kilts" in page
    assert 'name="override"' in page
    editor.post(f"/llm/actions/{action.id}/releases", **ask, override="1", reason="The case is old.")
    assert "The case is old." in editor.get(f"/llm/actions/{action.id}/versions")


def test_what_a_part_touches_is_shown_before_and_after_and_then_made_live(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    model_id = make_model(conn)
    part = make_part(conn, carol, "About {{ post.title }}.")
    one, two = (make_action(conn, carol, part, model_id=model_id) for _ in range(2))
    draft = _reword(conn, carol, part, "All about {{ post.title }}.")
    post_id = make_post(conn, carol, idea="Herons")
    at = f"/llm/parts/{part.id}"
    page = editor.get(f"{at}/effects?version_id={draft.version_id}&post_id={post_id}")
    for words in (one.label, two.label, "<ins>", "Herons", "changes 2 actions"):
        assert words in page
    program = Program(conn, editor.client.application.test_client(), carol)
    found: list[Any] = program.call(
        "GET", f"/parts/{part.id}/versions/{draft.version_id}/effects?post_id={post_id}"
    )
    assert [each["action_id"] for each in found] == [one.id, two.id]
    assert "All about Herons." in found[0]["comparison"]["new"]["text"]
    assert services.get_part(conn, part.id).template == "About {{ post.title }}."
    editor.post(f"{at}/releases", version_id=draft.version_id, live_version_id=part.version_id, reason="All.")
    assert services.get_part(conn, part.id).template == "All about {{ post.title }}."
    assert "All." in editor.get(f"{at}/versions")
    compared = program.call(
        "GET", f"/parts/{part.id}/comparison?old={part.version_id}&new={draft.version_id}"
    )
    assert not compared["is_same"]


def test_a_post_that_lacks_an_input_is_said_instead_of_messages(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    part = make_part(conn, carol, "Say {{ post.basic_idea }}.")
    make_action(conn, carol, part, model_id=make_model(conn))
    draft = _reword(conn, carol, part, "Now say {{ post.basic_idea }}.")
    make_post(conn, carol, idea="Herons")
    page = editor.get(f"/llm/parts/{part.id}/effects?version_id={draft.version_id}")
    assert "still lacks post.basic_idea" in page
