"""The API as its own description lets anybody use it: requests made from every operation, for every role.

One request for each operation and two roles in the suite; `make fuzz` sends 20,000 and more, as everybody.
Each request is undone after it, so that all of them meet the same rows. Nothing leaves the process.
"""

import os
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.automation import services as automation
from blog.app.review import comments
from blog.app.workflow import outline
from tests.conftest import OneConnection
from tests.factories import all_powerful, bind, make_action, make_actor, make_field, make_model, make_post
from tests.llm.cases.bench import work
from tests.llm.providers.scripted import openai_reply, serve

EVERYBODY = ("administrator", "editor", "author", "reviewer", "viewer", "stranger")
EACH = int(os.environ.get("BLOG_FUZZ_EACH", "0"))
ROLES = EVERYBODY if EACH else ("administrator", "author")  # who may most, and somebody who may some
SEED = 20260101
CANARY = "zq7canary"

load_all_checks()
PLAIN: list[Any] = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance"]
)
KEPT: list[Any] = [
    *PLAIN,
    *CHECKS.get_by_names(["response_schema_conformance"]),
]  # of text there is none but "a string"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Ids that are there, by the name an address gives them; those of the post out of sight among them."""

    ids: Mapping[str, list[int]]


@dataclass(kw_only=True)
class Found:
    """What came of the requests: how many, how they were answered, and what was wrong, each kind once."""

    answers: Counter[int] = field(default_factory=Counter[int])
    wrong: dict[str, str] = field(default_factory=dict[str, str])


@pytest.fixture
def rows(conn: db.Connection, pool: OneConnection) -> Rows:
    """Two posts with all that belongs to one; the second stands where only an administrator may look."""
    carol = all_powerful(conn)
    with serve(openai_reply(["A blanket."])) as server:
        model_id = make_model(conn, server.url)
        action_id = make_action(conn, [("user", "task", "Say {{ post.idea_seed }}")], model_id=model_id)
        bind(conn, make_field(conn, "answer"), action_id)
        for idea in ("Why kilts?", f"Why {CANARY}?"):
            _begin(conn, carol, action_id, idea)
        work(conn, pool)
    conn.execute(
        """
        UPDATE post SET workflow_sub_stage_id = (SELECT sub.id FROM workflow_sub_stage AS sub
                                        ORDER BY sub.id DESC LIMIT 1)
        WHERE id = (SELECT max(id) FROM post)
        """
    )
    conn.execute(
        """
        DELETE FROM stage_grant WHERE workflow_stage_id = (
            SELECT sub.workflow_stage_id
            FROM post JOIN workflow_sub_stage AS sub ON sub.id = post.workflow_sub_stage_id
            ORDER BY post.id DESC LIMIT 1)
        """
    )
    conn.execute(
        "UPDATE access_policy SET token_requests_per_minute = NULL, person_requests_per_minute = NULL"
    )
    return Rows(ids={name: _ids(conn, table) for name, table in TABLES.items()})


TABLES = {
    "post_id": "post",
    "section_id": "post_section",
    "run_id": "llm_run",
    "suggestion_id": "suggestion",
    "revision_id": "field_revision",
    "comment_id": "comment",
    "action_id": "llm_action",
    "llm_action_id": "llm_action",
    "part_id": "llm_prompt_part",
    "model_id": "llm_model",
    "llm_model_id": "llm_model",
    "provider_id": "llm_provider",
    "trial_id": "llm_trial",
    "version_id": "llm_action_version",
    "user_id": "app_user",
    "role_id": "role",
}


def _ids(conn: db.Connection, table: str) -> list[int]:
    """The newest ones: those that were made here come before the starter's."""
    rows = conn.execute(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 6")  # pyright: ignore
    return [number for (number,) in rows.fetchall()]


def _begin(conn: db.Connection, actor: Actor, action_id: int, idea: str) -> None:
    post_id = make_post(conn, actor, idea=idea)
    outline.add_section(conn, actor, post_id, f"A section about {idea}")
    automation.start(conn, actor, post_id=post_id, field_name="answer", action_id=action_id)
    comments.comment(conn, actor, post_id, f"What about {idea}")


@pytest.mark.parametrize("role", ROLES)
def test_every_operation_answers_as_it_says(app: Flask, conn: db.Connection, rows: Rows, role: str) -> None:
    """No 5xx, no answer that is not described, and not a word of what is out of sight."""
    someone = make_actor(conn, role, *([] if role == "stranger" else [role]))
    headers = {"Authorization": f"Bearer {_token(conn, someone)}"}
    found = Found()
    api = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for result in api.get_all_operations():
        operation: Any = result.ok()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
        _try(conn, operation, headers, rows, found, may_see=role == "administrator")
    told = ", ".join(f"{status} {count}" for status, count in sorted(found.answers.items()))
    print(f"\n{role}: {sum(found.answers.values()):,} requests ({told})")  # noqa: T201 - `make fuzz` shows it
    for said, how in found.wrong.items():
        print(f"\n{said}\n{how}")  # noqa: T201
    assert sorted(found.wrong) == []


def _token(conn: db.Connection, actor: Actor) -> str:
    """Of everybody, also of who may make none."""
    return auth.create_token(conn, replace(actor, permissions=frozenset({"tokens.create"})), "fuzz").token


def _try(
    conn: db.Connection,
    operation: schemathesis.APIOperation[Any, Any, Any, Any],
    headers: Mapping[str, str],
    rows: Rows,
    found: Found,
    *,
    may_see: bool,
) -> None:
    @seed(SEED)
    @settings(
        max_examples=EACH or 1,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(operation.as_strategy(), st.randoms(use_true_random=False))
    def send(case: schemathesis.Case, chance: random.Random) -> None:
        _aim(case, rows, chance)
        with conn.transaction(force_rollback=True):
            response = case.call(headers=dict(headers))
        found.answers[response.status_code] += 1
        is_object = "json" in response.headers.get("content-type", [""])[0]
        try:
            case.validate_response(response, checks=KEPT if is_object else PLAIN)
        except FailureGroup as wrong:
            for each in wrong.exceptions:
                said = f"{operation.label}: {str(each).splitlines()[0]} ({response.status_code})"
                found.wrong.setdefault(said, f"{case.as_curl_command()}\n{each}\n{response.text[:600]}")
        if not may_see and CANARY in response.text and CANARY not in str((case.body, case.query)):
            found.wrong[f"{operation.label}: says what is out of sight"] = case.as_curl_command()

    send()


def _aim(case: schemathesis.Case, rows: Rows, chance: random.Random) -> None:
    """Most ids that anything makes up are of nothing; most of these are of something."""
    for given_ids in (case.path_parameters, case.query):
        for name in given_ids or {}:
            if name in rows.ids and rows.ids[name] and chance.random() < 0.8:
                given_ids[name] = chance.choice(rows.ids[name])
