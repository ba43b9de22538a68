"""SQL of the audit trail. Events are only ever added, and old ones removed as an administrator decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from blog.app import db
from blog.app.trail.models import AuditEvent, AuditRetention, Content, Seal, Waiting

CONTENT = """
    event.id, event.at, event.app_user_id AS user_id, event.api_token_id, event.name, event.subject_kind,
    event.subject_id, event.details::text AS details, host(event.address) AS address, event.request_id
"""
IS_WANTED = """
    (%(name)s = '' OR event.name = %(name)s)
    AND (%(subject_kind)s = '' OR event.subject_kind = %(subject_kind)s)
    AND (%(subject_id)s::bigint IS NULL OR event.subject_id = %(subject_id)s)
    AND (%(request_id)s = '' OR event.request_id = %(request_id)s)
    AND (%(user_id)s::bigint IS NULL OR event.app_user_id = %(user_id)s)
    AND (NOT %(is_system)s OR event.app_user_id IS NULL)
    AND (%(network)s::inet IS NULL OR event.address <<= %(network)s::inet)
    AND (%(since)s::date IS NULL OR event.at >= %(since)s::date AT TIME ZONE 'UTC')
    AND (%(until)s::date IS NULL OR event.at < (%(until)s::date + 1) AT TIME ZONE 'UTC')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`is_system`: what the system did by itself."""

    name: str
    subject_kind: str
    subject_id: int | None
    request_id: str
    user_id: int | None
    is_system: bool
    network: str | None
    since: date | None
    until: date | None


def list_events(
    conn: db.Connection, wanted: Wanted, *, before_id: int | None, limit: int
) -> list[AuditEvent]:
    """Newest first."""
    return db.many(
        conn,
        AuditEvent,
        f"""
        SELECT event.id, event.at, event.app_user_id AS user_id, person.name AS user_name,
               event.api_token_id, token.name AS token_name, event.name, event.subject_kind,
               event.subject_id, event.details, host(event.address) AS address, event.request_id
        FROM audit_event AS event
        LEFT JOIN app_user AS person ON person.id = event.app_user_id
        LEFT JOIN api_token AS token ON token.id = event.api_token_id
        WHERE {IS_WANTED} AND (%(before_id)s::bigint IS NULL OR event.id < %(before_id)s)
        ORDER BY event.id DESC LIMIT %(limit)s
        """,
        {
            "name": wanted.name,
            "subject_kind": wanted.subject_kind,
            "subject_id": wanted.subject_id,
            "request_id": wanted.request_id,
            "user_id": wanted.user_id,
            "is_system": wanted.is_system,
            "network": wanted.network,
            "since": wanted.since,
            "until": wanted.until,
            "before_id": before_id,
            "limit": limit,
        },
    )


def list_names(conn: db.Connection) -> list[str]:
    """Everything that was ever done, each once: one look into the index for each."""
    rows = conn.execute(
        """
        WITH RECURSIVE each (name) AS (
            (SELECT name FROM audit_event ORDER BY name LIMIT 1)
            UNION ALL
            SELECT (SELECT event.name FROM audit_event AS event WHERE event.name > each.name
                    ORDER BY event.name LIMIT 1)
            FROM each WHERE each.name IS NOT NULL
        )
        SELECT name FROM each WHERE name IS NOT NULL
        """
    )
    return [name for (name,) in rows.fetchall()]


# --- the chain -----------------------------------------------------------------------------------


def try_lock(conn: db.Connection) -> bool:
    """Whether nobody else seals or removes; until the transaction ends."""
    return db.scalar(conn, "SELECT pg_try_advisory_xact_lock(hashtext('audit_seal'))")


def last_seal(conn: db.Connection) -> Seal | None:
    return db.one(
        conn,
        Seal,
        "SELECT number, audit_event_id AS event_id, hash FROM audit_seal ORDER BY number DESC LIMIT 1",
    )


def first_seal(conn: db.Connection) -> Seal | None:
    return db.one(
        conn, Seal, "SELECT number, audit_event_id AS event_id, hash FROM audit_seal ORDER BY number LIMIT 1"
    )


def list_unsealed(conn: db.Connection, limit: int) -> list[Content]:
    """The oldest ones."""
    return db.many(
        conn,
        Content,
        f"""
        SELECT {CONTENT}
        FROM audit_unsealed AS waiting JOIN audit_event AS event ON event.id = waiting.audit_event_id
        ORDER BY event.id LIMIT %s
        """,
        (limit,),
    )


def insert_seals(conn: db.Connection, seals: Sequence[Seal]) -> None:
    conn.execute(
        """
        INSERT INTO audit_seal (number, audit_event_id, hash)
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])
        """,
        (
            [seal.number for seal in seals],
            [seal.event_id for seal in seals],
            [seal.hash for seal in seals],
        ),
    )


def delete_unsealed(conn: db.Connection, event_ids: Sequence[int]) -> None:
    db.run(conn, "DELETE FROM audit_unsealed WHERE audit_event_id = ANY (%s)", (list(event_ids),))


def list_seals(conn: db.Connection, *, after: int, limit: int) -> list[Seal]:
    return db.many(
        conn,
        Seal,
        """
        SELECT number, audit_event_id AS event_id, hash FROM audit_seal
        WHERE number > %s ORDER BY number LIMIT %s
        """,
        (after, limit),
    )


def list_contents(conn: db.Connection, event_ids: Sequence[int]) -> list[Content]:
    return db.many(
        conn,
        Content,
        f"SELECT {CONTENT} FROM audit_event AS event WHERE event.id = ANY (%s)",
        (list(event_ids),),
    )


def find_removal(conn: db.Connection, number: int) -> str | None:
    """The hash that was noted when events up to this seal were removed as decided."""
    return db.scalar(
        conn,
        """
        SELECT details ->> 'hash' FROM audit_event
        WHERE name = 'audit.removed' AND subject_kind = 'audit_seal' AND subject_id = %s
        ORDER BY id DESC LIMIT 1
        """,
        (number,),
    )


def list_never_sealed(conn: db.Connection, limit: int) -> list[int]:
    """Events that have no seal and wait for none."""
    rows = conn.execute(
        """
        SELECT event.id FROM audit_event AS event
        WHERE NOT EXISTS (SELECT FROM audit_seal WHERE audit_event_id = event.id)
          AND NOT EXISTS (SELECT FROM audit_unsealed WHERE audit_event_id = event.id)
        ORDER BY event.id LIMIT %s
        """,
        (limit,),
    )
    return [event_id for (event_id,) in rows.fetchall()]


def get_waiting(conn: db.Connection) -> Waiting:
    found = db.one(
        conn,
        Waiting,
        """
        SELECT count(*) AS events,
               extract(epoch FROM clock_timestamp() - min(event.at))::float8 AS seconds
        FROM audit_unsealed JOIN audit_event AS event ON event.id = audit_event_id
        """,
    )
    return found or Waiting(events=0, seconds=None)


# --- how long ------------------------------------------------------------------------------------


def find_retention(conn: db.Connection) -> AuditRetention | None:
    return db.one(
        conn,
        AuditRetention,
        """
        SELECT days, person.name AS user_name, audit_retention.updated_at
        FROM audit_retention JOIN app_user AS person ON person.id = audit_retention.app_user_id
        """,
    )


def upsert_retention(conn: db.Connection, days: int, user_id: int) -> None:
    db.run(
        conn,
        """
        INSERT INTO audit_retention (days, app_user_id) VALUES (%s, %s)
        ON CONFLICT ON CONSTRAINT audit_retention_pkey
        DO UPDATE SET days = EXCLUDED.days, app_user_id = EXCLUDED.app_user_id, updated_at = now()
        """,
        (days, user_id),
    )


def delete_retention(conn: db.Connection) -> None:
    db.run(conn, "DELETE FROM audit_retention")


def last_over(conn: db.Connection, days: int, at_most: int) -> Seal | None:
    """The last seal, of the first so many, up to which every event is older; the newest seal always stays."""
    return db.one(
        conn,
        Seal,
        """
        WITH oldest AS (
            SELECT number, audit_event_id, hash FROM audit_seal ORDER BY number LIMIT %(at_most)s
        ), kept AS (
            SELECT min(oldest.number) AS number
            FROM oldest JOIN audit_event AS event ON event.id = oldest.audit_event_id
            WHERE event.at >= now() - make_interval(days => %(days)s)
        )
        SELECT number, audit_event_id AS event_id, hash FROM oldest
        WHERE number < coalesce((SELECT number FROM kept), 9223372036854775807)
          AND number < (SELECT max(number) FROM audit_seal)
          AND EXISTS (SELECT FROM audit_event WHERE id = audit_event_id)
        ORDER BY number DESC LIMIT 1
        """,
        {"days": days, "at_most": at_most},
    )


def delete_events(conn: db.Connection, through: int) -> int:
    """Those whose seal is this one or before it."""
    return db.run(
        conn,
        """
        DELETE FROM audit_event USING audit_seal
        WHERE audit_seal.audit_event_id = audit_event.id AND audit_seal.number <= %s
        """,
        (through,),
    )


def delete_seals(conn: db.Connection, before: int) -> None:
    db.run(conn, "DELETE FROM audit_seal WHERE number < %s", (before,))
