"""Somebody with a browser and a program, who calls routes."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask.testing import FlaskClient

from blog.app.auth.models import Actor
from tests.access.routes import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a browser and a program."""

    actor: Actor
    browser: FlaskClient
    csrf: str
    token: str

    def statuses(self, row: Row, path: str, sent: Mapping[str, object]) -> set[int]:
        """A page is asked for whole and as htmx asks for a part of it."""
        if row.method != "GET" or row.rule.startswith("/api/"):
            return {self.status(row, path, sent)}
        return {
            self.browser.get(path, headers=headers).status_code
            for headers in ({"HX-Request": "false"}, {"HX-Request": "true"})
        }

    def status(self, row: Row, path: str, sent: Mapping[str, object]) -> int:
        if row.rule.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self.token}"}
            body = sent if row.method != "GET" else None
            return self.browser.open(path, method=row.method, json=body, headers=headers).status_code
        form = {"csrf_token": self.csrf, **sent} if row.method != "GET" else None
        return self.browser.open(path, method=row.method, data=form).status_code
