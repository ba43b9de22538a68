"""An action to try cases on, and a worker one plays oneself."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from blog.app import db, jobs, worker
from blog.app.auth.models import Actor
from blog.app.llm.cases import batches, services
from blog.app.llm.cases.models import Case, CaseBatch, Result
from blog.app.llm.cases.schemas import CaseBatchStart, CaseContent, CaseInputs
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.prompts import going_live
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import Action
from blog.app.llm.prompts.schemas import ActionChange
from tests.conftest import OneConnection
from tests.factories import make_action, make_actor, make_model

SECRETS = ("a secret for the tests only",)
VOCABULARY = Vocabulary(post=frozenset({"idea_seed", "subtitle"}))
VERDICT = {"type": "object", "required": ["verdict", "score"]}


@dataclass(frozen=True)
class Bench:
    """An action that answers about `post.idea_seed`."""

    conn: db.Connection
    pool: OneConnection
    actor: Actor
    action_id: int
    model_id: int

    def case(self, name: str = "Kilts", idea: str = "Why kilts?", **content: Any) -> Case:
        given = CaseContent(name=name, inputs=CaseInputs(post={"idea_seed": idea}), **content)
        return services.create_case(self.conn, self.actor, self.action_id, given)

    def start(self, **wanted: Any) -> CaseBatch:
        return batches.start(self.conn, self.actor, self.action_id, CaseBatchStart(**wanted), VOCABULARY)

    def finish(self, batch: CaseBatch) -> CaseBatch:
        """Plays the worker to the end of all jobs."""
        work(self.conn, self.pool)
        return batches.get_batch(self.conn, self.actor, batch.id)

    def only(self, batch: CaseBatch) -> Result:
        [result] = self.finish(batch).results
        return result

    def go_on(self, batch: CaseBatch) -> CaseBatch:
        return batches.go_on(self.conn, self.actor, batch.id, VOCABULARY)

    def draft(self, **different: Any) -> Action:
        """The action as it is, saved as a draft."""
        return going_live.save_action(
            self.conn,
            self.actor,
            self.action_id,
            self._change(different),
            VOCABULARY,
            gate=services.object_to,
        )

    def _change(self, different: Mapping[str, Any]) -> ActionChange:
        action = prompts.get_newest_action(self.conn, self.action_id)
        same = going_live.as_make_up(action).model_dump()
        return ActionChange.model_validate({**same, "base_version_id": action.version.id, **different})


def make_bench(conn: db.Connection, pool: OneConnection, base_url: str, **action: Any) -> Bench:
    model_id = make_model(conn, base_url)
    parts = [("system", "role", "You are an editor."), ("user", "data", "{{ post.idea_seed }}")]
    action_id = make_action(conn, parts, model_id=model_id, **action)
    return Bench(conn, pool, make_actor(conn, "carol", "editor"), action_id, model_id)


def make_judge(conn: db.Connection, base_url: str) -> int:
    parts = [("user", "data", "{{ input.answer }}{% if input.criteria %} {{ input.criteria }}{% endif %}")]
    return make_action(
        conn, parts, model_id=make_model(conn, base_url), output_kind="json", output_schema=VERDICT
    )


def work(conn: db.Connection, pool: OneConnection, attempt: int = 1) -> list[str]:
    """Takes every job that waits, those of a higher priority first; answers the tasks' names."""
    for module in worker.TASK_MODULES:
        import_module(module)
    done: list[str] = []
    while job := conn.execute(
        """
        DELETE FROM procrastinate_jobs WHERE id = (
            SELECT id FROM procrastinate_jobs WHERE status = 'todo' ORDER BY priority DESC, id LIMIT 1
        ) RETURNING task_name, args
        """
    ).fetchone():
        context = jobs.Context(pool=pool, attempt=attempt, secrets=SECRETS)
        jobs.TASKS[job[0]](context, **job[1])
        done.append(job[0])
    return done
