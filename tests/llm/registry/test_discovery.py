"""What a start finds, with real servers on loopback and real folders."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.config import Config
from blog.app.embedded import llama
from blog.app.llm.registry import discovery, known, services, store
from blog.app.llm.registry.discovery import discover, ollama_address
from blog.app.llm.registry.known import KnownProvider
from blog.app.llm.registry.schemas import ModelChange, ProviderChange
from tests.factories import all_powerful
from tests.llm.providers.scripted import Received, Reply, Server, json_reply, serve
from tests.llm.registry.registry_rows import KEY, KEYS, make_model

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


@pytest.fixture(autouse=True)
def quiet_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own Ollama and the public addresses are none of a test's business."""
    monkeypatch.setattr(known, "ollama_address", lambda: NOWHERE)
    monkeypatch.setattr(known, "known_providers", tuple[KnownProvider, ...])


def _ollama(received: Received) -> Reply:
    if received.path == "/api/tags":
        return json_reply({"models": [{"name": "qwen3:8b"}]})
    return json_reply({"capabilities": ["completion"], "model_info": {"qwen3.context_length": 40_960}})


@pytest.fixture
def ollama() -> Iterator[Server]:
    with serve(_ollama) as server:
        yield server


def _lines(found: list[discovery.Found]) -> list[str]:
    return [str(each) for each in found]


# --- nothing there -------------------------------------------------------------------------------


def test_with_nothing_there_is_a_rehearsal_that_says_what_it_is(conn: db.Connection, config: Config) -> None:
    found = discover(conn, config, KEYS)
    assert [each.is_rehearsal for each in found] == [True]
    assert "nonsense" in str(found[0])
    assert "/llm/connect" in str(found[0])
    default = services.find_default_model(conn)
    assert default is not None
    assert default.is_rehearsal
    assert (config.data_dir / "rehearsal" / "rehearsal.gguf").is_file()
    assert services.get_provider(conn, default.provider_id).base_url.startswith("file://")


def test_a_second_start_changes_nothing(conn: db.Connection, config: Config) -> None:
    first = discover(conn, config, KEYS)
    assert discover(conn, config, KEYS) == first
    assert len(services.list_providers(conn)) == 1
    assert len(services.list_models(conn)) == 1


# --- Ollama --------------------------------------------------------------------------------------


def test_an_ollama_on_this_machine_is_found_and_its_model_is_the_default(
    conn: db.Connection, config: Config, ollama: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "ollama_address", lambda: ollama.url)
    assert _lines(discover(conn, config, KEYS)) == ["Ollama: 1 model"]
    default = services.find_default_model(conn)
    assert default is not None
    assert (default.name, default.context_window) == ("qwen3:8b", known.RESERVED_CONTEXT)


def test_an_ollama_that_was_named_and_does_not_answer_is_a_note(conn: db.Connection, config: Config) -> None:
    found = discover(conn, replace(config, ollama_host="127.0.0.1:9"), KEYS)
    assert found[0].label == "Ollama"
    assert found[0].error
    assert found[1].is_rehearsal


def test_an_older_version_s_rehearsal_is_written_anew(conn: db.Connection, config: Config) -> None:
    discover(conn, config, KEYS)
    file = config.data_dir / "rehearsal" / "rehearsal.gguf"
    present = file.read_bytes()
    file.write_bytes(b"an older one")
    discover(conn, config, KEYS)
    assert file.read_bytes() == present


def test_a_real_model_takes_over_from_the_rehearsal(
    conn: db.Connection, config: Config, ollama: Server
) -> None:
    discover(conn, config, KEYS)
    discover(conn, replace(config, ollama_host=ollama.url), KEYS)
    default = services.find_default_model(conn)
    assert default is not None
    assert not default.is_rehearsal


def test_a_person_s_default_and_edits_survive_a_start(
    conn: db.Connection, config: Config, ollama: Server, carol: Actor
) -> None:
    here = replace(config, ollama_host=ollama.url)
    discover(conn, here, KEYS)
    found = services.list_models(conn)[0]
    services.update_model(conn, carol, found.id, ModelChange(notes="Mine", label="Mine", context_window=8192))
    other = make_model(conn, carol)
    services.update_model(conn, carol, other.id, ModelChange(is_default=True))
    discover(conn, here, KEYS)
    kept = services.get_model(conn, found.id)
    assert (kept.notes, kept.label, kept.context_window) == ("Mine", "Mine", 8192)
    assert services.get_model(conn, other.id).is_default


def test_models_that_vanished_stay_as_rows(conn: db.Connection, config: Config, ollama: Server) -> None:
    here = replace(config, ollama_host=ollama.url)
    discover(conn, here, KEYS)
    ollama.script = json_reply({"models": []})
    discover(conn, here, KEYS)
    assert [model.name for model in services.list_models(conn)] == ["qwen3:8b"]


def test_a_provider_that_was_switched_off_is_left_alone(
    conn: db.Connection, config: Config, ollama: Server, carol: Actor
) -> None:
    here = replace(config, ollama_host=ollama.url)
    provider_id = discover(conn, here, KEYS)[0].provider_id
    services.update_provider(conn, carol, KEYS, provider_id, ProviderChange(is_enabled=False))
    asked = len(ollama.received)
    assert "Ollama" not in {each.label for each in discover(conn, here, KEYS)}
    assert len(ollama.received) == asked


def test_an_edited_address_counts_for_more_than_a_found_one(
    conn: db.Connection, config: Config, ollama: Server, carol: Actor
) -> None:
    provider_id = discover(conn, replace(config, ollama_host="127.0.0.1:9"), KEYS)[0].provider_id
    services.update_provider(conn, carol, KEYS, provider_id, ProviderChange(base_url=ollama.url))
    discover(conn, replace(config, ollama_host="127.0.0.1:9"), KEYS)
    row = services.get_provider(conn, provider_id)
    assert (row.base_url, row.check_error) == (ollama.url, None)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", "http://127.0.0.1:11434"),
        ("gpu", "http://gpu:11434"),
        ("gpu:8080", "http://gpu:8080"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("https://gpu.example.org/ollama/", "https://gpu.example.org/ollama"),
        ("[::1]:9999", "http://[::1]:9999"),
    ],
)
def test_ollama_host_is_read_as_people_write_it(
    host: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "ollama_address", lambda: "http://127.0.0.1:11434")
    assert ollama_address(host) == address


# --- keys in the environment ---------------------------------------------------------------------


def _known(url: str) -> KnownProvider:
    return replace(
        known.UNKNOWN,
        name="acme",
        label="Acme",
        variables=("OPENAI_API_KEY",),
        protocol="openai",
        base_url=url,
        prefer=("small",),
        facts=(known.Facts(starts="small", refused_params=("temperature",)),),
    )


def _with_key(config: Config, key: str = KEY) -> Config:
    return replace(config, provider_keys={"OPENAI_API_KEY": key})


def test_a_key_in_the_environment_registers_its_provider_with_the_key_sealed(
    conn: db.Connection, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(json_reply({"data": [{"id": "large"}, {"id": "small-1"}]})) as server:
        monkeypatch.setattr(known, "known_providers", lambda: (_known(server.url),))
        found = discover(conn, _with_key(config), KEYS)
    assert _lines(found) == ["Acme: 2 models"]
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"
    provider = services.get_provider(conn, found[0].provider_id)
    assert (provider.has_key, provider.origin) == (True, "found")
    assert services.endpoint(conn, KEYS, provider).api_key == KEY
    default = services.find_default_model(conn)
    assert default is not None
    assert (default.name, default.refused_params) == ("small-1", ["temperature"])


def test_a_wrong_key_is_a_note_and_the_start_goes_on(
    conn: db.Connection, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(json_reply({"error": {"message": "Incorrect API key."}}, status=401)) as server:
        monkeypatch.setattr(known, "known_providers", lambda: (_known(server.url),))
        found = discover(conn, _with_key(config), KEYS)
    assert "Incorrect API key" in str(found[0].error)
    assert KEY not in str(found)
    assert found[1].is_rehearsal


def test_a_provider_that_takes_its_time_does_not_hold_up_the_start(
    conn: db.Connection, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "WAIT_SECONDS", 0.2)
    slow = replace(json_reply({"data": [{"id": "m"}]}), before_headers_s=1.0)
    with serve(slow) as server:
        monkeypatch.setattr(known, "known_providers", lambda: (_known(server.url),))
        found = discover(conn, _with_key(config), KEYS)
    assert "0.2 seconds" in str(found[0].error)


def test_a_new_key_in_the_environment_replaces_the_found_one_but_not_a_person_s(
    conn: db.Connection, config: Config, carol: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "known_providers", lambda: (_known(NOWHERE),))
    provider_id = discover(conn, _with_key(config), KEYS)[0].provider_id
    discover(conn, _with_key(config, "second"), KEYS)
    row = services.get_provider(conn, provider_id)
    assert services.endpoint(conn, KEYS, row).api_key == "second"
    services.update_provider(
        conn, carol, KEYS, provider_id, ProviderChange.model_validate({"api_key": "mine"})
    )
    discover(conn, _with_key(config, "third"), KEYS)
    assert services.endpoint(conn, KEYS, services.get_provider(conn, provider_id)).api_key == "mine"


def test_a_key_sealed_with_a_lost_secret_is_a_note(
    conn: db.Connection, config: Config, carol: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "known_providers", lambda: (_known(NOWHERE),))
    provider_id = discover(conn, _with_key(config), KEYS)[0].provider_id
    services.update_provider(conn, carol, KEYS, provider_id, ProviderChange(label="Mine"))
    found = discover(conn, _with_key(config), ("another secret altogether",))
    assert "another secret" in str(found[0].error)


# --- model files ---------------------------------------------------------------------------------


def _write(path: Path) -> Path:
    llama.write_rehearsal_model(path)
    return path


def test_model_files_are_found_by_name_and_the_named_one_by_its_path(
    conn: db.Connection, config: Config, tmp_path: Path
) -> None:
    _write(config.models_dir / "small.gguf")
    named = _write(tmp_path / "elsewhere" / "big.gguf")
    found = discover(conn, replace(config, model_path=named), KEYS)
    assert _lines(found) == ["Model files: 2 models"]
    models = services.list_models(conn)
    assert {model.name for model in models} == {"small.gguf", str(named)}
    assert {model.label for model in models} == {"small.gguf", "big.gguf"}
    assert services.find_default_model(conn) == next(m for m in models if m.name == str(named))
    provider = services.get_provider(conn, found[0].provider_id)
    assert (provider.protocol, provider.base_url) == ("llama_cpp", config.models_dir.as_uri())


def test_a_file_that_is_gone_is_named_and_its_model_stays(conn: db.Connection, config: Config) -> None:
    path = _write(config.models_dir / "small.gguf")
    discover(conn, config, KEYS)
    path.unlink()
    found = discover(conn, config, KEYS)
    assert "small.gguf" in str(found[0].error)
    assert [model.name for model in services.list_models(conn, found[0].provider_id)] == ["small.gguf"]


def test_a_named_file_that_is_not_there_is_said_at_the_start(
    conn: db.Connection, config: Config, tmp_path: Path
) -> None:
    found = discover(conn, replace(config, model_path=tmp_path / "missing.gguf"), KEYS)
    assert "missing.gguf" in str(found[0])


def test_the_rehearsal_s_file_is_not_among_the_model_files(conn: db.Connection, config: Config) -> None:
    discover(conn, config, KEYS)
    discover(conn, config, KEYS)
    assert store.find_provider_by_name(conn, "local") is None
