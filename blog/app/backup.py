"""One file that holds all an installation cannot make again: its database, keys included.

It refuses to write over a file, and to restore over a database or keys that are in use.
"""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import conninfo

from blog.app import db
from blog.app.config import Config
from blog.app.embedded import postgres
from blog.app.errors import Conflict, Invalid, Unavailable

DUMP = "database.dump"
MANIFEST = "manifest.json"
FORMAT = 1
UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"


def write_backup(config: Config, url: str, file: Path) -> None:
    """Database, keys and a manifest in one tar file that only its owner may read."""
    with tempfile.TemporaryDirectory(dir=_directory(file), prefix=".backup-") as scratch:
        dump(url, Path(scratch) / DUMP)
        (Path(scratch) / MANIFEST).write_text(json.dumps(_manifest(), indent=2) + "\n")
        with os.fdopen(_create(file), "wb") as target, tarfile.open(fileobj=target, mode="w") as tar:
            tar.add(Path(scratch) / MANIFEST, MANIFEST)
            tar.add(Path(scratch) / DUMP, DUMP)
            for key in _keys(config):
                tar.add(key, f"keys/{key.name}")


def restore_backup(config: Config, url: str, file: Path) -> None:
    """Into an empty database only, and all of it or nothing."""
    _refuse_full_database(url)
    with tempfile.TemporaryDirectory(prefix="blogforge-restore-") as scratch:
        _unpack(file, Path(scratch))
        _refuse_other_keys(config, Path(scratch))
        _load(url, Path(scratch))
        _place_keys(config, Path(scratch))


def dump(url: str, file: Path) -> None:
    """The database alone, in pg_dump's own compressed format."""
    os.close(_create(file))
    _run("pg_dump", url, ["--format", "custom", "--no-owner", "--no-privileges", "--file", str(file)])


def _directory(file: Path) -> Path:
    if not file.parent.is_dir():
        raise Invalid(f"There is no directory {file.parent}.")
    return file.parent


def _create(file: Path) -> int:
    try:
        return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as exc:
        raise Conflict(f"{file} exists already; nothing was written over it.") from exc
    except OSError as exc:
        raise Unavailable(f"{file} cannot be written: {exc.strerror}.") from exc


def _manifest() -> Mapping[str, object]:
    return {
        "format": FORMAT,
        "product": "BlogForge",
        "version": version("blogforge"),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _keys(config: Config) -> list[Path]:
    return sorted(key for key in config.keys_dir.glob("[!.]*") if key.is_file())


def _unpack(file: Path, scratch: Path) -> None:
    (scratch / "keys").mkdir()
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                _unpack_member(tar, member, scratch)
        manifest = json.loads((scratch / MANIFEST).read_text())
    except (OSError, tarfile.TarError, ValueError) as exc:
        raise Invalid(f"{file} is not a backup that `blogforge backup` wrote ({exc}).") from exc
    if manifest.get("format") != FORMAT:
        raise Invalid(f"{file} was written by another version ({manifest.get('version')}).")


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, scratch: Path) -> None:
    """By our own names only: a name from the file could lead anywhere."""
    directory, _, name = member.name.rpartition("/")
    content = tar.extractfile(member)
    if content is None or directory not in ("", "keys") or name in ("", ".", ".."):
        raise tarfile.TarError(f"{member.name!r} does not belong in it")
    with content, (scratch / directory / name).open("wb") as target:
        shutil.copyfileobj(content, target)


def _refuse_full_database(url: str) -> None:
    with psycopg.connect(url, connect_timeout=5) as conn:
        tables = db.scalar(conn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    if tables:
        raise Conflict(
            f"The database has {tables} tables already. A backup is restored into an empty database only: "
            "name a new one with BLOG_DATABASE_URL, or a new directory with BLOG_DATA."
        )


def _refuse_other_keys(config: Config, scratch: Path) -> None:
    """Sealed provider keys open only with the keys they were sealed with."""
    for key in (scratch / "keys").glob("*"):
        present = config.keys_dir / key.name
        if present.exists() and present.read_bytes() != key.read_bytes():
            raise Conflict(f"{present} differs from the backup's. Move it away first; nothing was restored.")


def _place_keys(config: Config, scratch: Path) -> None:
    config.keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for key in (scratch / "keys").glob("*"):
        target = config.keys_dir / key.name
        if not target.exists():
            with os.fdopen(_create(target), "wb") as file:
                file.write(key.read_bytes())


def _load(url: str, scratch: Path) -> None:
    """As a script, because pg_restore sets something that servers before 17 do not know."""
    written, fitted = scratch / "written.sql", scratch / "fitted.sql"
    options = ["--no-owner", "--no-privileges", "--file", str(written), str(scratch / DUMP)]
    _run("pg_restore", None, options)
    with written.open("rb") as source, fitted.open("wb") as target:
        for line in source:
            if line == UNKNOWN_BEFORE_17:
                break
            target.write(line)
        shutil.copyfileobj(source, target)
    _run("psql", url, ["-X", "--quiet", "-1", "--set", "ON_ERROR_STOP=1", "--file", str(fitted)])


def _run(program: str, url: str | None, options: Sequence[str]) -> None:
    """The password goes by the environment: anybody may read a command line."""
    parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(url or "").items()}
    password = parts.pop("password", None)
    try:
        subprocess.run(
            [
                postgres.binary(program),
                *(["--dbname", conninfo.make_conninfo("", **parts)] if url else []),
                *options,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **({"PGPASSWORD": password} if password else {})},
        )
    except subprocess.CalledProcessError as exc:
        raise Unavailable(f"{program} failed: {' '.join(exc.stderr.split())}") from exc
