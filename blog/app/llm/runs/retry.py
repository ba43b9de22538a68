"""Whether a failed call is worth another, and how long to wait before it. Pure: chance and time are given."""

from blog.app.llm.providers.base import ErrorKind, ProviderError

# Doubling from the first to the last of these, in seconds, each shortened by chance to spread a crowd.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0
# A provider that asks for more than this is told to the person instead of being waited for.
LONGEST_ASKED_WAIT_S = 120.0

# Asking another model cannot help when nobody wants the answer any more.
FINAL: frozenset[ErrorKind] = frozenset({"cancelled"})


def wait_before_retry(
    error: ProviderError, tries: int, *, max_retries: int, remaining_s: float, chance: float
) -> float | None:
    """Seconds to wait before the same model is asked again; None: it is not.

    `tries` counts the failures so far, this one included; `chance` is from 0 to 1. The provider's own wait
    is kept exactly; one that would pass the deadline is not begun.
    """
    if not error.retryable or tries > max_retries:
        return None
    if error.retry_after_s is not None:
        wait = error.retry_after_s
        return wait if wait <= LONGEST_ASKED_WAIT_S and wait < remaining_s else None
    wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (tries - 1)) * (0.5 + chance / 2)
    return wait if wait < remaining_s else None


def may_fall_back(error: ProviderError, *, shown: bool, remaining_s: float) -> bool:
    """Whether another model may be asked: never after text was shown, never after a Stop."""
    return not shown and error.kind not in FINAL and remaining_s > 1.0
