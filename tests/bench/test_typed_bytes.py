"""What is typed on the bench, previewed, then saved and made live in one press, is what a run sends."""

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from blog.app import db
from blog.app.automation import services as automation
from blog.app.bench import forms, pages
from blog.app.bench.models import Viewer
from blog.app.llm.prompts import services as prompts
from blog.app.workflow import trees
from tests.bench.bench_form import read
from tests.conftest import OneConnection
from tests.factories import all_powerful, bind, make_field, make_model, make_post, make_user
from tests.llm.callers import Browser, SignIn
from tests.llm.cases.bench import SECRETS, work
from tests.llm.prompts.prompt_rows import make_action, make_part
from tests.llm.providers.scripted import openai_reply, serve


def test_a_run_sends_the_bytes_that_were_typed(
    conn: db.Connection, pool: OneConnection, client: FlaskClient, as_user: SignIn
) -> None:
    actor = all_powerful(conn)
    browser = Browser(as_user(client, make_user(conn, "edith", "editor")))
    with serve(openai_reply(["An answer"])) as server:
        model_id = make_model(conn, server.url)
        role, task, off = (make_part(conn, actor, text) for text in ("You edit.", "Do it.", "Never said."))
        action = make_action(conn, actor, role, task, off, model_id=model_id)
        bind(conn, make_field(conn, "answer"), action.id)
        post_id = make_post(conn, actor, idea="Herons “wait” – 5 €\n\ttab")
        at = f"/llm/actions/{action.id}"
        form = read(browser.get(at))
        first, second, third = form["rows"]
        typed = {
            **form,
            f"template-{second}": "Shorten: {{ post.idea_seed }}",
            f"role-{first}": "system",
            f"off-{third}": "1",
            "temperature": "0.3",
            "post_id": str(post_id),
            "do": "live",
        }
        shown = pages.see(
            conn,
            Viewer(actor=actor, keys=SECRETS, vocabulary=trees.vocabulary(conn)),
            prompts.get_newest_action(conn, action.id),
            forms.read(MultiDict((name, each) for name, given in typed.items() for each in _all(given))),
        ).preview
        assert shown is not None
        assert shown.wire is not None, shown.refusal
        browser.post(at, 303, **typed)
        automation.start(
            conn, actor, post_id=post_id, field_name="answer", action_id=action.id, fence=shown.fence
        )
        work(conn, pool)
        [received] = server.received
    assert received.body.decode() == shown.wire.body
    assert "Herons “wait”" in received.json["messages"][-1]["content"]
    assert "Never said" not in shown.wire.body
    assert received.json["temperature"] == 0.3


def _all(given: str | list[str]) -> list[str]:
    return given if isinstance(given, list) else [given]
