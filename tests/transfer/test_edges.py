"""The registry file over REST, on its page without JavaScript, and on the command line."""

import io
import re
from collections.abc import Callable
from contextlib import nullcontext
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.app import cli, db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.errors import Invalid
from blog.app.llm.prompts import services as prompts
from blog.app.transfer import services
from tests.factories import make_actor, make_user
from tests.transfer.registry_files import action_of, part_of, source, taken

EDITOR = "Role: editor"


@pytest.fixture
def headers(conn: db.Connection, admin: Actor) -> dict[str, str]:
    return {"Authorization": f"Bearer {auth.create_token(conn, admin, 'program').token}"}


@pytest.fixture
def page(
    client: FlaskClient, admin: Actor, as_user: Callable[[FlaskClient, int], FlaskClient]
) -> FlaskClient:
    assert admin.user_id is not None
    return as_user(client, admin.user_id)


# --- REST ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "query", "mimetype"),
    [
        ("*/*", "", "application/json"),
        ("application/json", "", "application/json"),
        ("application/yaml", "", "application/yaml"),
        ("text/yaml", "", "application/yaml"),
        ("application/json", "?format=yaml", "application/yaml"),
    ],
)
def test_the_file_comes_in_the_format_that_is_asked_for(
    conn: db.Connection,
    client: FlaskClient,
    admin: Actor,
    headers: dict[str, str],
    accept: str,
    query: str,
    mimetype: str,
) -> None:
    answer = client.get(f"/api/v1/registry{query}", headers={**headers, "Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert answer.text == services.export(conn, admin, "yaml" if "yaml" in mimetype else "json")


def test_a_dry_run_and_then_exactly_that(
    conn: db.Connection, client: FlaskClient, admin: Actor, headers: dict[str, str]
) -> None:
    data = taken(conn, admin)
    part_of(data, EDITOR)["template"] = "You edit."

    def post(query: str) -> TestResponse:
        return client.post(f"/api/v1/registry/imports?{query}", data=source(data), headers=headers)

    shown = post("dry_run=true").get_json()
    assert shown["changes"][0]["item"] == {"kind": "part", "name": EDITOR, "within": ""}
    assert shown["is_imported"] is False
    other = post(f"digest={'0' * 64}")
    assert (other.status_code, other.mimetype) == (409, "application/problem+json")
    done = post(f"digest={shown['digest']}")
    assert (done.status_code, done.get_json()["is_imported"]) == (200, True)
    assert post(f"digest={shown['digest']}").status_code == 409


def test_a_refusal_names_its_problems(
    conn: db.Connection, client: FlaskClient, admin: Actor, headers: dict[str, str]
) -> None:
    data = taken(conn, admin)
    part_of(data, EDITOR)["template"] = "{{ post.nowhere }}"
    answer = client.post("/api/v1/registry/imports", data=source(data), headers=headers)
    assert answer.status_code == 422
    assert answer.get_json()["problems"][0]["field"] == f"parts “{EDITOR}”"
    for body in (b"", b"nonsense: [", b"[]"):
        assert client.post("/api/v1/registry/imports", data=body, headers=headers).status_code == 422
    assert client.post("/api/v1/registry/imports?dry_run=maybe", headers=headers).status_code == 422


def test_importing_asks_for_more_than_exporting(conn: db.Connection, client: FlaskClient) -> None:
    author = make_actor(conn, "dora", "author")
    headers = {"Authorization": f"Bearer {auth.create_token(conn, author, 'program').token}"}
    assert client.get("/api/v1/registry", headers=headers).status_code == 200
    assert client.post("/api/v1/registry/imports", data=b"{}", headers=headers).status_code == 403


# --- the page ------------------------------------------------------------------------------------


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, text
    return unescape(found[1])


def upload(page: FlaskClient, body: bytes, **form: str) -> TestResponse:
    token = hidden(page.get("/llm/registry").text, "csrf_token")
    sent: dict[str, Any] = {"csrf_token": token, "file": (io.BytesIO(body), "registry.yaml"), **form}
    return page.post("/llm/registry/plans", data=sent)


def press(page: FlaskClient, shown: TestResponse, action: str = "imports", **form: str) -> TestResponse:
    names = ("csrf_token", "source", "missing_models", "digest")
    sent = {name: hidden(shown.text, name) for name in names if f'name="{name}"' in shown.text}
    return page.post(f"/llm/registry/{action}", data={**sent, **form})


def test_a_file_is_uploaded_looked_at_and_imported(
    conn: db.Connection, page: FlaskClient, admin: Actor
) -> None:
    data = taken(conn, admin)
    part_of(data, EDITOR)["template"] = "You edit <b>.\n\n  Two."
    shown = upload(page, source(data))
    assert shown.status_code == 200
    assert "You edit &lt;b&gt;." in shown.text
    assert press(page, shown).headers["Location"] == "/llm/registry#imports"
    assert part_of(taken(conn, admin), EDITOR)["template"] == "You edit <b>.\n\n  Two."
    again = press(page, shown)
    assert again.status_code == 409
    assert "has changed since this plan was shown" in again.text
    assert "Nothing would change" in again.text
    assert "0 new, 1 changed" in page.get("/llm/registry").text


def test_problems_are_shown_and_a_missing_model_can_be_answered(
    conn: db.Connection, page: FlaskClient, admin: Actor
) -> None:
    data = taken(conn, admin)
    action_of(data, "expand_idea")["model"] = {"provider": "elsewhere", "name": "large"}
    shown = upload(page, source(data))
    assert "elsewhere/large is not connected here" in shown.text
    assert "Import as shown" not in shown.text
    answered = press(page, shown, "plans", missing_models="default")
    assert "asks the default model instead of elsewhere/large" in answered.text


@pytest.mark.parametrize("body", [b"", b"nonsense: [", b"\xff", b"{}"])
def test_a_broken_upload_is_said_on_the_page(page: FlaskClient, body: bytes) -> None:
    answer = upload(page, body)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'type="file"' in answer.text


def test_a_viewer_may_download_and_not_import(
    conn: db.Connection, client: FlaskClient, as_user: Callable[[FlaskClient, int], FlaskClient]
) -> None:
    viewer = as_user(client, make_user(conn, "vera", "viewer"))
    assert 'type="file"' not in viewer.get("/llm/registry").text
    answer = viewer.get("/llm/registry/file?format=json")
    assert answer.headers["Content-Disposition"] == "attachment; filename=blogforge-registry.json"


# --- the command line ----------------------------------------------------------------------------


def test_the_commands_write_try_and_import(
    conn: db.Connection, admin: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_connection", lambda _config: nullcontext(conn))
    file = tmp_path / "registry.json"
    email = db.scalar(conn, "SELECT email FROM app_user WHERE id = %s", (admin.user_id,))

    def run(*words: str) -> str:
        done = CliRunner().invoke(cli.commands, ["registry", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert "Wrote" in run("export", str(file))
    assert run("export").startswith("format: blogforge-registry\nversion: 1\n")
    file.write_text(file.read_text().replace("You are an experienced editor", "You are an editor"))
    told = run("import", str(file), "--as", email, "--dry-run")
    assert f"changed      part {EDITOR}: template\n1 change to import; nothing was changed." in told
    assert "1 change imported." in run("import", str(file), "--as", email)
    (part,) = prompts.list_parts(conn, "You are an editor")
    assert part.number == 2
    file.write_text(file.read_text().replace("{{ fence.open }}", "{{ fence.opened }}"))
    with pytest.raises(Invalid, match="has 1 problem"):
        run("import", str(file), "--as", email)
