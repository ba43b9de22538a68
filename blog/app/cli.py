"""The command line: each command reads the configuration, calls one thing, and says what came of it.

What can go wrong and was expected is one sentence and a non-zero exit code, never a trace.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psycopg

from blog.app import backup, db, installation_secret, schema, supervisor
from blog.app.config import Config, load_config
from blog.app.embedded import postgres
from blog.app.errors import AppError, NotFound, Unavailable

# The packages themselves are imported by the commands that use them: `serve` lives as long as the site
# does, and should stay small and quick to start.
if TYPE_CHECKING:
    from blog.app.auth.models import Actor
    from blog.app.key_rotation import Rotated


def main() -> None:
    try:
        commands()
    except AppError as exc:
        sys.exit(f"blogforge: {exc.message}")
    except psycopg.Error as exc:
        sys.exit(f"blogforge: the database said: {' '.join(str(exc).split())}")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="blogforge", message="BlogForge %(version)s")
def commands() -> None:
    """BlogForge: an editorial workflow whose every accepted word says who or what wrote it.

    Configured by the environment: BLOG_DATA (default ./var), BLOG_DATABASE_URL (default: the embedded
    PostgreSQL in BLOG_DATA), BLOG_HOST, BLOG_PORT. See docs/operations.md for the rest.
    """


@commands.command()
def serve() -> None:
    """Start database, web and worker, and keep them running until Ctrl-C."""
    supervisor.serve(load_config(os.environ))


@commands.command()
def worker() -> None:
    """Run one more worker, here or on another machine, on the same database."""
    config = load_config(os.environ)
    url = _lasting_database(config)
    with _connect(url) as conn:
        installation_secret.establish(conn, config)
    environment = {**os.environ, "BLOG_DATABASE_URL": url}
    os.execve(sys.executable, [sys.executable, "-P", "-m", "blog.app.worker"], environment)  # noqa: S606


@commands.command("init-db")
def init_db() -> None:
    """Create tables, queue and starter rows. Safe to repeat: it loses and overwrites nothing."""
    with _connection(load_config(os.environ)) as conn:
        before = schema.is_current(conn)
        schema.init_db(conn)
    click.echo("The database was ready already." if before else "The database is ready.")


@commands.command()
def upgrade() -> None:
    """Bring an older database to this version: a backup into BLOG_DATA/backups, then each script once."""
    config = load_config(os.environ)
    with _database(config) as url, _connect(url) as conn:
        if not schema.pending(conn):
            schema.init_db(conn)
            click.echo("There is nothing to upgrade.")
            return
        click.echo(f"Backup written to {_backup_before_upgrade(config, url)}.")
        for name in schema.upgrade(conn):
            click.echo(f"Applied {name}.")


@commands.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
def write_backup(file: Path) -> None:
    """Write database and keys to FILE, a tar that only you may read.

    Keep it safe: with the keys in BLOG_DATA/keys, which it holds, the providers' sealed keys can be read.
    """
    config = load_config(os.environ)
    with _database(config) as url:
        backup.write_backup(config, url, file)
    click.echo(f"Wrote {file} ({file.stat().st_size:,} bytes).")


@commands.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(file: Path) -> None:
    """Read FILE, written by `backup`, into an empty database. A database with tables is refused."""
    config = load_config(os.environ)
    with _database(config) as url:
        backup.restore_backup(config, url, file)
    click.echo(f"Restored {file}.")


@commands.command("recount-usage")
def recount_usage() -> None:
    """Count all ended runs and what became of their suggestions again.

    They are counted as it happens, so this changes nothing unless rows were changed by hand. Days from which
    runs were removed stay as they were counted.
    """
    from blog.app.automation import statistics
    from blog.app.llm.runs import ending

    with _connection(load_config(os.environ)) as conn:
        days = ending.recount(conn)
        statistics.recount(conn)
    click.echo(f"Counted the runs of {days:,} days.")


@commands.group()
def token() -> None:
    """API tokens, for programs that call /api/v1."""


@token.command("create")
@click.option("--email", required=True, help="Whose token it is; it may do at most what they may.")
@click.option("--name", required=True, help="What it is for, to recognise it by later.")
@click.option("--permission", "permissions", multiple=True, help="Only this; repeat for more. Default: all.")
@click.option("--days", type=click.IntRange(min=1), help="Valid for this many days. Default: until revoked.")
def create_token(email: str, name: str, permissions: tuple[str, ...], days: int | None) -> None:
    """Make a token and print it. It is stored hashed, so this is the only time it can be read."""
    from blog.app.auth import services as auth

    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    with _connection(load_config(os.environ)) as conn:
        made = auth.create_token(
            conn, _actor(conn, email), name, permissions=list(permissions) or None, expires_at=expires_at
        )
    click.echo(made.token)


@commands.group()
def audit() -> None:
    """The audit trail: who did what to which."""


@audit.command("verify")
@click.option("--expect", help="NUMBER:HASH as printed before; tells whether the chain was made anew since.")
def verify_audit(expect: str | None) -> None:
    """Hold every event to its seal, and every seal to the one before it.

    Ends with 1 if anything was changed or taken out. Keep the line it prints elsewhere: who can write to
    the database could make the whole chain anew, and only that line would show it.
    """
    from blog.app.trail import sealing

    with _connection(load_config(os.environ)) as conn:
        found = sealing.verify(conn)
        moved = expect is not None and not sealing.is_as_printed(conn, expect)
    for problem in found.problems:
        click.echo(f"Event {problem.event_id}: {problem.message}", err=True)
    if moved:
        click.echo(f"The seal is not {expect}, or is gone.", err=True)
    if found.problems or moved:
        sys.exit("blogforge: the audit trail was changed past BlogForge; compare with a backup.")
    click.echo(f"{found.events:,} events are as they were sealed; {found.waiting:,} wait to be.")
    if found.head_number:
        click.echo(f"{found.head_number}:{found.head}")


@commands.command("rotate-keys")
@click.option("--drop-old", is_flag=True, help="Take the older secrets out of BLOG_DATA/keys/secret.")
@click.option("--forget-lost", is_flag=True, help="Give up what none of the secrets opens.")
def rotate_keys(*, drop_old: bool, forget_lost: bool) -> None:
    """Make a new secret and seal keys and second factors anew with it. The site may go on running.

    A BLOG_SECRET of your own is yours to change: put the new one above the old one, then run this.
    """
    from blog.app import key_rotation

    if drop_old and forget_lost:
        raise click.UsageError("--drop-old and --forget-lost are two things to do, one after the other.")
    config = load_config(os.environ)
    with _connection(config) as conn:
        if forget_lost:
            lost = key_rotation.forget_lost(conn, config)
            click.echo("\n".join([f"Gave up {each}." for each in lost] or ["Nothing is lost."]))
        elif drop_old:
            key_rotation.drop_old(conn, config)
            click.echo("The older secrets are gone. Backups from before need the keys that are in them.")
        else:
            _tell_rotated(key_rotation.rotate(conn, config), is_ours=config.secret is None)


def _tell_rotated(done: "Rotated", *, is_ours: bool) -> None:
    sealed = ", ".join(f"{count} of {what}" for what, count in sorted(done.counts.items()))
    click.echo(f"Sealed anew with the newest secret: {sealed or 'nothing, as nothing was sealed'}.")
    how = "`blogforge rotate-keys --drop-old`" if is_ours else "take the other lines away, on every machine"
    click.echo(
        f"Older secrets, of which there are {done.older}, are needed no more from "
        f"{done.droppable_at.astimezone():%H:%M on %d %B} on, once open pages are reloaded: {how}."
    )


@commands.command("forget-second-factor")
@click.option("--email", required=True, help="Whose; they are told by e-mail, and their sessions end.")
def forget_second_factor(email: str) -> None:
    """Take a person's second factor away: they lost their app and their recovery codes."""
    from blog.app.auth import second_factor

    with _connection(load_config(os.environ)) as conn:
        actor = _actor(conn, email)
        second_factor.reset_by_operator(conn, actor.user_id or 0)
    click.echo(f"{actor.name} signs in with the password alone.")


@commands.command("run-action")
@click.argument("action")
@click.option("--as", "email", required=True, help="The e-mail address of whoever runs it.")
@click.option("--post", "post_id", type=int, required=True, help="The post's number.")
@click.option("--section", "section_id", type=int, help="The section's number, for a section's field.")
@click.option("--field", "field_name", help="Needed only when several fields offer the action.")
@click.option("--model", help="As `name` or `provider/name`. Default: the action's own.")
@click.option("--passage", help="Words of the field, just as they stand in it, that alone it is about.")
@click.option("--wish", default="", help="The answer to what the action asks first, such as a tone.")
def run_action(action: str, email: str, **target: Any) -> None:
    """Run ACTION for a field of a post and print the answer as it comes.

    The answer is kept as a suggestion, to be accepted on the post's page. Ctrl-C stops the run.
    """
    from blog.app import run_command

    url = _lasting_database(load_config(os.environ))
    with _connect(url) as conn:
        run_command.run(conn, _actor(conn, email), url, action=action, **target)


@commands.group()
def registry() -> None:
    """Workflow, prompt parts and actions as one file."""


@registry.command("export")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--format", "how", type=click.Choice(["yaml", "json"]), help="Default: as FILE ends.")
def export_registry(file: Path | None, how: str | None) -> None:
    """Write the registry to FILE, or print it. It holds no key, no address and nobody's words."""
    from blog.app import registry_command

    with _connection(load_config(os.environ)) as conn:
        registry_command.export(conn, file, how)


@registry.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--as", "email", required=True, help="The e-mail address of whoever imports it.")
@click.option("--dry-run", is_flag=True, help="Only tell what importing would do.")
@click.option("--default-model", is_flag=True, help="In place of models that are not connected here.")
def import_registry(file: Path, email: str, *, dry_run: bool, default_model: bool) -> None:
    """Import FILE, whole or not at all, and tell what that changed. Nothing is ever deleted by it."""
    from blog.app import registry_command

    with _connection(load_config(os.environ)) as conn:
        registry_command.import_file(
            conn, _actor(conn, email), file, dry_run=dry_run, default_model=default_model
        )


def _actor(conn: db.Connection, email: str) -> "Actor":
    from blog.app.auth import services as auth

    user = auth.find_user_by_email(conn, email)
    if user is None:
        raise NotFound(f"Nobody here has the e-mail address {email}.")
    return auth.actor_of_user(conn, user.id)


def _backup_before_upgrade(config: Config, url: str) -> Path:
    directory = config.data_dir / "backups"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = directory / f"before-upgrade-{datetime.now(UTC):%Y%m%dT%H%M%S}.tar"
    backup.write_backup(config, url, file)
    return file


@contextmanager
def _connection(config: Config) -> Generator[db.Connection]:
    with _database(config) as url, _connect(url) as conn:
        yield conn


@contextmanager
def _connect(url: str) -> Generator[db.Connection]:
    try:
        conn = psycopg.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as exc:
        raise Unavailable(supervisor.unreachable(url, exc)) from exc
    with conn:
        yield conn


@contextmanager
def _database(config: Config) -> Generator[str]:
    """The database that is configured, or that `serve` runs, or the embedded one for the block's length."""
    if url := config.database_url or _served_database(config):
        yield url
        return
    with (
        supervisor.held(config.data_dir, f"running `blogforge {' '.join(sys.argv[1:2])}`"),
        postgres.running(config.data_dir / "postgres") as url,
    ):
        yield url


def _lasting_database(config: Config) -> str:
    """A database that is there for longer than this command: what a worker can be working on."""
    if url := config.database_url or _served_database(config):
        return url
    raise Unavailable(
        "There is no database to work on: start `blogforge serve` with this BLOG_DATA, "
        "or set BLOG_DATABASE_URL."
    )


def _served_database(config: Config) -> str | None:
    holder = supervisor.holder_of(config.data_dir)
    return holder.database_url if holder else None
