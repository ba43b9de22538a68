"""The edges of review: the forms as a browser without JavaScript sends them, what htmx gets, and the API."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.review import comments, notifications, standing
from tests.factories import make_actor, make_post, make_user

SignIn = Callable[[FlaskClient, int], FlaskClient]
HTMX = {"HX-Request": "true"}


@dataclass(frozen=True, kw_only=True)
class Browser:
    conn: db.Connection
    client: FlaskClient
    actor: Actor
    bob: Actor
    post_id: int

    def get(self, path: str, *, status: int = 200, headers: dict[str, str] | None = None) -> str:
        response = self.client.get(path, headers=headers)
        assert response.status_code == status, response.text
        return response.text

    def post(self, path: str, form: dict[str, Any], headers: dict[str, str] | None = None) -> TestResponse:
        token = re.search(r'name="csrf_token" value="(\w+)"', self.client.get("/account").text)
        assert token is not None
        return self.client.post(path, data={"csrf_token": token[1], **form}, headers=headers)

    def step(self, path: str, form: dict[str, Any], headers: dict[str, str] | None = None) -> TestResponse:
        return self.post(f"/posts/{self.post_id}/sub-stages/idea/{path}", form, headers)

    def status(self) -> str:
        return standing.get_review(self.conn, self.actor, self.post_id, "idea").state.status


@pytest.fixture
def browser(conn: db.Connection, client: FlaskClient, as_user: SignIn) -> Browser:
    user_id = make_user(conn, "alice", "editor")
    actor = auth.actor_of_user(conn, user_id)
    return Browser(
        conn=conn,
        client=as_user(client, user_id),
        actor=actor,
        bob=make_actor(conn, "bob", "editor"),
        post_id=make_post(conn, actor, basic_idea="Words."),
    )


def test_the_desk_leads_to_the_strip_and_the_comments_without_javascript(browser: Browser) -> None:
    page = browser.get(f"/posts/{browser.post_id}/idea")
    assert f'href="/posts/{browser.post_id}/sub-stages/idea"' in page
    assert f'href="/posts/{browser.post_id}/fields/idea_seed/comments"' in page


def test_work_is_started_with_a_form(browser: Browser) -> None:
    answer = browser.step("status", {"status": "in_work", "seen": "not_started"})
    assert (answer.status_code, answer.location) == (303, f"/posts/{browser.post_id}/idea")
    assert browser.status() == "in_work"
    assert "you began it" in browser.get(f"/posts/{browser.post_id}/sub-stages/idea", headers=HTMX)


def test_what_is_missing_is_listed_with_links_to_it(browser: Browser) -> None:
    for headers in (None, HTMX):
        answer = browser.step("status", {"status": "ready"}, headers)
        assert answer.status_code == 422
        assert f'href="/posts/{browser.post_id}/fields/provisional_title"' in answer.text
        assert "Provisional title is empty." in answer.text
        assert ("<html" in answer.text) is (headers is None)


def test_a_refused_form_keeps_what_was_typed(browser: Browser) -> None:
    form = {"person_id": str(browser.bob.user_id), "to": "research", "note": "Please <look>."}
    answer = browser.step("hand-overs", form)
    assert answer.status_code == 422
    assert "Please &lt;look&gt;." in answer.text
    assert f'<option value="{browser.bob.user_id}" selected>' in answer.text


def test_a_change_is_undone_from_the_strip(browser: Browser) -> None:
    browser.step("status", {"status": "blocked", "note": "No pictures."})
    page = browser.get(f"/posts/{browser.post_id}/sub-stages/idea", headers=HTMX)
    assert "No pictures." in page
    undo = re.search(r'action="(/sub-stage-events/\d+/withdrawal)"', page)
    assert undo
    assert browser.post(undo[1], {}).location == f"/posts/{browser.post_id}/idea"
    assert browser.status() == "not_started"


def test_people_and_days_are_set_with_forms(browser: Browser) -> None:
    browser.step("assignee", {"person_id": str(browser.bob.user_id)})
    browser.step("due-date", {"due_on": "2026-12-01"})
    browser.post(f"/posts/{browser.post_id}/plan", {"planned_on": "2026-12-24", "scheduled_for": ""})
    page = browser.get(f"/posts/{browser.post_id}/sub-stages/idea")
    assert "Due <time" in page
    assert 'value="2026-12-24"' in page
    assert "set the due date to 1 Dec 2026" in page
    assert "gave it to bob" in page
    browser.step("assignee", {"person_id": ""})
    assert standing.get_review(browser.conn, browser.actor, browser.post_id, "idea").state.assignee_id is None


def test_a_comment_is_made_answered_resolved_and_removed_with_forms(browser: Browser) -> None:
    base = f"/posts/{browser.post_id}/fields/idea_seed/comments"
    answer = browser.post(base, {"body": "<b>@bob</b>", "quote": "An idea"})
    found = re.search(r"#comment-(\d+)$", answer.location)
    assert found
    page = browser.get(base)
    assert '&lt;b&gt;<b class="mention">@bob</b>&lt;/b&gt;' in page
    assert "An idea</blockquote>" in page
    browser.post(f"/comments/{found[1]}/replies", {"body": "Yes."})
    browser.post(f"/comments/{found[1]}/text", {"body": "Mended."})
    resolved = browser.post(f"/comments/{found[1]}/resolution", {})
    assert "Resolved." in browser.get(resolved.location)
    browser.post(f"/comments/{found[1]}/reopening", {})
    gone = browser.post(f"/comments/{found[1]}/removal", {})
    assert "The comment was removed." in browser.get(gone.location)
    browser.post(f"/comments/{found[1]}/restoration", {})
    assert "Mended." in browser.get(f"/posts/{browser.post_id}/comments")


def test_an_empty_comment_is_refused_and_the_passage_kept(browser: Browser) -> None:
    answer = browser.post(
        f"/posts/{browser.post_id}/fields/idea_seed/comments", {"body": " ", "quote": "An idea"}
    )
    assert answer.status_code == 422
    assert "needs some words" in answer.text
    assert "An idea</textarea>" in answer.text


def test_the_drawer_gets_a_fragment_that_stays_in_it(browser: Browser) -> None:
    page = browser.get(f"/posts/{browser.post_id}/fields/idea_seed/comments", headers=HTMX)
    assert "<html" not in page
    assert 'hx-target="#drawer"' in page


def test_a_notification_is_read_by_opening_it(browser: Browser) -> None:
    said = comments.comment(browser.conn, browser.bob, browser.post_id, "@alice look", field_name="idea_seed")
    assert "1<span" in browser.get("/notifications/unread", headers=HTMX)
    page = browser.get("/notifications")
    assert "mentioned you in" in page
    address = re.search(r'action="(/notifications/\d+/reading)"', page)
    assert address
    assert browser.post(address[1], {}).location == f"/comments/{said.id}"
    assert notifications.count_unread(browser.conn, browser.actor) == 0
    assert browser.client.get(f"/comments/{said.id}").location.endswith(f"#comment-{said.id}")
    assert "All read" in browser.get("/notifications?unread=1")
    assert browser.post("/notifications/readings", {}).location == "/notifications"


# --- the API -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Api:
    client: FlaskClient
    token: str
    base: str

    def __call__(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        address = path if path.startswith("/") else f"{self.base}/{path}"
        response = self.client.open(
            f"/api/v1{address}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert response.status_code == status, response.text
        return response.json


@pytest.fixture
def api(browser: Browser) -> Api:
    token = auth.create_token(browser.conn, browser.actor, "test").token
    return Api(client=browser.client.application.test_client(), token=token, base=f"/posts/{browser.post_id}")


def test_a_sub_stage_is_worked_over_rest(api: Api, browser: Browser) -> None:
    assert [each["name"] for each in api("GET", "sub-stages")][:2] == ["idea", "research"]
    refused = api("PUT", "sub-stages/idea/status", {"status": "ready"}, status=422)
    assert refused["unmet"][0]["field"] == "provisional_title"
    api("PUT", "sub-stages/idea/status", {"status": "in_work", "seen": "done"}, status=409)
    assert api("PUT", "sub-stages/idea/status", {"status": "in_work"})["status"] == "in_work"
    people = {each["name"]: each["id"] for each in api("GET", "/colleagues")}
    over = api(
        "POST", "sub-stages/idea/hand-overs", {"person_id": people["bob"], "note": "Yours"}, status=201
    )
    assert over["assignee_name"] == "bob"
    back = {"to": "idea", "reason": "Too broad"}
    assert api("POST", "sub-stages/research/returns", back, status=201)["status"] == "not_started"
    assert api("GET", "sub-stages/idea")["state"]["note"] == "Too broad"
    events = api("GET", "sub-stages/research/events?limit=1")["items"]
    assert events[0]["kind"] == "sent_back"
    api("POST", f"/sub-stage-events/{events[0]['id']}/withdrawal", status=201)
    api("PUT", "sub-stages/idea/assignee", {"person_id": None})
    assert api("PUT", "sub-stages/idea/due-date", {"due_on": "2026-12-01"})["due_on"] == "2026-12-01"
    days = {"planned_on": "2026-12-02", "scheduled_for": None}
    assert api("PUT", "plan", days) == api("GET", "plan") == {"post_id": browser.post_id, **days}


def test_comments_and_notifications_over_rest(api: Api, browser: Browser) -> None:
    said = api("POST", "comments", {"body": "Hm.", "field": "idea_seed", "quote": "idea"}, status=201)
    api("POST", f"/comments/{said['id']}/replies", {"body": "Yes."}, status=201)
    comments.reply(browser.conn, browser.bob, said["id"], "No.")
    page = api("GET", "comments?field=idea_seed&shown=open")
    assert [reply["body"] for reply in page["items"][0]["replies"]] == ["Yes.", "No."]
    assert api("PATCH", f"/comments/{said['id']}", {"body": "Well."})["body"] == "Well."
    assert api("PUT", f"/comments/{said['id']}/resolution")["resolved_at"]
    assert api("DELETE", f"/comments/{said['id']}/resolution")["resolved_at"] is None
    assert api("DELETE", f"/comments/{said['id']}")["removed_at"]
    assert api("POST", f"/comments/{said['id']}/restoration")["removed_at"] is None
    assert api("GET", f"/comments/{said['id']}")["comment"]["body"] == "Well."
    told = api("GET", "/notifications?unread=true")
    assert (told["unread"], told["items"][0]["kind"]) == (1, "replied")
    assert api("PUT", f"/notifications/{told['items'][0]['id']}/reading")["read_at"]
    assert api("POST", "/notifications/readings", {})["unread"] == 0
