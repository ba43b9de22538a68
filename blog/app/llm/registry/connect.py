"""Ways to connect a model by hand, each in one step: register, ask for models, take a first default."""

import re
from pathlib import Path

from pydantic import SecretStr

from blog.app import db
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.errors import Invalid
from blog.app.installation_secret import Secrets
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.registry import known, services, store
from blog.app.llm.registry.models import Model, Provider
from blog.app.llm.registry.schemas import ModelChange, ModelCreate, ProviderChange, ProviderCreate
from blog.app.translation import gettext as _


def connect_ollama(conn: db.Connection, actor: Actor, keys: Secrets, base_url: str) -> Provider:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        present = store.find_provider_by_name(conn, "ollama")
        if present is None:
            new = ProviderCreate(name="ollama", label="Ollama", protocol="ollama", base_url=base_url)
            provider = services.create_provider(conn, actor, keys, new)
        else:
            change = ProviderChange(base_url=base_url, is_enabled=True)
            provider = services.update_provider(conn, actor, keys, present.id, change)
    services.check_provider(conn, actor, keys, provider.id)
    return services.get_provider(conn, provider.id)


def connect_compatible(
    conn: db.Connection,
    actor: Actor,
    keys: Secrets,
    *,
    label: str,
    base_url: str,
    api_key: SecretStr,
) -> Provider:
    """Any server that speaks OpenAI's chat completions; what is known of one is taken along.

    One that has a protocol of its own is spoken to in that.
    """
    permissions.check(actor, LLM_CONFIGURE)
    profile = known.profile_for(base_url)
    new = ProviderCreate(
        name=_name(conn, label),
        label=label,
        protocol=profile.protocol or "openai",
        base_url=base_url,
        api_key=api_key,
        options=dict(profile.options),
    )
    provider = services.create_provider(conn, actor, keys, new)
    services.check_provider(conn, actor, keys, provider.id)
    return services.get_provider(conn, provider.id)


def connect_file(conn: db.Connection, actor: Actor, keys: Secrets, path: Path) -> Model:
    """A model file on the machine of the worker, which is this one."""
    permissions.check(actor, LLM_CONFIGURE)
    if not path.is_file():
        raise Invalid(_("There is no file %(path)s on the server.", path=path), field="path")
    with conn.transaction():
        provider = store.find_provider_by_name(conn, "local") or services.create_provider(
            conn,
            actor,
            keys,
            ProviderCreate(
                name="local",
                label="Model files",
                protocol="llama_cpp",
                base_url=path.parent.as_uri(),
                options={"strict_turns": True},
            ),
        )
        present = [
            each for each in store.list_models(conn, provider_id=provider.id) if each.name == str(path)
        ]
        if present:
            return services.update_model(conn, actor, present[0].id, ModelChange(is_enabled=True))
        return services.create_model(
            conn, actor, provider.id, ModelCreate(name=str(path), label=path.stem, capabilities=["schema"])
        )


def _name(conn: db.Connection, label: str) -> str:
    """A name out of the label that no provider has yet."""
    base = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:50] or "provider"
    taken = {provider.name for provider in store.list_providers(conn)}
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
