"""Asking the provider: each call is stored before it is sent, retried when worth it, or put to another model.

What was shown is never asked for again, and all of it happens within the run's deadline.
"""

import random
import time
from dataclasses import asdict, dataclass, replace

from blog.app import db
from blog.app.installation_secret import Secrets
from blog.app.llm.prompts.models import ActionVersion
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
from blog.app.llm.registry.models import Model, Provider
from blog.app.llm.runs import replay, services, store
from blog.app.llm.runs.models import ClaimedRun
from blog.app.llm.runs.outcome import Heard
from blog.app.llm.runs.retry import may_fall_back, wait_before_retry
from blog.app.llm.runs.telling import RunLost, Teller
from blog.app.text import clean

MAX_RAW_BYTES = 16 * 1024 * 1024
FIRST_TOKEN_S = 300.0
IDLE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to one model, ready to be sent."""

    adapter: Adapter
    request: ChatRequest
    wire: WireRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was heard in the end, and from which model."""

    heard: Heard
    model: Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What all calls of one run have in common. `deadline` is on the monotonic clock."""

    pool: db.Pool
    keys: Secrets
    claimed: ClaimedRun
    version: ActionVersion
    cancel: Cancel
    deadline: float

    @property
    def remaining_s(self) -> float:
        return self.deadline - time.monotonic()


def ask(pool: db.Pool, keys: Secrets, claimed: ClaimedRun, version: ActionVersion, cancel: Cancel) -> Answer:
    """Calls until there is an answer or nothing is left to try. AppError: a call could not be prepared."""
    asking = Asking(
        pool=pool,
        keys=keys,
        claimed=claimed,
        version=version,
        cancel=cancel,
        deadline=time.monotonic() + version.deadline_seconds,
    )
    answer = _ask_model(asking, claimed.model_id)
    other_id = None if claimed.replay_of_id else version.fallback_model_id
    if other_id is None or other_id == claimed.model_id or not _falls_back(asking, answer.heard):
        return answer
    if not _is_usable(asking, other_id):
        return answer
    _note(asking, answer, waited_s=None)
    return _ask_model(asking, other_id)


def _is_usable(asking: Asking, model_id: int) -> bool:
    """A model that was switched off is not asked behind its owner's back."""
    with asking.pool.connection() as conn:
        return registry.get_model(conn, model_id).is_usable


def _falls_back(asking: Asking, heard: Heard) -> bool:
    return heard.error is not None and may_fall_back(
        heard.error, shown=heard.is_shown, remaining_s=asking.remaining_s
    )


def _ask_model(asking: Asking, model_id: int) -> Answer:
    """One model, asked again while its failures are worth it."""
    tries = 0
    while True:
        answer = _ask_once(asking, model_id)
        error = answer.heard.error
        if error is None or answer.heard.is_shown:
            return answer
        tries += 1
        wait_s = wait_before_retry(
            error,
            tries,
            max_retries=asking.version.max_retries,
            remaining_s=asking.remaining_s,
            chance=random.random(),  # noqa: S311 - spreads a crowd, keeps no secret
        )
        if wait_s is None:
            return answer
        _note(asking, answer, waited_s=wait_s)
        if not _wait(asking.cancel, wait_s):
            return replace(answer, heard=replace(answer.heard, error=ProviderError("cancelled", "Stopped.")))


def _ask_once(asking: Asking, model_id: int) -> Answer:
    with asking.pool.connection() as conn:
        model = registry.get_model(conn, model_id)
        try:
            call = _prepare(conn, asking, model)
        except ProviderError as exc:
            return Answer(heard=Heard(error=exc), model=model)
    return Answer(heard=_listen(asking, call), model=model)


def _prepare(conn: db.Connection, asking: Asking, model: Model) -> Call:
    """Builds the request and stores it before anything is sent: what is stored is what is sent."""
    claimed = asking.claimed
    provider = registry.get_provider(conn, model.provider_id)
    messages = tuple(Message(role=row["role"], content=row["content"]) for row in claimed.messages)
    request = chat_request(
        conn,
        asking.keys,
        version=asking.version,
        model=model,
        provider=provider,
        messages=messages,
        within_s=max(1.0, asking.remaining_s),
    )
    adapter = ADAPTERS[provider.protocol]
    wire = adapter.build(request)
    if claimed.replay_of_id is not None:
        wire = replay.as_sent(services.get_exchange(conn, claimed.replay_of_id), wire)
    kept = store.update_request(
        conn,
        claimed.id,
        claimed.attempt,
        model_id=model.id,
        url=wire.url,
        body=wire.body.decode(),
        dropped=[asdict(dropped) for dropped in wire.dropped],
    )
    if not kept:
        raise RunLost
    return Call(adapter=adapter, request=request, wire=wire)


def chat_request(
    conn: db.Connection,
    keys: Secrets,
    *,
    version: ActionVersion,
    model: Model,
    provider: Provider,
    messages: tuple[Message, ...],
    within_s: float | None = None,
) -> ChatRequest:
    """The one place where an action, a model and messages become a request: preview and run both use it."""
    deadline_s = float(version.deadline_seconds) if within_s is None else within_s
    return ChatRequest(
        endpoint=registry.endpoint(conn, keys, provider),
        model=model.name,
        traits=registry.traits(model),
        messages=messages,
        params=version.params,
        output_schema=version.output_schema,
        limits=Limits(
            first_token_s=min(FIRST_TOKEN_S, deadline_s),
            idle_s=min(IDLE_S, deadline_s),
            deadline_s=deadline_s,
        ),
    )


def _listen(asking: Asking, call: Call) -> Heard:
    """Reads the answer to its end, telling watchers on the way. Keeps what came before an error."""
    raw = bytearray()

    def keep(chunk: bytes) -> None:
        if len(raw) < MAX_RAW_BYTES:
            raw.extend(chunk)

    teller = Teller(pool=asking.pool, claimed=asking.claimed)
    done: Done | None = None
    error: ProviderError | None = None
    try:
        for event in call.adapter.stream(call.request, call.wire, cancel=asking.cancel, tap=keep):
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


def _note(asking: Asking, answer: Answer, *, waited_s: float | None) -> None:
    """Keeps a failed call that another one follows, and tells the watchers why they wait."""
    error = answer.heard.error
    if error is None:
        raise ValueError("A call that did not fail is followed by none.")
    claimed = asking.claimed
    with asking.pool.connection() as conn, conn.transaction():
        store.insert_try(
            conn,
            claimed.id,
            model_id=answer.model.id,
            raw_reply=answer.heard.raw or None,
            error_kind=error.kind,
            error_message=clean(error.message),
            waited_s=waited_s,
        )
        told = store.insert_event(
            conn,
            claimed.id,
            claimed.attempt,
            "retrying",
            {
                "model": answer.model.name,
                "error_kind": error.kind,
                "error_message": clean(error.message),
                "wait_s": waited_s,
            },
        )
    if not told:
        raise RunLost


def _wait(cancel: Cancel, seconds: float) -> bool:
    """False when a Stop came meanwhile."""
    until = time.monotonic() + seconds
    while not cancel.cancelled and time.monotonic() < until:
        time.sleep(min(0.1, max(0.0, until - time.monotonic())))
    return not cancel.cancelled
