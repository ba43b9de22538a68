"""All cases of an action on one version: begun at one press, stopped, gone on with.

A batch has no state of its own but who stopped it: how far it is follows from its runs, so it outlives a
killed worker as they do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from blog.app import audit, db, jobs
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.errors import AppError, Conflict, Invalid, NotFound
from blog.app.llm.cases import batch_store, judging, store
from blog.app.llm.cases.judging import CASE_TASK, LATER
from blog.app.llm.cases.models import (
    OPEN,
    UNFINISHED,
    BatchRow,
    BatchState,
    Case,
    CaseBatch,
    HiddenCase,
    Result,
)
from blog.app.llm.cases.schemas import CaseBatchStart
from blog.app.llm.cases.wordings import wordings
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.permissions import LLM_RUN
from blog.app.llm.prompts import services as prompts
from blog.app.llm.runs import services as runs
from blog.app.llm.runs import snapshot
from blog.app.llm.runs.services import Prepared
from blog.app.translation import N_
from blog.app.translation import gettext as _

LISTED = 20
HIDDEN = N_("It is of a post that you may not see. Somebody who may has to run it.")


def start(
    conn: db.Connection, actor: Actor, action_id: int, wanted: CaseBatchStart, vocabulary: Vocabulary
) -> CaseBatch:
    """Queues a run per case; one that lacks an input or is out of sight is left out with the reason.

    Conflict: the same is at work already.
    """
    permissions.check(actor, LLM_RUN)
    with conn.transaction():
        batch_store.lock_action(conn, action_id)
        cases, hidden = _cases(conn, actor, action_id, wanted), _hidden(conn, actor, action_id, wanted)
        _check_known(cases, hidden, wanted)
        version_id = wanted.version_id or prompts.get_action_head(conn, action_id).live_version_id
        version = prompts.get_action(conn, action_id, version_id).version
        model = prompts.choose_model(conn, version, wanted.llm_model_id)
        sent = wordings(prompts.load_parts(conn, version_id, wanted.part_version_ids))
        _refuse_second(conn, version_id=version_id, model_id=model.id, wordings=sent)
        batch_id = batch_store.insert_batch(
            conn,
            action_id=action_id,
            version_id=version_id,
            model_id=model.id,
            wordings=sent,
            part_version_ids=wanted.part_version_ids,
            user_id=actor.user_id,
        )
        batch = _row(conn, batch_id)
        for case in cases:
            result_id = batch_store.insert_result(conn, batch_id, case.version_id)
            _run(conn, actor, batch, case, result_id=result_id, vocabulary=vocabulary)
        for case in hidden:
            result_id = batch_store.insert_result(conn, batch_id, case.version_id)
            batch_store.reset_result(conn, result_id, problem=_(HIDDEN))
        audit.record(conn, actor, "case_batch.started", "llm_case_batch", batch_id, action_id=action_id)
        return get_batch(conn, actor, batch_id)


def _cases(conn: db.Connection, actor: Actor, action_id: int, wanted: CaseBatchStart) -> list[Case]:
    cases = store.list_cases(conn, actor, action_id)
    return [case for case in cases if not wanted.case_ids or case.id in wanted.case_ids]


def _hidden(conn: db.Connection, actor: Actor, action_id: int, wanted: CaseBatchStart) -> list[HiddenCase]:
    cases = store.list_hidden(conn, actor, action_id)
    return [case for case in cases if not wanted.case_ids or case.id in wanted.case_ids]


def _check_known(cases: list[Case], hidden: list[HiddenCase], wanted: CaseBatchStart) -> None:
    if unknown := sorted(set(wanted.case_ids) - {case.id for case in [*cases, *hidden]}):
        raise Invalid(
            _("These are no cases of this action: %(unknown)s.", unknown=", ".join(map(str, unknown))),
            field="case_ids",
        )
    if cases:
        return
    if hidden:
        raise Invalid(_("These cases are of posts that you may not see. Somebody who may has to run them."))
    raise Invalid(_("This action has no case yet. Make one first, or keep a test's input as one."))


def _refuse_second(conn: db.Connection, *, version_id: int, model_id: int, wordings: str) -> None:
    batch_id = batch_store.find_open_batch(conn, version_id=version_id, model_id=model_id, wordings=wordings)
    if batch_id is not None:
        raise Conflict(
            _("The cases are being run on this version with this model already."),
            batch_id=batch_id,
            link=f"/llm/case-batches/{batch_id}",
        )


def _run(
    conn: db.Connection, actor: Actor, batch: BatchRow, case: Case, *, result_id: int, vocabulary: Vocabulary
) -> None:
    try:
        with conn.transaction():
            prepared = _prepare(conn, batch, case, vocabulary)
            run_id = runs.create_run(conn, actor, prepared, purpose="case", post_id=case.post_id).run_id
    except AppError as refusal:
        batch_store.reset_result(conn, result_id, problem=refusal.message)
        return
    batch_store.reset_result(conn, result_id, problem="")
    batch_store.insert_case_run(conn, result_id, run_id, is_judge=False)
    jobs.defer(conn, CASE_TASK, priority=LATER, run_id=run_id)


def _prepare(conn: db.Connection, batch: BatchRow, case: Case, vocabulary: Vocabulary) -> Prepared:
    prepared = runs.prepare(
        conn,
        action_id=batch.action_id,
        version_id=batch.version_id,
        part_version_ids=batch.part_version_ids,
        model_id=batch.model_id,
        vocabulary=vocabulary,
        inputs=snapshot.restore(case.inputs),
    )
    if wordings(prepared.parts) != batch.wordings:
        raise Conflict(_("A part was reworded since these cases were begun. Run them anew."))
    return prepared


# --- stopping and going on -----------------------------------------------------------------------


def stop(conn: db.Connection, actor: Actor, batch_id: int) -> CaseBatch:
    """Ends all of its runs that have not ended. What was found already stays."""
    permissions.check(actor, LLM_RUN)
    with conn.transaction():
        batch_store.lock_batch(conn, batch_id)
        batch = get_batch(conn, actor, batch_id)
        if batch.state != "working":
            raise Conflict(_("This has ended already."), batch_state=batch.state)
        batch_store.update_stopped(conn, batch_id, is_stopped=True)
        for run_id in batch_store.list_open_runs(conn, batch_id):
            _cancel(conn, actor, run_id)
        audit.record(conn, actor, "case_batch.stopped", "llm_case_batch", batch_id)
    return get_batch(conn, actor, batch_id)


def _cancel(conn: db.Connection, actor: Actor, run_id: int) -> None:
    try:
        runs.cancel_unseen(conn, actor, run_id)
    except Conflict:
        return  # it ended just now, which is what was wanted


def go_on(conn: db.Connection, actor: Actor, batch_id: int, vocabulary: Vocabulary) -> CaseBatch:
    """Tries again what was stopped, failed on the way or was not judged; what was decided stays, and so does
    what is of a post out of sight.
    """
    permissions.check(actor, LLM_RUN)
    with conn.transaction():
        batch_store.lock_batch(conn, batch_id)
        batch, row = get_batch(conn, actor, batch_id), _row(conn, batch_id)
        unfinished = [result for result in batch.results if can_go_on(result)]
        if batch.state == "working" or not unfinished:
            raise Conflict(_("There is nothing to go on with here."), batch_state=batch.state)
        batch_store.update_stopped(conn, batch_id, is_stopped=False)
        for result in unfinished:
            _again(conn, actor, row, result, vocabulary)
        audit.record(conn, actor, "case_batch.went_on", "llm_case_batch", batch_id)
    return get_batch(conn, actor, batch_id)


def can_go_on(result: Result) -> bool:
    return result.state in UNFINISHED and not result.is_hidden


def _again(conn: db.Connection, actor: Actor, row: BatchRow, result: Result, vocabulary: Vocabulary) -> None:
    """An answer that was only not judged is not asked for again. A case that was changed has no say here."""
    if not result.is_current:
        batch_store.reset_result(conn, result.id, problem="The case was changed since. Run the cases anew.")
    elif result.state == "not_judged" and result.run_id is not None:
        judging.judge_again(conn, result.run_id)
    else:
        case = store.find_case(conn, actor, result.case_id)
        if case is None:
            raise NotFound(_("There is no such case."))
        _run(conn, actor, row, case, result_id=result.id, vocabulary=vocabulary)


# --- looking -------------------------------------------------------------------------------------


def get_batch(conn: db.Connection, actor: Actor, batch_id: int) -> CaseBatch:
    return _batch(conn, actor, _row(conn, batch_id))


def find_batch_id(conn: db.Connection, run_id: int) -> int | None:
    """The batch that a run answers a case of, or judges one for."""
    return batch_store.find_batch_of_run(conn, run_id)


def list_batches(conn: db.Connection, actor: Actor, action_id: int) -> list[CaseBatch]:
    """The latest ones, newest first."""
    prompts.get_action_head(conn, action_id)
    return [_batch(conn, actor, row) for row in batch_store.list_batches(conn, action_id, limit=LISTED)]


def _row(conn: db.Connection, batch_id: int) -> BatchRow:
    row = batch_store.find_batch(conn, batch_id)
    if row is None:
        raise NotFound(_("There is no such batch of cases."))
    return row


def _batch(conn: db.Connection, actor: Actor, row: BatchRow) -> CaseBatch:
    results = batch_store.list_results(conn, actor, row.id)
    costs = _costs(results)
    sent = wordings(prompts.load_parts(conn, row.version_id, row.part_version_ids))
    return CaseBatch(
        id=row.id,
        action_id=row.action_id,
        action_label=row.action_label,
        version_id=row.version_id,
        version_number=row.version_number,
        model_id=row.model_id,
        model_label=row.model_label,
        is_rehearsal=row.is_rehearsal,
        is_current=sent == row.wordings,
        user_id=row.user_id,
        user_name=row.user_name,
        created_at=row.created_at,
        stopped_at=row.stopped_at,
        state=_state(row, results),
        done=sum(result.state not in OPEN for result in results),
        passed=sum(result.state == "passed" for result in results),
        usage_input=sum(result.usage_input or 0 for result in results),
        usage_output=sum(result.usage_output or 0 for result in results),
        cost=costs[0],
        cost_currency=costs[1],
        results=[_without_words(result) if result.is_hidden else result for result in results],
    )


def _without_words(result: Result) -> Result:
    """Checks, problems and errors may quote the post; the runs are not there for whoever may not see it."""
    return replace(
        result,
        problem=_(HIDDEN) if result.problem else "",
        checks=[],
        error_message=None,
        check_problems=[],
        run_id=None,
        judge_run_id=None,
    )


def _state(row: BatchRow, results: Sequence[Result]) -> BatchState:
    if any(result.state in OPEN for result in results):
        return "working"
    return "stopped" if row.stopped_at is not None else "finished"


def _costs(results: Sequence[Result]) -> tuple[Decimal | None, str | None]:
    """Unknown when one of them is, or when they are not in one currency."""
    ran = [result for result in results if result.run_id is not None]
    currencies = {result.cost_currency for result in ran}
    known = list(_known(ran))
    if len(known) < len(ran) or len(currencies) != 1:
        return None, None
    return sum(known, Decimal(0)), currencies.pop()


def _known(results: Sequence[Result]) -> Iterator[Decimal]:
    return (result.cost for result in results if result.cost is not None)
