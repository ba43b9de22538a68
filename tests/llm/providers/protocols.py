"""Every wire format with its adapter, its pure reader and a ready reply, for tests that hold for all."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from blog.app.llm.providers import (
    anthropic,
    anthropic_reply,
    gemini,
    gemini_reply,
    ollama,
    openai,
    openai_reply,
    openai_responses,
    responses_reply,
)
from blog.app.llm.providers.base import Adapter, Cancel, ChatRequest, Event, ModelTraits, Role, TextDelta
from tests.llm.providers.asking import ask
from tests.llm.providers.scripted import (
    Reply,
)
from tests.llm.providers.scripted import (
    anthropic_reply as say_anthropic,
)
from tests.llm.providers.scripted import (
    gemini_reply as say_gemini,
)
from tests.llm.providers.scripted import (
    ollama_reply as say_ollama,
)
from tests.llm.providers.scripted import (
    openai_reply as say_openai,
)
from tests.llm.providers.scripted import (
    responses_reply as say_responses,
)

Reader = Callable[[Iterable[bytes]], Iterator[Event]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """`cap` is the path of the output cap in a request's body."""

    adapter: Adapter
    read: Reader
    say: Callable[..., Reply]
    cap: tuple[str, ...]


PROTOCOLS: dict[str, Spoken] = {
    "anthropic": Spoken(adapter=anthropic, read=anthropic_reply.read, say=say_anthropic, cap=("max_tokens",)),
    "gemini": Spoken(
        adapter=gemini, read=gemini_reply.read, say=say_gemini, cap=("generationConfig", "maxOutputTokens")
    ),
    "ollama": Spoken(adapter=ollama, read=ollama.read, say=say_ollama, cap=("options", "num_predict")),
    "openai": Spoken(adapter=openai, read=openai_reply.read, say=say_openai, cap=("max_tokens",)),
    "responses": Spoken(
        adapter=openai_responses, read=responses_reply.read, say=say_responses, cap=("max_output_tokens",)
    ),
}
NAMES = sorted(PROTOCOLS)
LIMITED = ModelTraits(max_output=4096)


def call(name: str, request: ChatRequest, tap: Callable[[bytes], None] = lambda _: None) -> Iterator[Event]:
    adapter = PROTOCOLS[name].adapter
    return adapter.stream(request, adapter.build(request), cancel=Cancel(), tap=tap)


def ask_any(
    base_url: str = "http://127.0.0.1:9",
    *said: tuple[Role, str],
    traits: ModelTraits = LIMITED,
    **options: Any,
) -> ChatRequest:
    """A request that every protocol can build: Anthropic's needs a limit."""
    return ask(base_url, *said, traits=traits, **options)


def text_of(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))
