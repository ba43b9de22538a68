"""A split of an action's runs between two of its versions, as a row."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Runs divided by post. `ended_at` None: nobody ended it; it chooses while `live_version_id` is live."""

    id: int
    action_id: int
    action_label: str
    live_version_id: int
    live_version: int
    tried_version_id: int
    tried_version: int
    tried_percent: int
    user_name: str
    started_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    is_choosing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The version a post's run gets. Both None: the live one, and no split."""

    version_id: int | None = None
    split_id: int | None = None
