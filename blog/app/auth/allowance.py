"""How many requests a token and a person may make: counted in this process, so that no request waits for it.

Each may come `per_minute` at once and then goes on at that pace. Several web processes count each for itself.
"""

import threading
import time
from collections.abc import Callable
from typing import Literal

Whose = tuple[Literal["token", "person"], int]

REMEMBERED = 10_000  # counted at once; beyond that those that are full again are forgotten


class Allowance:
    """The generic cell rate algorithm: for each one number, the time at which nothing would be used up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_at: dict[Whose, float] = {}
        self._lock = threading.Lock()

    def take(self, whose: Whose, per_minute: int | None) -> float:
        """Takes one request; answers 0, or the seconds until there is one again. None: without a limit."""
        if per_minute is None:
            return 0
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.get(whose, now), now) + 60 / per_minute
            if (over := full_at - now - 60) > 1e-9:
                return over
            if len(self._full_at) >= REMEMBERED:
                self._forget(now)
            self._full_at[whose] = full_at
            return 0

    def _forget(self, now: float) -> None:
        self._full_at = {whose: full_at for whose, full_at in self._full_at.items() if full_at > now}
