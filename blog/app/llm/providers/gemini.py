"""Google's Gemini API, in its own protocol. The key goes into a header, never into the address."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from blog.app.llm.providers import gemini_reply, http
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
from blog.app.llm.providers.effort import BUDGETS, effort, wish
from blog.app.llm.providers.framing import mapping, sequence
from blog.app.llm.providers.output_schema import held
from blog.app.llm.providers.parameters import Named, address, count, encode, headers, name_parameters
from blog.app.llm.providers.profile import said, word
from blog.app.llm.providers.turns import system_apart

NAMES = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "stop": "stopSequences",
    "max_output": "maxOutputTokens",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
MOST_STOPS = 5
LEVELS = ("low", "high")
OWN_CHOICE = -1
PAGE, MOST_PAGES = "1000", 20


# --- request -----------------------------------------------------------------------------------


def build(request: ChatRequest) -> WireRequest:
    turns = system_apart(request)
    named = name_parameters(request, NAMES, most_stops=MOST_STOPS)
    think, schema = _think(request), held(request)
    config = {**named.fields, **think.fields, **_format(request, schema.schema)}
    body = {
        **({} if turns.system is None else {"systemInstruction": {"parts": [{"text": turns.system}]}}),
        "contents": [_content(each) for each in turns.messages],
        **({"generationConfig": config} if config else {}),
    }
    return WireRequest(
        method="POST",
        url=_chat_address(request),
        headers=_headers(request.endpoint, "text/event-stream"),
        body=encode(request, body),
        dropped=(*turns.dropped, *named.dropped, *think.dropped, *schema.dropped),
    )


def _chat_address(request: ChatRequest) -> str:
    name = request.model if "/" in request.model else f"models/{request.model}"
    # Without alt=sse the answer is one list, and it ends with the reply.
    return _address(request.endpoint, f"{quote(name)}:streamGenerateContent", alt="sse")


def _address(endpoint: Endpoint, noun: str, **query: str) -> str:
    """The address of its OpenAI-like layer is understood too: it ends in /openai."""
    return address(
        endpoint.base_url, lambda path: f"{path.removesuffix('/openai') or '/v1beta'}/{noun}", **query
    )


def _headers(endpoint: Endpoint, accept: str) -> dict[str, str]:
    return headers(endpoint, accept, key_header="x-goog-api-key")


def _content(message: Message) -> dict[str, object]:
    role = "model" if message.role == "assistant" else message.role
    return {"role": role, "parts": [{"text": message.content}]}


def _think(request: ChatRequest) -> Named:
    if word(request, "think_style") == "budget":
        return _budget(request)
    asked = effort(request, usual=LEVELS)
    if asked.level is None:
        return Named(fields={}, dropped=asked.dropped)
    config = {"thinkingLevel": asked.level, "includeThoughts": bool(wish(request))}
    if wish(request) is True:
        del config["thinkingLevel"]  # how much is the model's own choice
        return Named(fields={"thinkingConfig": config})
    return Named(fields={"thinkingConfig": config}, dropped=asked.dropped)


def _budget(request: ChatRequest) -> Named:
    asked = effort(request)
    if asked.level is None:
        return Named(fields={}, dropped=asked.dropped)
    known = {"none": 0, **BUDGETS}
    own = wish(request) is True or asked.level not in known
    budget = OWN_CHOICE if own else _within(request, known[asked.level])
    config = {"thinkingBudget": budget, "includeThoughts": bool(wish(request))}
    return Named(fields={"thinkingConfig": config}, dropped=asked.dropped)


def _within(request: ChatRequest, budget: int) -> int:
    most = count(said(request, "think_budget_most"))
    return budget if most is None else min(budget, most)


def _format(request: ChatRequest, schema: Mapping[str, object] | None) -> dict[str, object]:
    if schema is None:
        return {}
    name = word(request, "schema_field") or "responseJsonSchema"
    return {"responseMimeType": "application/json", name: schema}


def stream(request: ChatRequest, wire: WireRequest, *, cancel: Cancel, tap: Tap) -> Iterator[Event]:
    return http.converse(wire, gemini_reply.read, request=request, cancel=cancel, tap=tap)


# --- models ------------------------------------------------------------------------------------


def list_models(endpoint: Endpoint) -> list[ModelListing]:
    sent, query, rows = _headers(endpoint, "application/json"), {"pageSize": PAGE}, list[dict[str, object]]()
    for _ in range(MOST_PAGES):
        answer = mapping(
            http.fetch_json(_address(endpoint, "models", **query), sent, allowed=endpoint.allowed)
        )
        if not isinstance(answer.get("models"), list):
            raise ProviderError("bad_response", "The address answers, but not with a list of models.")
        rows += map(mapping, sequence(answer["models"]))
        if not isinstance(following := answer.get("nextPageToken"), str) or not following:
            break
        query["pageToken"] = following
    return [_listing(row) for row in rows if _writes(row)]


def _writes(row: Mapping[str, object]) -> bool:
    return bool(row.get("name")) and "generateContent" in sequence(row.get("supportedGenerationMethods"))


def _listing(row: dict[str, object]) -> ModelListing:
    # Every model that generates content takes a schema; only some think.
    thinking = {"thinking"} if row.get("thinking") is True else set[str]()
    return ModelListing(
        name=str(row["name"]).removeprefix("models/"),
        context_window=count(row.get("inputTokenLimit")) or None,
        max_output=count(row.get("outputTokenLimit")) or None,
        capabilities=frozenset({"schema", *thinking}),
        details=row,
    )
