"""A job that is deferred by name finds its task; a task's module is loaded by the worker."""

import ast
from importlib import import_module
from pathlib import Path

from blog.app import jobs, worker
from tests.house.source import ROOT, modules, name_of, nodes


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _deferred() -> set[tuple[str, str]]:
    """The module and the task name of every jobs.defer(conn, name, ...) and Target(task=name, ...)."""
    return {
        (name_of(path), _name(path, argument))
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.Call)
        for argument in _task_names(node)
    }


def _task_names(call: ast.Call) -> list[ast.expr]:
    match ast.unparse(call.func):
        case "jobs.defer" if ast.unparse(call.args[1]) != "target.task":
            return [call.args[1]]
        case "Target" | "execution.Target":
            return [keyword.value for keyword in call.keywords if keyword.arg == "task"]
        case _:
            return []


def _name(path: Path, argument: ast.expr) -> str:
    """A literal, or a constant of that module."""
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    return str(eval(ast.unparse(argument), vars(import_module(_module(path)))))


def test_every_deferred_job_has_a_task() -> None:
    for module in worker.TASK_MODULES:
        import_module(module)
    deferred = _deferred()
    assert deferred
    assert {name for _, name in deferred} <= jobs.TASKS.keys(), deferred


def test_the_worker_loads_every_module_of_tasks() -> None:
    there = {_module(path) for path in modules() if path.name == "tasks.py"}
    assert there == set(worker.TASK_MODULES)
