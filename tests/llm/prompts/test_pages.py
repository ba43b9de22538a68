"""The pages of parts and actions, as a browser without JavaScript uses them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm.prompts import services
from tests.factories import all_powerful, make_user
from tests.llm.callers import Browser, SignIn
from tests.llm.prompts.prompt_rows import make_action, make_part
from tests.llm.registry.registry_rows import make_model


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


@pytest.fixture
def editor(conn: db.Connection, client: FlaskClient, as_user: SignIn) -> Browser:
    return Browser(as_user(client, make_user(conn, "edith", "editor")))


@pytest.fixture
def viewer(conn: db.Connection, app, as_user: SignIn) -> Browser:
    return Browser(as_user(app.test_client(), make_user(conn, "vera", "viewer")))


def test_every_page_shows_for_an_editor_and_a_viewer(
    conn: db.Connection, carol: Actor, editor: Browser, viewer: Browser
) -> None:
    model = make_model(conn, carol)
    part, action = services.list_parts(conn)[0], services.list_actions(conn)[0]
    shared = [
        "/llm/",
        "/llm/connect",
        "/llm/providers",
        f"/llm/providers/{model.provider_id}",
        f"/llm/models/{model.id}",
        "/llm/parts",
        "/llm/parts?search=house",
        f"/llm/parts/{part.id}",
        "/llm/actions",
        f"/llm/actions/{action.id}",
    ]
    for path in shared:
        assert "<h1" in editor.get(path), path
        assert 'method="post" action="/llm' not in viewer.get(path) or path in {
            "/llm/connect",
            f"/llm/models/{model.id}",
        }
    for path in ("/llm/parts/new", "/llm/actions/new", "/llm/providers/new"):
        assert "<form" in editor.get(path)
        viewer.get(path, status=403)


def test_nobody_sees_the_registry_without_the_permission(
    conn: db.Connection, client: FlaskClient, as_user: SignIn
) -> None:
    dave = as_user(client, make_user(conn, "dave"))
    assert dave.get("/llm/actions").status_code == 403


def test_what_is_not_there_is_not_found(editor: Browser) -> None:
    for path in ("/llm/parts/999999", "/llm/actions/999999", "/llm/providers/999999", "/llm/models/999999"):
        editor.get(path, status=404)


def test_without_a_model_every_page_says_where_to_connect_one(editor: Browser) -> None:
    for path in ("/llm/", "/llm/actions", "/llm/providers"):
        assert "/llm/connect" in editor.get(path)


# --- prompt parts --------------------------------------------------------------------------------


def _part_form(part_version: object, template: str) -> dict[str, Any]:
    return {
        "base_version_id": part_version,
        "name": "My part",
        "description": "Mine",
        "tags": "one, two",
        "role": "user",
        "kind": "task",
        "template": template,
    }


def test_an_editor_writes_a_part_and_changes_it(conn: db.Connection, editor: Browser) -> None:
    form = _part_form("", "About {{ post.basic_idea }}")
    location = editor.post("/llm/parts", **form)
    part = services.get_part(conn, int(location.rsplit("/", 1)[1]))
    assert (part.tags, part.number) == (["one", "two"], 1)
    editor.post(location, **_part_form(part.version_id, "More about {{ post.basic_idea }}"))
    assert services.get_newest_part(conn, part.id).number == 2
    assert "<mark>" in editor.get(location) or "More about" in editor.get(location)


def test_an_unknown_name_is_refused_beside_the_text_that_was_typed(editor: Browser) -> None:
    page = editor.post("/llm/parts", 422, **_part_form("", "About {{ post.basic_ide }} and <b>"))
    assert "post.basic_idea" in page
    assert "Line 1, column" in page
    assert "About {{ post.basic_ide }} and &lt;b&gt;" in page


def test_after_a_conflict_what_was_typed_and_what_is_live_stand_on_one_page(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    part = make_part(conn, carol, "First.")
    editor.post(f"/llm/parts/{part.id}", **_part_form(part.version_id, "Theirs."))
    page = editor.post(f"/llm/parts/{part.id}", 409, **_part_form(part.version_id, "Mine."))
    assert "Mine." in page
    assert "Theirs." in page
    newest = services.get_newest_part(conn, part.id)
    assert f'name="base_version_id" value="{newest.version_id}"' in page
    assert newest.template == "Theirs."


def test_a_part_that_actions_have_cannot_be_archived_from_its_page(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    part = make_part(conn, carol)
    action = make_action(conn, carol, part)
    assert action.label in editor.post(f"/llm/parts/{part.id}/archival", 409)


def test_a_viewer_changes_nothing(conn: db.Connection, carol: Actor, viewer: Browser) -> None:
    part = make_part(conn, carol, "First.")
    viewer.post(f"/llm/parts/{part.id}", 403, **_part_form(part.version_id, "Mine."))
    assert services.get_part(conn, part.id).template == "First."


# --- actions -------------------------------------------------------------------------------------


def test_an_action_begins_with_one_part(conn: db.Connection, carol: Actor, editor: Browser) -> None:
    one = make_part(conn, carol, "One.")
    location = editor.post("/llm/actions", label="Mine", name="mine", output_kind="text", part_id=one.id)
    made = services.get_live_action(conn, int(location.rsplit("/", 1)[1]))
    assert (made.part_ids, made.label) == ([one.id], "Mine")


def test_the_page_of_an_action_shows_what_it_reads_and_writes(conn: db.Connection, editor: Browser) -> None:
    ids = {item.name: item.id for item in services.list_actions(conn)}
    page = editor.get(f"/llm/actions/{ids['expand_idea']}")
    for words in ("post.idea_seed", "Basic idea", "markdown", "Task: expand the idea", "never change"):
        assert words in page


# --- when a call or a reply fails ----------------------------------------------------------------

MEND = "Mend: {{ input.problems | join('; ') }}"


def test_a_part_for_repairs_says_where_it_is_said(conn: db.Connection, carol: Actor, editor: Browser) -> None:
    mend = make_part(conn, carol, MEND)
    action = make_action(conn, carol, max_repairs=1, repair_part_id=mend.id)
    page = editor.get(f"/llm/parts/{mend.id}")
    assert action.label in page
    assert "with a failed reply" in page
    assert "<code>input.problems</code>" in page
    assert mend.name in editor.get(f"/llm/actions/{action.id}")
