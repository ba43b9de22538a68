"""OpenAI's Responses. Nothing is left with the server: each call says all, and is not kept there."""

from collections.abc import Iterator, Mapping

from blog.app.llm.providers import http, openai, responses_reply
from blog.app.llm.providers.base import (
    Cancel,
    ChatRequest,
    Endpoint,
    Event,
    Message,
    ModelListing,
    ProviderError,
    Tap,
    WireRequest,
)
from blog.app.llm.providers.effort import effort, wish
from blog.app.llm.providers.output_schema import held
from blog.app.llm.providers.parameters import Named, address, encode, headers, name_parameters
from blog.app.llm.providers.profile import word
from blog.app.llm.providers.turns import as_they_are

NAMES = {"temperature": "temperature", "top_p": "top_p", "max_output": "max_output_tokens"}


def build(request: ChatRequest) -> WireRequest:
    turns = as_they_are(request)
    if turns.messages[-1].role == "assistant":
        raise ProviderError(
            "bad_request",
            "The Responses protocol does not continue a reply: the last message must not be the assistant's.",
        )
    named, think, schema = name_parameters(request, NAMES), _think(request), held(request)
    body = {
        "model": request.model,
        "input": [_item(request, each) for each in turns.messages],
        "stream": True,
        "store": False,
        **named.fields,
        **think.fields,
        **_format(schema.schema),
    }
    return WireRequest(
        method="POST",
        url=address(request.endpoint.base_url, lambda path: f"{path or '/v1'}/responses"),
        headers=headers(request.endpoint, "text/event-stream"),
        body=encode(request, body),
        dropped=(*turns.dropped, *named.dropped, *think.dropped, *schema.dropped),
    )


def _item(request: ChatRequest, message: Message) -> dict[str, object]:
    role = message.role
    if role == "system" and request.traits.system_role:
        return {"role": request.traits.system_role, "content": message.content}
    return {"role": role, "content": message.content}


def _think(request: ChatRequest) -> Named:
    asked = effort(request)
    if asked.level is None:
        return Named(fields={}, dropped=asked.dropped)
    # A summary is given only to accounts that have shown who they are, so a row must ask for it.
    summary = word(request, "think_summary") if wish(request) else None
    reasoning = {"effort": asked.level, **({"summary": summary} if summary else {})}
    return Named(fields={"reasoning": reasoning}, dropped=asked.dropped)


def _format(schema: Mapping[str, object] | None) -> dict[str, object]:
    if schema is None:
        return {}
    return {"text": {"format": {"type": "json_schema", "name": "reply", "schema": schema}}}


def stream(request: ChatRequest, wire: WireRequest, *, cancel: Cancel, tap: Tap) -> Iterator[Event]:
    return http.converse(wire, responses_reply.read, request=request, cancel=cancel, tap=tap)


def list_models(endpoint: Endpoint) -> list[ModelListing]:
    """The same servers list the same models for both of OpenAI's protocols."""
    return openai.list_models(endpoint)
