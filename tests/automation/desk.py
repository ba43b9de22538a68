"""A post with a field that a model may write, and a worker one plays oneself."""

from dataclasses import dataclass

from blog.app import db, jobs
from blog.app.auth.models import Actor
from blog.app.automation import services as automation
from blog.app.automation import suggestions, tasks
from blog.app.automation.models import Suggestion
from blog.app.llm.runs import services as runs
from blog.app.llm.runs.models import Run
from blog.app.posts import services as posts
from blog.app.posts.models import Revision
from blog.app.workflow import services as workflow
from tests.conftest import OneConnection

SECRETS = ("a secret for the tests only",)


@dataclass(frozen=True)
class Desk:
    """A post with a field `answer` that reads the field `question`."""

    conn: db.Connection
    pool: OneConnection
    actor: Actor
    post_id: int
    field_id: int
    action_id: int

    def start(self, **options: object) -> Run:
        asked: dict = {"post_id": self.post_id, "field_name": "answer", **options}
        return automation.start(self.conn, self.actor, **asked)

    def work(self, run: Run, attempt: int = 1) -> Run:
        """Plays the worker."""
        context = jobs.Context(pool=self.pool, attempt=attempt, secrets=SECRETS)
        tasks.run_automation(context, run_id=run.id)
        return runs.get_run(self.conn, run.id)

    def waiting(self) -> list[Suggestion]:
        return suggestions.list_suggestions(self.conn, self.actor, self.post_id)

    def write(self, text: str, base: int | None) -> Revision:
        return workflow.save_field(
            self.conn,
            self.actor,
            post_id=self.post_id,
            field_name="answer",
            section_id=None,
            text=text,
            base_revision_id=base,
        )

    def current(self) -> Revision | None:
        return posts.find_current(self.conn, post_id=self.post_id, section_id=None, field_id=self.field_id)
