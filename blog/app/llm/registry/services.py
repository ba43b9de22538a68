"""The registry's use cases. A changed part or action is a new version; a key goes in and never comes out."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from pydantic import SecretStr

from blog.app import audit, db, security
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.errors import AppError, Conflict, Invalid, NotFound
from blog.app.llm import assemble
from blog.app.llm.assemble import PartText
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.output_type import OutputType, parse_output_type
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.providers import ADAPTERS
from blog.app.llm.providers.base import Endpoint, ModelListing, ProviderError
from blog.app.llm.registry import known, rules, store
from blog.app.llm.registry.models import (
    Action,
    ActionHead,
    ActionListItem,
    ActionPage,
    ActionPlace,
    ActionVersion,
    Model,
    ModelPage,
    PartUse,
    PromptPart,
    PromptPartPage,
    PromptPartVersion,
    Provider,
    ProviderCheck,
    ProviderPage,
)
from blog.app.llm.registry.schemas import (
    ActionChange,
    ActionCreate,
    ActionMakeUp,
    ModelChange,
    ModelCreate,
    PromptPartChange,
    PromptPartCreate,
    ProviderChange,
    ProviderCreate,
)

CONNECT = "/llm/connect"


# The decisions that callers reach through here, so that a run imports one module of the registry.
price = rules.price
traits = rules.traits


# --- what a run needs ----------------------------------------------------------------------------


def get_live_action(conn: db.Connection, action_id: int) -> Action:
    return _with_version(conn, _get_head(conn, action_id))


def get_action_version(conn: db.Connection, version_id: int) -> ActionVersion:
    version = store.find_action_version(conn, version_id)
    if version is None:
        raise NotFound("There is no such version of an action.")
    return version


def load_parts(conn: db.Connection, action_version_id: int) -> list[PartText]:
    """The live wording of each part, in the order in which they are sent."""
    return store.list_part_texts(conn, action_version_id)


def load_part(conn: db.Connection, part_id: int) -> PartText:
    """One part by itself, as it is live now."""
    part = get_part(conn, part_id)
    return PartText(
        part_id=part.id,
        version=part.number,
        name=part.name,
        role=part.role,
        kind=part.kind,
        template=part.template,
    )


def output_type(version: ActionVersion) -> OutputType:
    return parse_output_type(version.output_kind, version.output_schema, version.validators)


def choose_model(conn: db.Connection, version: ActionVersion, model_id: int | None) -> Model:
    """The model somebody asked for, else the action's own, else the default one. Never a silent other."""
    wanted = model_id if model_id is not None else version.model_id
    model = store.find_default_model(conn) if wanted is None else get_model(conn, wanted)
    if model is None:
        raise Invalid(
            f"No model is connected yet, so nothing can be run. Connect one at {CONNECT}.", link=CONNECT
        )
    if not model.is_usable:
        raise Invalid(
            f"The model {model.label} of {model.provider_label} is switched off. "
            f"Choose another one, or switch it on at /llm/providers/{model.provider_id}.",
            model_id=model.id,
            link=f"/llm/providers/{model.provider_id}",
        )
    return model


def endpoint(conn: db.Connection, keys: tuple[str, ...], provider: Provider) -> Endpoint:
    """Where a call to the provider goes, with its key unsealed."""
    secrets = store.find_provider_secrets(conn, provider.id)
    if secrets is None:
        raise NotFound("There is no such provider.")
    key = None if secrets.sealed_key is None else security.unseal(keys, secrets.sealed_key)
    return Endpoint(base_url=provider.base_url, api_key=key, options=secrets.options)


# --- providers -----------------------------------------------------------------------------------


def get_provider(conn: db.Connection, provider_id: int) -> Provider:
    provider = store.find_provider(conn, provider_id)
    if provider is None:
        raise NotFound("There is no such provider.")
    return provider


def list_providers(conn: db.Connection) -> list[Provider]:
    return store.list_providers(conn)


def page_providers(conn: db.Connection, *, after: int, limit: int) -> ProviderPage:
    rows = store.list_providers(conn, after=after, limit=limit + 1)
    return ProviderPage(items=rows[:limit], next=_next([row.id for row in rows], limit))


def create_provider(
    conn: db.Connection, actor: Actor, keys: tuple[str, ...], new: ProviderCreate
) -> Provider:
    permissions.check(actor, LLM_CONFIGURE)
    _check_protocol(new.protocol)
    rules.check_address(new.base_url)
    taken = Conflict(f"There is a provider named {new.name} already.")
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
    conn: db.Connection, actor: Actor, keys: tuple[str, ...], provider_id: int, change: ProviderChange
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
            "The key was entered for another server. Enter the key for the new address, or remove it.",
            field="api_key",
        )
    if "extra_headers" not in (options or {}):
        store.delete_provider_headers(conn, before.id)


def _lock_provider(conn: db.Connection, provider_id: int) -> Provider:
    provider = store.lock_provider(conn, provider_id)
    if provider is None:
        raise NotFound("There is no such provider.")
    return provider


def _check_protocol(protocol: str) -> None:
    if protocol not in ADAPTERS:
        raise Invalid(
            f"No protocol is named {protocol}. There are: {', '.join(sorted(ADAPTERS))}.", field="protocol"
        )


def _sealed(keys: tuple[str, ...], key: SecretStr | None) -> bytes | None:
    text = key.get_secret_value().strip() if key else ""
    return security.seal(keys, text) if text else None


# --- models --------------------------------------------------------------------------------------


def get_model(conn: db.Connection, model_id: int) -> Model:
    model = store.find_model(conn, model_id)
    if model is None:
        raise NotFound("There is no such model.")
    return model


def find_default_model(conn: db.Connection) -> Model | None:
    return store.find_default_model(conn)


def list_models(conn: db.Connection, provider_id: int | None = None) -> list[Model]:
    return store.list_models(conn, provider_id=provider_id)


def list_usable_models(conn: db.Connection) -> list[Model]:
    """What an action may be run with just now, the default first."""
    return store.list_usable_models(conn)


def page_models(conn: db.Connection, *, provider_id: int | None, after: int, limit: int) -> ModelPage:
    rows = store.list_models(conn, provider_id=provider_id, after=after, limit=limit + 1)
    return ModelPage(items=rows[:limit], next=_next([row.id for row in rows], limit))


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
            raise Conflict(f"{provider.label} has a model named {new.name} already.")
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
            raise NotFound("There is no such model.")
        _store_model(conn, replace(before, **_given(change, besides={"is_default"}, nullable=_NULLABLE)))
        if change.is_default:
            _make_default(conn, model_id)
        elif change.is_default is False and before.is_default:
            raise Invalid("Make another model the default one instead: without one, actions cannot run.")
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
        raise Invalid("A model that is switched off cannot be the default one. Switch it on first.")


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


def check_provider(
    conn: db.Connection, actor: Actor, keys: tuple[str, ...], provider_id: int
) -> ProviderCheck:
    """Asks the provider for its models and merges them. What it says, good or bad, is kept on its row."""
    permissions.check(actor, LLM_CONFIGURE)
    provider = get_provider(conn, provider_id)
    asked = ask_for_models(provider.protocol, endpoint(conn, keys, provider))
    with conn.transaction():
        result = merge_models(conn, provider, asked)
        choose_first_default(conn)
        audit.record(conn, actor, "llm_provider.checked", "llm_provider", provider_id, added=result.added)
    return result


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
        model_id = store.insert_model(
            conn,
            provider.id,
            name=listing.name,
            label=rules.model_label(listing.name),
            context_window=_context(provider, listing),
            capabilities=sorted(listing.capabilities),
            refused_params=known.refused_params(profile, listing.name),
            is_enabled=listing.name in switched_on,
        )
        if model_id is None:
            store.fill_model_facts(
                conn,
                provider.id,
                listing.name,
                context_window=_context(provider, listing),
                capabilities=sorted(listing.capabilities),
            )
        else:
            added += 1
    return added


def _context(provider: Provider, listing: ModelListing) -> int | None:
    if provider.is_rehearsal:
        return listing.context_window
    return known.starting_context(provider.protocol, listing.context_window)


# --- prompt parts --------------------------------------------------------------------------------


def get_part(conn: db.Connection, part_id: int) -> PromptPart:
    part = store.find_part(conn, part_id)
    if part is None:
        raise NotFound("There is no such prompt part.")
    return part


def list_parts(conn: db.Connection, search: str | None = None) -> list[PromptPart]:
    return store.list_parts(conn, search=search)


def page_parts(conn: db.Connection, *, search: str | None, after: int, limit: int) -> PromptPartPage:
    rows = store.list_parts(conn, search=search, after=after, limit=limit + 1)
    return PromptPartPage(items=rows[:limit], next=_next([row.id for row in rows], limit))


def list_part_versions(conn: db.Connection, part_id: int) -> list[PromptPartVersion]:
    get_part(conn, part_id)
    return store.list_part_versions(conn, part_id)


def list_part_uses(conn: db.Connection, part_id: int) -> list[PartUse]:
    return store.list_part_uses(conn, part_id)


def create_part(
    conn: db.Connection, actor: Actor, new: PromptPartCreate, vocabulary: Vocabulary
) -> PromptPart:
    permissions.check(actor, LLM_CONFIGURE)
    _check_wording(0, new, vocabulary)
    with conn.transaction(), _unique_part_name(new.name):
        part_id = store.insert_part(conn, name=new.name, description=new.description, tags=_tags(new.tags))
        _append_wording(conn, actor, part_id, new, base_version_id=None)
        audit.record(conn, actor, "llm_prompt_part.created", "llm_prompt_part", part_id, called=new.name)
        return get_part(conn, part_id)


def update_part(
    conn: db.Connection, actor: Actor, part_id: int, change: PromptPartChange, vocabulary: Vocabulary
) -> PromptPart:
    """Of two people who change one part, the second is told: Conflict, and nothing of the first is lost."""
    permissions.check(actor, LLM_CONFIGURE)
    _check_wording(part_id, change, vocabulary)
    with conn.transaction(), _unique_part_name(change.name):
        _append_wording(conn, actor, part_id, change, base_version_id=change.base_version_id)
        part = get_part(conn, part_id)
        audit.record(conn, actor, "llm_prompt_part.changed", "llm_prompt_part", part_id, number=part.number)
        return part


def archive_part(conn: db.Connection, actor: Actor, part_id: int) -> None:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        part = get_part(conn, part_id)
        if not store.archive_part(conn, part_id):
            uses = store.list_part_uses(conn, part_id)
            raise Conflict(
                f"“{part.name}” is used by {', '.join(use.action_label for use in uses)}. "
                "Take it out of them first.",
                actions=[use.action_id for use in uses],
            )
        audit.record(conn, actor, "llm_prompt_part.archived", "llm_prompt_part", part_id)


def bring_back_part(conn: db.Connection, actor: Actor, part_id: int) -> PromptPart:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        db.must_touch(store.bring_back_part(conn, part_id), "There is no such prompt part.")
        audit.record(conn, actor, "llm_prompt_part.brought_back", "llm_prompt_part", part_id)
        return get_part(conn, part_id)


def _check_wording(part_id: int, new: PromptPartCreate, vocabulary: Vocabulary) -> None:
    assemble.parse_part(
        PartText(
            part_id=part_id, version=0, name=new.name, role=new.role, kind=new.kind, template=new.template
        ),
        vocabulary,
    )


def _append_wording(
    conn: db.Connection, actor: Actor, part_id: int, new: PromptPartCreate, *, base_version_id: int | None
) -> None:
    version_id = store.insert_part_version(
        conn,
        part_id,
        base_version_id=base_version_id,
        role=new.role,
        kind=new.kind,
        template=_unix_lines(new.template),
        user_id=actor.user_id,
    )
    if version_id is None:
        part = get_part(conn, part_id)
        raise Conflict(
            f"Somebody saved version {part.number} of “{part.name}” meanwhile. "
            "Nothing was overwritten; compare yours with it and save again.",
            current_version_id=part.version_id,
        )
    store.update_part(
        conn,
        part_id,
        name=new.name,
        description=new.description,
        tags=_tags(new.tags),
        version_id=version_id,
    )


def _unique_part_name(name: str) -> AbstractContextManager[None]:
    taken = Conflict(f"There is a prompt part named “{name}” already.")
    return db.constraints(llm_prompt_part_name_key=taken)


def _tags(tags: Sequence[str]) -> list[str]:
    return sorted({tag.lower() for tag in tags})


def _unix_lines(text: str) -> str:
    """A form sends line ends as CRLF; a prompt has none of those."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


# --- actions -------------------------------------------------------------------------------------


def list_actions(conn: db.Connection) -> list[ActionListItem]:
    return store.list_actions(conn)


def page_actions(conn: db.Connection, *, after: int, limit: int) -> ActionPage:
    rows = store.list_actions(conn, after=after, limit=limit + 1)
    return ActionPage(items=rows[:limit], next=_next([row.id for row in rows], limit))


def list_action_places(conn: db.Connection, action_id: int | None = None) -> list[ActionPlace]:
    return store.list_action_places(conn, action_id)


def list_field_labels(conn: db.Connection) -> dict[tuple[str, str], str]:
    return store.list_field_labels(conn)


def list_action_versions(conn: db.Connection, action_id: int) -> list[ActionVersion]:
    _get_head(conn, action_id)
    return store.list_action_versions(conn, action_id)


def create_action(conn: db.Connection, actor: Actor, new: ActionCreate) -> Action:
    permissions.check(actor, LLM_CONFIGURE)
    taken = Conflict(f"There is an action named {new.name} already.")
    with conn.transaction(), db.constraints(llm_action_name_key=taken):
        _check_make_up(conn, new)
        action_id = store.insert_action(conn, name=new.name, label=new.label, description=new.description)
        _append_make_up(conn, actor, action_id, new, base_version_id=None)
        audit.record(conn, actor, "llm_action.created", "llm_action", action_id, called=new.name)
        return get_live_action(conn, action_id)


def update_action(conn: db.Connection, actor: Actor, action_id: int, change: ActionChange) -> Action:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        _check_make_up(conn, change)
        _append_make_up(conn, actor, action_id, change, base_version_id=change.base_version_id)
        action = get_live_action(conn, action_id)
        audit.record(conn, actor, "llm_action.changed", "llm_action", action_id, number=action.version.number)
        return action


def _check_make_up(conn: db.Connection, new: ActionMakeUp) -> None:
    rules.check_params(new.params)
    parse_output_type(new.output_kind, new.output_schema, new.validators)
    if new.model_id is not None and store.find_model(conn, new.model_id) is None:
        raise Invalid("There is no such model.", field="model_id")
    missing = sorted(set(new.part_ids) - store.lock_usable_parts(conn, new.part_ids))
    if missing:
        raise Invalid(
            f"These prompt parts do not exist or are archived: {', '.join(map(str, missing))}.",
            field="part_ids",
        )


def _append_make_up(
    conn: db.Connection, actor: Actor, action_id: int, new: ActionMakeUp, *, base_version_id: int | None
) -> None:
    version_id = store.insert_action_version(
        conn,
        action_id,
        base_version_id=base_version_id,
        model_id=new.model_id,
        params=new.params,
        output_kind=new.output_kind,
        output_schema=new.output_schema,
        validators=new.validators,
        deadline_seconds=new.deadline_seconds,
        max_retries=new.max_retries,
        fallback_model_id=new.fallback_model_id,
        max_repairs=new.max_repairs,
        repair_part_id=new.repair_part_id,
        user_id=actor.user_id,
    )
    if version_id is None:
        raise _action_moved_on(conn, action_id)
    store.insert_action_parts(conn, version_id, new.part_ids)
    store.update_action(conn, action_id, label=new.label, description=new.description, version_id=version_id)


def _action_moved_on(conn: db.Connection, action_id: int) -> AppError:
    action = get_live_action(conn, action_id)
    return Conflict(
        f"Somebody saved version {action.version.number} of “{action.label}” meanwhile. "
        "Nothing was overwritten; look at it and make your change again.",
        current_version_id=action.version.id,
    )


def _get_head(conn: db.Connection, action_id: int) -> ActionHead:
    head = store.find_action(conn, action_id)
    if head is None:
        raise NotFound("There is no such action.")
    return head


def _with_version(conn: db.Connection, head: ActionHead) -> Action:
    return Action(
        id=head.id,
        name=head.name,
        label=head.label,
        description=head.description,
        archived_at=head.archived_at,
        version=get_action_version(conn, head.live_version_id),
        part_ids=[part.part_id for part in load_parts(conn, head.live_version_id)],
    )


# --- shared --------------------------------------------------------------------------------------


def _given(
    change: ProviderChange | ModelChange, *, besides: set[str], nullable: frozenset[str] = frozenset()
) -> dict[str, object]:
    """What was sent; null counts only where the column may be empty."""
    sent = change.model_dump(exclude_unset=True, exclude=besides)
    return {name: value for name, value in sent.items() if value is not None or name in nullable}


def _next(ids: Sequence[int], limit: int) -> str | None:
    return str(ids[limit - 1]) if len(ids) > limit else None
