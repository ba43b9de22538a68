"""Who calls the edges in tests: a browser without JavaScript, and a program with a token."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor

SignIn = Callable[[FlaskClient, int], FlaskClient]


class Browser:
    """Sends forms with the token of the page it looks at."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        page = client.get("/account").get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        self.token = found[1]

    def get(self, address: str, status: int = 200) -> str:
        response = self.client.get(address)
        assert response.status_code == status, response.get_data(as_text=True)[-9000:]
        return response.get_data(as_text=True)

    def post(self, address: str, status: int = 303, **form: Any) -> str:
        response = self.client.post(address, data={"csrf_token": self.token, **form})
        assert response.status_code == status, response.get_data(as_text=True)[-9000:]
        return response.headers.get("Location", "") if status == 303 else response.get_data(as_text=True)


class Program:
    """A client with a bearer token, that keeps everything it was ever answered."""

    def __init__(self, conn: db.Connection, client: FlaskClient, actor: Actor) -> None:
        self.client = client
        granted = replace(actor, permissions=actor.permissions | {"tokens.create"})
        self.headers = {"Authorization": f"Bearer {auth.create_token(conn, granted, 'test').token}"}
        self.heard = ""

    def call(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        response = self.client.open(f"/api/v1/llm{path}", method=method, json=body, headers=self.headers)
        text = response.get_data(as_text=True)
        self.heard += text
        assert response.status_code == status, text
        return json.loads(text) if text else None
