"""Use cases of the registry, through SQL."""

from decimal import Decimal

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Forbidden, Invalid, Unavailable
from blog.app.llm.providers.base import ModelListing, ProviderError, Usage
from blog.app.llm.registry import services, store
from blog.app.llm.registry.schemas import ModelChange, ProviderChange
from tests.factories import all_powerful, make_actor
from tests.llm.registry.registry_rows import KEY, KEYS, make_model, make_provider


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


# --- providers, keys, models ---------------------------------------------------------------------


def test_a_key_is_sealed_in_the_row_and_opened_for_the_call_only(conn: db.Connection, carol: Actor) -> None:
    provider = make_provider(conn, carol, api_key=KEY)
    sealed = db.scalar(conn, "SELECT sealed_key FROM llm_provider WHERE id = %s", (provider.id,))
    assert KEY.encode() not in bytes(sealed)
    assert services.endpoint(conn, KEYS, provider).api_key == KEY
    assert KEY not in repr(services.endpoint(conn, KEYS, provider))
    with pytest.raises(Unavailable):
        services.endpoint(conn, ("another secret altogether",), provider)


def test_a_key_is_nowhere_in_the_audit_trail(conn: db.Connection, carol: Actor) -> None:
    provider = make_provider(conn, carol, api_key=KEY)
    services.update_provider(
        conn, carol, KEYS, provider.id, ProviderChange.model_validate({"api_key": KEY + "2"})
    )
    trail = conn.execute("SELECT row_to_json(audit_event)::text FROM audit_event").fetchall()
    assert trail
    assert not any(KEY in row[0] for row in trail)


def test_a_key_that_is_not_sent_stays_and_null_takes_it_away(conn: db.Connection, carol: Actor) -> None:
    provider = make_provider(conn, carol, api_key=KEY)
    assert services.update_provider(conn, carol, KEYS, provider.id, ProviderChange(label="Other")).has_key
    gone = services.update_provider(
        conn, carol, KEYS, provider.id, ProviderChange.model_validate({"api_key": None})
    )
    assert not gone.has_key


def test_a_key_does_not_follow_to_another_host(conn: db.Connection, carol: Actor) -> None:
    provider = make_provider(
        conn, carol, api_key=KEY, options={"extra_headers": {"X-Key": KEY}, "strict_turns": True}
    )
    with pytest.raises(Invalid):
        services.update_provider(
            conn, carol, KEYS, provider.id, ProviderChange(base_url="http://elsewhere.example/v1")
        )
    moved = services.update_provider(
        conn,
        carol,
        KEYS,
        provider.id,
        ProviderChange.model_validate({"base_url": "http://elsewhere.example/v1", "api_key": "new"}),
    )
    where = services.endpoint(conn, KEYS, moved)
    assert where.api_key == "new"
    assert "extra_headers" not in where.options


def test_secret_headers_are_kept_and_never_shown(conn: db.Connection, carol: Actor) -> None:
    provider = make_provider(conn, carol, options={"extra_headers": {"X-Key": KEY}})
    assert provider.options == {}
    changed = services.update_provider(
        conn, carol, KEYS, provider.id, ProviderChange(options={"strict_turns": True})
    )
    assert changed.options == {"strict_turns": True}
    assert services.endpoint(conn, KEYS, changed).options["extra_headers"] == {"X-Key": KEY}


def test_a_protocol_nobody_speaks_is_refused(conn: db.Connection, carol: Actor) -> None:
    with pytest.raises(Invalid, match="ollama"):
        make_provider(conn, carol, protocol="telex")


def test_a_person_s_edit_makes_a_found_provider_theirs(conn: db.Connection, carol: Actor) -> None:
    provider_id = store.insert_provider(
        conn,
        name="found-one",
        label="Found",
        protocol="openai",
        base_url="http://127.0.0.1:9/v1",
        sealed_key=None,
        options={},
        origin="found",
        is_enabled=True,
        is_rehearsal=False,
    )
    assert (
        services.update_provider(conn, carol, KEYS, provider_id, ProviderChange(label="X")).origin == "person"
    )


def test_the_first_model_becomes_the_default_and_a_person_s_choice_stays(
    conn: db.Connection, carol: Actor
) -> None:
    first = make_model(conn, carol)
    assert first.is_default
    second = make_model(conn, carol)
    assert not second.is_default
    services.update_model(conn, carol, second.id, ModelChange(is_default=True))
    make_model(conn, carol)
    default = services.find_default_model(conn)
    assert default is not None
    assert default.id == second.id


def test_a_model_that_is_switched_off_is_no_default(conn: db.Connection, carol: Actor) -> None:
    model = make_model(conn, carol)
    off = services.update_model(conn, carol, model.id, ModelChange(is_enabled=False))
    assert not off.is_default
    with pytest.raises(Invalid):
        services.update_model(conn, carol, model.id, ModelChange(is_default=True))


def test_prices_come_with_their_currency_or_not_at_all(conn: db.Connection, carol: Actor) -> None:
    model = make_model(conn, carol)
    with pytest.raises(Invalid):
        services.update_model(conn, carol, model.id, ModelChange(price_input=Decimal(1)))
    priced = services.update_model(
        conn,
        carol,
        model.id,
        ModelChange(price_input=Decimal(1), price_output=Decimal(2), price_currency="usd"),
    )
    assert priced.price_currency == "USD"
    assert services.price(priced, Usage(input=1_000_000, output=1_000_000)) == Decimal(3)
    free = services.update_model(
        conn,
        carol,
        model.id,
        ModelChange.model_validate({"price_input": None, "price_output": None, "price_currency": None}),
    )
    assert free.price_input is None


def test_an_author_cannot_change_a_model(conn: db.Connection, carol: Actor) -> None:
    model = make_model(conn, carol)
    with pytest.raises(Forbidden):
        services.update_model(conn, make_actor(conn, "alice", "author"), model.id, ModelChange(notes="x"))


# --- asking a provider ---------------------------------------------------------------------------


def test_what_a_provider_lists_is_merged_and_nothing_is_deleted(conn: db.Connection, carol: Actor) -> None:
    provider = make_provider(conn, carol)
    mine = make_model(conn, carol, provider, name="old", label="My label", context_window=4096)
    listings = [
        ModelListing(name="old", context_window=8192, capabilities=frozenset({"vision"})),
        ModelListing(name="new", context_window=16_000),
    ]
    result = services.merge_models(conn, provider, listings)
    assert (result.found, result.added, result.error) == (2, 1, None)
    models = {model.name: model for model in services.list_models(conn, provider.id)}
    assert models["old"].id == mine.id
    assert (models["old"].label, models["old"].context_window) == ("My label", 4096)
    assert models["old"].capabilities == ["vision"]
    assert services.merge_models(conn, provider, listings[:1]).added == 0
    assert len(services.list_models(conn, provider.id)) == 2


def test_what_a_provider_refuses_with_is_kept_on_its_row(conn: db.Connection, carol: Actor) -> None:
    provider = make_provider(conn, carol)
    services.merge_models(conn, provider, ProviderError("auth", "Wrong key."))
    row = services.get_provider(conn, provider.id)
    assert row.check_error == "Wrong key."
    assert row.checked_at is not None
    services.merge_models(conn, provider, [])
    assert services.get_provider(conn, provider.id).check_error is None


def test_a_server_that_is_not_there_is_a_note_and_no_crash(conn: db.Connection, carol: Actor) -> None:
    provider = make_provider(conn, carol)  # port 9: nobody listens
    result = services.check_provider(conn, carol, KEYS, provider.id)
    assert result.error
    assert services.get_provider(conn, provider.id).check_error == result.error
