"""The pieces in which calls of tools arrive -> the calls, whatever a server does with index and id. Pure.

Nothing is called here: the product offers no tools, and a model that asks for one has not answered.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from blog.app.llm.providers.base import ToolCall
from blog.app.llm.providers.framing import mapping, sequence


@dataclass(slots=True, kw_only=True)
class _Begun:
    place: object
    call_id: str
    name: str
    pieces: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Calls:
    """The calls of one reply so far."""

    begun: list[_Begun] = field(default_factory=list[_Begun])

    def __bool__(self) -> bool:
        return bool(self.begun)


def add(calls: Calls, *, place: object, call_id: object, name: object, arguments: object) -> None:
    """A piece goes on with the call at its place unless it brings another id, or a name once more."""
    own_id = call_id if isinstance(call_id, str) else ""
    own_name = name if isinstance(name, str) else ""
    open_call = next((each for each in reversed(calls.begun) if place in (None, each.place)), None)
    if open_call is None or _is_another(open_call, own_id, own_name):
        if not (own_id or own_name):
            open_call = calls.begun[-1] if calls.begun else None
        else:
            open_call = _Begun(place=place, call_id=own_id, name=own_name)
            calls.begun.append(open_call)
    if open_call is None:
        return
    open_call.call_id, open_call.name = open_call.call_id or own_id, open_call.name or own_name
    open_call.pieces.append(_text(arguments))


def _is_another(open_call: _Begun, call_id: str, name: str) -> bool:
    if call_id and open_call.call_id:
        return call_id != open_call.call_id
    # Without ids only a finished set of arguments tells a second call from a name said twice.
    return bool(name and open_call.name) and _parsed("".join(open_call.pieces)) is not None


def _text(arguments: object) -> str:
    match arguments:
        case str():
            return arguments
        case Mapping():
            return json.dumps(arguments, ensure_ascii=False)
        case _:
            return ""


def add_openai(calls: Calls, delta: Mapping[str, object]) -> None:
    """`tool_calls` of a message or delta of OpenAI's and Ollama's, and `function_call` before it."""
    old = mapping(delta.get("function_call"))
    if old:
        add(calls, place="old", call_id=None, name=old.get("name"), arguments=old.get("arguments"))
    for piece in map(mapping, sequence(delta.get("tool_calls"))):
        function = mapping(piece.get("function"))
        place = piece.get("index", function.get("index"))
        add(
            calls,
            place=place,
            call_id=piece.get("id"),
            name=function.get("name"),
            arguments=function.get("arguments"),
        )


def finished(calls: Calls) -> tuple[ToolCall, ...]:
    return tuple(_call(each) for each in calls.begun)


def _call(begun: _Begun) -> ToolCall:
    raw = "".join(begun.pieces)
    return ToolCall(name=begun.name, arguments=_parsed(raw or "{}"), raw=raw, call_id=begun.call_id or None)


def _parsed(raw: str) -> dict[str, object] | None:
    try:
        value: object = json.loads(raw)
    except ValueError:
        return None
    return cast("dict[str, object]", value) if isinstance(value, dict) else None
