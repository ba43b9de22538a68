"""The job edge of the workflow."""

from blog.app import jobs
from blog.app.automation import services as automation
from blog.app.llm.runs import execution


@jobs.task(automation.TASK)
def run_automation(context: jobs.Context, run_id: int) -> None:
    execution.execute_run(context.pool, context.secrets, run_id, context.attempt, automation.TARGET)
