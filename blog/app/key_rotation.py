"""A new secret, and everything sealed anew with it while the site runs; what a lost one sealed, given up.

Stops before anything is written when something cannot be opened. Whoever keeps the secret themselves
(BLOG_SECRET) writes the new one themselves.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from psycopg import sql

from blog.app import audit, db, installation_secret, security
from blog.app.auth.permissions import SYSTEM
from blog.app.config import Config
from blog.app.errors import Conflict, Invalid, Unavailable
from blog.app.installation_secret import Secrets

# As long as a browser may be away at another service: no form and no process holds an old seal for longer.
SETTLED_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A column that holds seals: how its rows are named to a person, and how one is given up."""

    table: LiteralString
    column: LiteralString
    key: LiteralString
    what: str
    name: LiteralString
    give_up: LiteralString

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


SEALED = (
    Sealed(
        table="llm_provider",
        column="sealed_key",
        key="id",
        what="the key of the provider",
        name="label",
        give_up="UPDATE llm_provider SET sealed_key = NULL WHERE id = %s",
    ),
    Sealed(
        table="second_factor",
        column="sealed_secret",
        key="app_user_id",
        what="the second factor of",
        name="(SELECT email FROM app_user WHERE app_user.id = app_user_id)",
        give_up="""
            WITH without AS (DELETE FROM second_factor WHERE app_user_id = %s RETURNING app_user_id)
            DELETE FROM recovery_code USING without WHERE recovery_code.app_user_id = without.app_user_id
                AND NOT EXISTS (SELECT FROM passkey WHERE passkey.app_user_id = without.app_user_id)
        """,
    ),
    Sealed(
        table="oidc_provider",
        column="sealed_secret",
        key="id",
        what="the client secret of the service",
        name="label",
        # It stays as it is and opens nothing; whoever switches the service on again enters another.
        give_up="UPDATE oidc_provider SET is_enabled = false, sealed_secret = '' WHERE id = %s",
    ),
    Sealed(
        table="oidc_sign_in",
        column="sealed_request",
        key="id",
        what="an unfinished sign-in, number",
        name="id::text",
        give_up="DELETE FROM oidc_sign_in WHERE id = %s",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One sealed value, and what it is called."""

    of: Sealed
    key: int
    sealed: bytes
    name: str

    def __str__(self) -> str:
        return f"{self.of.what} {self.name} ({self.of}, row {self.key})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """What was sealed anew, by what it is; how many older secrets there still are, and when they may go."""

    counts: Mapping[str, int]
    older: int
    droppable_at: datetime


def rotate(conn: db.Connection, config: Config) -> Rotated:
    """With a new secret, or with the one that the operator has put above the others."""
    with conn.transaction():
        present, seals = _locked(conn, config)
        _refuse_lost(present, seals)
        if path := installation_secret.own_file(config):
            present = (installation_secret.make_secret(), *present)
            # Before the rows: whoever reads one that is sealed with it can open it.
            installation_secret.write(path, present)
        elif len(present) == 1:
            raise _needs_another(config)
        return _seal_anew(conn, present, seals)


def drop_old(conn: db.Connection, config: Config) -> None:
    """Leaves the newest secret alone in our file, once nothing needs another."""
    path = installation_secret.own_file(config)
    if path is None:
        raise Invalid(
            "Whoever keeps BLOG_SECRET takes the other lines away; this command changes keys/secret."
        )
    with conn.transaction():
        present, seals = _locked(conn, config)
        _refuse_lost(present, seals)
        if len(present) == 1:
            raise Conflict(f"{path} holds one secret; there is no older one to drop.")
        _seal_anew(conn, present, seals)
        installation_secret.write(path, present[:1])


def forget_lost(conn: db.Connection, config: Config) -> list[str]:
    """Gives up what none of the secrets opens, so that the site can start; answers what that was."""
    path = installation_secret.own_file(config)
    if path and not path.exists():
        installation_secret.write_first(path)
    with conn.transaction():
        present, seals = _locked(conn, config)
        lost = [seal for seal in seals if not _opens(present, seal)]
        for seal in lost:
            db.run(conn, seal.of.give_up, (seal.key,))
            audit.record(conn, SYSTEM, "keys.given_up", seal.of.table, seal.key)
        _seal_anew(conn, present, [seal for seal in seals if seal not in lost])
        return [str(seal) for seal in lost]


def _locked(conn: db.Connection, config: Config) -> tuple[Secrets, list[Seal]]:
    """The secrets, and all that is sealed: nobody seals more until this transaction ends."""
    _lock(conn, "sealing_secret")
    for each in SEALED:
        _lock(conn, each.table)
    db.run(conn, "DELETE FROM oidc_sign_in WHERE expires_at <= clock_timestamp()")
    seals = [seal for each in SEALED for seal in list_seals(conn, each)]
    return tuple(installation_secret.load(config)), seals


def _lock(conn: db.Connection, table: LiteralString) -> None:
    conn.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(sql.Identifier(table)))


def list_seals(conn: db.Connection, of: Sealed) -> Iterator[Seal]:
    rows = conn.execute(
        sql.SQL("SELECT {key}, {column}, {name} FROM {table} WHERE length({column}) > 0 ORDER BY 1").format(
            key=sql.Identifier(of.key),
            column=sql.Identifier(of.column),
            name=sql.SQL(of.name),
            table=sql.Identifier(of.table),
        )
    ).fetchall()
    return (Seal(of=of, key=key, sealed=bytes(sealed), name=name) for key, sealed, name in rows)


def _refuse_lost(present: Secrets, seals: list[Seal]) -> None:
    if lost := [str(seal) for seal in seals if not _opens(present, seal)]:
        raise Unavailable(
            f"None of the secrets that are there opens {', nor '.join(lost)}. Nothing was changed. Put the "
            "old secret back, as another line; or enter the key again; or give up what is lost with "
            "`blogforge rotate-keys --forget-lost`."
        )


def _opens(present: Secrets, seal: Seal) -> bool:
    try:
        security.unseal(present, seal.sealed)
    except Unavailable:
        return False
    return True


def _seal_anew(conn: db.Connection, present: Secrets, seals: list[Seal]) -> Rotated:
    for seal in seals:
        _update_seal(conn, seal, security.seal(present, security.unseal(present, seal.sealed)))
    newest = installation_secret.fingerprint(present[0])
    installation_secret.insert_fingerprint(conn, newest)
    installation_secret.delete_other_fingerprints(conn, newest)
    counts = Counter(str(seal.of) for seal in seals)
    audit.record(conn, SYSTEM, "keys.rotated", "installation", None, sealed=dict(counts))
    return Rotated(counts=counts, older=len(present) - 1, droppable_at=datetime.now(UTC) + SETTLED_AFTER)


def _update_seal(conn: db.Connection, seal: Seal, sealed: bytes) -> None:
    conn.execute(
        sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s").format(
            table=sql.Identifier(seal.of.table),
            column=sql.Identifier(seal.of.column),
            key=sql.Identifier(seal.of.key),
        ),
        (sealed, seal.key),
    )


def _needs_another(config: Config) -> Invalid:
    where = config.secret_file or "BLOG_SECRET"
    return Invalid(
        f"{where} is yours and holds one secret. Put a new one above it, on a line of its own (`openssl rand "
        "-base64 48` makes one), and run this again."
    )
