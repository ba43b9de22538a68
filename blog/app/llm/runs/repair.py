"""Sending a reply that failed its checks back, as a child run that says what was wrong with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from blog.app import db
from blog.app.llm.assemble import assemble
from blog.app.llm.inputs import Inputs
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import ActionVersion
from blog.app.llm.prompts.rules import PROBLEMS, REPAIR_VOCABULARY
from blog.app.llm.runs import messages, store
from blog.app.llm.runs.models import ClaimedRun
from blog.app.llm.runs.outcome import Outcome


def may_repair(claimed: ClaimedRun, version: ActionVersion, outcome: Outcome) -> bool:
    return (
        outcome.status == "invalid"
        and version.repair_part_id is not None
        and claimed.repair_number < version.max_repairs
        and claimed.replay_of_id is None
    )


def compose(
    conn: db.Connection, claimed: ClaimedRun, version: ActionVersion, outcome: Outcome
) -> Sequence[Mapping[str, Any]]:
    """The messages of the child run: those of its parent, the reply, and what was wrong with it."""
    if version.repair_part_id is None:
        raise ValueError(f"Action version {version.id} has no wording for a repair.")
    part = prompts.load_part(conn, version.repair_part_id)
    inputs = Inputs(input={PROBLEMS.field: list(outcome.check_problems)})
    made = assemble([part], REPAIR_VOCABULARY, inputs, fence=claimed.fence)
    return [*claimed.messages, messages.reply_row(outcome.output), *messages.rows(made)]


def create_repair(
    conn: db.Connection, claimed: ClaimedRun, model_id: int, composed: Sequence[Mapping[str, Any]]
) -> int:
    """Inserts the child run, which the caller enqueues."""
    run_id = store.insert_run(
        conn,
        action_version_id=claimed.action_version_id,
        model_id=model_id,
        purpose=claimed.purpose,
        user_id=claimed.user_id,
        api_token_id=claimed.api_token_id,
        repair_of_id=claimed.id,
        repair_number=claimed.repair_number + 1,
        field_id=claimed.field_id,
        split_id=claimed.split_id,
        inputs=claimed.inputs,
        fence=claimed.fence,
        messages=composed,
    )
    if run_id is None:
        raise ValueError("A repair has no idempotency key.")
    return run_id
