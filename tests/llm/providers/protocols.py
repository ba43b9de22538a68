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
from blog.app.llm.providers.base import (
    Adapter,
    Cancel,
    ChatRequest,
    Event,
    ModelTraits,
    ProviderError,
    ReasoningDelta,
    Role,
    TextDelta,
)
from tests.llm.providers.asking import ask
from tests.llm.runs.dialects import DIALECTS, Say

Reader = Callable[[Iterable[bytes]], Iterator[Event]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    adapter: Adapter
    read: Reader
    say: Say


SAY = {each.protocol: each.say for each in DIALECTS}
PROTOCOLS: dict[str, Spoken] = {
    "anthropic": Spoken(adapter=anthropic, read=anthropic_reply.read, say=SAY["anthropic"]),
    "gemini": Spoken(adapter=gemini, read=gemini_reply.read, say=SAY["gemini"]),
    "ollama": Spoken(adapter=ollama, read=ollama.read, say=SAY["ollama"]),
    "openai": Spoken(adapter=openai, read=openai_reply.read, say=SAY["openai"]),
    "responses": Spoken(adapter=openai_responses, read=responses_reply.read, say=SAY["openai_responses"]),
}
EVERY = sorted(PROTOCOLS)
SSE = [name for name in EVERY if name != "ollama"]
LIMITED = ModelTraits(max_output=4096)


def ask_any(
    base_url: str = "http://127.0.0.1:9",
    *said: tuple[Role, str],
    traits: ModelTraits = LIMITED,
    **options: Any,
) -> ChatRequest:
    """A request that every protocol can build: Anthropic's needs a limit."""
    return ask(base_url, *said, traits=traits, **options)


def call(
    name: str,
    request: ChatRequest,
    *,
    cancel: Cancel | None = None,
    tap: Callable[[bytes], None] = lambda _: None,
) -> Iterator[Event]:
    adapter = PROTOCOLS[name].adapter
    return adapter.stream(request, adapter.build(request), cancel=cancel or Cancel(), tap=tap)


def heard(events: Iterator[Event]) -> tuple[list[Event], ProviderError | None]:
    """What came, and the error after it if there was one."""
    came: list[Event] = []
    try:
        for event in events:
            came.append(event)  # noqa: PERF402 - what came before the error counts
    except ProviderError as exc:
        return came, exc
    return came, None


def pieces_of(name: str, *texts: str, **options: Any) -> list[bytes]:
    """The events of a ready reply, one by one."""
    return [each for each in PROTOCOLS[name].say(texts, **options).pieces if isinstance(each, bytes)]


def text_of(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasoning_of(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))
