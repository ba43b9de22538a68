"""What it takes to make the messages of a large prompt out of its parts: no database, no provider."""

import statistics
import time
from collections.abc import Sequence

from bench.figures import Figure
from blog.app.llm.assemble import PartText, assemble, new_fence
from blog.app.llm.inputs import Inputs, Vocabulary

PARTS = 20
CHARACTERS = 30_000
TIMES = 300
VOCABULARY = Vocabulary(post=frozenset({"facts"}))
RULE = "Write plainly and check every date twice, whoever gave it. "
LOOP = "{{ post.title }}\n{% for fact in post.facts %}{{ loop.index }}. {{ fact }}\n{% endfor %}"


def measure() -> list[Figure]:
    """The templates were read before, as in a running worker; their reading is kept."""
    parts = _parts()
    inputs = Inputs(
        post={"title": "Herons", "facts": [f"A heron of ring {n} was seen again." for n in range(8)]}
    )
    times = sorted(_once(parts, inputs) for _ in range(TIMES))
    name = f"Assembly of {PARTS} parts and {CHARACTERS:,} characters"
    return [
        Figure(name=f"{name}, p50", value=statistics.median(times), unit="ms", bound=2),
        Figure(name=f"{name}, p95", value=times[int(TIMES * 0.95)], unit="ms", bound=2),
    ]


def _parts() -> Sequence[PartText]:
    return [
        PartText(
            part_id=number,
            version=1,
            name=f"Part {number}",
            role="user",
            kind="data" if number % 2 else "task",
            template=RULE * 21 + LOOP,
        )
        for number in range(PARTS)
    ]


def _once(parts: Sequence[PartText], inputs: Inputs) -> float:
    started = time.perf_counter()
    made = assemble(parts, VOCABULARY, inputs, fence=new_fence())
    took = (time.perf_counter() - started) * 1000
    characters = sum(len(message.content) for message in made.messages)
    if len(made.messages) != PARTS or characters < CHARACTERS:
        raise ValueError(f"{len(made.messages)} messages of {characters:,} characters were measured.")
    return took
