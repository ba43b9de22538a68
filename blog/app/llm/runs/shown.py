"""A run in the words and pieces a page shows: marked messages, facts, readable JSON. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from blog.app.llm.runs.models import Run
from blog.app.translation import N_
from blog.app.translation import gettext as _

EXCERPT_BYTES = 100_000

STATUS_WORDS = {
    "queued": N_("waiting for a worker"),
    "running": N_("writing"),
    "succeeded": N_("done"),
    "invalid": N_("did not pass the checks"),
    "failed": N_("failed"),
    "cancelled": N_("stopped"),
}
ERROR_WORDS = {
    "auth": N_("The provider refused the key"),
    "permission": N_("The key may not do this"),
    "quota": N_("The provider's quota is used up"),
    "rate_limit": N_("The provider asked to slow down"),
    "overloaded": N_("The provider is overloaded"),
    "bad_request": N_("The provider refused the request"),
    "not_found": N_("The provider does not know this model"),
    "refusal": N_("The model refused to answer"),
    "content_filter": N_("The provider's filter stopped the answer"),
    "server": N_("The provider had an error of its own"),
    "bad_response": N_("The provider's answer could not be read"),
    "truncated_stream": N_("The answer broke off"),
    "context_length": N_("The prompt is too long for this model"),
    "timeout": N_("The provider took too long"),
    "unreachable": N_("The provider could not be reached"),
    "internal": N_("Something went wrong on our side"),
    "forbidden": N_("Whoever began it may not do so any more"),
    "worker_lost": N_("The worker ended while it was at it"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of a message's characters. `reference` None: written by the part itself."""

    text: str
    reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`before` and `what` are the words around the value."""

    value: str
    what: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """`size` is that of the whole, in bytes."""

    text: str
    size: int

    @property
    def is_whole(self) -> bool:
        return self.size <= EXCERPT_BYTES


def pieces(message: Mapping[str, Any]) -> list[Piece]:
    """A message's text, cut where data was put in; the pieces join to it."""
    content: str = message["content"]
    found: list[Piece] = []
    place = 0
    for start, end, reference in message["marks"]:
        found.append(Piece(text=content[place:start], reference=None))
        found.append(Piece(text=content[start:end], reference=reference))
        place = end
    found.append(Piece(text=content[place:], reference=None))
    return [piece for piece in found if piece.text]


def facts(run: Run) -> list[Fact]:
    """What was counted and measured; what nobody said is left out, except the cost."""
    counted = [
        _tokens(run.usage_input, _("in")),
        _tokens(run.usage_cached or None, _("cached")),
        _tokens(run.usage_output, _("out")),
        _tokens(run.usage_reasoning or None, _("of it thinking")),
        _measured(run.tokens_per_second, "", _("tok/s")),
        _measured(run.seconds_to_first_text, " s", _("to first")),
        _measured(run.seconds, " s", _("in all")),
        None if run.is_active else cost(run.cost, run.cost_currency),
    ]
    return [fact for fact in counted if fact is not None]


def cost(amount: Decimal | None, currency: str | None) -> Fact:
    """Free only when a price row says so; without prices nobody knows."""
    if amount is None:
        return Fact(value=_("unknown"), before=_("cost"))
    if amount == 0:
        return Fact(value=_("free"))
    shown = f"{amount:.4f}" if amount >= Decimal("0.0001") else "< 0.0001"
    return Fact(value=f"{shown} {currency or ''}".strip())


def status_words(status: str) -> str:
    return _(STATUS_WORDS[status])


def error_words(kind: str | None) -> str:
    return _(ERROR_WORDS.get(kind or "", N_("The run failed")))


def readable_json(text: str) -> str:
    """JSON on several lines; anything else as it is."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


def excerpt(raw: bytes | None) -> Excerpt:
    """The beginning of a raw reply, as text."""
    reply = bytes(raw or b"")
    return Excerpt(text=reply[:EXCERPT_BYTES].decode("utf-8", "replace"), size=len(reply))


def total_tokens(messages: Sequence[Mapping[str, Any]]) -> int:
    return sum(int(message["tokens"]) for message in messages)


def _tokens(count: int | None, what: str) -> Fact | None:
    return None if count is None else Fact(value=f"{count:,}", what=what)


def _measured(value: float | None, unit: str, what: str) -> Fact | None:
    return None if value is None else Fact(value=f"{value:.1f}{unit}", what=what)
