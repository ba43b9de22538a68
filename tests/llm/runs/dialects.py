"""What a provider of each protocol says in the same situations, for tests that go through all of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.llm.providers.scripted import EVENTS, Reply, event, json_reply, ollama_reply, openai_reply


class Say(Protocol):
    def __call__(self, texts: Sequence[str], *, finish: str = ..., pause_s: float = ...) -> Reply: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`stop`, `length` and `refusal` are the protocol's own words for how an answer ended."""

    protocol: str
    say: Say
    stop: str
    length: str
    refusal: str
    busy: Reply


def _events(payloads: Sequence[dict[str, Any]], pause_s: float, *, named: bool) -> Reply:
    pieces: list[bytes | float] = []
    for payload in payloads:
        name = f"event: {payload['type']}\n".encode() if named else b""
        pieces += [name + event(payload), pause_s] if pause_s else [name + event(payload)]
    return Reply(headers=EVENTS, pieces=pieces)


def anthropic(texts: Sequence[str], *, finish: str = "end_turn", pause_s: float = 0.0) -> Reply:
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 11, "output_tokens": 1}}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        for text in texts
    ]
    end = [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": finish}, "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    ]
    return _events([start, block, *deltas, *end], pause_s, named=True)


def gemini(texts: Sequence[str], *, finish: str = "STOP", pause_s: float = 0.0) -> Reply:
    usage = {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18}
    said = [
        {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}}], "usageMetadata": usage}
        for text in texts
    ]
    last = {"candidates": [{"content": {"parts": []}, "finishReason": finish}], "usageMetadata": usage}
    return _events([*said, last], pause_s, named=False)


def responses(texts: Sequence[str], *, finish: str = "completed", pause_s: float = 0.0) -> Reply:
    deltas = [
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": text}
        for text in texts
    ]
    kind = "refusal" if finish == "refusal" else "output_text"
    content = {"type": kind, "refusal" if kind == "refusal" else "text": "".join(texts) or "I will not."}
    whole: dict[str, Any] = {
        "status": "completed" if finish == "refusal" else finish,
        "output": [{"type": "message", "role": "assistant", "content": [content]}],
        "usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18},
    }
    if finish == "incomplete":
        whole["incomplete_details"] = {"reason": "max_output_tokens"}
    refused = [{"type": "response.refusal.delta", "delta": "I will not."}] if kind == "refusal" else []
    end = "response.incomplete" if finish == "incomplete" else "response.completed"
    return _events([*deltas, *refused, {"type": end, "response": whole}], pause_s, named=True)


def openai(texts: Sequence[str], *, finish: str = "stop", pause_s: float = 0.0) -> Reply:
    return openai_reply(texts, finish=finish, pause_s=pause_s)


def ollama(texts: Sequence[str], *, finish: str = "stop", pause_s: float = 0.0) -> Reply:
    return ollama_reply(texts, finish=finish, pause_s=pause_s)


BUSY = {"error": {"message": "Slow down", "type": "rate_limit_error"}}
GEMINI_BUSY = {
    "error": {
        "code": 429,
        "status": "RESOURCE_EXHAUSTED",
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.06s"}],
    }
}

DIALECTS = (
    Dialect(
        protocol="openai",
        say=openai,
        stop="stop",
        length="length",
        refusal="content_filter",
        busy=json_reply(BUSY, 429, Retry_After="0.06"),
    ),
    Dialect(
        protocol="openai_responses",
        say=responses,
        stop="completed",
        length="incomplete",
        refusal="refusal",
        busy=json_reply(BUSY, 429, retry_after_ms="60"),
    ),
    Dialect(
        protocol="anthropic",
        say=anthropic,
        stop="end_turn",
        length="max_tokens",
        refusal="refusal",
        busy=json_reply({"type": "error", **BUSY}, 429, Retry_After="0.06"),
    ),
    Dialect(
        protocol="gemini",
        say=gemini,
        stop="STOP",
        length="MAX_TOKENS",
        refusal="SAFETY",
        busy=json_reply(GEMINI_BUSY, 429),
    ),
    Dialect(
        protocol="ollama",
        say=ollama,
        stop="stop",
        length="length",
        refusal="",
        busy=json_reply({"error": "server busy, please try again"}, 503),
    ),
)


def typed(values: Sequence[str]) -> str:
    return json.dumps(list(values))
