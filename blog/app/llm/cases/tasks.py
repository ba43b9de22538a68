"""The job edge of cases: a run that answers one, and a run that judges an answer."""

from blog.app import jobs
from blog.app.llm.cases import judging
from blog.app.llm.runs import execution


@jobs.task(judging.CASE_TASK)
def execute_case_run(context: jobs.Context, run_id: int) -> None:
    execution.execute_run(context.pool, context.secrets, run_id, context.attempt, judging.CASE_TARGET)


@jobs.task(judging.JUDGE_TASK)
def execute_judge_run(context: jobs.Context, run_id: int) -> None:
    execution.execute_run(context.pool, context.secrets, run_id, context.attempt, judging.JUDGE_TARGET)
