"""Decisions about registry values."""

from dataclasses import replace
from decimal import Decimal

import pytest

from blog.app.errors import Invalid
from blog.app.llm.providers import ADAPTERS
from blog.app.llm.providers.base import ModelListing, Usage
from blog.app.llm.registry import known, rules
from blog.app.llm.registry.models import Model

MODEL = Model(
    id=1,
    provider_id=1,
    provider_name="test",
    provider_label="Test",
    provider_is_enabled=True,
    is_rehearsal=False,
    name="m",
    label="M",
    context_window=8192,
    max_output=1024,
    capabilities=["schema"],
    refused_params=["temperature"],
    options={"output_cap_name": "max_completion_tokens", "system_role": "developer"},
    price_input=Decimal(2),
    price_cached=Decimal("0.5"),
    price_cache_write=Decimal("2.5"),
    price_output=Decimal(10),
    price_currency="USD",
    price_as_of=None,
    notes="",
    is_enabled=True,
    is_default=False,
)


def test_a_token_is_paid_once_whether_fresh_cached_or_written_to_the_cache() -> None:
    usage = Usage(input=1532, output=100, cached=1111, cache_write=418)
    # 3 fresh, 1111 cached, 418 written, 100 out
    expected = (3 * 2 + 1111 * Decimal("0.5") + 418 * Decimal("2.5") + 100 * 10) / Decimal(1_000_000)
    assert rules.price(MODEL, usage) == expected.quantize(Decimal("0.000001"))


def test_a_count_the_provider_did_not_split_costs_the_full_price() -> None:
    assert rules.price(MODEL, Usage(input=1_000_000, output=0)) == Decimal(2)


def test_a_cost_is_unknown_without_a_price_and_never_nothing() -> None:
    unpriced = replace(MODEL, price_input=None, price_output=None, price_currency=None)
    assert rules.price(unpriced, Usage(input=10, output=10)) is None


def test_a_cost_is_unknown_when_the_provider_did_not_count() -> None:
    assert rules.price(MODEL, Usage(input=10)) is None
    assert rules.price(MODEL, Usage(output=10)) is None


def test_a_price_of_nothing_is_known() -> None:
    free = replace(MODEL, price_input=Decimal(0), price_output=Decimal(0))
    assert rules.price(free, Usage(input=10, output=10)) == 0


def test_an_adapter_is_told_the_facts_of_the_row() -> None:
    traits = rules.traits(MODEL)
    assert traits.output_cap_name == "max_completion_tokens"
    assert traits.system_role == "developer"
    assert traits.refused == {"temperature"}
    assert traits.capabilities == {"schema"}


def test_half_a_price_is_refused() -> None:
    with pytest.raises(Invalid):
        rules.check_prices(replace(MODEL, price_currency=None))


def test_a_key_stays_with_its_server() -> None:
    assert rules.same_host("https://API.example.org/v1", "https://api.example.org/v2")
    assert not rules.same_host("https://api.example.org/v1", "http://api.example.org/v1")
    assert not rules.same_host("https://api.example.org/v1", "https://api.example.org:8443/v1")


def test_a_key_in_an_address_is_refused() -> None:
    with pytest.raises(Invalid, match="its own field"):
        rules.check_address("https://example.org/v1?key=secret")
    rules.check_address("https://example.org/v1?api-version=2024-10-21")


def test_a_password_in_an_address_is_refused() -> None:
    with pytest.raises(Invalid):
        rules.check_address("https://user:secret@example.org/v1")


def _listings(*names: str) -> list[ModelListing]:
    return [ModelListing(name=name) for name in names]


def test_a_known_server_is_recognised_by_its_address() -> None:
    first = known.known_providers()[0]
    assert known.profile_for(first.base_url + "/") == first
    assert known.profile_for("http://127.0.0.1:9/v1") is known.UNKNOWN


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://ours.openai.azure.com/openai/v1", "azure"),
        ("http://localhost:1234/v1", "lmstudio"),
        ("https://api.anthropic.com", "anthropic"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini"),
        ("https://not-openai.azure.com.example.org/v1", ""),
    ],
)
def test_a_server_is_recognised_at_each_of_its_places(address: str, name: str) -> None:
    assert known.profile_for(address).name == name


def test_every_known_provider_speaks_a_protocol_there_is() -> None:
    assert {each.protocol for each in known.known_providers()} <= set(ADAPTERS)
    assert {"anthropic", "gemini"} <= {each.protocol for each in known.known_providers()}


def test_the_first_fact_that_fits_a_model_holds() -> None:
    profile = next(each for each in known.known_providers() if each.name == "openai")
    assert "temperature" in known.facts_of(profile, "gpt-5-mini").refused_params
    assert known.facts_of(profile, "gpt-5.2").refused_params == ()
    assert known.facts_of(profile, "something-else") is known.NOTHING_KNOWN


def test_models_that_write_no_text_start_switched_off() -> None:
    profile = next(each for each in known.known_providers() if each.name == "openai")
    listings = _listings("gpt-5", "text-embedding-3-small", "whisper-1")
    assert known.switched_on(profile, listings) == {"gpt-5"}


def test_of_very_many_models_only_the_preferred_ones_start_switched_on() -> None:
    profile = replace(known.UNKNOWN, prefer=("good",))
    many = _listings(*(f"model-{number}" for number in range(40)), "good-one")
    assert known.switched_on(profile, many) == {"good-one"}
    assert known.preferred_first(profile, many)[0].name == "good-one"
    assert len(known.switched_on(known.UNKNOWN, many)) == 41


def test_a_local_engine_starts_with_a_window_that_fits_a_small_machine() -> None:
    assert known.starting_context("ollama", 131_072) == known.RESERVED_CONTEXT
    assert known.starting_context("llama_cpp", 4096) == 4096
    assert known.starting_context("openai", 131_072) == 131_072
    assert known.starting_context("ollama", None) is None
