"""The bench of an action, as a browser without JavaScript uses it."""

import html
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm.prompts import actions, forms, parts, services
from blog.app.llm.prompts.schemas import PromptPartChange
from blog.app.workflow import bindings, trees
from tests.bench.bench_form import read
from tests.factories import all_powerful, make_field, make_post, make_user
from tests.llm.callers import Browser, SignIn
from tests.llm.prompts.prompt_rows import make_action, make_part
from tests.llm.registry.registry_rows import make_model


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


@pytest.fixture
def editor(conn: db.Connection, client: FlaskClient, as_user: SignIn) -> Browser:
    return Browser(as_user(client, make_user(conn, "edith", "editor")))


class Bench:
    """The page of one action, with the form one would press a button of."""

    def __init__(self, conn: db.Connection, browser: Browser, action_id: int) -> None:
        self.conn, self.browser, self.action_id = conn, browser, action_id
        self.at = f"/llm/actions/{action_id}"
        self.form: dict[str, Any] = read(browser.get(self.at))

    def press(self, do: str, status: Any = 303, **typed: Any) -> str:
        """Sends the form with what is typed besides; afterwards it is what the page then shows."""
        sent = {**self.form, **{name.replace("__", "-"): value for name, value in typed.items()}, "do": do}
        answer = self.browser.post(self.at, status, **sent)
        page = self.browser.get(self.at) if status == 303 else answer
        self.form = read(page)
        return page

    @property
    def newest(self) -> Any:
        return services.get_newest_action(self.conn, self.action_id)

    @property
    def live(self) -> Any:
        return services.get_live_action(self.conn, self.action_id)


def _open(conn: db.Connection, browser: Browser, carol: Actor, *made: Any, **given: object) -> Bench:
    return Bench(conn, browser, make_action(conn, carol, *made, **given).id)


def test_an_untouched_form_saves_nothing(conn: db.Connection, carol: Actor, editor: Browser) -> None:
    bench = _open(conn, editor, carol, make_part(conn, carol, "One.\n\nTwo {{ post.title }}."))
    bench.press("save")
    assert (bench.newest.version.number, bench.newest.draft_version_id) == (1, None)


def test_parts_are_added_moved_switched_off_and_taken_out(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    one, two = make_part(conn, carol, "One."), make_part(conn, carol, "Two.")
    bench = _open(conn, editor, carol, one)
    bench.press(f"add-{two.id}")
    assert bench.newest.part_ids == [one.id, two.id]
    bench.press(f"up-{bench.form['rows'][1]}")
    assert bench.newest.part_ids == [two.id, one.id]
    key = bench.form["rows"][1]
    bench.press("save", **{f"off__{key}": "1"})
    assert (bench.newest.part_ids, bench.newest.off_positions) == ([two.id, one.id], [2])
    bench.press(f"up-{bench.form['rows'][1]}")
    assert (bench.newest.part_ids, bench.newest.off_positions) == ([one.id, two.id], [1])
    bench.press(f"out-{bench.form['rows'][0]}")
    assert bench.newest.part_ids == [two.id]
    assert bench.live.part_ids == [one.id]


def test_a_part_is_reworded_where_it_stands_and_shared_with_its_draft(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    part = make_part(conn, carol, "One.")
    bench = _open(conn, editor, carol, part)
    [key] = bench.form["rows"]
    page = bench.press("save", **{f"template__{key}": "One more."})
    assert services.get_newest_part(conn, part.id).template == "One more."
    assert services.get_part(conn, part.id).template == "One."
    assert bench.newest.version.number == 1
    assert "draft v2" in page
    bench.press("live", reason="Better.")
    assert services.get_part(conn, part.id).template == "One more."


def test_a_shared_draft_goes_live_only_when_it_is_ticked(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    part = make_part(conn, carol, "One.")
    other = make_action(conn, carol, part)
    bench = _open(conn, editor, carol, part)
    [key] = bench.form["rows"]
    page = bench.press("save", **{f"template__{key}": "One more."})
    assert other.label in page
    ticked = bench.form.pop(f"draft-{part.id}")
    bench.press("live", temperature="0.2")
    assert services.get_part(conn, part.id).template == "One."
    assert bench.live.version.number == 2
    bench.press("live", **{f"draft__{part.id}": ticked})
    assert services.get_part(conn, part.id).template == "One more."


def test_a_part_of_its_own_leaves_the_shared_one_alone(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    part = make_part(conn, carol, "One.")
    make_action(conn, carol, part)
    bench = _open(conn, editor, carol, part)
    [key] = bench.form["rows"]
    bench.press("save", **{f"template__{key}": "Mine.", f"fork__{key}": "1", f"name__{key}": "My own"})
    [own] = bench.newest.part_ids
    assert own != part.id
    assert (services.get_part(conn, own).name, services.get_part(conn, own).template) == ("My own", "Mine.")
    assert services.get_newest_part(conn, part.id).template == "One."


def test_a_new_part_is_written_on_the_bench(conn: db.Connection, carol: Actor, editor: Browser) -> None:
    bench = _open(conn, editor, carol)
    bench.press("new", 200)
    key = bench.form["rows"][1]
    page = bench.press("save", 422, **{f"template__{key}": "Say {{ post.titel }}", f"name__{key}": "Saying"})
    assert "post.title" in page
    assert f"Say {{{{ post.titel }}}}\n{' ' * 11}^" in page
    bench.press("save", **{f"template__{key}": "Say {{ post.title }}"})
    assert services.get_part(conn, bench.newest.part_ids[1]).name == "Saying"


def test_settings_that_cannot_work_come_back_with_all_that_was_typed(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    bench = _open(conn, editor, carol)
    [key] = bench.form["rows"]
    for wrong, words in (
        ({"validators": "[{"}, "not JSON"),
        ({"validators": '[{"rule": "exactly"}]'}, "exactly"),
        ({"validators": "[]", "temperature": "9"}, "temperature must be"),
        ({"temperature": "", "output_kind": "json", "output_schema": '{"type": "nothing"}'}, "schema"),
        ({"output_schema": "", "output_kind": "text", "max_repairs": "1"}, "something must be said"),
    ):
        page = bench.press("save", 422, **wrong, **{f"template__{key}": "What I typed."})
        assert words in page
        assert "What I typed." in page
    assert services.list_action_versions(conn, bench.action_id)[0].number == 1


def test_of_two_at_one_bench_neither_loses_work(conn: db.Connection, carol: Actor, editor: Browser) -> None:
    part = make_part(conn, carol, "One.")
    bench = _open(conn, editor, carol, part)
    [key] = bench.form["rows"]
    theirs = forms.change_of(bench.newest, params={"temperature": 0.9})
    actions.update_action(conn, carol, bench.action_id, theirs, trees.vocabulary(conn))
    page = bench.press("save", 409, max_output="77")
    assert "temperature: 0.9" in page.replace("<ins>", "").replace("</ins>", "")
    assert 'value="77"' in page
    bench.press("save")
    assert bench.newest.version.params == {"max_output": 77}
    reworded = PromptPartChange(
        base_version_id=part.version_id, name=part.name, role="user", kind="task", template="Theirs."
    )
    parts.update_part(conn, carol, part.id, reworded, trees.vocabulary(conn))
    page = bench.press("save", 409, **{f"template__{key}": "Mine."})
    assert "Theirs." in page
    assert "Mine." in page
    bench.press("save")
    texts = [each.template for each in services.list_part_versions(conn, part.id)]
    assert texts == ["Mine.", "Theirs.", "One."]


def test_a_field_is_bound_set_and_let_go_on_the_page(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    bench = _open(conn, editor, carol)
    essay, many = make_field(conn, "essay"), make_field(conn, "many", kind="list")
    bench.press("bind", bind_field=str(essay), bind_on_success="save", max_output="50")
    [bound] = bindings.list_bindings(conn, bench.action_id)
    assert (bound.field_name, bound.on_success) == ("essay", "save")
    assert bench.newest.version.params == {"max_output": 50}
    bench.press(f"mode-{essay}", **{f"on_success__{essay}": "review"})
    assert bindings.list_bindings(conn, bench.action_id)[0].on_success == "review"
    assert "cannot hold" in bench.press("bind", 422, bind_field=str(many))
    assert "Essay" in bench.press("save", 422, output_kind="list")
    bench.press(f"unbind-{essay}", output_kind="text")
    assert bindings.list_bindings(conn, bench.action_id) == []
    bench.press("bind", 422, bind_field="")


def test_what_is_typed_is_previewed_for_a_post_without_being_saved(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    model = make_model(conn, carol, refused_params=["top_p"])
    post_id = make_post(conn, carol, idea="Herons in cities")
    bench = _open(conn, editor, carol, make_part(conn, carol, "One."), model_id=model.id)
    [key] = bench.form["rows"]
    typed = {**bench.form, "post_id": str(post_id), "view": "request", "top_p": "0.5"}
    shown = editor.post(f"{bench.at}/preview", 200, **(typed | {f"template-{key}": "On {{ post.title }}."}))
    for words in ("On Herons in cities.", "unknown", "top_p", f'id="marks-{key}"', "Not sent: "):
        assert words in shown
    wrong = editor.post(f"{bench.at}/preview", 200, **(typed | {f"template-{key}": "{{ post.titel }}"}))
    assert "Line 1, column 4" in wrong
    assert services.get_newest_part(conn, bench.newest.part_ids[0]).template == "One."
    assert bench.newest.version.number == 1


def test_the_shelf_is_narrowed_by_words_tag_role_and_kind(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    bird = make_part(conn, carol, "A heron.", name="Bird", role="system", kind="example", tags=["nature"])
    make_part(conn, carol, "A heron too.", name="Otherbird", role="user", kind="task")
    at = f"/llm/actions/{make_action(conn, carol, bird).id}/shelf"
    for query in ("search=nature", "search=heron&role=system", "kind=example&search=heron"):
        found = editor.get(f"{at}?{query}")
        assert f"add-{bird.id}" in found
        assert "Otherbird" not in found


def test_a_draft_is_set_aside(conn: db.Connection, carol: Actor, editor: Browser) -> None:
    bench = _open(conn, editor, carol)
    bench.press("save", max_output="50")
    draft_id = bench.newest.version.id
    editor.post(f"{bench.at}/draft-removal", **{**bench.form, "version_id": draft_id})
    assert bench.newest.version.number == 1


def test_a_viewer_sees_the_bench_and_changes_nothing(
    conn: db.Connection, carol: Actor, app: Any, as_user: SignIn
) -> None:
    viewer = Browser(as_user(app.test_client(), make_user(conn, "vera", "viewer")))
    action = make_action(conn, carol, make_part(conn, carol, "Only this."))
    page = viewer.get(f"/llm/actions/{action.id}")
    assert "Only this." in page
    assert 'name="do" value="live"' not in page
    viewer.post(f"/llm/actions/{action.id}", 403, **read(page))


@pytest.mark.parametrize("action", ["expand_idea", "draft_section", "allocate_facts"])
def test_starter_actions_show_and_save_untouched(conn: db.Connection, editor: Browser, action: str) -> None:
    ids = {item.name: item.id for item in services.list_actions(conn)}
    bench = Bench(conn, editor, ids[action])
    bench.press("save")
    assert bench.newest.draft_version_id is None
    assert "never changes" in editor.get(bench.at)


def test_a_press_on_test_saves_what_is_typed_first(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    part = make_part(conn, carol, "One.")
    bench = _open(conn, editor, carol, part)
    [key] = bench.form["rows"]
    typed = {**bench.form, f"template-{key}": "One more.", "temperature": "0.2", "do": "test"}
    editor.post(bench.at, 303, **typed)
    assert services.get_newest_part(conn, part.id).template == "One more."
    assert bench.newest.version.params == {"temperature": 0.2}
    page = editor.get(f"{bench.at}/test")
    assert f"With the draft of “{part.name}”" in page
    assert f'value="{services.get_part(conn, part.id).draft_version_id}" checked' in page


def test_an_action_of_passages_is_previewed_for_a_chosen_one(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    post_id = make_post(conn, carol, idea="Herons wait.\n\nThen they strike.")
    part, model = make_part(conn, carol, "Shorten: {{ selection.text }}"), make_model(conn, carol)
    bench = _open(conn, editor, carol, part, takes_selection=True, model_id=model.id)
    look = {**bench.form, "post_id": str(post_id), "view": "request"}
    first = editor.post(f"{bench.at}/preview", 200, **look)
    assert "Shorten: Herons wait." in first
    key = re.findall(r'<option value="(idea_seed\.[\d-]+)"', first)[1]
    second = editor.post(f"{bench.at}/preview", 200, **{**look, "passage": key})
    assert "Shorten: Then they strike." in second
    shown = json.loads(html.unescape(second.split("hx-vals='", 1)[1].split("'", 1)[0]))
    state = f"{bench.at}/preview/state"
    editor.post(state, 204, **shown)
    assert (
        "out of date" in editor.post(state, 200, **{**shown, "selection_text": "Then they wait..."}).lower()
    )
