"""Reads the attacks of tests/attacks/, with addresses, fences and canaries put in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

FILES = Path(__file__).parent / "attacks"
FENCE = "data-0123456789abcdef"
# What a person cannot see and a model reads: "obey" as letters of the block Tags, and in variation selectors.
TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "obey me")
SELECTORS = "".join(chr(0xE0100 + ord(letter)) for letter in "obey me")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """`is_hidden`: part of it cannot be seen, and must be made visible."""

    family: str
    name: str
    text: str
    canary: str
    is_hidden: bool

    def __str__(self) -> str:
        return f"{self.family}-{self.name}"


def attacks(collector: str = "http://collector.example:8099", fence: str = FENCE) -> list[Attack]:
    return [
        _attack(path.stem, entry, number, collector, fence)
        for path in sorted(FILES.glob("*.yaml"))
        for number, entry in enumerate(yaml.safe_load(path.read_text()))
    ]


def _attack(family: str, entry: dict, number: int, collector: str, fence: str) -> Attack:
    canary = f"CANARY-{family}-{number}"
    values = {
        "{collector}": collector,
        "{collector_relative}": collector.partition(":")[2],
        "{host}": urlsplit(collector).netloc,
        "{canary}": canary,
        "{fence}": fence,
        "{fence_upper}": fence.upper(),
        "{fence_first}": fence[: len(fence) // 2],
        "{tags}": TAGS,
        "{selectors}": SELECTORS,
    }
    text = entry["text"]
    for mark, value in values.items():
        text = text.replace(mark, value)
    return Attack(
        family=family,
        name=entry["name"],
        text=text,
        canary=canary,
        is_hidden=entry.get("hidden", False),
    )


def families(all_attacks: Sequence[Attack]) -> dict[str, list[Attack]]:
    found: dict[str, list[Attack]] = {}
    for attack in all_attacks:
        found.setdefault(attack.family, []).append(attack)
    return found
