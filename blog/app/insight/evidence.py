"""Whether two shares differ, from samples that come in posts. Pure.

Posts were divided, not suggestions, and an editor treats the suggestions of one post alike; so the posts are
what is counted on. To each side two posts are added, one with a suggestion that was taken and one with one
that was not: without them a side where all were taken would seem certain after a few (Agresti and Caffo).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from blog.app.insight.editors_models import Difference, Sample

LEAST_POSTS = 20
Z = 1.96  # of 20 such intervals 19 have the true difference in them


@dataclass(frozen=True, slots=True, kw_only=True)
class InPost:
    """How many there were in one post, and the sum of what is asked about: of each between 0 and 1."""

    count: int
    total: float


def difference(live: Sequence[InPost], tried: Sequence[InPost]) -> Difference:
    """The tried version's share less the live one's; a verdict only where there is enough for one."""
    one, other = _sample(live), _sample(tried)
    if min(one.posts, other.posts) < LEAST_POSTS or one.share is None or other.share is None:
        return Difference(live=one, tried=other, value=None, low=None, high=None, verdict="too few")
    centre = _share(_padded(tried)) - _share(_padded(live))
    reach = Z * sqrt(_variance(_padded(live)) + _variance(_padded(tried)))
    low, high = max(-1.0, centre - reach), min(1.0, centre + reach)
    verdict = "more" if low > 0 else "less" if high < 0 else "may be nothing"
    return Difference(
        live=one, tried=other, value=other.share - one.share, low=low, high=high, verdict=verdict
    )


def _sample(posts: Sequence[InPost]) -> Sample:
    there = [post for post in posts if post.count]
    count = sum(post.count for post in there)
    return Sample(posts=len(there), count=count, share=_share(there) if count else None)


def _padded(posts: Sequence[InPost]) -> list[InPost]:
    return [*(post for post in posts if post.count), InPost(count=1, total=1), InPost(count=1, total=0)]


def _share(posts: Sequence[InPost]) -> float:
    return sum(post.total for post in posts) / sum(post.count for post in posts)


def _variance(posts: Sequence[InPost]) -> float:
    """Of a ratio of sums over posts that were drawn as wholes."""
    share, count = _share(posts), sum(post.count for post in posts)
    squares = sum((post.total - share * post.count) ** 2 for post in posts)
    return len(posts) / (len(posts) - 1) * squares / count**2
