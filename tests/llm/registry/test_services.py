"""Use cases of the registry, through SQL."""

import threading
from decimal import Decimal

import psycopg
import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from blog.app.llm.providers.base import ModelListing, ProviderError, Usage
from blog.app.llm.registry import forms, services, store
from blog.app.llm.registry.schemas import (
    ActionCreate,
    ModelChange,
    PromptPartChange,
    PromptPartCreate,
    ProviderChange,
)
from tests.factories import all_powerful, make_actor
from tests.llm.registry.registry_rows import (
    KEY,
    KEYS,
    VOCABULARY,
    make_action,
    make_model,
    make_part,
    make_provider,
)


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


def _change(part_version: int, template: str, name: str = "Part") -> PromptPartChange:
    return PromptPartChange(
        base_version_id=part_version, name=name, role="user", kind="task", template=template
    )


# --- prompt parts --------------------------------------------------------------------------------


def test_saving_a_part_appends_a_version_and_keeps_the_old_one(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol, "First.")
    changed = services.update_part(conn, carol, part.id, _change(part.version_id, "Second."), VOCABULARY)
    assert (changed.number, changed.template) == (2, "Second.")
    assert [(v.number, v.template) for v in services.list_part_versions(conn, part.id)] == [
        (2, "Second."),
        (1, "First."),
    ]


def test_of_two_people_on_one_part_the_second_is_told_and_nothing_is_lost(
    conn: db.Connection, carol: Actor
) -> None:
    part = make_part(conn, carol, "First.")
    mine = services.update_part(conn, carol, part.id, _change(part.version_id, "Mine."), VOCABULARY)
    with pytest.raises(Conflict) as refused:
        services.update_part(conn, carol, part.id, _change(part.version_id, "Yours."), VOCABULARY)
    assert refused.value.details["current_version_id"] == mine.version_id
    assert services.get_part(conn, part.id).template == "Mine."
    assert len(services.list_part_versions(conn, part.id)) == 2


def test_two_connections_that_race_for_one_part_have_one_winner(committed_db: str) -> None:
    with psycopg.connect(committed_db, autocommit=True) as conn:
        carol = all_powerful(conn)
        part = make_part(conn, carol, "First.")
    outcomes: list[str] = []
    ready = threading.Barrier(4)

    def save(text: str) -> None:
        with psycopg.connect(committed_db, autocommit=True) as mine:
            ready.wait()
            try:
                services.update_part(mine, carol, part.id, _change(part.version_id, text), VOCABULARY)
                outcomes.append("saved")
            except Conflict:
                outcomes.append("conflict")

    threads = [threading.Thread(target=save, args=(f"Text {number}.",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "saved"]
    with psycopg.connect(committed_db, autocommit=True) as conn:
        assert [v.number for v in services.list_part_versions(conn, part.id)] == [2, 1]


def test_an_unknown_name_is_refused_with_its_place_and_the_nearest_one(
    conn: db.Connection, carol: Actor
) -> None:
    with pytest.raises(Invalid) as refused:
        make_part(conn, carol, "Idea:\n{{ post.basic_ide }}")
    assert refused.value.details["nearest"] == "post.basic_idea"
    assert refused.value.details["line"] == 2


def test_a_data_part_may_not_name_the_fence(conn: db.Connection, carol: Actor) -> None:
    with pytest.raises(Invalid):
        make_part(conn, carol, "{{ fence.open }}", kind="data")


def test_a_form_s_line_ends_are_stored_as_plain_ones(conn: db.Connection, carol: Actor) -> None:
    assert make_part(conn, carol, "One\r\nTwo").template == "One\nTwo"


def test_a_part_in_use_cannot_be_archived(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol)
    action = make_action(conn, carol, part)
    with pytest.raises(Conflict, match=action.label):
        services.archive_part(conn, carol, part.id)


def test_an_unused_part_is_archived_and_brought_back(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol)
    services.archive_part(conn, carol, part.id)
    assert part.id not in {each.id for each in services.list_parts(conn)}
    with pytest.raises(Invalid):
        make_action(conn, carol, services.get_part(conn, part.id))
    services.bring_back_part(conn, carol, part.id)
    assert part.id in {each.id for each in services.list_parts(conn)}


def test_two_parts_cannot_have_one_name(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol)
    with pytest.raises(Conflict):
        make_part(conn, carol, name=part.name)


def test_parts_are_found_by_text_role_kind_and_tag(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol, "A heron stands.", role="assistant", kind="example", tags=["Birds"])
    for search in ("HERON", "birds", part.name):
        assert part.id in {each.id for each in services.list_parts(conn, search)}
    assert part.id not in {each.id for each in services.list_parts(conn, "50% of nothing_at_all")}


def test_an_author_cannot_change_a_part(conn: db.Connection, carol: Actor) -> None:
    alice = make_actor(conn, "alice", "author")
    part = make_part(conn, carol)
    with pytest.raises(Forbidden):
        services.update_part(conn, alice, part.id, _change(part.version_id, "Mine."), VOCABULARY)
    with pytest.raises(Forbidden):
        services.create_part(
            conn,
            alice,
            PromptPartCreate(name="New", role="user", kind="task", template="Text."),
            VOCABULARY,
        )


# --- actions -------------------------------------------------------------------------------------


def test_the_parts_of_an_action_stay_in_the_order_in_which_they_were_saved(
    conn: db.Connection, carol: Actor
) -> None:
    last = make_part(conn, carol, "Last.", role="system")
    first = make_part(conn, carol, "First.", role="user")
    action = make_action(conn, carol, first, last, first)
    assert [part.template for part in services.load_parts(conn, action.version.id)] == [
        "First.",
        "Last.",
        "First.",
    ]


def test_a_changed_part_is_in_the_next_run_of_every_action_that_has_it(
    conn: db.Connection, carol: Actor
) -> None:
    part = make_part(conn, carol, "First.")
    action = make_action(conn, carol, part)
    services.update_part(conn, carol, part.id, _change(part.version_id, "Second."), VOCABULARY)
    loaded = services.load_parts(conn, action.version.id)
    assert [(each.template, each.version) for each in loaded] == [("Second.", 2)]


def test_saving_an_action_makes_a_new_version_and_the_old_one_stays_readable(
    conn: db.Connection, carol: Actor
) -> None:
    action = make_action(conn, carol, params={"temperature": 0.7})
    changed = services.update_action(
        conn, carol, action.id, forms.change_of(action, params={"temperature": 0.1})
    )
    assert (changed.version.number, changed.version.params) == (2, {"temperature": 0.1})
    assert services.get_action_version(conn, action.version.id).params == {"temperature": 0.7}


def test_of_two_people_on_one_action_the_second_is_told(conn: db.Connection, carol: Actor) -> None:
    action = make_action(conn, carol)
    services.update_action(conn, carol, action.id, forms.change_of(action, label="Mine"))
    with pytest.raises(Conflict):
        services.update_action(conn, carol, action.id, forms.change_of(action, label="Yours"))
    assert services.get_live_action(conn, action.id).label == "Mine"


@pytest.mark.parametrize(
    "wrong",
    [
        {"validators": [{"rule": "exactly_n", "n": 3}]},
        {"validators": [{"rule": "min_chars", "n": 9}, {"rule": "max_chars", "n": 3}]},
        {"output_kind": "json", "output_schema": {"type": "nothing"}},
        {"params": {"temperature": 9}},
        {"model_id": 999_999},
        {"part_ids": [999_999]},
    ],
)
def test_an_action_that_could_not_work_is_refused(
    conn: db.Connection, carol: Actor, wrong: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        make_action(conn, carol, **wrong)


def test_an_action_that_is_not_there_is_not_found(conn: db.Connection) -> None:
    with pytest.raises(NotFound):
        services.get_live_action(conn, 999_999)


def test_an_author_cannot_make_an_action(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol)
    with pytest.raises(Forbidden):
        services.create_action(
            conn,
            make_actor(conn, "alice", "author"),
            ActionCreate(name="mine", label="Mine", output_kind="text", part_ids=[part.id]),
        )


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


# --- which model a run asks ----------------------------------------------------------------------


def test_a_run_asks_the_model_named_else_the_action_s_else_the_default(
    conn: db.Connection, carol: Actor
) -> None:
    default, own, named = (make_model(conn, carol) for _ in range(3))
    plain, particular = make_action(conn, carol), make_action(conn, carol, model_id=own.id)
    assert services.choose_model(conn, plain.version, None).id == default.id
    assert services.choose_model(conn, particular.version, None).id == own.id
    assert services.choose_model(conn, particular.version, named.id).id == named.id


def test_without_any_model_the_refusal_says_where_to_connect_one(conn: db.Connection, carol: Actor) -> None:
    with pytest.raises(Invalid, match="/llm/connect") as refused:
        services.choose_model(conn, make_action(conn, carol).version, None)
    assert refused.value.details["link"] == "/llm/connect"


def test_a_model_that_is_switched_off_is_never_replaced_silently(conn: db.Connection, carol: Actor) -> None:
    make_model(conn, carol)
    off = make_model(conn, carol, is_enabled=False)
    with pytest.raises(Invalid, match="switched off"):
        services.choose_model(conn, make_action(conn, carol, model_id=off.id).version, None)


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
