"""Fields that offer an action: kinds are checked, and an output may be saved without a review."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blog.app import db, jobs
from blog.app.auth.models import Actor
from blog.app.automation import tasks
from blog.app.errors import Forbidden, Invalid, NotFound
from blog.app.llm.prompts import actions, forms
from blog.app.llm.prompts import services as prompts
from blog.app.workflow import bindings, trees
from blog.app.workflow.schemas import BindingChange
from tests.automation.desk import SECRETS, Desk
from tests.factories import make_action, make_actor, make_field
from tests.llm.callers import Program
from tests.llm.providers.scripted import openai_reply, serve

REVIEW, SAVE = BindingChange(position=None), BindingChange(on_success="save", position=None)


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return make_actor(conn, "carol", "administrator")


def _action(conn: db.Connection, output_kind: str = "text") -> int:
    return make_action(conn, [("user", "task", "Write.")], output_kind=output_kind)


def test_a_field_offers_what_it_can_hold_after_what_it_offers_already(
    conn: db.Connection, carol: Actor
) -> None:
    field_id = make_field(conn, "essay")
    first, second = _action(conn), _action(conn, "markdown")
    bindings.bind(conn, carol, first, field_id, REVIEW)
    [bound] = bindings.bind(conn, carol, second, field_id, SAVE)
    assert (bound.field_label, bound.on_success) == ("Essay", "save")
    field = trees.find_field(conn, carol, trees.default_workflow(conn, carol).id, "essay")
    assert [each.action_id for each in field.actions] == [first, second]
    bindings.bind(conn, carol, second, field_id, BindingChange(position=0))
    field = trees.find_field(conn, carol, trees.default_workflow(conn, carol).id, "essay")
    assert [each.action_id for each in field.actions] == [second, first]
    assert bindings.unbind(conn, carol, second, field_id) == []
    with pytest.raises(NotFound):
        bindings.unbind(conn, carol, second, field_id)


@pytest.mark.parametrize(
    ("written", "kind"), [("list", "markdown"), ("markdown", "list"), ("json", "text"), ("text", "number")]
)
def test_a_field_of_another_kind_is_refused(
    conn: db.Connection, carol: Actor, written: str, kind: str
) -> None:
    with pytest.raises(Invalid, match="cannot hold"):
        bindings.bind(conn, carol, _action(conn, written), make_field(conn, "other", kind=kind), REVIEW)


def test_a_field_is_held_against_the_draft_too(conn: db.Connection, carol: Actor) -> None:
    action_id = _action(conn)
    change = forms.change_of(prompts.get_live_action(conn, action_id), output_kind="list")
    actions.update_action(conn, carol, action_id, change, trees.vocabulary(conn))
    with pytest.raises(Invalid):
        bindings.bind(conn, carol, action_id, make_field(conn, "essay"), REVIEW)


def test_an_author_binds_nothing_and_what_is_not_there_is_not_found(
    conn: db.Connection, carol: Actor
) -> None:
    field_id, action_id = make_field(conn, "essay"), _action(conn)
    with pytest.raises(Forbidden):
        bindings.bind(conn, make_actor(conn, "alice", "author"), action_id, field_id, REVIEW)
    for action, field in ((999_999, field_id), (action_id, 999_999)):
        with pytest.raises(NotFound):
            bindings.bind(conn, carol, action, field, REVIEW)


def test_a_program_binds_and_unbinds(conn: db.Connection, client: FlaskClient) -> None:
    program = Program(conn, client, make_actor(conn, "edith", "editor"))
    action_id, field_id = _action(conn), make_field(conn, "essay")
    at = f"/actions/{action_id}/fields"
    assert program.call("PUT", f"{at}/{field_id}", {"on_success": "save"})[0]["field_name"] == "essay"
    program.call("PUT", f"{at}/{make_field(conn, 'many', kind='list')}", {}, 422)
    assert len(program.call("GET", at)) == 1
    assert program.call("DELETE", f"{at}/{field_id}") == []


def _bind(desk: Desk, change: BindingChange) -> None:
    bindings.bind(desk.conn, desk.actor, desk.action_id, desk.field_id, change)


def _settle(desk: Desk, suggestion_id: int) -> None:
    """Plays the worker for what follows a run."""
    context = jobs.Context(pool=desk.pool, attempt=1, secrets=SECRETS)
    tasks.settle_suggestion(context, suggestion_id=suggestion_id)


def test_what_is_saved_without_review_becomes_a_revision_that_names_the_run(
    desk: Callable[..., Desk],
) -> None:
    with serve(openai_reply(["Warmth."])) as server:
        here = desk(server.url)
        _bind(here, SAVE)
        run = here.work(here.start())
        [suggestion] = here.waiting()
        _settle(here, suggestion.id)
        current = here.current()
    assert current is not None
    assert (current.value, current.llm_run_id, current.origin) == ("Warmth.", run.id, "run")
    assert here.waiting() == []
    _settle(here, suggestion.id)


def test_words_that_somebody_wrote_meanwhile_are_never_saved_over(desk: Callable[..., Desk]) -> None:
    with serve(openai_reply(["Warmth."])) as server:
        here = desk(server.url)
        _bind(here, SAVE)
        run = here.start()
        here.write("Mine.", None)
        here.work(run)
        [suggestion] = here.waiting()
        _settle(here, suggestion.id)
        current = here.current()
    assert current is not None
    assert current.value == "Mine."
    assert [each.id for each in here.waiting()] == [suggestion.id]


def test_without_that_choice_a_person_reviews(desk: Callable[..., Desk]) -> None:
    with serve(openai_reply(["Warmth."])) as server:
        here = desk(server.url)
        here.work(here.start())
        queued = here.conn.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'automation.settle_suggestion'"
        ).fetchone()
    assert queued == (0,)
    assert here.current() is None
