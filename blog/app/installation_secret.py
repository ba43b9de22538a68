"""The installation's secrets, newest first: where they are, and whether a database was sealed with them.

Refuses to go on without one that was in use, rather than make another in its place. It seals nothing:
security.py does.
"""

import hmac
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import overload

from blog.app import db
from blog.app.config import Config, secret_lines
from blog.app.errors import Unavailable
from blog.app.translation import gettext as _

Secrets = Sequence[str]


class SecretFile(Sequence[str]):
    """The lines of a file as they are now: they are changed while web and worker run.

    A key that was sealed with a new secret is read after that secret was written, so it can be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: tuple[object, tuple[str, ...]] = (None, ())
        self._lines()

    def _lines(self) -> tuple[str, ...]:
        try:
            stat = self._path.stat()
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if self._kept[0] != seen:
                self._kept = (seen, secret_lines(self._path.read_text()))
        except FileNotFoundError as exc:
            raise _missing(self._path) from exc
        except (OSError, ValueError) as exc:
            raise Unavailable(
                _(
                    "%(path)s cannot be used (%(reason)s). It holds what keys are sealed with: put it back as"
                    " it was, from a backup.",
                    path=self._path,
                    reason=exc.strerror if isinstance(exc, OSError) else exc,
                )
            ) from exc
        return self._kept[1]

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return self._lines()[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines())

    def __len__(self) -> int:
        return len(self._lines())


def own_file(config: Config) -> Path | None:
    """The file that we made and may change. None: whoever runs this keeps the secret."""
    return config.keys_dir / "secret" if config.secret is None else None


def load(config: Config) -> Secrets:
    """The secrets of BLOG_SECRET, else of keys/secret, which the first start has made."""
    path = own_file(config) or config.secret_file
    return SecretFile(path) if path else secret_lines(config.secret or "")


def establish(conn: db.Connection, config: Config) -> Secrets:
    """Before anything is sealed or opened: the right secrets, or Unavailable. A first start makes one."""
    with conn.transaction():
        db.run(conn, "LOCK TABLE sealing_secret IN SHARE ROW EXCLUSIVE MODE")
        needed = list_fingerprints(conn)
        path = own_file(config)
        if path is not None and not path.exists():
            if needed:
                raise _missing(path)
            write_first(path)
        present = load(config)
        if needed - {fingerprint(secret) for secret in present}:
            raise Unavailable(
                _(
                    "Keys in this database are sealed with a secret that %(place)s does not hold. Put it "
                    "back: a line below the present one will do, and `blogforge rotate-keys` seals them anew."
                    " If it is lost, `blogforge rotate-keys --forget-lost` gives up what only it opens.",
                    place=_place(config),
                )
            )
        insert_fingerprint(conn, fingerprint(present[0]))
    return present


def fingerprint(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"blogforge fingerprint", "sha256")


def make_secret() -> str:
    return secrets.token_urlsafe(48)


def write(path: Path, lines: Secrets) -> None:
    """Over the file that is there, whole or not at all, for whoever may read that one."""
    owner = path.stat()
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".secret-", delete=False) as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        os.fchmod(file.fileno(), owner.st_mode & 0o777)
        os.fsync(file.fileno())
    Path(file.name).replace(path)


def write_first(path: Path) -> None:
    """The processes of a first start may all come here: one of them wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".secret-") as file:
        file.write(f"{make_secret()}\n")
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)


def _missing(path: Path) -> Unavailable:
    return Unavailable(
        _(
            "%(path)s is missing, and keys in this database are sealed with what it held. Put it back, from a"
            " backup: another one would open none of them. If it is lost, `blogforge rotate-keys --forget-"
            "lost` gives up what only it opens.",
            path=path,
        )
    )


def _place(config: Config) -> str:
    return str(own_file(config) or config.secret_file or "BLOG_SECRET")


# --- which ones are in use -----------------------------------------------------------------------


def list_fingerprints(conn: db.Connection) -> frozenset[bytes]:
    return frozenset(
        bytes(found) for (found,) in conn.execute("SELECT fingerprint FROM sealing_secret").fetchall()
    )


def insert_fingerprint(conn: db.Connection, value: bytes) -> None:
    db.run(conn, "INSERT INTO sealing_secret (fingerprint) VALUES (%s) ON CONFLICT DO NOTHING", (value,))


def delete_other_fingerprints(conn: db.Connection, value: bytes) -> None:
    db.run(conn, "DELETE FROM sealing_secret WHERE fingerprint <> %s", (value,))
