"""The registry's use cases: who answers, and where. A key goes in and never comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import SecretStr

from blog.app import audit, db, reach, security
from blog.app.auth import permissions, places
from blog.app.auth.models import Actor
from blog.app.auth.permissions import OUTGOING_MANAGE
from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.installation_secret import Secrets
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.providers import ADAPTERS
from blog.app.llm.providers.base import Endpoint, ModelListing, ProviderError
from blog.app.llm.registry import known, rules, store
from blog.app.llm.registry.models import Model, ModelPage, Provider, ProviderCheck, ProviderPage
from blog.app.llm.registry.schemas import ModelChange, ModelCreate, ProviderChange, ProviderCreate
from blog.app.translation import gettext as _

CONNECT = "/llm/connect"


# The decisions that callers reach through here, so that a run imports one module of the registry.
price = rules.price
traits = rules.traits


def endpoint(conn: db.Connection, keys: Secrets, provider: Provider) -> Endpoint:
    """Where a call to the provider goes, with its key unsealed."""
    secrets = store.find_provider_secrets(conn, provider.id)
    if secrets is None:
        raise NotFound(_("There is no such provider."))
    key = None if secrets.sealed_key is None else security.unseal(keys, secrets.sealed_key)
    return Endpoint(
        base_url=provider.base_url, api_key=key, options=secrets.options, allowed=places.allowed(conn)
    )


# --- providers -----------------------------------------------------------------------------------


def get_provider(conn: db.Connection, provider_id: int) -> Provider:
    provider = store.find_provider(conn, provider_id)
    if provider is None:
        raise NotFound(_("There is no such provider."))
    return provider


def list_providers(conn: db.Connection) -> list[Provider]:
    return store.list_providers(conn)


def page_providers(conn: db.Connection, *, after: int, limit: int) -> ProviderPage:
    rows = store.list_providers(conn, after=after, limit=limit + 1)
    return ProviderPage(items=rows[:limit], next=rules.next_page([row.id for row in rows], limit))


def create_provider(conn: db.Connection, actor: Actor, keys: Secrets, new: ProviderCreate) -> Provider:
    permissions.check(actor, LLM_CONFIGURE)
    _check_protocol(new.protocol)
    rules.check_address(new.base_url)
    taken = Conflict(_("There is a provider named %(name)s already.", name=new.name))
    with conn.transaction(), db.constraints(llm_provider_name_key=taken):
        provider_id = store.insert_provider(
            conn,
            name=new.name,
            label=new.label,
            protocol=new.protocol,
            base_url=new.base_url,
            sealed_key=_sealed(keys, new.api_key),
            options=new.options,
            origin="person",
            is_enabled=new.is_enabled,
            is_rehearsal=False,
        )
        audit.record(conn, actor, "llm_provider.created", "llm_provider", provider_id, called=new.name)
        return get_provider(conn, provider_id)


def update_provider(
    conn: db.Connection, actor: Actor, keys: Secrets, provider_id: int, change: ProviderChange
) -> Provider:
    """A key stays with the server it was entered for: another host needs the key again."""
    permissions.check(actor, LLM_CONFIGURE)
    sent = change.model_fields_set
    with conn.transaction():
        before = _lock_provider(conn, provider_id)
        after = replace(before, origin="person", **_given(change, besides={"api_key"}))
        _check_protocol(after.protocol)
        rules.check_address(after.base_url)
        if not rules.same_host(before.base_url, after.base_url):
            _forget_secrets(conn, before, keeps_key="api_key" not in sent, options=change.options)
        store.update_provider(conn, after)
        if "api_key" in sent:
            store.update_provider_key(conn, provider_id, _sealed(keys, change.api_key))
        audit.record(conn, actor, "llm_provider.changed", "llm_provider", provider_id, changed=sorted(sent))
        return get_provider(conn, provider_id)


def _forget_secrets(
    conn: db.Connection, before: Provider, *, keeps_key: bool, options: Mapping[str, object] | None
) -> None:
    if before.has_key and keeps_key:
        raise Invalid(
            _("The key was entered for another server. Enter the key for the new address, or remove it."),
            field="api_key",
        )
    if "extra_headers" not in (options or {}):
        store.delete_provider_headers(conn, before.id)


def _lock_provider(conn: db.Connection, provider_id: int) -> Provider:
    provider = store.lock_provider(conn, provider_id)
    if provider is None:
        raise NotFound(_("There is no such provider."))
    return provider


def _check_protocol(protocol: str) -> None:
    if protocol not in ADAPTERS:
        raise Invalid(
            _(
                "No protocol is named %(protocol)s. There are: %(adapters)s.",
                protocol=protocol,
                adapters=", ".join(sorted(ADAPTERS)),
            ),
            field="protocol",
        )


def _sealed(keys: Secrets, key: SecretStr | None) -> bytes | None:
    text = key.get_secret_value().strip() if key else ""
    return security.seal(keys, text) if text else None


# --- models --------------------------------------------------------------------------------------


def get_model(conn: db.Connection, model_id: int) -> Model:
    model = store.find_model(conn, model_id)
    if model is None:
        raise NotFound(_("There is no such model."))
    return model


def find_model(conn: db.Connection, model_id: int) -> Model | None:
    return store.find_model(conn, model_id)


def find_default_model(conn: db.Connection) -> Model | None:
    return store.find_default_model(conn)


def list_models(conn: db.Connection, provider_id: int | None = None) -> list[Model]:
    return store.list_models(conn, provider_id=provider_id)


def list_usable_models(conn: db.Connection) -> list[Model]:
    """What an action may be run with just now, the default first."""
    return store.list_usable_models(conn)


def page_models(conn: db.Connection, *, provider_id: int | None, after: int, limit: int) -> ModelPage:
    rows = store.list_models(conn, provider_id=provider_id, after=after, limit=limit + 1)
    return ModelPage(items=rows[:limit], next=rules.next_page([row.id for row in rows], limit))


def create_model(conn: db.Connection, actor: Actor, provider_id: int, new: ModelCreate) -> Model:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        provider = _lock_provider(conn, provider_id)
        model_id = store.insert_model(
            conn,
            provider_id,
            name=new.name,
            label=new.label or new.name,
            context_window=new.context_window,
            capabilities=new.capabilities,
        )
        if model_id is None:
            raise Conflict(
                _("%(label)s has a model named %(name)s already.", label=provider.label, name=new.name)
            )
        given = new.model_dump(exclude={"name", "label"})
        _store_model(conn, replace(get_model(conn, model_id), **given))
        audit.record(conn, actor, "llm_model.created", "llm_model", model_id, called=new.name)
        choose_first_default(conn)
        return get_model(conn, model_id)


def update_model(conn: db.Connection, actor: Actor, model_id: int, change: ModelChange) -> Model:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        before = store.lock_model(conn, model_id)
        if before is None:
            raise NotFound(_("There is no such model."))
        _store_model(conn, replace(before, **_given(change, besides={"is_default"}, nullable=_NULLABLE)))
        if change.is_default:
            _make_default(conn, model_id)
        elif change.is_default is False and before.is_default:
            raise Invalid(_("Make another model the default one instead: without one, actions cannot run."))
        audit.record(
            conn, actor, "llm_model.changed", "llm_model", model_id, changed=sorted(change.model_fields_set)
        )
        return get_model(conn, model_id)


def _store_model(conn: db.Connection, model: Model) -> None:
    rules.check_prices(model)
    store.update_model(conn, model)


def _make_default(conn: db.Connection, model_id: int) -> None:
    store.clear_default_model(conn)
    if not store.mark_default_model(conn, model_id):
        raise Invalid(_("A model that is switched off cannot be the default one. Switch it on first."))


def choose_first_default(conn: db.Connection) -> Model | None:
    """Makes the first real model the default when there is none, or only the rehearsal.

    A person's choice stays. The rehearsal is taken while there is nothing else.
    """
    present = store.find_default_model(conn)
    if present is not None and not present.is_rehearsal:
        return present
    first = store.find_first_real_model(conn) or present or store.find_rehearsal_model(conn)
    if first is not None and first != present:
        _make_default(conn, first.id)
    return first


_NULLABLE = frozenset(
    {
        "context_window",
        "max_output",
        "price_input",
        "price_cached",
        "price_cache_write",
        "price_output",
        "price_currency",
        "price_as_of",
    }
)


# --- asking a provider for its models ------------------------------------------------------------


def check_provider(conn: db.Connection, actor: Actor, keys: Secrets, provider_id: int) -> ProviderCheck:
    """Asks the provider for its models and merges them. What it says, good or bad, is kept on its row."""
    permissions.check(actor, LLM_CONFIGURE)
    provider = get_provider(conn, provider_id)
    asked = ask_for_models(provider.protocol, endpoint(conn, keys, provider))
    with conn.transaction():
        result = merge_models(conn, provider, asked)
        choose_first_default(conn)
        audit.record(conn, actor, "llm_provider.checked", "llm_provider", provider_id, added=result.added)
    return result


def allow_address(conn: db.Connection, actor: Actor, keys: Secrets, provider_id: int) -> ProviderCheck:
    """Lets calls go where this provider is, though that is no public address, and asks it again."""
    permissions.check(actor, LLM_CONFIGURE)
    provider = get_provider(conn, provider_id)
    place = reach.place_of(provider.base_url)
    places.allow(conn, actor, host=place.host, port=place.port, note=provider.label)
    return check_provider(conn, actor, keys, provider_id)


def address_to_allow(conn: db.Connection, actor: Actor, provider: Provider) -> reach.Place | None:
    """What a person could allow, when calls to the provider fail and it looks to be in a private network."""
    place = reach.place_of(provider.base_url)
    is_refused = reach.sounds_private(place.host) and not reach.is_listed(place, places.allowed(conn))
    return place if provider.check_error and is_refused and actor.may(OUTGOING_MANAGE) else None


def ask_for_models(protocol: str, where: Endpoint) -> list[ModelListing] | ProviderError:
    """The call itself: no database, so that it can be made from a thread."""
    try:
        return ADAPTERS[protocol].list_models(where)
    except ProviderError as exc:
        return exc


def merge_models(
    conn: db.Connection,
    provider: Provider,
    asked: Sequence[ModelListing] | ProviderError,
) -> ProviderCheck:
    """Adds what is new, fills what we did not know, deletes nothing."""
    match asked:
        case ProviderError(message=message):
            store.update_provider_check(conn, provider.id, message)
            return ProviderCheck(provider_id=provider.id, error=message, found=0, added=0)
        case listings:
            added = _add_models(conn, provider, listings)
            store.update_provider_check(conn, provider.id, None)
            return ProviderCheck(provider_id=provider.id, error=None, found=len(listings), added=added)


def _add_models(conn: db.Connection, provider: Provider, listings: Sequence[ModelListing]) -> int:
    profile = known.profile_for(provider.base_url)
    switched_on = known.switched_on(profile, listings)
    added = 0
    for listing in known.preferred_first(profile, listings):
        facts = known.facts_of(profile, listing.name)
        capabilities = sorted(listing.capabilities | facts.capabilities)
        # What the file says of one model was looked up; a listing's way to think is worked out.
        options = {**listing.options, **facts.options}
        model_id = store.insert_model(
            conn,
            provider.id,
            name=listing.name,
            label=rules.model_label(listing.name),
            context_window=_context(provider, listing),
            max_output=listing.max_output,
            capabilities=capabilities,
            refused_params=facts.refused_params,
            options=options,
            is_enabled=listing.name in switched_on,
        )
        if model_id is None:
            store.fill_model_facts(
                conn,
                provider.id,
                listing.name,
                context_window=_context(provider, listing),
                max_output=listing.max_output,
                capabilities=capabilities,
                options=options,
            )
        else:
            added += 1
    return added


def _context(provider: Provider, listing: ModelListing) -> int | None:
    if provider.is_rehearsal:
        return listing.context_window
    return known.starting_context(provider.protocol, listing.context_window)


# --- shared --------------------------------------------------------------------------------------


def _given(
    change: ProviderChange | ModelChange, *, besides: set[str], nullable: frozenset[str] = frozenset()
) -> dict[str, object]:
    """What was sent; null counts only where the column may be empty."""
    sent = change.model_dump(exclude_unset=True, exclude=besides)
    return {name: value for name, value in sent.items() if value is not None or name in nullable}
