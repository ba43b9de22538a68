"""The audit trail: one append-only table. Holds references and names, never post text and never keys.

What is read, sealed and checked of it is trail/.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

from blog.app import db


class Acting(Protocol):
    """What the trail needs to know of an actor; `auth` has the whole of it."""

    @property
    def user_id(self) -> int | None: ...

    @property
    def api_token_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where something is done from. `address` None: from this machine's command line or by a worker."""

    address: str | None = None
    request_id: str | None = None


NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def come_from(address: str, request_id: str) -> None:
    """Says for this request where it comes from; an address that is none is left out."""
    try:
        known = str(ip_address(address))
    except ValueError:
        known = None
    _origin.set(Origin(address=known, request_id=request_id))


def record(
    conn: db.Connection,
    actor: Acting,
    name: str,
    subject_kind: str,
    subject_id: int | None,
    **details: object,
) -> None:
    """Notes that `actor` did `name` (such as "post.revised") to a subject, in the caller's transaction."""
    origin = _origin.get()
    db.run(
        conn,
        """
        WITH event AS (
            INSERT INTO audit_event (app_user_id, api_token_id, name, subject_kind, subject_id, details,
                                     address, request_id)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
        )
        INSERT INTO audit_unsealed (audit_event_id) SELECT id FROM event
        """,
        (
            actor.user_id,
            actor.api_token_id,
            name,
            subject_kind,
            subject_id,
            db.jsonb(details),
            origin.address,
            origin.request_id,
        ),
    )
