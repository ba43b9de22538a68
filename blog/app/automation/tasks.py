"""The job edge of the workflow."""

from blog.app import jobs
from blog.app.automation import batches, suggestions
from blog.app.automation import services as automation
from blog.app.llm.runs import execution


@jobs.task(automation.TASK)
def run_automation(context: jobs.Context, run_id: int) -> None:
    execution.execute_run(context.pool, context.secrets, run_id, context.attempt, automation.TARGET)


@jobs.task(automation.SETTLE)
def settle_suggestion(context: jobs.Context, suggestion_id: int) -> None:
    with context.pool.connection() as conn:
        suggestions.settle(conn, suggestion_id)


@jobs.task(automation.ADVANCE)
def advance_batch(context: jobs.Context, batch_id: int) -> None:
    with context.pool.connection() as conn:
        batches.advance(conn, batch_id)
