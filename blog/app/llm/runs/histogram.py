"""Times as histograms, which add up over days and models where percentiles do not. Pure."""

from collections.abc import Sequence

# In seconds. A time belongs to the bucket before the first bound that is greater than it, so there is one
# bucket more than there are bounds; the last has no end.
BOUNDS = (
    0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 1.6, 2.4, 3.2, 4.8, 6.4, 9.6, 12.8, 19.2, 25.6, 38.4, 51.2, 76.8,
    102.4, 204.8, 409.6,
)  # fmt: skip
BUCKETS = len(BOUNDS) + 1


def percentile(counts: Sequence[int], share: float) -> float | None:
    """The time below which this share of them is, as if a bucket's times were spread evenly.

    None: nothing was counted. What lies beyond the last bound is told as that bound.
    """
    wanted = share * sum(counts)
    if wanted <= 0:
        return None
    passed = 0
    for bucket, count in enumerate(counts):
        if count and passed + count >= wanted:
            return _within(bucket, (wanted - passed) / count)
        passed += count
    return BOUNDS[-1]


def _within(bucket: int, share: float) -> float:
    if bucket == len(BOUNDS):
        return BOUNDS[-1]
    start = BOUNDS[bucket - 1] if bucket else 0.0
    return start + share * (BOUNDS[bucket] - start)


def is_beyond(seconds: float | None) -> bool:
    """Whether this is no more than a least value."""
    return seconds is not None and seconds >= BOUNDS[-1]
