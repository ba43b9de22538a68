"""Every route there is, in routes.txt, with what it asks of whoever calls it; test_routes.py misses a line.

A line is a method, an address, a permission (or `public`, `signed-in`), and what the matrix must grant in the
stage it is about: `-` where no post is named in the address, or what is shown is narrowed instead of refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    method: str
    rule: str
    permission: str
    verb: str

    @property
    def key(self) -> str:
        return f"{self.method} {self.rule}"


def _rows(text: str) -> Mapping[str, Row]:
    parts = (line.split() for line in text.strip().splitlines())
    rows = [Row(method=m, rule=rule, permission=p, verb=verb) for m, rule, p, verb in parts]
    return {row.key: row for row in rows}


ROWS = _rows(Path(__file__).with_suffix(".txt").read_text())
