"""The recorded bodies, and how each protocol's reader understands them."""

from collections.abc import Iterable
from pathlib import Path

from blog.app.llm.providers.base import Done, Event
from tests.llm.providers.protocols import PROTOCOLS, heard

RECORDINGS = Path(__file__).parents[2] / "recordings"
REFUSED = frozenset({"llama_cpp-context.json"})  # the body of a 400
NAMES = sorted(
    path.name for path in RECORDINGS.iterdir() if path.suffix != ".md" and path.name not in REFUSED
)


def protocol(name: str) -> str:
    begin = name.partition("-")[0]
    return "openai" if begin == "llama_cpp" else begin


def body(name: str) -> bytes:
    return (RECORDINGS / name).read_bytes()


def replay(name: str, chunks: Iterable[bytes]) -> tuple[list[Event], str | None]:
    """The events, and the kind of the error after them if there was one."""
    events, error = heard(PROTOCOLS[protocol(name)].read(chunks))
    return events, error and error.kind


def ending(name: str) -> Done:
    events, _ = replay(name, [body(name)])
    done = events[-1]
    assert isinstance(done, Done)
    return done
