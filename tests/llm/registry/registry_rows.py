"""Rows of the registry for tests, each taking only what matters to the test at hand."""

from itertools import count

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm.registry import services
from blog.app.llm.registry.models import Model, Provider
from blog.app.llm.registry.schemas import ModelCreate, ProviderCreate

KEYS = ("a secret for the tests only",)
KEY = "sk-live-0123456789abcdef"
PROVIDER = {"name": "acme", "label": "Acme", "protocol": "openai", "base_url": "http://127.0.0.1:9/v1"}

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
