"""The engine in this process, with the rehearsal model: real loading, real tokens, real stops."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from blog.app.embedded import llama
from blog.app.llm.providers import ADAPTERS, llama_cpp
from blog.app.llm.providers.base import (
    Cancel,
    ChatRequest,
    Done,
    Endpoint,
    Event,
    Limits,
    ModelTraits,
    ProviderError,
    Role,
    TextDelta,
)
from tests.llm.providers.asking import ask

TRAITS = ModelTraits(context_window=32_768, capabilities=frozenset({"schema"}))
ENDLESS = replace(TRAITS, options={"extra_body": {"ignore_eos": True}})
LIMITS = Limits(connect_s=5, first_token_s=20, idle_s=20, deadline_s=40)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models with blanks")
    llama.write_rehearsal_model(folder / "one.gguf")
    (folder / "two.gguf").write_bytes((folder / "one.gguf").read_bytes())
    return folder


def wanting(models: Path, *said, model: str = "one.gguf", traits=TRAITS, **rest) -> ChatRequest:
    return ask(models.as_uri(), *said, model=model, traits=traits, limits=LIMITS, **rest)


def run(request: ChatRequest) -> list[Event]:
    wire = llama_cpp.build(request)
    return list(llama_cpp.stream(request, wire, cancel=Cancel(), tap=lambda _: None))


def test_it_streams_words_and_says_what_it_used(models: Path):
    *deltas, done = run(wanting(models, max_output=40, seed=1, stop=None))
    assert isinstance(done, Done)
    assert done.usage.output is not None
    assert done.usage.input is not None
    assert done.usage.output > 5
    words = "".join(each.text for each in deltas if isinstance(each, TextDelta))
    assert words.isprintable()
    assert len(words.split()) > 5
    assert len(deltas) > 5


@pytest.mark.parametrize(("temperature", "asked"), [(0, "Cats?"), (0.7, "x. " * 300), (2, "A kilt.")])
def test_a_rehearsal_is_neither_cut_short_nor_endless(models: Path, temperature: float, asked: str):
    for seed in range(5):
        request = wanting(models, ("user", asked), max_output=2_000, temperature=temperature, seed=seed)
        *deltas, done = run(request)
        assert isinstance(done, Done)
        assert done.finish == "stop"
        assert len("".join(each.text for each in deltas if isinstance(each, TextDelta)).split()) >= 30


def test_the_body_is_settled_before_the_port_is_known(models: Path):
    request = wanting(models, max_output=5, top_k=3)
    wire = llama_cpp.build(request)
    assert wire.url == llama_cpp.PLACEHOLDER
    assert json.loads(wire.body)["top_k"] == 3
    list(llama_cpp.stream(request, wire, cancel=Cancel(), tap=lambda _: None))


def test_a_prompt_of_12000_characters_is_answered_within_its_limits(models: Path):
    text = "A sentence with, say, 12 words in it, and a full stop. " * 220
    *_, done = run(wanting(models, ("user", text), max_output=5))
    assert isinstance(done, Done)


@pytest.mark.parametrize(
    ("protocol", "finish"), [("anthropic", "length"), ("openai", "length"), ("openai_responses", "stop")]
)
def test_a_real_server_understands_what_each_protocol_is_sent(models: Path, protocol: str, finish: str):
    """llama.cpp speaks three protocols besides its own; its Responses says `completed` at a cap too."""
    run(wanting(models, max_output=5))  # loads the model
    engine = llama_cpp._desk.engine
    assert engine is not None
    traits = ModelTraits(max_output=20, options={"extra_body": {"ignore_eos": True}})
    said: list[tuple[Role, str]] = [("system", "Be plain."), ("user", "Cats?"), ("system", "Be brief.")]
    request = ask(engine.address, *said, key=engine.key, traits=traits, limits=LIMITS, max_output=20)
    adapter = ADAPTERS[protocol]
    *deltas, done = adapter.stream(request, adapter.build(request), cancel=Cancel(), tap=lambda _: None)
    assert len("".join(each.text for each in deltas if isinstance(each, TextDelta)).split()) > 5
    assert isinstance(done, Done)
    assert (done.finish, done.usage.output) == (finish, 20)
    assert done.usage.input


def test_a_schema_is_followed(models: Path):
    schema = {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "string", "maxLength": 30}}
    *deltas, _ = run(wanting(models, schema=schema, max_output=400, seed=4))
    assert len(json.loads("".join(each.text for each in deltas if isinstance(each, TextDelta)))) == 2


def test_too_long_a_prompt_is_said_to_be_too_long(models: Path):
    with pytest.raises(ProviderError, match="context") as caught:
        run(wanting(models, ("user", "word " * 40_000)))
    assert caught.value.kind == "context_length"


def test_a_cancel_stops_the_stream_and_the_engine_goes_on(models: Path):
    request, cancel = wanting(models, max_output=30_000, traits=ENDLESS), Cancel()
    events = llama_cpp.stream(request, llama_cpp.build(request), cancel=cancel, tap=lambda _: None)
    next(events)
    start = time.monotonic()
    threading.Timer(0.05, cancel.cancel).start()
    with pytest.raises(ProviderError, match="cancelled"):
        list(events)
    assert time.monotonic() - start < 2
    assert isinstance(run(wanting(models, max_output=3))[-1], Done)


def test_a_stream_is_not_cut_off_by_another_model(models: Path):
    request = wanting(models, max_output=60, traits=ENDLESS)
    first = llama_cpp.stream(request, llama_cpp.build(request), cancel=Cancel(), tap=lambda _: None)
    next(first)
    others: list[list[Event]] = []
    waiting = threading.Thread(
        target=lambda: others.append(run(wanting(models, model="two.gguf", max_output=3)))
    )
    waiting.start()
    time.sleep(0.3)
    assert others == []
    assert isinstance(list(first)[-1], Done)
    waiting.join(20)
    assert isinstance(others[0][-1], Done)


def test_waiting_for_another_models_stream_can_be_cancelled(models: Path):
    request = wanting(models, max_output=30_000, traits=ENDLESS)
    first = llama_cpp.stream(request, llama_cpp.build(request), cancel=Cancel(), tap=lambda _: None)
    next(first)
    cancel = Cancel()
    threading.Timer(0.1, cancel.cancel).start()
    other = wanting(models, model="two.gguf")
    with pytest.raises(ProviderError, match="cancelled"):
        list(llama_cpp.stream(other, llama_cpp.build(other), cancel=cancel, tap=lambda _: None))
    first.close()  # pyright: ignore[reportAttributeAccessIssue] - a generator has it


@pytest.mark.parametrize(
    ("model", "kind", "words"),
    [
        ("none.gguf", "not_found", "There is no model file"),
        ("/nowhere/none.gguf", "not_found", "There is no model file"),
        ("../one.gguf", "bad_request", "neither a file name nor an absolute path"),
        ("text.gguf", "bad_request", "is not a GGUF model file"),
        ("half.gguf", "bad_request", "could not load half.gguf"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(models: Path, tmp_path: Path, model, kind, words):
    (tmp_path / "text.gguf").write_text("no model at all")
    (tmp_path / "half.gguf").write_bytes((models / "one.gguf").read_bytes()[:400_000])
    with pytest.raises(ProviderError, match=words) as caught:
        run(wanting(tmp_path, model=model))
    assert (caught.value.kind, caught.value.retryable) == (kind, False)


def test_an_absolute_path_is_taken_as_it_is(models: Path, tmp_path: Path):
    request = wanting(tmp_path, model=str(models / "one.gguf"), max_output=2)
    assert isinstance(run(request)[-1], Done)


def test_the_engine_answers_only_to_its_own_key(models: Path):
    run(wanting(models, max_output=2))
    engine = llama_cpp._desk.engine
    assert engine is not None
    with pytest.raises(ProviderError) as caught:
        list(
            ADAPTERS["openai"].stream(
                request := ask(engine.address, key="another"),
                ADAPTERS["openai"].build(request),
                cancel=Cancel(),
                tap=lambda _: None,
            )
        )
    assert caught.value.kind == "auth"


def test_the_folders_models_are_listed_with_their_context(models: Path):
    (models / "notes.txt").write_text("not a model")
    listed = llama_cpp.list_models(Endpoint(base_url=models.as_uri()))
    assert [(each.name, each.context_window) for each in listed] == [("one.gguf", 32768), ("two.gguf", 32768)]
    assert "schema" in listed[0].capabilities


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(ProviderError, match="no folder /nowhere"):
        llama_cpp.list_models(Endpoint(base_url="file:///nowhere"))
    with pytest.raises(ProviderError, match="is a folder"):
        llama_cpp.list_models(Endpoint(base_url="http://h"))


ALONE = """
import sys
from blog.app.embedded import llama
from blog.app.llm.providers import llama_cpp
assert "xllamacpp" not in sys.modules and "numpy" not in sys.modules, "loaded too early"
"""

SIGNALLED = """
import os, signal, sys, time
from blog.app.llm.providers import llama_cpp
from blog.app.llm.providers.base import *
got = []
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell started this in the background
signal.signal(signal.SIGTERM, lambda *_: got.append("TERM"))
folder = sys.argv[1]
request = ChatRequest(
    endpoint=Endpoint(base_url=folder), model="one.gguf", params={"max_output": 3},
    messages=(Message(role="user", content="x"),),
)
list(llama_cpp.stream(request, llama_cpp.build(request), cancel=Cancel(), tap=lambda _: None))
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(0.1)
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(10)
except KeyboardInterrupt:
    got.append("INT")
print(got)
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[3])
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_engine_is_not_loaded_until_it_is_needed():
    done = python(ALONE)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_engine_leaves_the_process_its_signals_its_silence_and_its_end(models: Path):
    done = python(SIGNALLED, models.as_uri())
    assert (done.returncode, done.stdout, done.stderr) == (0, "['TERM', 'INT']\n", "")
