"""What a scanner that only looks would say: every page and route read once, by strangers, people, programs.

The checks are those of the passive rules of the usual scanners, as far as they mean anything here; what is
left, and why, is in docs/security.md.
"""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.security import SESSION_COOKIE
from blog.app.workflow import outline
from tests.factories import all_powerful, make_action, make_model, make_post

SECURE = "https://forge.example"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000",
}
WANTED_SOURCES = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
TELLS_TOO_MUCH = re.compile(
    r"Traceback \(most recent|psycopg\.|site-packages|werkzeug|File \"/|SELECT .+ FROM "
)
TEXTS = re.compile(r"text/|application/(?:javascript|json|problem)")


class Markup(HTMLParser):
    """What is wrong in a page, by the rules of the house and of a browser."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []
        self._form: dict[str, Any] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.problems += [f"<{tag} {name}>" for name in given if name.startswith("on") or name == "style"]
        self.problems += [f"<{tag}> inline"] * (tag == "style" or (tag == "script" and "src" not in given))
        for name in ("src", "srcset", "data", "poster", "action", "formaction"):
            if urlsplit(given.get(name, "")).netloc:
                self.problems.append(f"<{tag} {name}={given[name]}> of another host")
        if tag == "link" and urlsplit(given.get("href", "")).netloc:
            self.problems.append(f"<link href={given['href']}> of another host")
        if given.get("target") == "_blank" and "noopener" not in given.get("rel", ""):
            self.problems.append(f"<{tag} target=_blank> without noopener")
        if given.get("type") == "password" and "autocomplete" not in given:
            self.problems.append(f"<input type=password name={given.get('name')}> without autocomplete")
        if tag == "form":
            self._form = {
                "method": given.get("method", "get").lower(),
                "token": False,
                "to": given.get("action"),
            }
        if tag == "input" and given.get("name") == "csrf_token" and self._form:
            self._form["token"] = bool(given.get("value"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form:
            if self._form["method"] == "post" and not self._form["token"]:
                self.problems.append(f"a form to {self._form['to']} without a token")
            self._form = None

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"a comment: {data[:60]}")


def problems(answer: TestResponse) -> Iterator[str]:
    yield from _of_headers(answer)
    yield from _of_cookies(answer)
    if answer.status_code >= 500 and answer.request.path != "/healthz":
        yield f"{answer.status_code}"
    if answer.is_streamed and answer.mimetype == "text/event-stream":
        return
    text = answer.get_data(as_text=True) if TEXTS.match(answer.mimetype or "") else ""
    if answer.request.path != "/api/v1/openapi.json" and (found := TELLS_TOO_MUCH.search(text)):
        yield f"tells {found[0]}"
    if answer.mimetype == "text/html" and "/export/" not in answer.request.path:
        markup = Markup()
        markup.feed(text)
        yield from markup.problems


def _of_headers(answer: TestResponse) -> Iterator[str]:
    for name, value in HEADERS.items():
        if answer.headers.get(name) != value:
            yield f"{name}: {answer.headers.get(name)}"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    if policy != WANTED_SOURCES:
        yield f"Content-Security-Policy: {policy}"
    is_file = answer.request.path.startswith("/static/") and answer.status_code == 200
    if ("no-cache" if is_file else "no-store") not in answer.headers.get("Cache-Control", ""):
        yield f"Cache-Control: {answer.headers.get('Cache-Control')}"
    for name in ("Server", "X-Powered-By", "Access-Control-Allow-Origin", "X-AspNet-Version"):
        if name in answer.headers:
            yield f"{name}: {answer.headers[name]}"
    if answer.get_data() and not answer.content_type:
        yield "no Content-Type"
    if (answer.mimetype or "").startswith("text/") and "charset=utf-8" not in (answer.content_type or ""):
        yield f"Content-Type: {answer.content_type}"


def _of_cookies(answer: TestResponse) -> Iterator[str]:
    for line in answer.headers.getlist("Set-Cookie"):
        flags = {part.strip().lower() for part in line.split(";")[1:]}
        for flag in {"httponly", "samesite=lax", "secure", "path=/"} - flags:
            yield f"the cookie {line.partition('=')[0]} without {flag}"


# --- the walk ------------------------------------------------------------------------------------


@pytest.fixture
def administrator(conn: db.Connection) -> Actor:
    return all_powerful(conn)


@pytest.fixture
def sample(conn: db.Connection, administrator: Actor) -> dict[str, object]:
    """A value for each argument an address can have; what is not there is as good as another stranger's."""
    model_id = make_model(conn)
    post_id = make_post(conn, administrator, idea="Why lighthouses went dark", basic_idea="Some *words*.")
    names = ["batch", "case", "comment", "other", "revision", "run", "split", "suggestion", "trial", "view"]
    return {
        **{f"{name}_id": 1 for name in names},
        "post_id": post_id,
        "section_id": outline.add_section(conn, administrator, post_id, "A heading").id,
        "model_id": model_id,
        "provider_id": db.scalar(conn, "SELECT llm_provider_id FROM llm_model WHERE id = %s", (model_id,)),
        "action_id": make_action(conn, [("user", "task", "Write.")], model_id=model_id),
        "part_id": db.scalar(conn, "SELECT min(id) FROM llm_prompt_part"),
        "version_id": db.scalar(conn, "SELECT min(id) FROM llm_action_version"),
        "workflow_id": db.scalar(conn, "SELECT min(id) FROM workflow"),
        "sub_stage_id": db.scalar(conn, "SELECT min(id) FROM workflow_sub_stage"),
        "sub_stage_name": db.scalar(conn, "SELECT name FROM workflow_sub_stage ORDER BY id LIMIT 1"),
        "field_name": "basic_idea",
        "name": "basic_idea",
        "export_format": "html",
        "filename": "css/base.css",
        "token": "x" * 32,
    }


def readable(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())]


Ask = Callable[[str], TestResponse]


def asking(app: Flask, conn: db.Connection, administrator: Actor, who: str, as_user: Any) -> Ask:
    client: FlaskClient = app.test_client()
    headers = {}
    if who == "person":
        as_user(client, administrator.user_id)
        client.set_cookie(SESSION_COOKIE, f"session-of-{administrator.user_id}", domain="forge.example")
    if who == "program":
        headers = {"Authorization": f"Bearer {auth.create_token(conn, administrator, 'scan').token}"}
    return lambda path: client.get(path, base_url=SECURE, headers=headers)


@pytest.mark.parametrize("who", ["stranger", "person", "program"])
def test_a_scanner_that_reads_everything_finds_nothing(
    app: Flask, conn: db.Connection, administrator: Actor, sample: dict, as_user: Any, who: str
) -> None:
    conn.execute(
        "UPDATE access_policy SET token_requests_per_minute = NULL, person_requests_per_minute = NULL"
    )
    ask = asking(app, conn, administrator, who, as_user)
    found: dict[str, list[str]] = {}
    statuses: list[int] = []
    with app.test_request_context():
        for rule in readable(app):
            path = rule.build({name: sample[name] for name in rule.arguments})
            assert path is not None, rule
            answer = ask(path[1])
            statuses.append(answer.status_code)
            if wrong := list(problems(answer)):
                found[rule.rule] = wrong
            answer.close()
    assert found == {}
    if who == "person":
        assert statuses.count(200) > 60, "most pages are really seen"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/v1/nowhere", "/posts/x", "/static/nowhere.js", "/sign-in"]
)
def test_an_error_tells_nothing_either(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method, base_url=SECURE, headers={"Origin": "https://evil.example"})
    assert answer.status_code < 500
    assert list(problems(answer)) == []


def test_without_tls_nothing_is_promised_of_it(client: FlaskClient) -> None:
    answer = client.get("/sign-in")
    assert "Strict-Transport-Security" not in answer.headers
    assert "Secure" not in answer.headers.get("Set-Cookie", "")


# --- sizes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "most"), [("/sign-in", 64), ("/sign-in/forgotten", 64), ("/posts", 64)])
def test_a_stranger_sends_little(client: FlaskClient, path: str, most: int) -> None:
    answer = client.post(path, data={"email": "x" * most * 1024})
    assert answer.status_code == 413
    assert f"({most} kB)" in answer.text


def test_a_person_sends_long_texts_but_not_to_the_pages_of_accounts(
    client: FlaskClient, conn: db.Connection, administrator: Actor, sample: dict, as_user: Any
) -> None:
    as_user(client, administrator.user_id)
    page = client.get("/account").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = client.post("/account", data={"csrf_token": token, "name": "x" * 300 * 1024})
    assert (answer.status_code, "(256 kB)" in answer.text) == (413, True)
    long = {"csrf_token": token, "value": "word " * 200_000}
    path = f"/posts/{sample['post_id']}/fields/basic_idea/formatted"
    assert client.post(path, data=long).status_code == 200


def test_a_program_is_told_in_its_own_shape(
    client: FlaskClient, conn: db.Connection, administrator: Actor
) -> None:
    headers = {"Authorization": f"Bearer {auth.create_token(conn, administrator, 'big').token}"}
    answer = client.post("/api/v1/posts", json={"idea": "x" * 21 * 1024**2}, headers=headers)
    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"
    assert "20 MB" in answer.get_json()["title"]
    stranger = client.post("/api/v1/posts", json={"idea": "x" * 100_000})
    assert stranger.status_code in {401, 413}
