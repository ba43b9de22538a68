"""A measured figure and the bound it is held against."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    value: float
    unit: str
    bound: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        word = "at least" if self.at_least else "at most"
        verdict = "holds" if self.holds else "MISSED"
        return f"{self.name:<60}{self.value:>9.1f} {self.unit:<7} {word} {self.bound:g}: {verdict}"


def show(figures: Sequence[Figure]) -> int:
    """Prints them; answers the exit code: 0 when every bound holds."""
    for figure in figures:
        print(figure)  # noqa: T201 - this is what it is for
    return int(not all(figure.holds for figure in figures))
