"""The use cases of tests: start, look at, stop, keep as a case. A test has no target: it writes nowhere."""

from collections.abc import Sequence
from itertools import product

from blog.app import audit, db, jobs
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.llm.cases import answers
from blog.app.llm.cases import services as cases
from blog.app.llm.cases.models import Case
from blog.app.llm.cases.schemas import CaseContent, CaseInputs
from blog.app.llm.inputs import Inputs, Vocabulary
from blog.app.llm.permissions import LLM_RUN
from blog.app.llm.prompts import services as prompts
from blog.app.llm.runs import services as runs
from blog.app.llm.runs import snapshot
from blog.app.llm.runs.services import Prepared
from blog.app.llm.trials import store
from blog.app.llm.trials.models import Source, Trial, TrialListItem, TrialRow, Wanted
from blog.app.llm.trials.schemas import MOST, TrialKeep, TrialStart
from blog.app.translation import N_
from blog.app.translation import gettext as _

LISTED = 20
MISSING = N_("There is no such test.")


def wanted_by(asked: TrialStart) -> list[Wanted]:
    """Each version with each model, from left to right, each once; where asked, live wordings first."""
    versions = list(dict.fromkeys(asked.version_ids)) or [None]
    models = list(dict.fromkeys(asked.llm_model_ids)) or [None]
    chosen = tuple(asked.part_version_ids)
    wordings = [(), chosen] if chosen and asked.beside_live_wordings else [chosen]
    return [
        Wanted(version_id=version_id, model_id=model_id, part_version_ids=part_version_ids)
        for version_id, model_id, part_version_ids in product(versions, models, wordings)
    ]


def start(
    conn: db.Connection,
    actor: Actor,
    action_id: int,
    *,
    inputs: Inputs,
    source: Source,
    wanted: Sequence[Wanted],
    vocabulary: Vocabulary,
) -> Trial:
    """Queues a run for each answer that is wanted, all or none. The caller has checked who may read the post.

    A second press finds the test that the first began.
    """
    permissions.check(actor, LLM_RUN)
    if not 1 <= len(wanted) <= MOST:
        raise Invalid(
            _(
                "A test has one to %(most)s answers side by side; these would be %(wanted)s.",
                most=MOST,
                wanted=len(wanted),
            )
        )
    whole = snapshot.whole(inputs)
    with conn.transaction():
        store.lock_start(conn, action_id, actor.user_id)
        prepared = [_prepare(conn, action_id, each, inputs, vocabulary) for each in wanted]
        asked = [
            (each.version.id, each.model.id, of.part_version_ids)
            for each, of in zip(prepared, wanted, strict=True)
        ]
        if found := store.find_open_trial(conn, action_id, inputs=whole, wanted=asked, user_id=actor.user_id):
            return _trial(conn, _row(conn, found))
        trial_id = store.insert_trial(
            conn,
            action_id,
            inputs=whole,
            post_id=source.post_id,
            section_id=source.section_id,
            user_id=actor.user_id,
        )
        for position, (each, of) in enumerate(zip(prepared, wanted, strict=True), start=1):
            run_id = runs.create_run(conn, actor, each, purpose="test", post_id=source.post_id).run_id
            store.insert_trial_run(conn, trial_id, position, run_id, of.part_version_ids)
            jobs.defer(conn, "llm.execute_run", run_id=run_id)
        audit.record(conn, actor, "llm_trial.started", "llm_trial", trial_id, action_id=action_id)
        return _trial(conn, _row(conn, trial_id))


def _prepare(
    conn: db.Connection, action_id: int, wanted: Wanted, inputs: Inputs, vocabulary: Vocabulary
) -> Prepared:
    return runs.prepare(
        conn,
        action_id=action_id,
        version_id=wanted.version_id,
        part_version_ids=wanted.part_version_ids,
        model_id=wanted.model_id,
        vocabulary=vocabulary,
        inputs=inputs,
    )


def get_trial(conn: db.Connection, actor: Actor, trial_id: int) -> Trial:
    """Seen by who began it and by who configures, if they may see the post it is of and all its values."""
    row = store.find_seen_trial(conn, actor, trial_id)
    if row is None:
        raise NotFound(_(MISSING))
    return _trial(conn, row)


def _trial(conn: db.Connection, row: TrialRow) -> Trial:
    return Trial(
        id=row.id,
        action_id=row.action_id,
        action_label=row.action_label,
        inputs=row.inputs,
        post_id=row.post_id,
        section_id=row.section_id,
        user_id=row.user_id,
        user_name=row.user_name,
        created_at=row.created_at,
        runs=[runs.get_last_repair(conn, run_id) for run_id in row.run_ids],
        drafts=row.drafts,
    )


def find_trial_id(conn: db.Connection, run_id: int) -> int | None:
    """The test that a run, or the run it repairs, belongs to."""
    return store.find_trial_of_run(conn, run_id)


def list_trials(conn: db.Connection, actor: Actor, action_id: int) -> list[TrialListItem]:
    """The latest ones, newest first."""
    prompts.get_action_head(conn, action_id)
    return store.list_trials(conn, actor, action_id, limit=LISTED)


def stop(conn: db.Connection, actor: Actor, trial_id: int) -> Trial:
    """Ends those of its runs that have not ended; what came stays."""
    with conn.transaction():
        trial = get_trial(conn, actor, trial_id)
        if not trial.is_active:
            raise Conflict(_("This test has ended already."))
        for run in trial.runs:
            if run.is_active:
                _cancel(conn, actor, run.id)
    return get_trial(conn, actor, trial_id)


def _cancel(conn: db.Connection, actor: Actor, run_id: int) -> None:
    try:
        runs.cancel_run(conn, actor, run_id)
    except Conflict:
        return  # it ended just now, which is what was wanted


def keep(conn: db.Connection, actor: Actor, trial_id: int, wanted: TrialKeep) -> Case:
    """The test's input as a case of the action, perhaps with an answer of it as the reference."""
    trial = get_trial(conn, actor, trial_id)
    content = CaseContent(
        name=wanted.name,
        inputs=CaseInputs.model_validate(trial.inputs),
        reference="" if wanted.run_id is None else _answer(conn, trial, wanted.run_id),
    )
    return cases.create_case(conn, actor, trial.action_id, content, post_id=trial.post_id)


def _answer(conn: db.Connection, trial: Trial, run_id: int) -> str:
    run = next((run for run in trial.runs if run.id == run_id), None)
    if run is None:
        raise NotFound(_("There is no such run in this test."))
    if run.is_active or not run.output.strip():
        raise Conflict(_("This run has no answer that could be a reference."), run_status=run.status)
    if run.checked_output is None:
        return run.output.strip()
    kind = prompts.get_action_version(conn, run.action_version_id).output_kind
    return answers.read(run.checked_output, kind).text


def _row(conn: db.Connection, trial_id: int) -> TrialRow:
    row = store.find_trial(conn, trial_id)
    if row is None:
        raise NotFound(_(MISSING))
    return row
