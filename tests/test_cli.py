"""The command line as people meet it: real processes, real exit codes, no trace for what was expected."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from blog.app.embedded import postgres

BLOGFORGE = Path(sys.executable).with_name("blogforge")
ROOT = Path(__file__).parents[1]
COMMANDS = ["serve", "worker", "init-db", "upgrade", "token", "run-action", "backup", "restore"]

pytestmark = pytest.mark.slow


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Not pytest's own: each session that starts closes that to all but root, whom PostgreSQL is not."""
    with tempfile.TemporaryDirectory(prefix="blogforge-") as directory:
        yield Path(directory)


def blogforge(*arguments: str | Path, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BLOGFORGE, *arguments],
        capture_output=True,
        text=True,
        env={**inherited(), "BLOG_DATA": str(data), **environment},
        timeout=60,
        check=False,
    )


def inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("BLOG_")}


def says(ended: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of an expected failure, last; before it, root may be told what was opened."""
    assert ended.returncode == 1, ended
    assert "Traceback" not in ended.stderr
    sentence = ended.stderr.splitlines()[-1]
    assert sentence.startswith("blogforge: ")
    return sentence


def test_every_command_explains_itself(tmp_path: Path) -> None:
    overview = blogforge("--help", data=tmp_path).stdout
    for command in COMMANDS:
        assert f"  {command} " in overview
        assert "Usage:" in blogforge(command, "--help", data=tmp_path).stdout


def test_init_db_is_safe_to_repeat(tmp_path: Path) -> None:
    first = blogforge("init-db", data=tmp_path)
    second = blogforge("init-db", data=tmp_path)
    assert (first.returncode, first.stdout) == (0, "The database is ready.\n")
    assert (second.returncode, second.stdout) == (0, "The database was ready already.\n")


def test_an_upgrade_takes_a_backup_and_runs_each_script_once(tmp_path: Path) -> None:
    data = tmp_path / "var"
    assert blogforge("init-db", data=data).returncode == 0
    later = tmp_path / "later"
    for name in ("blog", "sql"):
        shutil.copytree(ROOT / name, later / name, ignore=shutil.ignore_patterns("__pycache__"))
    (later / "sql/changes").mkdir(exist_ok=True)
    (later / "sql/changes/2999-01-01-add-note.sql").write_text("CREATE TABLE note (text text);")

    assert "Run `blogforge upgrade`" in says(of_a_version(later, "init-db", data=data))
    first, second = of_a_version(later, "upgrade", data=data), of_a_version(later, "upgrade", data=data)
    assert first.returncode == 0, first.stderr
    assert first.stdout.endswith("Applied change:2999-01-01-add-note.\n")
    assert (second.returncode, second.stdout) == (0, "There is nothing to upgrade.\n")
    [backup] = (data / "backups").iterdir()
    assert str(backup) in first.stdout
    assert backup.stat().st_mode & 0o077 == 0
    assert "newer version" in says(blogforge("init-db", data=data))

    assert blogforge("restore", backup, data=tmp_path / "before").returncode == 0
    with postgres.running(tmp_path / "before/postgres") as url, psycopg.connect(url) as conn:
        assert conn.execute("SELECT to_regclass('note')").fetchone() == (None,)


def of_a_version(sources: Path, *arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    """The same command, of the product in another directory."""
    return subprocess.run(
        [sys.executable, "-c", "from blog.app.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        cwd=sources,
        env={**inherited(), "PYTHONPATH": str(sources), "BLOG_DATA": str(data)},
        timeout=60,
        check=False,
    )


def test_a_backup_brings_back_rows_and_keys(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "backup.tar"
    assert blogforge("init-db", data=old).returncode == 0
    (old / "keys").mkdir()
    (old / "keys" / "secret").write_text("a key\n")
    with postgres.running(old / "postgres") as url, psycopg.connect(url) as conn:
        conn.execute("UPDATE role SET label = 'Chief' WHERE name = 'administrator'")
    assert blogforge("backup", file, data=old).returncode == 0
    assert file.stat().st_mode & 0o077 == 0

    assert blogforge("restore", file, data=new).returncode == 0
    with postgres.running(new / "postgres") as url, psycopg.connect(url) as conn:
        assert conn.execute("SELECT label FROM role WHERE name = 'administrator'").fetchone() == ("Chief",)
    assert (new / "keys" / "secret").read_text() == "a key\n"
    assert (new / "keys" / "secret").stat().st_mode & 0o077 == 0

    assert "tables already" in says(blogforge("restore", file, data=new))
    assert "exists already" in says(blogforge("backup", file, data=old))


def test_other_keys_stop_a_restore_before_it_begins(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "backup.tar"
    for directory, key in ((old, "one"), (new, "other")):
        (directory / "keys").mkdir(parents=True)
        (directory / "keys" / "secret").write_text(key)
    assert blogforge("backup", file, data=old).returncode == 0
    assert "differs" in says(blogforge("restore", file, data=new))


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_text("not a tar")
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    (tmp_path / "payload").write_text("out")
    with tarfile.open(tmp_path / "hostile.tar", "w") as tar:
        tar.add(tmp_path / "payload", "keys/../../escaped")
    for name in ("text.tar", "empty.tar", "hostile.tar"):
        assert "is not a backup" in says(blogforge("restore", tmp_path / name, data=tmp_path / "var"))


@pytest.mark.parametrize("command", ["init-db", "serve", "upgrade"])
def test_a_database_that_is_away_is_one_sentence(command: str, tmp_path: Path) -> None:
    url = "postgresql://blog:hidden@127.0.0.1:1/blog"
    port = {"BLOG_PORT": "18999"} if command == "serve" else {}
    sentence = says(blogforge(command, data=tmp_path, BLOG_DATABASE_URL=url, **port))
    assert "127.0.0.1" in sentence
    assert "hidden" not in sentence


def test_a_bad_environment_is_one_sentence(tmp_path: Path) -> None:
    assert "BLOG_PORT" in says(blogforge("serve", data=tmp_path, BLOG_PORT="banana"))


def test_a_worker_without_a_database_says_what_to_do(tmp_path: Path) -> None:
    assert "BLOG_DATABASE_URL" in says(blogforge("worker", data=tmp_path))


def test_a_mistyped_command_is_named(tmp_path: Path) -> None:
    ended = blogforge("serv", data=tmp_path)
    assert ended.returncode == 2
    assert "serv" in ended.stderr
