"""How long what of a run is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

What = Literal["reply", "messages", "run"]
EndStatus = Literal["succeeded", "invalid", "failed", "cancelled"]

WHATS: tuple[What, ...] = get_args(What)
END_STATUSES: tuple[EndStatus, ...] = get_args(EndStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """`days` after a run has ended in this status, this of it is let go. No rule: it is kept for ever."""

    what: What
    status: EndStatus
    days: int
    user_name: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What one pass let go."""

    replies: int
    messages: int
    runs: int
