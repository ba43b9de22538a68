"""What a local server's chat template makes of the messages, without running the model. Changes nothing."""

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from blog.app.llm.providers import failures, http
from blog.app.llm.providers.base import Endpoint, Limits, WireRequest

LIMITS = Limits(connect_s=2.0, first_token_s=10.0, idle_s=10.0, deadline_s=15.0)

# The option of a server that speaks OpenAI's protocol and has llama.cpp's /apply-template beside it.
APPLIES_TEMPLATE = "applies_template"


def can_render(protocol: str, endpoint: Endpoint) -> bool:
    return protocol == "ollama" or (protocol == "openai" and endpoint.options.get(APPLIES_TEMPLATE) is True)


def render(protocol: str, endpoint: Endpoint, wire: WireRequest) -> str:
    """The one text the model would read. ProviderError: the server cannot, or says otherwise.

    Ollama: `_debug_render_only` on /api/chat, undocumented, so its absence is an answer too.
    llama.cpp: POST /apply-template {messages} -> {prompt}.
    """
    body = json.loads(wire.body)
    if protocol == "ollama":
        asked = {**body, "stream": False, "_debug_render_only": True}
        return _text(_ask(wire.url, endpoint, wire, asked), "_debug_info", "rendered_template")
    return _text(_ask(_beside(wire.url), endpoint, wire, {"messages": body["messages"]}), "prompt")


def _ask(url: str, endpoint: Endpoint, wire: WireRequest, body: object) -> object:
    headers = {**wire.headers, "Accept": "application/json"}
    return http.fetch_json(url, headers, allowed=endpoint.allowed, body=body, limits=LIMITS)


def _beside(url: str) -> str:
    """/apply-template is at the root of the server, whatever the chat's path is."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "/apply-template", "", ""))


def _text(answer: object, *path: str) -> str:
    found: Any = answer
    for name in path:
        found = cast(Mapping[str, Any], found).get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, str):
        raise failures.not_an_answer(json.dumps(answer).encode())
    return found
