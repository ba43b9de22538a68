"""The job edge of runs."""

from blog.app import jobs
from blog.app.llm.runs import execution


@jobs.task("llm.execute_run")
def execute_run(context: jobs.Context, run_id: int) -> None:
    execution.execute_run(context.pool, context.secrets, run_id, context.attempt)
