"""What providers say and are told in the cases of test_quirks.py: tables, without a decision in them."""

from typing import Any

from blog.app.llm.providers.base import Role
from tests.llm.providers.scripted import event, openai_chunk

NOISE = (
    b": OPENROUTER PROCESSING\n\n",
    b'event: ping\ndata: {"type": "ping"}\n\n',
    b"data:\n\n",
    b'event: odd\ndata: {"type": "odd", "n": 1}\n\n',
    b"data: 7\n\ndata: [1]\n\ndata: null\n\nretry: 5\n\nid: 3\n\n",
)
FLAT = {"type": "error", "code": "server_error", "message": "boom", "param": None}
BREAKS = [
    ("openai", event({"error": {"message": "boom", "code": 503}}), "overloaded"),
    ("openai", b"event: error\n" + event({"code": "server_error", "message": "boom"}), "server"),
    ("ollama", b'{"error": "boom"}\n', "server"),
    (
        "anthropic",
        event({"type": "error", "error": {"type": "overloaded_error", "message": "boom"}}),
        "overloaded",
    ),
    (
        "gemini",
        event({"error": {"code": 429, "message": "boom", "status": "RESOURCE_EXHAUSTED"}}),
        "rate_limit",
    ),
    ("gemini", event([{"error": {"code": 500, "message": "boom"}}]), "server"),
    ("responses", event(FLAT), "server"),
    (
        "responses",
        event({"type": "response.failed", "response": {"status": "failed", "error": FLAT}}),
        "server",
    ),
]
NO_REPLIES = [
    (b"", "bad_response", "nothing"),
    (b'""', "bad_response", "not in the provider's protocol"),
    (b"<html><p>Welcome to <b>nginx</b></html>", "bad_response", "Welcome to nginx"),
    (b"upstream timed out", "bad_response", "upstream timed out"),
    (b'{"error": {"message": "no credit", "code": 402}}', "quota", "no credit"),
    (b'{"error": "exploded"}', "server", "exploded"),
    (b'{"choices": null, "candidates": null, "content": null}', "bad_response", "protocol: .*choices"),
    (b"[]", "bad_response", "protocol"),
    (b"null", "bad_response", "protocol"),
    (b"[" * 100_000, "bad_response", "protocol"),
]
NO_STREAMS = [
    (b'data: {"choices": null, "candidates": null}\n\ndata: [DONE]\n\n', "bad_response", "no reply"),
    (b"data: [DONE]\n\n", "bad_response", "no reply"),
    (b"data: <oops\n\n", "bad_response", "oops"),
    (b"data: {}\n\n", "truncated_stream", "broke off"),
]
WHOLE = [
    (
        "openai",
        {"choices": [{"message": {"role": "assistant", "content": "Cats."}, "finish_reason": "stop"}]},
    ),
    ("ollama", {"message": {"content": "Cats."}, "done": True, "done_reason": "stop"}),
    (
        "anthropic",
        {"type": "message", "content": [{"type": "text", "text": "Cats."}], "stop_reason": "end_turn"},
    ),
    ("gemini", {"candidates": [{"content": {"parts": [{"text": "Cats."}]}, "finishReason": "STOP"}]}),
    (
        "responses",
        {
            "object": "response",
            "status": "completed",
            "output": [{"type": "message", "content": [{"type": "output_text", "text": "Cats."}]}],
        },
    ),
]
REFUSALS: list[tuple[int, Any, str, str]] = [
    (
        401,
        {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}},
        "auth",
        "Incorrect API key",
    ),
    (400, {"error": {"message": "bad key", "details": [{"reason": "API_KEY_INVALID"}]}}, "auth", "bad key"),
    (401, {"error": {"code": "401", "message": "Access denied"}}, "auth", "Access denied"),
    (402, {"error": {"message": "no money"}}, "quota", "no money"),
    (403, {"error": "no"}, "permission", "no"),
    (403, {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}, "permission", "no"),
    (404, {"error": "model 'x' not found"}, "not_found", "model 'x' not found"),
    (404, {"error": {"code": "DeploymentNotFound", "message": "gone"}}, "not_found", "gone"),
    (400, {"error": {"code": "model_not_found", "message": "no such"}}, "not_found", "no such"),
    (404, b"", "not_found", "404"),
    (408, b"", "timeout", "408"),
    (413, {"error": {"message": "prompt is too long: 9 > 8"}}, "context_length", "prompt is too long"),
    (400, {"error": "the input length exceeds the context length"}, "context_length", "input length"),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "The input token count (9) exceeds the maximum.",
                "status": "INVALID_ARGUMENT",
            }
        },
        "context_length",
        "token count",
    ),
    (422, {"detail": [{"msg": "extra forbidden"}, {"msg": "too"}]}, "bad_request", "extra forbidden; too"),
    (422, {"object": "error", "message": {"detail": [{"msg": "m"}]}}, "bad_request", "m"),
    (429, {"error": {"message": "slow down"}}, "rate_limit", "slow down"),
    (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, "quota", "pay"),
    (500, [{"error": {"message": "in a list", "status": "INTERNAL"}}], "server", "in a list"),
    (502, b"<html><head><style>p{}</style></head><h1>Bad &amp; gone</h1></html>", "server", "Bad & gone"),
    (503, {"error": {"message": "loading model", "type": "unavailable_error"}}, "overloaded", "loading"),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}, "overloaded", "busy"),
    (
        400,
        {"error": {"message": "Provider returned error", "metadata": {"raw": "too hot"}, "code": 400}},
        "bad_request",
        "Provider returned error too hot",
    ),
    (
        400,
        {
            "error": {
                "message": "too long",
                "type": "invalid_request_error",
                "code": "context_length_exceeded",
            }
        },
        "context_length",
        "too long",
    ),
    (
        400,
        {"error": {"message": "filtered", "code": "content_filter", "innererror": {"code": "X"}}},
        "content_filter",
        "filtered",
    ),
]
FINISHES = [
    *[("openai", "eos", "stop"), ("openai", "model_length", "length"), ("openai", "SAFETY_2", "stop")],
    *[("openai", 1, "stop"), ("openai", "tool_calls", "tool_call"), ("openai", "error", "error")],
    *[("anthropic", "stop_sequence", "stop"), ("anthropic", "new_reason", "stop")],
    *[("anthropic", "model_context_window_exceeded", "length")],
    *[("gemini", 1, "stop"), ("gemini", 2, "length"), ("gemini", "MODEL_ARMOR", "content_filter")],
    *[("gemini", "MALFORMED_FUNCTION_CALL", "error"), ("gemini", "NEW_REASON", "stop")],
    *[("ollama", "unload", "unload"), ("ollama", "new_reason", "stop")],
]
DECLINED = [
    ("openai", "openai-refusal.sse", "refusal"),
    ("openai", "openai-azure.sse", "content_filter"),
    ("anthropic", "anthropic-refusal.sse", "refusal"),
    ("gemini", "gemini-blocked.sse", "content_filter"),
    ("gemini", "gemini-safety.sse", "content_filter"),
    ("openai_responses", "responses-refusal.sse", "refusal"),
]
CUT_SHORT = ["gemini-length.sse", "responses-length.sse", "anthropic-length.sse", "ollama-thinking.ndjson"]
MIXED: list[tuple[Role, str]] = [
    ("system", "a"),
    ("system", "b"),
    ("user", "c"),
    ("user", "d"),
    ("system", "e"),
    ("assistant", "f"),
    ("user", "g"),
]
CAPS = [
    ("anthropic", {}, {}, ("max_tokens",)),
    ("gemini", {}, {}, ("generationConfig", "maxOutputTokens")),
    ("ollama", {}, {}, ("options", "num_predict")),
    ("responses", {}, {}, ("max_output_tokens",)),
    ("openai", {}, {}, ("max_tokens",)),
    ("openai", {"output_cap_name": "max_completion_tokens"}, {}, ("max_completion_tokens",)),
    ("openai", {}, {"max_tokens_name": "max_completion_tokens"}, ("max_completion_tokens",)),
]
ALL_CAPS = {"max_tokens", "max_completion_tokens", "max_output_tokens", "num_predict", "maxOutputTokens"}
BUDGET = {"think_style": "budget"}
ADAPTIVE = {"think_style": "adaptive"}
NO_OFF = ["low", "medium", "high"]
THOUGHTS: list[tuple[str, dict[str, Any] | None, dict[str, Any], Any, dict[str, Any], bool]] = [
    # protocol, options of a model that thinks (None: it does not), of its server, the wish, fields, reported
    ("ollama", None, {}, True, {}, True),
    ("ollama", None, {}, False, {}, False),
    ("ollama", {}, {}, None, {"think": False}, False),
    ("ollama", {}, {}, False, {"think": False}, False),
    ("ollama", {}, {}, True, {"think": True}, False),
    ("ollama", {}, {}, "low", {"think": "low"}, False),
    ("openai", None, {}, True, {}, True),
    ("openai", None, {}, False, {}, False),
    ("openai", {}, {}, None, {}, False),
    ("openai", {}, {}, "high", {"reasoning_effort": "high"}, False),
    ("openai", {}, {}, True, {"reasoning_effort": "medium"}, False),
    ("openai", {}, {}, False, {"reasoning_effort": "none"}, False),
    ("openai", {"think_levels": NO_OFF}, {}, False, {"reasoning_effort": "low"}, True),
    ("openai", {"think_levels": NO_OFF}, {}, "max", {"reasoning_effort": "high"}, True),
    ("openai", {"think_levels": ["none", "default"]}, {}, True, {"reasoning_effort": "default"}, False),
    ("openai", {}, {}, "very much", {}, True),
    ("openai", {}, {"think_style": "type"}, True, {"thinking": {"type": "enabled"}}, False),
    ("openai", {}, {"think_style": "type"}, False, {"thinking": {"type": "disabled"}}, False),
    (
        "openai",
        {},
        {"think_style": "type"},
        "high",
        {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
        False,
    ),
    ("openai", {}, {"think_style": "object"}, "low", {"reasoning": {"effort": "low"}}, False),
    (
        "openai",
        {},
        {"think_style": "template"},
        False,
        {"chat_template_kwargs": {"enable_thinking": False}},
        False,
    ),
    (
        "openai",
        {},
        {"think_style": "template"},
        "low",
        {"chat_template_kwargs": {"enable_thinking": True}},
        True,
    ),
    ("responses", None, {}, True, {}, True),
    ("responses", {}, {}, "high", {"reasoning": {"effort": "high"}}, False),
    ("responses", {}, {}, False, {"reasoning": {"effort": "none"}}, False),
    (
        "responses",
        {"think_summary": "auto"},
        {},
        "low",
        {"reasoning": {"effort": "low", "summary": "auto"}},
        False,
    ),
    ("anthropic", None, {}, True, {}, True),
    ("anthropic", BUDGET, {}, "low", {"thinking": {"type": "enabled", "budget_tokens": 2048}}, False),
    ("anthropic", BUDGET, {}, "high", {"thinking": {"type": "enabled", "budget_tokens": 4000}}, False),
    ("anthropic", BUDGET, {}, False, {"thinking": {"type": "disabled"}}, False),
    ("anthropic", ADAPTIVE, {}, True, {"thinking": {"type": "adaptive"}}, False),
    (
        "anthropic",
        {**ADAPTIVE, "think_display": "summarized"},
        {},
        "high",
        {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}},
        False,
    ),
    (
        "anthropic",
        {**ADAPTIVE, "think_levels": NO_OFF},
        {},
        False,
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
        True,
    ),
    ("gemini", None, {}, True, {}, True),
    ("gemini", {}, {}, True, {"includeThoughts": True}, False),
    ("gemini", {}, {}, "high", {"thinkingLevel": "high", "includeThoughts": True}, False),
    ("gemini", {}, {}, False, {"thinkingLevel": "low", "includeThoughts": False}, True),
    ("gemini", BUDGET, {}, True, {"thinkingBudget": -1, "includeThoughts": True}, False),
    ("gemini", BUDGET, {}, False, {"thinkingBudget": 0, "includeThoughts": False}, False),
    (
        "gemini",
        {**BUDGET, "think_budget_most": 24_576},
        {},
        "max",
        {"thinkingBudget": 24_576, "includeThoughts": True},
        False,
    ),
    (
        "gemini",
        {**BUDGET, "think_levels": ["minimal", *NO_OFF]},
        {},
        False,
        {"thinkingBudget": 1024, "includeThoughts": False},
        True,
    ),
]
SHAPES = [
    (
        "openai",
        openai_chunk({"reasoning": "T", "reasoning_details": [{"text": "T"}], "content": "A"}, "stop"),
    ),
    ("openai", openai_chunk({"reasoning_content": "T", "content": "A"}, "stop")),
    ("openai", openai_chunk({"reasoning_details": [{"type": "x", "text": "T"}], "content": "A"}, "stop")),
    (
        "openai",
        openai_chunk(
            {"content": [{"type": "thinking", "thinking": [{"text": "T"}]}, {"type": "text", "text": "A"}]},
            "stop",
        ),
    ),
    ("ollama", {"message": {"thinking": "T", "content": "A"}, "done": True, "done_reason": "stop"}),
    (
        "anthropic",
        {
            "content": [
                {"type": "thinking", "thinking": "T", "signature": "s"},
                {"type": "text", "text": "A"},
            ],
            "stop_reason": "end_turn",
        },
    ),
    (
        "gemini",
        {
            "candidates": [
                {
                    "content": {
                        "parts": [{"text": "T", "thought": True}, {"text": "A", "thoughtSignature": "s"}]
                    },
                    "finishReason": "STOP",
                }
            ]
        },
    ),
    (
        "responses",
        {
            "object": "response",
            "status": "completed",
            "output": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "T"}]},
                {"type": "message", "content": [{"type": "output_text", "text": "A"}]},
            ],
        },
    ),
]


def piece(index: int | None, call_id: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    place = {} if index is None else {"index": index}
    return {**place, **({} if call_id is None else {"id": call_id}), "function": function}


TWO = [("f", {"a": 1}), ("g", {"b": 2})]
CALLS = {
    "as documented": [
        piece(0, "x", "f", ""),
        piece(0, None, None, '{"a":'),
        piece(0, None, None, "1}"),
        piece(1, "y", "g", '{"b":2}'),
    ],
    "without index": [
        piece(None, "x", "f", '{"a"'),
        piece(None, None, None, ":1}"),
        piece(None, "y", "g", '{"b":2}'),
    ],
    "all index 0": [piece(0, "x", "f", '{"a":1}'), piece(0, "y", "g", '{"b":'), piece(0, "y", None, "2}")],
    "from 1, interleaved": [
        piece(1, "x", "f", '{"a":'),
        piece(2, "y", "g", '{"b":'),
        piece(1, "", None, "1}"),
        piece(2, "", None, "2}"),
    ],
    "empty ids, all index 0": [piece(0, "", "f", '{"a":1}'), piece(0, "", "g", '{"b":2}')],
    "name said again": [piece(0, "x", "f", '{"a"'), piece(0, "x", "f", ":1}"), piece(1, "y", "g", '{"b":2}')],
    "as objects": [piece(0, None, "f", {"a": 1}), piece(1, None, "g", {"b": 2})],
}
GEMINI_MINUTE = {
    "error": {
        "code": 429,
        "status": "RESOURCE_EXHAUSTED",
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": "PerMinute"}],
            },
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36s"},
        ],
    }
}
SPENT = {
    "type": "error",
    "error": {
        "type": "rate_limit_error",
        "message": "spend limit",
        "details": {"error_code": "enforced_spend_limit_reached"},
    },
}
WAITS: list[tuple[dict[str, str], Any, float | None]] = [
    ({"retry-after": "20"}, "", 20),
    ({"retry-after": "0.5"}, "", 0.5),
    ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, "", 30),
    ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, "", 0),
    ({"retry-after": "6m0s"}, "", 360),
    ({"retry-after": "soon"}, "", None),
    ({"retry-after-ms": "1500", "retry-after": "9"}, "", 1.5),
    ({"retry-after": "999999"}, "", 3600),
    ({}, "Please try again in 1.25s. Visit", 1.25),
    ({}, "Please retry in 36.4s.", 36.4),
    ({}, "try again in 6m0s", 360),
    ({}, "Try again in 20 seconds.", 20),
    ({}, "retry after 12ms", 0.012),
    ({}, "", None),
    (
        {
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-tokens": "17.39s",
            "x-ratelimit-remaining-requests": "9",
            "x-ratelimit-reset-requests": "8h0m0s",
        },
        "",
        17.39,
    ),
    ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12ms"}, "", 0.012),
    ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, "", 360),
    (
        {
            "anthropic-ratelimit-input-tokens-remaining": "0",
            "anthropic-ratelimit-input-tokens-reset": "2026-01-01T12:00:42Z",
            "anthropic-ratelimit-requests-remaining": "3",
            "anthropic-ratelimit-requests-reset": "2026-01-01T13:00:00Z",
        },
        "",
        42,
    ),
    ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767268809000"}, "", 9),
    ({}, GEMINI_MINUTE, 36),
    ({}, [GEMINI_MINUTE], 36),
    ({"retry-after": "7"}, GEMINI_MINUTE, 7),
]
