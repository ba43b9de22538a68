"""Requests with only what matters to a test."""

from collections.abc import Mapping
from typing import Any

from blog.app.llm.providers.base import (
    ChatRequest,
    Endpoint,
    Limits,
    Message,
    ModelTraits,
    Role,
)
from blog.app.reach import Place

HERE = frozenset({Place("127.0.0.1"), Place("localhost"), Place("::1")})
CATS: tuple[tuple[Role, str], ...] = (("user", "Cats?"),)
UNKNOWN = ModelTraits()
QUICK = Limits(connect_s=2, first_token_s=2, idle_s=2, deadline_s=5)


def ask(
    base_url: str = "http://127.0.0.1:9",
    *said: tuple[Role, str],
    key: str | None = None,
    options: Mapping[str, object] | None = None,
    traits: ModelTraits = UNKNOWN,
    schema: Mapping[str, object] | None = None,
    limits: Limits = QUICK,
    model: str = "m",
    **params: Any,
) -> ChatRequest:
    return ChatRequest(
        endpoint=Endpoint(base_url=base_url, api_key=key, options=options or {}, allowed=HERE),
        model=model,
        messages=tuple(Message(role=role, content=text) for role, text in said or CATS),
        traits=traits,
        params=params,
        output_schema=schema,
        limits=limits,
    )
