"""What is kept of a reply holds no key, though a server may repeat one, cut apart by reads."""

from collections.abc import Collection
from dataclasses import dataclass

from blog.app.llm.providers.base import Tap
from blog.app.llm.providers.failures import without_secrets


@dataclass(slots=True)
class Keeper:
    """Hands on to `tap`, and holds back what may be the beginning of a secret until more has come."""

    tap: Tap
    secrets: Collection[str]
    held: bytes = b""


def keep(keeper: Keeper, chunk: bytes) -> None:
    said = without_secrets(keeper.held + chunk, keeper.secrets)
    longest = max((_begun(said, secret.encode()) for secret in keeper.secrets), default=0)
    keeper.held = said[len(said) - longest :]
    if ready := said[: len(said) - longest]:
        keeper.tap(ready)


def finish(keeper: Keeper) -> None:
    if keeper.held:
        keeper.tap(keeper.held)
        keeper.held = b""


def _begun(said: bytes, secret: bytes) -> int:
    """How much of the end of `said` may be the beginning of the secret."""
    longest = min(len(secret) - 1, len(said))
    return next((n for n in range(longest, 0, -1) if said.endswith(secret[:n])), 0)
