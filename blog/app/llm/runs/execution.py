"""What the worker does with a run: claim it, ask the provider, tell its watchers, end it in one step."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from blog.app import db
from blog.app.errors import AppError
from blog.app.llm.output_type import OutputType
from blog.app.llm.providers import ADAPTERS
from blog.app.llm.providers.base import (
    Adapter,
    Cancel,
    ChatRequest,
    Done,
    Limits,
    Message,
    ProviderError,
    ReasoningDelta,
    TextDelta,
    WireRequest,
)
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import ActionVersion, Model, Provider
from blog.app.llm.runs import cancellation, snapshot, store
from blog.app.llm.runs.events import summary
from blog.app.llm.runs.models import ClaimedRun
from blog.app.llm.runs.outcome import Heard, Outcome, judge, refused
from blog.app.llm.runs.services import get_run
from blog.app.llm.runs.telling import RunLost, Teller

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
MAX_RAW_BYTES = 16 * 1024 * 1024

OnSuccess = Callable[[db.Connection, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Everything a claimed run is called with."""

    adapter: Adapter
    request: ChatRequest
    wire: WireRequest
    model: Model
    output_type: OutputType


def execute_run(
    pool: db.Pool, keys: tuple[str, ...], run_id: int, attempt: int, on_success: OnSuccess | None = None
) -> None:
    """Runs an action to its end; `on_success(conn, run_id, checked output)` joins the last transaction.

    A run that someone else has, or that has ended, is left alone. No transaction is open during the call.
    """
    with cancellation.in_hand(run_id) as cancel:
        with pool.connection() as conn:
            claimed = store.claim_run(conn, run_id, attempt)
            if claimed is None:
                return
            if claimed.is_cancel_requested:
                cancel.cancel()
        try:
            _carry_out(pool, keys, claimed, cancel, on_success)
        except RunLost:
            log.warning("Run %s was taken up by another worker; this one lets go of it.", run_id)


def _carry_out(
    pool: db.Pool, keys: tuple[str, ...], claimed: ClaimedRun, cancel: Cancel, on_success: OnSuccess | None
) -> None:
    if claimed.attempt > MAX_ATTEMPTS:
        message = f"The worker died {MAX_ATTEMPTS} times while it worked on this run."
        _end(pool, claimed, refused("worker_lost", message), None, on_success)
        return
    try:
        with pool.connection() as conn:
            call = prepare_call(conn, keys, claimed)
    except AppError as exc:
        _end(pool, claimed, refused(exc.code, exc.message), None, on_success)
        return
    heard = _listen(pool, claimed, call, cancel)
    outcome = judge(heard, call.output_type, snapshot.restore(claimed.inputs))
    _end(pool, claimed, outcome, call.model, on_success)


def prepare_call(conn: db.Connection, keys: tuple[str, ...], claimed: ClaimedRun) -> Call:
    """Builds the request and stores it before anything is sent: what is stored is what is sent."""
    version = registry.get_action_version(conn, claimed.action_version_id)
    model = registry.get_model(conn, claimed.model_id)
    provider = registry.get_provider(conn, model.provider_id)
    messages = tuple(Message(role=row["role"], content=row["content"]) for row in claimed.messages)
    request = chat_request(conn, keys, version=version, model=model, provider=provider, messages=messages)
    adapter = ADAPTERS[provider.protocol]
    wire = adapter.build(request)
    kept = store.update_request(
        conn,
        claimed.id,
        claimed.attempt,
        url=wire.url,
        body=wire.body.decode(),
        dropped=[asdict(dropped) for dropped in wire.dropped],
    )
    if not kept:
        raise RunLost
    return Call(
        adapter=adapter,
        request=request,
        wire=wire,
        model=model,
        output_type=registry.output_type(version),
    )


def chat_request(
    conn: db.Connection,
    keys: tuple[str, ...],
    *,
    version: ActionVersion,
    model: Model,
    provider: Provider,
    messages: tuple[Message, ...],
) -> ChatRequest:
    """The one place where an action, a model and messages become a request: preview and run both use it."""
    deadline = float(version.deadline_seconds)
    return ChatRequest(
        endpoint=registry.endpoint(conn, keys, provider),
        model=model.name,
        traits=registry.traits(model),
        messages=messages,
        params=version.params,
        output_schema=version.output_schema,
        limits=Limits(first_token_s=min(300.0, deadline), idle_s=min(120.0, deadline), deadline_s=deadline),
    )


def _listen(pool: db.Pool, claimed: ClaimedRun, call: Call, cancel: Cancel) -> Heard:
    """Reads the answer to its end, telling watchers on the way. Keeps what came before an error."""
    raw = bytearray()

    def keep(chunk: bytes) -> None:
        if len(raw) < MAX_RAW_BYTES:
            raw.extend(chunk)

    teller = Teller(pool=pool, claimed=claimed)
    done: Done | None = None
    error: ProviderError | None = None
    try:
        for event in call.adapter.stream(call.request, call.wire, cancel=cancel, tap=keep):
            match event:
                case TextDelta(text=text):
                    teller.tell("text", text)
                case ReasoningDelta(text=text):
                    teller.tell("reasoning", text)
                case Done():
                    done = event
    except ProviderError as exc:
        error = exc
    finally:
        teller.flush()
    return Heard(
        text="".join(teller.told["text"]),
        reasoning="".join(teller.told["reasoning"]),
        raw=bytes(raw),
        first_text_s=teller.first_text_s,
        done=done,
        error=error,
    )


def _end(
    pool: db.Pool, claimed: ClaimedRun, outcome: Outcome, model: Model | None, on_success: OnSuccess | None
) -> None:
    """One transaction: the run's end, what follows from it, and the last event."""
    with pool.connection() as conn, conn.transaction():
        if not store.finish_run(conn, claimed.id, claimed.attempt, _columns(outcome, model)):
            raise RunLost
        if outcome.checked_output is not None and on_success is not None:
            on_success(conn, claimed.id, outcome.checked_output)
        store.insert_last_event(conn, claimed.id, summary(get_run(conn, claimed.id)))


def _columns(outcome: Outcome, model: Model | None) -> dict[str, Any]:
    usage = outcome.usage
    cost = registry.price(model, usage) if model else None
    return {
        "status": outcome.status,
        "output": outcome.output,
        "reasoning": outcome.reasoning,
        "checked_output": outcome.checked_output,
        "check_problems": list(outcome.check_problems),
        "check_repairs": list(outcome.check_repairs),
        "has_replaced_chars": outcome.has_replaced_chars,
        "raw_reply": outcome.raw_reply,
        "finish": outcome.finish,
        "finish_raw": outcome.finish_raw,
        "usage_input": usage.input,
        "usage_output": usage.output,
        "usage_cached": usage.cached,
        "usage_cache_write": usage.cache_write,
        "usage_reasoning": usage.reasoning,
        "cost": cost,
        "cost_currency": model.price_currency if model and cost is not None else None,
        "error_kind": outcome.error_kind,
        "error_message": outcome.error_message,
        "error_retryable": outcome.error_retryable,
        "first_text_s": outcome.first_text_s,
    }


def fail_abandoned(pool: db.Pool) -> int:
    """Ends runs that no job works on any more, so that nobody waits for them; answers how many."""
    message = "The work on this run was lost before it could end. Nothing was saved; press Retry."
    with pool.connection() as conn:
        abandoned = store.list_abandoned(conn)
        for run_id, attempt in abandoned:
            with conn.transaction():
                if claimed := store.claim_run(conn, run_id, attempt + 1):
                    outcome = refused("worker_lost", message, retryable=True)
                    store.finish_run(conn, run_id, claimed.attempt, _columns(outcome, None))
                    store.insert_last_event(conn, run_id, summary(get_run(conn, run_id)))
    return len(abandoned)
