"""What a preview shows is what a provider receives, byte by byte: every starter action, every protocol."""

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.automation import services as automation
from blog.app.embedded import llama
from blog.app.llm import assemble
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import ActionPlace
from blog.app.llm.providers import ADAPTERS, llama_cpp
from blog.app.llm.runs import execution
from blog.app.workflow import field_values, outline, rules, trees
from blog.app.workflow.models import Field
from tests.conftest import OneConnection
from tests.factories import make_actor, make_model, make_post
from tests.llm.providers.scripted import Server, serve
from tests.llm.runs.dialects import DIALECTS

SECRETS = ("a secret for the tests only",)
SAY = {each.protocol: each.say for each in DIALECTS}
SAMPLES: dict[str, object] = {
    "text": "Herons “in” cities – 5 €",
    "markdown": "Grey herons\n\n- stand\\wade \U0001f41f\n- wait\t<b>long</b>",
    "list": ["A heron weighs 1.5 kg.", "“Sedge” & <reed>"],
    "json": [{"heading": "Beginnings", "facts": ["A heron weighs 1.5 kg."]}],
}

PASSAGE = {"start": 5, "end": 27, "text": "herons\n\n- stand\\wade \U0001f41f"}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A post with every field filled and a section, and a program that looks at it.

    `wishes` are the actions that work on a passage, with what they are told when they start.
    """

    conn: db.Connection
    client: FlaskClient
    token: str
    post_id: int
    section_id: int
    wishes: dict[int, str]

    def preview(self, place: ActionPlace, model_id: int) -> dict[str, object]:
        query: dict[str, object] = {"post_id": self.post_id, "llm_model_id": model_id}
        if place.field_scope == "section":
            query["section_id"] = self.section_id
        if place.action_id in self.wishes:
            selected = {f"selection_{name}": value for name, value in PASSAGE.items()}
            query |= {"field": place.field_name, "wish": self.wishes[place.action_id], **selected}
        answer = self.client.get(
            f"/api/v1/llm/actions/{place.action_id}/preview", query_string=query, headers=self.headers
        )
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["missing"] == []
        assert answer.get_json()["wire"], answer.get_json()["refusal"]
        return answer.get_json()["wire"]

    def start(self, place: ActionPlace, model_id: int) -> int:
        section = f"/sections/{self.section_id}" if place.field_scope == "section" else ""
        answer = self.client.post(
            f"/api/v1/posts/{self.post_id}{section}/fields/{place.field_name}/runs",
            json={"llm_action_id": place.action_id, "llm_model_id": model_id, **self._passage(place)},
            headers=self.headers,
        )
        assert answer.status_code == 202, answer.text
        return answer.get_json()["id"]

    def _passage(self, place: ActionPlace) -> dict[str, object]:
        if place.action_id not in self.wishes:
            return {}
        return {"selection": PASSAGE, "wish": self.wishes[place.action_id]}

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture
def desk(conn: db.Connection, client: FlaskClient) -> Desk:
    actor = make_actor(conn, "carol", "administrator")
    post_id = make_post(conn, actor, idea="Herons in cities")
    section_id = outline.add_section(conn, actor, post_id, "Beginnings").id
    for field in rules.fields(trees.default_workflow(conn, actor), "post"):
        _fill(conn, actor, post_id, None, field)
    for field in rules.fields(trees.default_workflow(conn, actor), "section"):
        _fill(conn, actor, post_id, section_id, field)
    token = auth.create_token(conn, actor, "program").token
    wishes = {
        action.id: next(iter(action.wish_choices), "") for action in prompts.list_selection_actions(conn)
    }
    return Desk(conn=conn, client=client, token=token, post_id=post_id, section_id=section_id, wishes=wishes)


def _fill(conn: db.Connection, actor: Actor, post_id: int, section_id: int | None, field: Field) -> None:
    if field.kind in SAMPLES and field.name not in {"idea_seed", "section_heading"}:
        field_values.put_value(
            conn,
            actor,
            post_id=post_id,
            field_name=field.name,
            section_id=section_id,
            value=SAMPLES[field.kind],  # pyright: ignore[reportArgumentType]
            base_revision_id=None,
        )


@pytest.fixture
def one_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only thing of a request that chance decides."""
    monkeypatch.setattr(assemble, "new_fence", lambda: "data-0123456789abcdef")


@contextmanager
def _recording(
    conn: db.Connection, protocol: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[tuple[Server, int]]:
    """A server that keeps what it receives, and a model that is asked there."""
    with serve(SAY.get(protocol, SAY["openai"])(["Herons wait."])) as server:
        address = server.url
        if protocol == "llama_cpp":
            llama.write_rehearsal_model(folder / "recorded.gguf")
            address = folder.as_uri()
            monkeypatch.setattr(llama_cpp, "_desk", llama_cpp._Desk(free=llama_cpp.threading.Condition()))
            monkeypatch.setattr(llama_cpp, "_load", _listening_at(server.url))
        model_id = make_model(conn, address, protocol)
        db.run(
            conn,
            """
            UPDATE llm_model SET max_output = 4000, capabilities = '{schema,thinking}', name = %s
            WHERE id = %s
            """,
            ("recorded.gguf" if protocol == "llama_cpp" else "recorded", model_id),
        )
        yield server, model_id


def _listening_at(address: str) -> Callable[[llama_cpp._Wanted], llama_cpp._Engine]:
    """Instead of a loaded model: everything before the engine's own socket is as always."""
    return lambda wanted: llama_cpp._Engine(wanted=wanted, address=address, key="k", server=None)


def _places(conn: db.Connection) -> Iterator[ActionPlace]:
    """One field for each starter action; a text for those that work on a passage, none for the judge."""
    places = {place.action_id: place for place in prompts.list_action_places(conn)}
    text = next(place for place in places.values() if place.field_name == "intro_blurb")
    for action in prompts.list_selection_actions(conn):
        places[action.id] = replace(text, action_id=action.id)
    judging = {action.id for action in prompts.list_actions(conn) if action.name == "judge_answer"}
    assert {action.id for action in prompts.list_actions(conn)} - judging == set(places)
    return iter(places.values())


@pytest.mark.usefixtures("one_fence")
@pytest.mark.parametrize("protocol", sorted(ADAPTERS))
def test_the_preview_is_what_is_sent(
    desk: Desk, pool: OneConnection, protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _recording(desk.conn, protocol, tmp_path, monkeypatch) as (server, model_id):
        for place in _places(desk.conn):
            seen = desk.preview(place, model_id)
            run_id = desk.start(place, model_id)
            execution.execute_run(pool, SECRETS, run_id, 1, automation.TARGET)
            received = server.received.pop()
            stored = desk.client.get(f"/api/v1/llm/runs/{run_id}/request", headers=desk.headers)
            assert received.body.decode() == seen["body"] == stored.text, place
            assert (received.method, _path(str(seen["url"]))) == (seen["method"], received.path)
            assert server.received == []


def _path(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)
