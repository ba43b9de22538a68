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


def test_an_editor_makes_an_action_adds_moves_and_takes_out_parts(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    one, two = make_part(conn, carol, "One."), make_part(conn, carol, "Two.")
    location = editor.post("/llm/actions", label="Mine", name="mine", output_kind="text", part_id=one.id)
    action_id = int(location.rsplit("/", 1)[1])

    def base() -> int:
        return services.get_newest_action(conn, action_id).version.id

    editor.post(f"{location}/parts", base_version_id=base(), part_id=two.id, position="")
    assert services.get_newest_action(conn, action_id).part_ids == [one.id, two.id]
    editor.post(f"{location}/order", base_version_id=base(), position=2, by=-1)
    assert services.get_newest_action(conn, action_id).part_ids == [two.id, one.id]
    editor.post(f"{location}/order", base_version_id=base(), positions=["2", "1"])
    assert services.get_newest_action(conn, action_id).part_ids == [one.id, two.id]
    editor.post(f"{location}/parts/1/removal", base_version_id=base())
    assert services.get_newest_action(conn, action_id).part_ids == [two.id]
    assert services.get_newest_action(conn, action_id).version.number == 5


def test_an_order_based_on_an_older_version_is_refused(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    action = make_action(conn, carol, make_part(conn, carol), make_part(conn, carol))
    at = f"/llm/actions/{action.id}"
    editor.post(f"{at}/order", base_version_id=action.version.id, position=1, by=1)
    editor.post(f"{at}/order", 409, base_version_id=action.version.id, position=1, by=1)


def _settings(action_version: int, **given: object) -> dict[str, Any]:
    return {
        "base_version_id": action_version,
        "label": "Mine",
        "description": "",
        "model_id": "",
        "temperature": "0.3",
        "top_p": "",
        "max_output": "500",
        "seed": "",
        "other_params": '{"stop": ["END"]}',
        "output_kind": "list",
        "output_schema": "",
        "validators": '[{"rule": "exact_count", "n": 3}]',
        "deadline_seconds": "60",
        **given,
    }


def test_an_editor_sets_parameters_and_output(conn: db.Connection, carol: Actor, editor: Browser) -> None:
    action = make_action(conn, carol)
    editor.post(f"/llm/actions/{action.id}", **_settings(action.version.id))
    version = services.get_newest_action(conn, action.id).version
    assert version.params == {"temperature": 0.3, "max_output": 500, "stop": ["END"]}
    assert (version.output_kind, version.validators) == ("list", [{"rule": "exact_count", "n": 3}])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"validators": "[{"}, "not JSON"),
        ({"validators": '[{"rule": "exactly"}]'}, "exactly"),
        ({"temperature": "9"}, "temperature must be"),
        ({"deadline_seconds": "1"}, "greater than or equal"),
    ],
)
def test_settings_that_cannot_work_come_back_with_what_was_typed(
    conn: db.Connection, carol: Actor, editor: Browser, wrong: dict[str, Any], words: str
) -> None:
    action = make_action(conn, carol)
    page = editor.post(f"/llm/actions/{action.id}", 422, **_settings(action.version.id, **wrong))
    assert words in page
    assert 'value="Mine"' in page
    assert services.get_newest_action(conn, action.id).version.number == 1


def test_the_page_of_an_action_shows_what_it_reads_and_writes(conn: db.Connection, editor: Browser) -> None:
    ids = {item.name: item.id for item in services.list_actions(conn)}
    page = editor.get(f"/llm/actions/{ids['expand_idea']}")
    for words in ("post.idea_seed", "Basic idea", "markdown", "Task: expand the idea", "never change"):
        assert words in page
    assert f'hx-get="/llm/actions/{ids["expand_idea"]}/preview"' in page


# --- when a call or a reply fails ----------------------------------------------------------------

MEND = "Mend: {{ input.problems | join('; ') }}"


def test_an_editor_says_how_failures_are_met(conn: db.Connection, carol: Actor, editor: Browser) -> None:
    other, mend = make_model(conn, carol), make_part(conn, carol, MEND)
    action = make_action(conn, carol)
    at = f"/llm/actions/{action.id}"
    page = editor.get(at)
    assert f'<option value="{mend.id}">{mend.name}</option>' in page
    met = {
        "max_retries": 4,
        "fallback_model_id": other.id,
        "max_repairs": 2,
        "repair_part_id": mend.id,
    }
    editor.post(at, **_settings(action.version.id, **met))
    version = services.get_newest_action(conn, action.id).version
    assert {name: getattr(version, name) for name in met} == met
    page = editor.get(at)
    assert f'<option value="{other.id}" selected>' in page
    assert f'<option value="{mend.id}" selected>' in page
    editor.post(at, **_settings(version.id, **{**met, "fallback_model_id": "", "max_repairs": 0}))
    assert services.get_newest_action(conn, action.id).version.fallback_model_id is None


def test_no_other_form_of_the_page_loses_how_failures_are_met(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    other, mend = make_model(conn, carol), make_part(conn, carol, MEND)
    met = {"max_retries": 0, "fallback_model_id": other.id, "max_repairs": 1, "repair_part_id": mend.id}
    action = make_action(conn, carol, make_part(conn, carol), make_part(conn, carol), **met)
    at = f"/llm/actions/{action.id}"

    def base() -> int:
        return services.get_newest_action(conn, action.id).version.id

    editor.post(f"{at}/parts", base_version_id=base(), part_id=action.part_ids[0], position="")
    editor.post(f"{at}/order", base_version_id=base(), position=2, by=-1)
    editor.post(f"{at}/order", base_version_id=base(), positions=["3", "1", "2"])
    editor.post(f"{at}/parts/1/removal", base_version_id=base())
    editor.post(at, **_settings(base()))
    version = services.get_newest_action(conn, action.id).version
    assert version.number == 6
    assert {name: getattr(version, name) for name in met} == met


def test_a_fallback_that_was_switched_off_stays_chosen(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    other = make_model(conn, carol)
    action = make_action(conn, carol, fallback_model_id=other.id)
    editor.post(f"/llm/models/{other.id}/switch")
    page = editor.get(f"/llm/actions/{action.id}")
    assert f'<option value="{other.id}" selected>{other.label} (switched off)</option>' in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"max_repairs": "1", "repair_part_id": ""}, "something must be said"),
        ({"max_retries": "9"}, "less than or equal to 5"),
        ({"fallback_model_id": "999999"}, "no such model"),
    ],
)
def test_failures_met_with_nonsense_come_back_beside_their_fields(
    conn: db.Connection, carol: Actor, editor: Browser, wrong: dict[str, Any], words: str
) -> None:
    action = make_action(conn, carol)
    page = editor.post(f"/llm/actions/{action.id}", 422, **_settings(action.version.id, **wrong))
    assert words in page
    assert 'aria-invalid="true"' in page


def test_a_part_for_repairs_says_where_it_is_said(conn: db.Connection, carol: Actor, editor: Browser) -> None:
    mend = make_part(conn, carol, MEND)
    action = make_action(conn, carol, max_repairs=1, repair_part_id=mend.id)
    page = editor.get(f"/llm/parts/{mend.id}")
    assert action.label in page
    assert "with a failed reply" in page
    assert "<code>input.problems</code>" in page
    assert mend.name in editor.get(f"/llm/actions/{action.id}")
