"""Messages as they are stored and shown: what is sent, which part wrote it, what of it is data. Pure."""

from collections.abc import Mapping
from typing import Any

from blog.app.llm.assemble import AssembledPart, Assembly, estimate_tokens


def rows(made: Assembly) -> list[Mapping[str, Any]]:
    return [_row(assembled) for assembled in made.parts]


def reply_row(text: str, name: str = "The reply that failed its checks") -> Mapping[str, Any]:
    """What the model said before, as the assistant's message; no part wrote it."""
    return _said("assistant", text, name, "example")


def instruction_row(text: str) -> Mapping[str, Any]:
    """An editor's own words; they are asked, not quoted, so nothing fences them."""
    return _said("user", text, "What was asked next", "task")


def _said(role: str, text: str, name: str, kind: str) -> Mapping[str, Any]:
    return {
        "role": role,
        "content": text,
        "part_id": None,
        "part_version": None,
        "part_name": name,
        "part_kind": kind,
        "marks": [],
        "tokens": estimate_tokens(text),
    }


def _row(assembled: AssembledPart) -> Mapping[str, Any]:
    return {
        "role": assembled.message.role,
        "content": assembled.message.content,
        "part_id": assembled.part.part_id,
        "part_version": assembled.part.version,
        "part_name": assembled.part.name,
        "part_kind": assembled.part.kind,
        "marks": [[mark.start, mark.end, str(mark.reference)] for mark in assembled.marks],
        "tokens": estimate_tokens(assembled.message.content),
    }
