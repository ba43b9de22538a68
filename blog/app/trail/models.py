"""The rows of the audit trail and what is found when it is checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """Who did what to which. `user_id` None: the system itself. `address` None: no request."""

    id: int
    at: datetime
    user_id: int | None
    user_name: str | None
    api_token_id: int | None
    token_name: str | None
    name: str
    subject_kind: str
    subject_id: int | None
    details: Mapping[str, Any]
    address: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Newest first. `next` None: there are no older ones."""

    items: list[AuditEvent]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a seal vouches for. `details` is PostgreSQL's own text of the JSON, which is always the same."""

    id: int
    at: datetime
    user_id: int | None
    api_token_id: int | None
    name: str
    subject_kind: str
    subject_id: int | None
    details: str
    address: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """`hash` is SHA-256: of the seal before it, and of the event."""

    number: int
    event_id: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Events without a seal yet, and how long the oldest has waited. `seconds` None: there are none."""

    events: int
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`number` None: the event was never sealed."""

    number: int | None
    event_id: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What checking the chain found. `head` is the hash of the newest seal, in hexadecimal.

    Kept elsewhere, it shows later whether the whole chain was made anew. `first` above 1: older events were
    removed as decided. `head_number` 0: nothing is sealed yet.
    """

    first: int
    head_number: int
    head: str
    events: int
    waiting: int
    problems: Sequence[Problem]

    @property
    def holds(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRetention:
    """`days` None: for ever. `user_name` None: nobody decided yet."""

    days: int | None
    user_name: str | None
    updated_at: datetime | None
