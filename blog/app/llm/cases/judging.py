"""What follows when a run of a case ends: its answer is held to the checks, and then perhaps judged.

All of it happens in the transaction that ends the run. Whatever a judge fails to say is no verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from blog.app import db, jobs
from blog.app.auth import permissions
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.errors import AppError, Forbidden, NotFound
from blog.app.llm.cases import answers, batch_store, verdict
from blog.app.llm.cases.checks import parse_checks
from blog.app.llm.cases.holding import Held, hold
from blog.app.llm.cases.models import Asked
from blog.app.llm.permissions import LLM_RUN
from blog.app.llm.prompts.rules import JUDGE_VOCABULARY
from blog.app.llm.runs import execution, sight, snapshot
from blog.app.llm.runs import services as runs
from blog.app.translation import gettext as _

CASE_TASK = "llm.execute_case_run"
JUDGE_TASK = "llm.execute_judge_run"
LATER = -10  # of jobs: whoever waits at a field comes before a hundred cases

MAX_SCORE = Decimal(100_000)


def settle(conn: db.Connection, run_id: int, checked_output: str) -> None:
    """Holds an answer to its case's checks; one that passes them goes to the judge, if there is one."""
    asked = _asked(conn, run_id)
    said = answers.read(checked_output, asked.output_kind)
    checks = parse_checks(asked.checks, has_reference=bool(asked.reference))
    held = _rows([*_other_model(asked), *hold(checks, said, asked.reference)])
    if any(row["problem"] for row in held):
        batch_store.update_verdict(conn, asked.result_id, checks=held, verdict="failed")
    elif asked.judge_action_id is None:
        batch_store.update_verdict(conn, asked.result_id, checks=held, verdict="passed")
    else:
        batch_store.update_verdict(conn, asked.result_id, checks=held, verdict=None)
        _ask_judge(conn, run_id, asked, held, said.text)


def settle_judge(conn: db.Connection, run_id: int, checked_output: str) -> None:
    """Takes a judge's word, if it is one."""
    asked = _asked(conn, run_id)
    found = verdict.read_verdict(checked_output)
    least = float(asked.judge_least or 0)
    if found is None or abs(found.score) > MAX_SCORE:
        _not_judged(conn, asked, asked.held, "What the judge wrote is no verdict.")
        return
    problem = verdict.problem(found, least)
    told = Held(rule="judge", asked=_asked_of_judge(asked), problem=problem, score=found.score)
    batch_store.update_verdict(
        conn,
        asked.result_id,
        checks=[*_without_judge(asked.held), *_rows([told])],
        verdict="failed" if problem else "passed",
        score=round(Decimal(str(found.score)), 3),
    )


def judge_again(conn: db.Connection, run_id: int) -> None:
    """For an answer that passed its checks and was not judged."""
    asked = _asked(conn, run_id)
    output = runs.get_run(conn, run_id).checked_output
    if output is None:
        raise NotFound(_("There is no answer to judge."))
    said = answers.read(output, asked.output_kind).text
    _ask_judge(conn, run_id, asked, _without_judge(asked.held), said)


def adopt(conn: db.Connection, run_id: int, child_id: int) -> None:
    """A repair goes on for the same result."""
    batch_store.copy_case_run(conn, run_id, child_id)


CASE_TARGET = execution.Target(task=CASE_TASK, save=settle, adopt=adopt)
JUDGE_TARGET = execution.Target(task=JUDGE_TASK, save=settle_judge, adopt=adopt)


def _ask_judge(
    conn: db.Connection, run_id: int, asked: Asked, held: Sequence[Mapping[str, Any]], answer: str
) -> None:
    """Queues a run of the judging action. What keeps it from being asked leaves the answer not judged."""
    batch_store.update_verdict(conn, asked.result_id, checks=held, verdict=None)
    if asked.is_stopped:
        _not_judged(conn, asked, held, "It was stopped before the judge was asked.")
        return
    try:
        with conn.transaction():
            judge_run_id = _create_judge_run(conn, run_id, asked, answer)
    except AppError as refusal:
        _not_judged(conn, asked, held, f"The judge could not be asked: {refusal.message}")
        return
    batch_store.insert_case_run(conn, asked.result_id, judge_run_id, is_judge=True)
    jobs.defer(conn, JUDGE_TASK, priority=LATER, run_id=judge_run_id)


def _create_judge_run(conn: db.Connection, run_id: int, asked: Asked, answer: str) -> int:
    if asked.judge_action_id is None:
        raise NotFound(_("This case has no judge."))
    told = {
        "answer": answer,
        "request": "\n\n".join(str(message["content"]) for message in asked.messages),
        "reference": asked.reference,
        "criteria": asked.judge_criteria,
    }
    prepared = runs.prepare(
        conn,
        action_id=asked.judge_action_id,
        model_id=asked.judge_model_id,
        vocabulary=JUDGE_VOCABULARY,
        inputs=replace(snapshot.restore(asked.inputs), input=told),
    )
    actor = _actor(conn, asked)
    sight.check(conn, actor, run_id)
    quotes = snapshot.named(asked.inputs)
    return runs.create_run(conn, actor, prepared, purpose="case", post_id=asked.post_id, quotes=quotes).run_id


def _actor(conn: db.Connection, asked: Asked) -> Actor:
    """Whoever ran the cases, if they still may: asking a judge costs money and sends what they read."""
    if asked.user_id is None:
        raise Forbidden(_("Nobody is known who ran these cases."))
    actor = auth.actor_of_user(conn, asked.user_id)
    permissions.check(actor, LLM_RUN)
    return actor


def _not_judged(conn: db.Connection, asked: Asked, held: Sequence[Mapping[str, Any]], problem: str) -> None:
    told = Held(rule="judge", asked=_asked_of_judge(asked), problem=problem)
    rows = [*_without_judge(held), *_rows([told])]
    batch_store.update_verdict(conn, asked.result_id, checks=rows, verdict=None)


def _asked_of_judge(asked: Asked) -> str:
    return f"judged pass, with a score of at least {float(asked.judge_least or 0):g}"


def _other_model(asked: Asked) -> list[Held]:
    """An answer of the fallback model says nothing about the model that was to be tried."""
    if asked.model_id == asked.asked_model_id:
        return []
    problem = f"{asked.model_label} answered instead, because {asked.asked_model_label} had failed."
    return [Held(rule="model", asked=f"answered by {asked.asked_model_label}", problem=problem)]


def _without_judge(held: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in held if row["rule"] != "judge"]


def _rows(held: Sequence[Held]) -> list[Mapping[str, Any]]:
    return [asdict(each) for each in held]


def _asked(conn: db.Connection, run_id: int) -> Asked:
    asked = batch_store.find_asked(conn, run_id)
    if asked is None:
        raise NotFound(_("Run %(run_id)s belongs to no case.", run_id=run_id))
    return asked
