"""An eye on a page: what went wrong on it, and where its requests went."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Page


@dataclass(kw_only=True)
class Watch:
    problems: list[str] = field(default_factory=list)
    # A refused form is news for the reader; the browser reports its status besides.
    expected: tuple[str, ...] = ("409 (CONFLICT)",)
    hosts: set[str] = field(default_factory=set)

    def over(self, page: Page) -> None:
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("response", lambda answer: self._see(answer.status, answer.url))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or ""))

    def _see(self, status: int, url: str) -> None:
        if status >= 500:
            self._note(f"{status} {url}")

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error":
            self._note(text)

    def _note(self, problem: str) -> None:
        if not any(known in problem for known in self.expected):
            self.problems.append(problem)
