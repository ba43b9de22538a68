import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.workflow import services as workflows
from blog.app.workflow import workspaces
from blog.app.workflow.models import Workflow
from tests.finding.conftest import As, Call

PLACES = ("/posts", "/board", "/calendar", "/views", "/find")
SENSELESS = (
    "/posts?sort=size",
    "/posts?after=x",
    "/posts?assignee=bob",
    "/board?status=odd",
    "/calendar?month=2026-13",
    "/calendar?month=0000-01",
    "/find?post_id=x",
)
UGLY = "<script>alert(1)</script> & “quotes”"


def begin(conn: db.Connection, actor: Actor, idea: str) -> int:
    return workflows.create_post_with_idea(conn, actor, idea, "test").id


def send(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    token = re.search(r'name="csrf_token" value="(\w+)"', client.get("/account").text)
    assert token
    return client.post(path, data={"csrf_token": token[1], **fields})


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("role", ["viewer", "author", "editor", "administrator"])
def test_every_page_is_there_for_every_reader(
    conn: db.Connection, workflow: Workflow, carol: Actor, signed_in: As, place: str, role: str
) -> None:
    begin(conn, carol, UGLY)
    page = signed_in(role).get(place)
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_a_board_of_the_other_workflow_can_be_chosen(
    conn: db.Connection, workflow: Workflow, carol: Actor, signed_in: As
) -> None:
    post_id = begin(conn, carol, UGLY)
    page = signed_in("editor").get(f"/board?workflow_id={workflow.id}").text
    assert f'id="card-{post_id}"' in page
    assert UGLY in unescape(page)


def test_a_card_is_moved_and_moved_back(
    conn: db.Connection, workflow: Workflow, carol: Actor, signed_in: As
) -> None:
    post_id = begin(conn, carol, "one")
    client = signed_in("editor")
    choices = client.get(f"/board/moves/new?post_id={post_id}&shown=status%3Dready").text
    assert 'value="words"' in choices
    shown = f"workflow_id={workflow.id}"
    moved = send(client, "/board/moves", post_id=post_id, sub_stage="words", shown=shown)
    assert (moved.status_code, moved.location) == (303, f"/board?{shown}&moved={post_id}&back=idea")
    assert 'value="idea"' in client.get(moved.location).text
    assert send(client, "/board/moves", post_id=post_id, sub_stage="idea").status_code == 303
    assert workspaces.get_workspace(conn, carol, post_id).sub_stage.name == "idea"


def test_a_viewer_moves_nothing(conn: db.Connection, workflow: Workflow, carol: Actor, signed_in: As) -> None:
    post_id = begin(conn, carol, "one")
    client = signed_in("viewer")
    assert send(client, "/board/moves", post_id=post_id, sub_stage="words").status_code == 403
    moved = send(client, "/calendar/moves", post_id=post_id, which="planned_on", day="2026-03-05")
    assert moved.status_code == 403
    assert client.get(f"/calendar/moves/new?post_id={post_id}&which=planned_on").status_code == 403
    assert "data-board-move" not in client.get("/board").text
    assert "data-calendar-move" not in client.get("/calendar").text


def test_a_column_grows_by_the_posts_below(
    conn: db.Connection, workflow: Workflow, carol: Actor, signed_in: As
) -> None:
    ids = [begin(conn, carol, f"idea {number}") for number in range(23)]
    client = signed_in("viewer")
    page = client.get(f"/board?workflow_id={workflow.id}").text
    assert page.count("data-card=") == 20
    more = unescape(re.findall(r'hx-get="(/board/columns/[^"]+)"', page)[0])
    cards = client.get(more).text
    assert re.findall(r'data-card="(\d+)"', cards) == [str(number) for number in ids[2::-1]]
    plain = unescape(re.findall(r'href="(/posts\?[^"]*after[^"]+)"', page)[0])
    assert client.get(plain).text.count('class="list__title"') == 3


def test_a_post_gets_another_day_and_the_old_one_back(
    conn: db.Connection, workflow: Workflow, carol: Actor, signed_in: As
) -> None:
    post_id = begin(conn, carol, UGLY)
    client = signed_in("editor")
    send(client, "/calendar/moves", post_id=post_id, which="planned_on", day="2026-03-05")
    choice = client.get(f"/calendar/moves/new?post_id={post_id}&which=planned_on").text
    assert 'value="2026-03-05"' in choice
    moved = send(client, "/calendar/moves", post_id=post_id, which="planned_on", day="2026-03-09")
    assert moved.location == f"/calendar?month=2026-03&moved={post_id}&which=planned_on&back=2026-03-05"
    page = client.get(moved.location).text
    assert f'id="entry-{post_id}-planned_on"' in page
    assert 'value="2026-03-05"' in page


def test_a_view_is_saved_opened_removed_and_saved_again(signed_in: As) -> None:
    client = signed_in("editor")
    saved = send(client, "/views", name=UGLY, place="board", query="status=blocked", is_shared="1")
    assert (saved.status_code, saved.location) == (303, "/board?status=blocked")
    page = client.get("/views").text
    assert UGLY in unescape(page)
    path = re.findall(r'action="(/views/\d+)/removal"', page)[0]
    assert client.get(path).location == "/board?status=blocked"
    assert send(client, "/views", name=UGLY).status_code == 409
    removed = send(client, f"{path}/removal")
    again = client.get(removed.location).text
    assert "Save it again" in again
    assert 'name="query" value="status=blocked"' in again


def test_the_jump_box_gets_its_hits_alone(
    conn: db.Connection, workflow: Workflow, carol: Actor, signed_in: As
) -> None:
    post_id = begin(conn, carol, "Kraken")
    client = signed_in("viewer")
    hits = client.get("/find?q=krak", headers={"HX-Request": "true"}).text
    assert hits.lstrip().startswith('<div id="hits"')
    assert f'href="/posts/{post_id}"' in hits
    assert "Nothing is called that" in client.get("/find?q=zeppelin").text


def test_the_button_names_the_open_post(
    conn: db.Connection, workflow: Workflow, carol: Actor, signed_in: As
) -> None:
    post_id = begin(conn, carol, "one")
    page = signed_in("viewer").get(f"/posts/{post_id}", follow_redirects=True).text
    assert f'href="/find?post_id={post_id}"' in page


def test_views_over_rest(call: Callable[[str], Call]) -> None:
    ours = call("editor")
    made = ours("POST", "/views", {"name": "Mine", "query": "author=me"})
    assert (made.status_code, made.json["query"]) == (201, "author=me")
    path = made.headers["Location"].removeprefix("/api/v1")
    changed = ours("PATCH", path, {"name": "Ours", "is_shared": True})
    assert (changed.json["name"], changed.json["is_shared"]) == ("Ours", True)
    assert [view["name"] for view in ours("GET", "/views").json] == ["Ours"]
    assert ours("POST", "/views", {"name": "Ours"}).status_code == 409
    assert ours("DELETE", path).json["name"] == "Ours"
    assert ours("GET", path).status_code == 404


def test_board_and_calendar_over_rest(
    conn: db.Connection, workflow: Workflow, carol: Actor, call: Callable[[str], Call]
) -> None:
    post_id = begin(conn, carol, "one")
    ask = call("editor")
    board = ask("GET", f"/board?workflow_id={workflow.id}").json
    assert board["columns"][0]["posts"][0]["id"] == post_id
    assert ask("GET", "/calendar?month=2026-03").json["month"] == "2026-03"
    assert ask("GET", "/find?q=boa").json["items"][0]["kind"] == "page"


def test_a_question_that_makes_no_sense_is_refused(signed_in: As, call: Callable[[str], Call]) -> None:
    client, ask = signed_in("viewer"), call("editor")
    for path in SENSELESS:
        assert client.get(path).status_code == 422, path
        assert ask("GET", path).status_code == 422, path
