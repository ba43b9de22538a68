"""A language made of the messages: each one is ⟦what it was⟧, so that what is not a message shows."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tests.house.source import APP, ROOT

NAME = "zz"
SPOKEN = {"title", "aria-label", "placeholder", "alt", "data-label"}
SILENT = {"code", "kbd", "script", "style", "pre", "textarea", "time"}


def write_catalogue(locale: Path) -> None:
    """Extracts as `make messages` does, wraps each message, and compiles as set-up does."""
    template = locale / "messages.pot"
    place = locale / NAME / "LC_MESSAGES"
    place.mkdir(parents=True)
    command = [Path(sys.executable).with_name("pybabel"), "-q", "extract", "-F", "pyproject.toml"]
    subprocess.run([*command, "-o", template, APP], cwd=ROOT, check=True)
    with template.open("rb") as source:
        catalogue = read_po(source)
    for message in catalogue:
        forms = [message.id] if isinstance(message.id, str) else message.id
        if message.id:
            wrapped = tuple(f"⟦{text}⟧" for text in forms)
            message.string = wrapped if message.pluralizable else wrapped[0]
    with (place / "messages.mo").open("wb") as compiled:
        write_mo(compiled, catalogue)


class Heard(HTMLParser):
    """What a reader sees or hears of a page outside ⟦ and ⟧."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.depth = 0
        self.opened = ""
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        if self.depth:
            return
        for name, value in attrs:
            if name in SPOKEN and value:
                self._hear(value)

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._hear(data)

    def _hear(self, text: str) -> None:
        outside = ""
        self.opened = self.opened if self.depth else text
        for character in text:
            self.depth += (character == "⟦") - (character == "⟧")
            outside += "" if self.depth or character == "⟧" else character
        self.outside.append(outside.strip())


def outside(html: str) -> list[str]:
    """The texts of a page that no catalogue gave."""
    heard = Heard()
    heard.feed(html)
    # A cut-off text would hide all that comes behind it.
    assert heard.depth == 0, heard.opened
    return [text for text in heard.outside if any(character.isalpha() for character in text)]
