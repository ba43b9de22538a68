"""SQL of the registry. A key is read by one function and by no other."""

from collections.abc import Mapping, Sequence

from blog.app import db
from blog.app.llm.registry.models import Model, Provider, ProviderSecrets

PROVIDER = """
    id, name, label, protocol, base_url, sealed_key IS NOT NULL AS has_key,
    options - 'extra_headers' AS options, origin, is_enabled, is_rehearsal, checked_at, check_error,
    created_at, updated_at
"""
MODEL = """
    m.id, m.llm_provider_id AS provider_id, p.name AS provider_name, p.label AS provider_label,
    p.is_enabled AS provider_is_enabled, p.is_rehearsal, m.name, m.label, m.context_window, m.max_output,
    m.capabilities, m.refused_params, m.options, m.price_input, m.price_cached, m.price_cache_write,
    m.price_output, m.price_currency, m.price_as_of, m.notes, m.is_enabled, m.is_default
"""


# --- providers -----------------------------------------------------------------------------------


def find_provider(conn: db.Connection, provider_id: int) -> Provider | None:
    return db.one(conn, Provider, f"SELECT {PROVIDER} FROM llm_provider WHERE id = %s", (provider_id,))


def lock_provider(conn: db.Connection, provider_id: int) -> Provider | None:
    return db.one(
        conn, Provider, f"SELECT {PROVIDER} FROM llm_provider WHERE id = %s FOR UPDATE", (provider_id,)
    )


def find_provider_by_name(conn: db.Connection, name: str) -> Provider | None:
    return db.one(conn, Provider, f"SELECT {PROVIDER} FROM llm_provider WHERE name = %s", (name,))


def find_provider_secrets(conn: db.Connection, provider_id: int) -> ProviderSecrets | None:
    return db.one(
        conn, ProviderSecrets, "SELECT sealed_key, options FROM llm_provider WHERE id = %s", (provider_id,)
    )


def list_providers(conn: db.Connection, *, after: int = 0, limit: int | None = None) -> list[Provider]:
    return db.many(
        conn,
        Provider,
        f"SELECT {PROVIDER} FROM llm_provider WHERE id > %(after)s ORDER BY id LIMIT %(limit)s",
        {"after": after, "limit": limit},
    )


def insert_provider(
    conn: db.Connection,
    *,
    name: str,
    label: str,
    protocol: str,
    base_url: str,
    sealed_key: bytes | None,
    options: Mapping[str, object],
    origin: str,
    is_enabled: bool,
    is_rehearsal: bool,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO llm_provider
            (name, label, protocol, base_url, sealed_key, options, origin, is_enabled, is_rehearsal)
        VALUES (%(name)s, %(label)s, %(protocol)s, %(base_url)s, %(sealed_key)s, %(options)s,
                %(origin)s, %(is_enabled)s, %(is_rehearsal)s)
        RETURNING id
        """,
        {
            "name": name,
            "label": label,
            "protocol": protocol,
            "base_url": base_url,
            "sealed_key": sealed_key,
            "options": db.jsonb(options),
            "origin": origin,
            "is_enabled": is_enabled,
            "is_rehearsal": is_rehearsal,
        },
    )


def update_provider(conn: db.Connection, provider: Provider) -> int:
    """Everything but the key. Secret headers stay as they are unless the options name new ones."""
    return db.run(
        conn,
        """
        UPDATE llm_provider
           SET label = %(label)s, protocol = %(protocol)s, base_url = %(base_url)s,
               options = CASE WHEN options ? 'extra_headers'
                              THEN jsonb_build_object('extra_headers', options -> 'extra_headers')
                              ELSE '{}' END || %(options)s,
               origin = %(origin)s, is_enabled = %(is_enabled)s, updated_at = now()
         WHERE id = %(id)s
        """,
        {
            "id": provider.id,
            "label": provider.label,
            "protocol": provider.protocol,
            "base_url": provider.base_url,
            "options": db.jsonb(provider.options),
            "origin": provider.origin,
            "is_enabled": provider.is_enabled,
        },
    )


def update_found_provider(
    conn: db.Connection,
    provider_id: int,
    *,
    protocol: str,
    base_url: str,
    sealed_key: bytes | None,
    options: Mapping[str, object],
) -> int:
    """What a start found anew of a provider that no person has edited."""
    return db.run(
        conn,
        """
        UPDATE llm_provider
           SET protocol = %(protocol)s, base_url = %(base_url)s, sealed_key = %(sealed_key)s,
               options = %(options)s, updated_at = now()
         WHERE id = %(id)s AND origin = 'found'
        """,
        {
            "id": provider_id,
            "protocol": protocol,
            "base_url": base_url,
            "sealed_key": sealed_key,
            "options": db.jsonb(options),
        },
    )


def update_provider_key(conn: db.Connection, provider_id: int, sealed_key: bytes | None) -> int:
    return db.run(
        conn,
        "UPDATE llm_provider SET sealed_key = %s, updated_at = now() WHERE id = %s",
        (sealed_key, provider_id),
    )


def delete_provider_headers(conn: db.Connection, provider_id: int) -> int:
    return db.run(
        conn, "UPDATE llm_provider SET options = options - 'extra_headers' WHERE id = %s", (provider_id,)
    )


def update_provider_check(conn: db.Connection, provider_id: int, error: str | None) -> int:
    return db.run(
        conn,
        "UPDATE llm_provider SET checked_at = now(), check_error = %s WHERE id = %s",
        (error, provider_id),
    )


# --- models --------------------------------------------------------------------------------------


def find_model(conn: db.Connection, model_id: int) -> Model | None:
    return db.one(
        conn,
        Model,
        f"SELECT {MODEL} FROM llm_model m JOIN llm_provider p ON p.id = m.llm_provider_id WHERE m.id = %s",
        (model_id,),
    )


def lock_model(conn: db.Connection, model_id: int) -> Model | None:
    return db.one(
        conn,
        Model,
        f"""
        SELECT {MODEL} FROM llm_model m JOIN llm_provider p ON p.id = m.llm_provider_id
        WHERE m.id = %s FOR UPDATE OF m
        """,
        (model_id,),
    )


def find_default_model(conn: db.Connection) -> Model | None:
    return db.one(
        conn,
        Model,
        f"SELECT {MODEL} FROM llm_model m JOIN llm_provider p ON p.id = m.llm_provider_id WHERE m.is_default",
    )


def list_models(
    conn: db.Connection, *, provider_id: int | None = None, after: int = 0, limit: int | None = None
) -> list[Model]:
    return db.many(
        conn,
        Model,
        f"""
        SELECT {MODEL}
          FROM llm_model m JOIN llm_provider p ON p.id = m.llm_provider_id
         WHERE (%(provider_id)s::bigint IS NULL OR m.llm_provider_id = %(provider_id)s)
           AND m.id > %(after)s
         ORDER BY m.id
         LIMIT %(limit)s
        """,
        {"provider_id": provider_id, "after": after, "limit": limit},
    )


def list_usable_models(conn: db.Connection) -> list[Model]:
    """What an action may be run with, the default first and the rehearsal last."""
    return db.many(
        conn,
        Model,
        f"""
        SELECT {MODEL}
          FROM llm_model m JOIN llm_provider p ON p.id = m.llm_provider_id
         WHERE m.is_enabled AND p.is_enabled
         ORDER BY m.is_default DESC, p.is_rehearsal, p.label, m.label, m.id
        """,
    )


def insert_model(
    conn: db.Connection,
    provider_id: int,
    *,
    name: str,
    label: str,
    context_window: int | None,
    capabilities: Sequence[str],
    max_output: int | None = None,
    refused_params: Sequence[str] = (),
    options: Mapping[str, object] | None = None,
    is_enabled: bool = True,
) -> int | None:
    """The new model's id, or None when the provider has one of that name already."""
    return db.scalar(
        conn,
        """
        INSERT INTO llm_model
            (llm_provider_id, name, label, context_window, max_output, capabilities, refused_params, options,
             is_enabled)
        VALUES (%(provider_id)s, %(name)s, %(label)s, %(context_window)s, %(max_output)s, %(capabilities)s,
                %(refused_params)s, %(options)s, %(is_enabled)s)
        ON CONFLICT ON CONSTRAINT llm_model_name_key DO NOTHING
        RETURNING id
        """,
        {
            "provider_id": provider_id,
            "name": name,
            "label": label,
            "context_window": context_window,
            "max_output": max_output,
            "capabilities": sorted(capabilities),
            "refused_params": list(refused_params),
            "options": db.jsonb(options or {}),
            "is_enabled": is_enabled,
        },
    )


def fill_model_facts(
    conn: db.Connection,
    provider_id: int,
    name: str,
    *,
    context_window: int | None,
    max_output: int | None,
    capabilities: Sequence[str],
    options: Mapping[str, object],
) -> int:
    """What a provider says of a model we know already fills gaps only: a person may have corrected it."""
    return db.run(
        conn,
        """
        UPDATE llm_model
           SET context_window = coalesce(context_window, %(context_window)s),
               max_output = coalesce(max_output, %(max_output)s),
               capabilities = CASE WHEN capabilities = '{}' THEN %(capabilities)s ELSE capabilities END,
               options = CASE WHEN options = '{}' THEN %(options)s ELSE options END
         WHERE llm_provider_id = %(provider_id)s AND name = %(name)s
        """,
        {
            "provider_id": provider_id,
            "name": name,
            "context_window": context_window,
            "max_output": max_output,
            "capabilities": sorted(capabilities),
            "options": db.jsonb(options),
        },
    )


def update_model(conn: db.Connection, model: Model) -> int:
    """Everything but which one is the default."""
    return db.run(
        conn,
        """
        UPDATE llm_model
           SET label = %(label)s, context_window = %(context_window)s, max_output = %(max_output)s,
               capabilities = %(capabilities)s, refused_params = %(refused_params)s, options = %(options)s,
               price_input = %(price_input)s, price_cached = %(price_cached)s,
               price_cache_write = %(price_cache_write)s, price_output = %(price_output)s,
               price_currency = %(price_currency)s, price_as_of = %(price_as_of)s, notes = %(notes)s,
               is_enabled = %(is_enabled)s, is_default = is_default AND %(is_enabled)s, updated_at = now()
         WHERE id = %(id)s
        """,
        {
            "id": model.id,
            "label": model.label,
            "context_window": model.context_window,
            "max_output": model.max_output,
            "capabilities": model.capabilities,
            "refused_params": model.refused_params,
            "options": db.jsonb(model.options),
            "price_input": model.price_input,
            "price_cached": model.price_cached,
            "price_cache_write": model.price_cache_write,
            "price_output": model.price_output,
            "price_currency": model.price_currency,
            "price_as_of": model.price_as_of,
            "notes": model.notes,
            "is_enabled": model.is_enabled,
        },
    )


def clear_default_model(conn: db.Connection) -> int:
    return db.run(conn, "UPDATE llm_model SET is_default = false WHERE is_default")


def mark_default_model(conn: db.Connection, model_id: int) -> int:
    return db.run(conn, "UPDATE llm_model SET is_default = true WHERE id = %s AND is_enabled", (model_id,))


def find_first_real_model(conn: db.Connection) -> Model | None:
    """The first usable model that is no rehearsal: those of this machine come before paid ones."""
    return db.one(
        conn,
        Model,
        f"""
        SELECT {MODEL}
          FROM llm_model m JOIN llm_provider p ON p.id = m.llm_provider_id
         WHERE m.is_enabled AND p.is_enabled AND NOT p.is_rehearsal
           AND NOT (m.capabilities @> '{{embedding}}' AND NOT m.capabilities @> '{{completion}}')
         ORDER BY p.check_error IS NOT NULL, p.sealed_key IS NOT NULL, m.id
         LIMIT 1
        """,
    )


def find_rehearsal_model(conn: db.Connection) -> Model | None:
    return db.one(
        conn,
        Model,
        f"""
        SELECT {MODEL}
          FROM llm_model m JOIN llm_provider p ON p.id = m.llm_provider_id
         WHERE m.is_enabled AND p.is_enabled AND p.is_rehearsal
         ORDER BY m.id
         LIMIT 1
        """,
    )
