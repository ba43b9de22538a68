"""Rows of the registry for tests, each taking only what matters to the test at hand."""

from itertools import count

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.registry import services
from blog.app.llm.registry.models import Action, Model, PromptPart, Provider
from blog.app.llm.registry.schemas import (
    ActionCreate,
    ModelCreate,
    PromptPartCreate,
    ProviderCreate,
)

KEYS = ("a secret for the tests only",)
KEY = "sk-live-0123456789abcdef"
VOCABULARY = Vocabulary(post=frozenset({"basic_idea", "facts"}), section=frozenset({"draft"}))

_numbers = count(1)


def make_provider(conn: db.Connection, actor: Actor, **given: object) -> Provider:
    values = {
        "name": f"test-{next(_numbers)}",
        "label": "Test",
        "protocol": "openai",
        "base_url": "http://127.0.0.1:9/v1",
        **given,
    }
    return services.create_provider(conn, actor, KEYS, ProviderCreate.model_validate(values))


def make_model(conn: db.Connection, actor: Actor, provider: Provider | None = None, **given: object) -> Model:
    provider = provider or make_provider(conn, actor)
    values = {"name": f"model-{next(_numbers)}", **given}
    return services.create_model(conn, actor, provider.id, ModelCreate.model_validate(values))


def make_part(conn: db.Connection, actor: Actor, template: str = "Write.", **given: object) -> PromptPart:
    values = {"name": f"Part {next(_numbers)}", "role": "user", "kind": "task", "template": template, **given}
    return services.create_part(conn, actor, PromptPartCreate.model_validate(values), VOCABULARY)


def make_action(conn: db.Connection, actor: Actor, *parts: PromptPart, **given: object) -> Action:
    chosen = parts or (make_part(conn, actor),)
    number = next(_numbers)
    values = {
        "name": f"action_{number}",
        "label": f"Action {number}",
        "output_kind": "text",
        "part_ids": [part.id for part in chosen],
        **given,
    }
    return services.create_action(conn, actor, ActionCreate.model_validate(values))
