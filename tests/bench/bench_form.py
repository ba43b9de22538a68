"""The form of the bench as a browser without JavaScript sends it: every field the page gives it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class _Fields(HTMLParser):
    """Collects what stands in the form `bench` or names it."""

    values: list[tuple[str, str]] = field(default_factory=list)
    inside: bool = False
    select: str | None = None
    chosen: str | None = None
    first: str | None = None
    area: str | None = None
    text: str = ""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside = given.get("id") == "bench"
        name = given.get("name")
        ours = name and (given.get("form") == "bench" or (self.inside and "form" not in given))
        match tag:
            case "input" if ours and name:
                ticked = given.get("type") != "checkbox" or "checked" in given
                if ticked:
                    self.values.append((name, given.get("value") or ""))
            case "textarea" if ours:
                self.area, self.text = name, ""
            case "select" if ours:
                self.select, self.chosen, self.first = name, None, None
            case "option" if self.select:
                value = given.get("value")
                self.first = self.first if self.first is not None else (value or "")
                if "selected" in given:
                    self.chosen = value
            case _:
                pass
        if tag == "option" and self.select and given.get("value") is None:
            self.area, self.text = f"option {'selected' in given}", ""

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea" and self.area is not None:
            self.values.append((self.area, self.text.removeprefix("\n")))
            self.area = None
        elif tag == "option" and self.area is not None:
            if self.area == "option True":
                self.chosen = self.text
            self.first = self.text if self.first in {None, ""} and self.chosen is None else self.first
            self.area = None
        elif tag == "select" and self.select:
            self.values.append((self.select, (self.chosen if self.chosen is not None else self.first) or ""))
            self.select = None


def read(page: str) -> dict[str, list[str]]:
    """Name to values, as the page would send them untouched."""
    parser = _Fields()
    parser.feed(page)
    found: dict[str, list[str]] = {}
    for name, value in parser.values:
        if name != "csrf_token":
            found.setdefault(name, []).append(value)
    return found
