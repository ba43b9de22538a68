"""The registry file on the command line: printed or written, tried, imported. Decides nothing itself."""

from pathlib import Path
from typing import cast

import click

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Invalid
from blog.app.llm.cases import services as cases
from blog.app.transfer import services
from blog.app.transfer.models import FileFormat, Item, Plan


def export(conn: db.Connection, file: Path | None, how: str | None) -> None:
    """Whoever can reach the database may read it, so nobody is asked for."""
    format_ = how or ("json" if file and file.suffix == ".json" else "yaml")
    text = services.written(conn, cast("FileFormat", format_))
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as exc:
        raise Conflict(f"{file} could not be written: {exc.strerror}.") from exc
    click.echo(f"Wrote {file} ({file.stat().st_size:,} bytes).")


def import_file(conn: db.Connection, actor: Actor, file: Path, *, dry_run: bool, default_model: bool) -> None:
    source = file.read_bytes()
    missing_models = "default" if default_model else "refuse"
    if dry_run:
        plan = services.plan_import(conn, actor, source, missing_models, cases.object_to)
    else:
        plan = services.import_file(conn, actor, source, missing_models, cases.object_to)
    _tell(plan)
    if plan.problems:
        raise Invalid("It cannot be imported as it is.")


def _tell(plan: Plan) -> None:
    for change in plan.changes:
        names = ", ".join(difference.name for difference in change.differences)
        click.echo(f"{change.what.replace('_', ' '):<12} {_called(change.item)}: {names}")
    for each in plan.missing_models:
        click.echo(f"{'model':<12} {each.action} asks the {each.instead} instead of {each.model}")
    for note in plan.notes:
        click.echo(f"{'note':<12} {note}")
    for item in plan.left_alone:
        click.echo(f"{'left alone':<12} {_called(item)}")
    for problem in plan.problems:
        click.echo(f"{'problem':<12} {problem.where}: {problem.message}", err=True)
    if not plan.problems:
        done = "imported" if plan.is_imported else "to import; nothing was changed"
        click.echo(f"{len(plan.changes)} change{'' if len(plan.changes) == 1 else 's'} {done}.")


def _called(item: Item) -> str:
    kind = item.kind.replace("_", "-")
    return f"{kind} {item.within}/{item.name}" if item.within else f"{kind} {item.name}"
