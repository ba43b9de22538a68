"""Sending a run's request once more, byte for byte: to the same server, and to no other. Pure."""

from dataclasses import replace

from blog.app.errors import Conflict
from blog.app.llm.providers.base import WireRequest
from blog.app.llm.registry.models import Model
from blog.app.llm.registry.rules import same_host
from blog.app.llm.runs.models import Exchange, Run
from blog.app.translation import gettext as _


def check(run: Run, exchange: Exchange, model: Model, base_url: str) -> None:
    """Refuses what could not be the same again, and says why."""
    if run.is_active:
        raise Conflict(_("This run has not ended yet. Stop it first."), run_id=run.id)
    if exchange.request_body is None or exchange.request_url is None:
        dropped = "What this run sent is not kept any more, as the retention settings say."
        raise Conflict(
            dropped if run.messages_dropped_at else "This run sent nothing that could be repeated."
        )
    if not model.is_usable:
        raise Conflict(
            _(
                "“%(label)s” of %(provider_label)s is switched off. Switch it on, or run "
                "again with another model.",
                label=model.label,
                provider_label=model.provider_label,
            ),
            llm_model_id=model.id,
        )
    _check_server(exchange.request_url, base_url)


def as_sent(exchange: Exchange, wire: WireRequest) -> WireRequest:
    """The request as it was sent then, with the headers of now."""
    if exchange.request_body is None or exchange.request_url is None:
        raise Conflict(_("What was to be repeated is not kept any more."))
    _check_server(exchange.request_url, wire.url)
    return replace(wire, url=exchange.request_url, body=exchange.request_body.encode(), dropped=())


def _check_server(sent_to: str, now_at: str) -> None:
    """A key goes to no server it was not entered for."""
    if not same_host(sent_to, now_at):
        raise Conflict(
            _(
                "The provider has another address now, so this would not be the same server. "
                "Run it again instead."
            )
        )
