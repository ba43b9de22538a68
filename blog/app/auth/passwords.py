"""Argon2id for passwords: hash, compare. Refuses to run more than a few at once, because each takes 19 MB."""

import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turns = BoundedSemaphore(4)


def hashed(password: str) -> str:
    with _turns:
        return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """None, for an address nobody has, takes as long as a wrong password."""
    with _turns:
        try:
            return _hasher.verify(password_hash or _nobodys(), password)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Made with other costs than today's."""
    return _hasher.check_needs_rehash(password_hash)


def generated() -> str:
    """A password for somebody who will choose their own."""
    return secrets.token_urlsafe(12)


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe(24))
