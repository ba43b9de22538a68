"""The use cases of runs: create, look at, cancel, retry. What the worker does is execution.py."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from blog.app import audit, db, jobs
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check as check_permission
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.llm import assemble
from blog.app.llm.assemble import PartText
from blog.app.llm.inputs import Inputs, Reference, Vocabulary
from blog.app.llm.output_type import OutputType
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.prompts import rules
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import ActionVersion, TypedAction
from blog.app.llm.prompts.rules import WISH
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model
from blog.app.llm.runs import ending, messages, replay, sight, snapshot, store
from blog.app.llm.runs.models import Exchange, Run, RunPurpose, RunStatus, Try, Turn
from blog.app.llm.validators import EachOnce
from blog.app.text import clean
from blog.app.translation import gettext as _

MAX_KEY = 200
ANSWERED: frozenset[RunStatus] = frozenset({"succeeded", "invalid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An action made ready for one target: what a preview shows and what a run is created from."""

    version: ActionVersion
    model: Model
    parts: tuple[PartText, ...]
    output_type: OutputType
    vocabulary: Vocabulary
    inputs: Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """A client's key, and the digest of what it asked for with it."""

    key: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A run; `is_new` is false when an idempotency key found the one it had made before."""

    run_id: int
    is_new: bool


def prepare(
    conn: db.Connection,
    *,
    action_id: int,
    model_id: int | None,
    vocabulary: Vocabulary,
    inputs: Inputs,
    version_id: int | None = None,
    part_version_ids: Sequence[int] = (),
    wish: str = "",
) -> Prepared:
    """Looks up everything a run of the action needs. Refuses what may not be read; checks no input yet.

    `version_id` None: the live version. `part_version_ids` are used in place of their parts' live wordings.
    `wish` is the answer to what the action asks when it is started.
    """
    version = prompts.get_version_of_action(conn, action_id, version_id)
    wished = rules.checked_wish(version.wish_label, version.wish_choices, wish)
    prepared = Prepared(
        version=version,
        model=prompts.choose_model(conn, version, model_id),
        parts=tuple(prompts.load_parts(conn, version.id, part_version_ids)),
        output_type=prompts.output_type(version),
        vocabulary=vocabulary,
        inputs=replace(inputs, input={**inputs.input, WISH.field: wished}) if wished else inputs,
    )
    _refuse_withheld(prepared)
    return prepared


def _refuse_withheld(prepared: Prepared) -> None:
    if withheld := sorted(references(prepared) & prepared.inputs.withheld):
        names = ", ".join(str(each) for each in withheld)
        raise Forbidden(
            _(
                "“%(action_label)s” reads what you may not read: %(names)s.",
                action_label=prepared.version.action_label,
                names=names,
            ),
            withheld=[str(each) for each in withheld],
        )


def references(prepared: Prepared) -> frozenset[Reference]:
    """Everything the run's own record must hold: what the parts read and what its validators compare with."""
    validators = prepared.output_type.validators
    compared = [validator for validator in validators if isinstance(validator, EachOnce)]
    read = assemble.read_inputs(prepared.parts, prepared.vocabulary)
    return read | {validator.of for validator in compared}


def prepare_typed(
    conn: db.Connection,
    typed: TypedAction,
    *,
    model_id: int | None,
    vocabulary: Vocabulary,
    inputs: Inputs,
) -> Prepared:
    """As prepare(), for what is on a page and not saved: to be looked at, never to be run."""
    prepared = Prepared(
        version=typed.version,
        model=prompts.choose_model(conn, typed.version, model_id),
        parts=typed.parts,
        output_type=prompts.output_type(typed.version),
        vocabulary=vocabulary,
        inputs=inputs,
    )
    _refuse_withheld(prepared)
    return prepared


def create_run(
    conn: db.Connection,
    actor: Actor,
    prepared: Prepared,
    *,
    idempotency: Idempotency | None = None,
    retry_of_id: int | None = None,
    purpose: RunPurpose = "use",
    post_id: int | None = None,
    quotes: frozenset[Reference] = frozenset(),
    field_id: int | None = None,
    split_id: int | None = None,
    fence: str | None = None,
) -> Created:
    """Inserts a queued run with its exact messages, in the caller's transaction; the caller enqueues it.

    Refuses missing inputs by name before anything is stored. `post_id` is where the values came from; None:
    from no post, or from that of the run it is tried again for. `quotes` is what stands in its inputs besides
    what it reads. `fence` is that of a preview, so that the run
    sends the bytes that were seen; None: a new one.
    """
    if not prepared.version.id:
        raise ValueError("What nobody saved cannot be run.")
    fence = fence or assemble.new_fence()
    made = assemble.assemble(prepared.parts, prepared.vocabulary, prepared.inputs, fence=fence)
    if not made.messages:
        raise Invalid(_("The prompt is empty: the action has no part that says anything."))
    run_id = store.insert_run(
        conn,
        action_version_id=prepared.version.id,
        model_id=prepared.model.id,
        purpose=purpose,
        user_id=actor.user_id,
        api_token_id=actor.api_token_id,
        retry_of_id=retry_of_id,
        post_id=post_id,
        field_id=field_id,
        split_id=split_id,
        inputs=snapshot.take(prepared.inputs, references(prepared) | quotes),
        fence=fence,
        messages=messages.rows(made),
        idempotency_key=idempotency.key if idempotency else None,
        idempotency_digest=idempotency.digest if idempotency else None,
    )
    if run_id is None and idempotency is not None:
        return Created(run_id=_replayed(conn, actor, idempotency), is_new=False)
    if run_id is None:
        raise ValueError("A run without an idempotency key met one.")
    audit.record(conn, actor, "run.created", "llm_run", run_id, action_id=prepared.version.action_id)
    return Created(run_id=run_id, is_new=True)


def enqueue_run(
    conn: db.Connection,
    actor: Actor,
    prepared: Prepared,
    *,
    idempotency: Idempotency | None = None,
    retry_of_id: int | None = None,
    purpose: RunPurpose = "use",
) -> Run:
    """Creates a run of an action by itself, without a post, and queues it."""
    with conn.transaction():
        created = create_run(
            conn, actor, prepared, idempotency=idempotency, retry_of_id=retry_of_id, purpose=purpose
        )
        if created.is_new:
            jobs.defer(conn, "llm.execute_run", run_id=created.run_id)
    return get_run(conn, created.run_id)


def create_refinement(
    conn: db.Connection, actor: Actor, run_id: int, instruction: str, model_id: int | None = None
) -> int:
    """Inserts a queued run that goes on from a run's answer with these words; the caller enqueues it.

    It has its parent's messages, values and fence, so that the thread is what the model is shown.
    """
    sight.check(conn, actor, run_id)
    if not instruction.strip():
        raise Invalid(_("Say what should be different."))
    run, origin = get_run(conn, run_id), get_exchange(conn, run_id)
    if run.status not in ANSWERED or not run.output.strip():
        raise Conflict(_("This run has no answer to go on from."), run_status=run.status)
    check_messages_kept(run)
    version = prompts.get_action_version(conn, run.action_version_id)
    answered = messages.reply_row(run.output, f"The answer of run {run_id}")
    child_id = store.insert_run(
        conn,
        action_version_id=run.action_version_id,
        model_id=prompts.choose_model(conn, version, model_id or run.model_id).id,
        purpose=run.purpose,
        user_id=actor.user_id,
        api_token_id=actor.api_token_id,
        refines_id=run_id,
        field_id=run.field_id,
        split_id=run.split_id,
        inputs=origin.inputs,
        fence=origin.fence,
        messages=[*run.messages, answered, messages.instruction_row(clean(instruction))],
    )
    if child_id is None:
        raise ValueError("A refinement has no idempotency key.")
    audit.record(conn, actor, "run.created", "llm_run", child_id, refines_id=run_id)
    return child_id


def check_messages_kept(run: Run) -> None:
    """Refuses what needs the messages or inputs of a run that were let go."""
    if run.messages_dropped_at is not None:
        raise Conflict(
            _("What was asked in this run is not kept any more, as the retention settings say."),
            run_id=run.id,
        )


def create_replay(conn: db.Connection, actor: Actor, run_id: int) -> Run:
    """Queues a run that sends exactly what this one sent. It is a test: nothing is made of its answer."""
    sight.check(conn, actor, run_id)
    with conn.transaction():
        run, origin = get_run(conn, run_id), get_exchange(conn, run_id)
        model = registry.get_model(conn, run.model_id)
        replay.check(run, origin, model, registry.get_provider(conn, model.provider_id).base_url)
        child_id = store.insert_run(
            conn,
            action_version_id=run.action_version_id,
            model_id=run.model_id,
            purpose="test",
            user_id=actor.user_id,
            api_token_id=actor.api_token_id,
            replay_of_id=run_id,
            inputs=origin.inputs,
            fence=origin.fence,
            messages=run.messages,
        )
        if child_id is None:
            raise ValueError("A replay has no idempotency key.")
        audit.record(conn, actor, "run.created", "llm_run", child_id, replay_of_id=run_id)
        jobs.defer(conn, "llm.execute_run", run_id=child_id)
    return get_run(conn, child_id)


def list_thread(conn: db.Connection, run_id: int) -> list[Turn]:
    """A run with all that it goes on from and all that goes on from it; alone when there is nothing."""
    return store.list_thread(conn, run_id)


def get_seen_run(conn: db.Connection, actor: Actor, run_id: int) -> Run:
    """For somebody who asks for it; get_run is for a caller that has checked who may."""
    sight.check(conn, actor, run_id)
    return get_run(conn, run_id)


def get_seen_exchange(conn: db.Connection, actor: Actor, run_id: int) -> Exchange:
    sight.check(conn, actor, run_id)
    return get_exchange(conn, run_id)


def get_run(conn: db.Connection, run_id: int) -> Run:
    run = store.find_run(conn, run_id)
    if run is None:
        raise NotFound(_("There is no such run."))
    return run


def get_last_repair(conn: db.Connection, run_id: int) -> Run:
    """The run itself, or the last of the repairs that went on for it."""
    run = get_run(conn, run_id)
    while run.repaired_by_id is not None:
        run = get_run(conn, run.repaired_by_id)
    return run


def list_tries(conn: db.Connection, run_id: int) -> list[Try]:
    """The calls of a run that failed before its last one."""
    return store.list_tries(conn, run_id)


def get_exchange(conn: db.Connection, run_id: int) -> Exchange:
    exchange = store.find_exchange(conn, run_id)
    if exchange is None:
        raise NotFound(_("There is no such run."))
    return exchange


def count_active(conn: db.Connection) -> int:
    """How many runs wait or are at work just now."""
    return store.count_active(conn)


def cancel_run(conn: db.Connection, actor: Actor, run_id: int) -> Run:
    """Stops a run: a queued one at once, a running one through its worker. One that has ended: Conflict."""
    sight.check(conn, actor, run_id)
    return cancel_unseen(conn, actor, run_id)


def cancel_unseen(conn: db.Connection, actor: Actor, run_id: int) -> Run:
    """As cancel_run(), for who stops several at once: what is out of their sight stops, too."""
    with conn.transaction():
        run = get_run(conn, run_id)
        if run.user_id != actor.user_id:
            check_permission(actor, LLM_CONFIGURE)
        if store.request_cancel(conn, run_id) is None:
            raise Conflict(
                _("This run has already ended: %(status)s.", status=run.status), run_status=run.status
            )
        if store.cancel_queued(conn, run_id):
            ending.follow_up(conn, run_id)
        audit.record(conn, actor, "run.cancelled", "llm_run", run_id)
    return get_run(conn, run_id)


def idempotency(key: str | None, *asked: object) -> Idempotency | None:
    """The key of a request together with a digest of what it asks for."""
    if key is None:
        return None
    if not key.strip() or len(key) > MAX_KEY:
        raise Invalid(_("Idempotency-Key must have 1 to %(max_key)s characters.", max_key=MAX_KEY))
    text = json.dumps(asked, sort_keys=True, default=str)
    return Idempotency(key=key, digest=hashlib.sha256(text.encode()).digest())


def _replayed(conn: db.Connection, actor: Actor, idempotency: Idempotency) -> int:
    found = store.find_digest(conn, actor.user_id, idempotency.key)
    if found is None or found[1] != idempotency.digest:
        raise Invalid(
            _("This Idempotency-Key was used for another request. Use a new key for a new request."),
            key=idempotency.key,
        )
    return found[0]
