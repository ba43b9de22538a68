"""Which of two versions a post's runs get: always the same one for a post, by its number. Pure."""

import hashlib


def gets_tried(split_id: int, post_id: int, percent: int) -> bool:
    """Whether a post is among the `percent` of 100 that get the version that is tried.

    Another split divides the posts anew, so that no post is always among those that are tried on.
    """
    digest = hashlib.sha256(f"{split_id}:{post_id}".encode()).digest()
    return int.from_bytes(digest[:8]) % 100 < percent
