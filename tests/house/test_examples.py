"""The curl commands of the pages do what they say, in their order, against the application."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.app import db
from blog.app.auth import services as auth
from blog.app.automation import services as automation
from blog.app.llm.runs import execution
from tests.conftest import OneConnection
from tests.factories import make_actor, make_model
from tests.house.source import ROOT
from tests.llm.providers.scripted import openai_reply, serve

ANSWER = "A brief about lamps, keepers and radar."
NOTE = re.compile(r'(\w+)=\d+ +# the "(\w+)" of the (answer|first)')


@dataclass(slots=True, kw_only=True)
class Shell:
    """Just enough of a shell and of curl for the pages: variables, files, -X, -H, -d, -o, --data-binary."""

    client: FlaskClient
    variables: dict[str, str]
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    answers: list[TestResponse] = field(default_factory=list)

    def run(self, line: str) -> None:
        if line.startswith("curl "):
            self.answers.append(self.curl(shlex.split(self.filled(line))[1:]))
        elif noted := NOTE.match(line):
            name, key, which = noted.groups()
            answer: Any = self.answers[-1].json
            self.variables[name] = str((answer if which == "answer" else answer[0])[key])

    def filled(self, line: str) -> str:
        return re.sub(r"\$(\w+)", lambda found: self.variables[found[1]], line)

    def curl(self, words: list[str]) -> TestResponse:
        method, headers, data, address, output = None, {}, None, "", ""
        while words:
            match words:
                case ["-X", verb, *words]:
                    method = verb
                case ["-H", header, *words]:
                    name, _, value = header.partition(": ")
                    headers[name] = value
                case ["-d", text, *words]:
                    data = text
                case ["--data-binary", file, *words]:
                    data = self.files[file.removeprefix("@")]
                case ["-o", output, *words]:
                    pass
                case ["-s" | "-sN", *words]:
                    pass
                case _:
                    address, *words = words
        method = method or ("GET" if data is None else "POST")
        answer = self.client.open(address, method=method, headers=headers, data=data)
        self.files[output] = answer.data
        return answer


def lines(path: Path) -> list[str]:
    """The lines of every shell block, joined where they are continued."""
    blocks = re.findall(r"```sh\n(.*?)```", path.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


@pytest.mark.parametrize("name", ["README.md", "docs/api.md"])
def test_the_examples_work(name: str, conn: db.Connection, client: FlaskClient, pool: OneConnection) -> None:
    editor = make_actor(conn, "alice", "editor")
    token = auth.create_token(conn, editor, "curl").token
    shell = Shell(client=client, variables={"BLOG": "", "TOKEN": token})
    with serve(openai_reply([ANSWER])) as provider:
        model_id = make_model(conn, provider.url)
        db.run(conn, "UPDATE llm_model SET is_default = (id = %s)", (model_id,))
        for line in lines(ROOT / name):
            shell.run(line)
            work(conn, pool)
    assert [answer.status_code for answer in shell.answers if answer.status_code >= 400] == []
    values = [answer.json for answer in shell.answers if answer.is_json]
    final = next(value for value in values if isinstance(value, dict) and value.get("origin") == "run")
    assert final["value"] == ANSWER
    assert json.dumps(ANSWER) in next(a.text for a in shell.answers if a.mimetype == "text/event-stream")
    if name == "docs/api.md":
        previewed = next(value["wire"] for value in values if isinstance(value, dict) and "wire" in value)
        assert "Why lighthouses went dark" in previewed["body"]
        plans = [value for value in values if isinstance(value, dict) and "is_imported" in value]
        assert [(plan["is_imported"], plan["problems"]) for plan in plans] == [(False, []), (True, [])]


def work(conn: db.Connection, pool: OneConnection) -> None:
    """What the worker would do meanwhile."""
    for (run_id,) in conn.execute("SELECT id FROM llm_run WHERE status = 'queued'").fetchall():
        execution.execute_run(pool, ("a secret for the tests only",), run_id, 1, automation.TARGET)
