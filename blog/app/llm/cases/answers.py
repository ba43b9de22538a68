"""A checked output as checks read it: its value, and its words as one text. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from blog.app.llm.inputs import Value
from blog.app.llm.validators import OutputKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """`text` of a list is its items, of JSON every text in it, a line each; keys are not words."""

    value: Value
    text: str


def read(checked_output: str, kind: OutputKind) -> Said:
    if kind not in {"list", "json"}:
        return Said(value=checked_output, text=checked_output)
    value: Value = json.loads(checked_output)
    return Said(value=value, text="\n".join(_texts(value)))


def _texts(value: Value) -> Iterator[str]:
    match value:
        case None:
            pass
        case str():
            yield value
        case bool() | int() | float():
            yield json.dumps(value)
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case _:
            for inner in value:
                yield from _texts(inner)
