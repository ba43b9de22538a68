"""The chain of the audit trail: each seal vouches for an event and for every seal before it. Pure.

A hash is SHA-256 (FIPS 180-4) of the hash before it, 32 bytes, zeros at the very first, and of the event as
JSON without spaces: an array in the order of Content, times in UTC with microseconds.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from datetime import UTC, datetime

from blog.app.trail.models import Content, Problem, Seal

NOTHING = bytes(32)


def link(before: bytes, event: Content) -> bytes:
    said = json.dumps(astuple(event), default=_plain, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(before + said.encode()).digest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no form in a seal.")


def sealed(last: Seal | None, events: Iterable[Content]) -> Iterator[Seal]:
    """The next links of the chain, for these events in this order."""
    number, before = (last.number, last.hash) if last else (0, NOTHING)
    for event in events:
        number, before = number + 1, link(before, event)
        yield Seal(number=number, event_id=event.id, hash=before)


def problems(before: Seal | None, links: Sequence[tuple[Seal, Content | None]]) -> Iterator[Problem]:
    """What is wrong with consecutive links. `before` None: the first of them begins the chain.

    After a wrong link the check goes on from the hash that is stored, so that one change is told once.
    """
    number, hashed = (before.number, before.hash) if before else (0, NOTHING)
    for seal, event in links:
        if seal.number != number + 1:
            yield _problem(seal, f"Seals {number + 1} to {seal.number - 1} are missing.")
        elif event is None:
            yield _problem(seal, "The event is gone.")
        elif link(hashed, event) != seal.hash:
            yield _problem(seal, "The event, or a seal before it, is not what was sealed.")
        number, hashed = seal.number, seal.hash


def _problem(seal: Seal, message: str) -> Problem:
    return Problem(number=seal.number, event_id=seal.event_id, message=message)
