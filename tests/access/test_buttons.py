"""What lists, boards, calendars and the strip offer is what the matrix grants where the post stands."""

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Invalid
from blog.app.review import dates, standing
from blog.app.review import services as review
from blog.app.workflow import services as workflow
from tests.access.callers import Caller
from tests.access.people import ALL, make_narrow
from tests.factories import all_powerful, make_post

DAY = date(2027, 1, 15)
MakeCaller = Callable[[Actor], Caller]


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


def two_posts(conn: db.Connection, carol: Actor) -> tuple[int, int]:
    """One in the first stage, one in the second; both planned for and set to the same day."""
    first, second = make_post(conn, carol, idea="First"), make_post(conn, carol, idea="Second")
    workflow.move_post(conn, carol, second, "content")
    for post_id in (first, second):
        dates.plan(conn, carol, post_id, DAY, DAY)
    return first, second


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address, follow_redirects=True)
    assert answer.status_code == 200, address
    return answer.text


def test_each_post_offers_what_may_be_done_with_it(
    conn: db.Connection, carol: Actor, caller: MakeCaller
) -> None:
    first, second = two_posts(conn, carol)
    nora = caller(make_narrow(conn, {"planning": ALL, "authoring": ["see"]})).browser
    board, calendar, posts = (page(nora, path) for path in ("/board", "/calendar?month=2027-01", "/posts"))
    for shown, offer in (
        (board, "/board/moves/new?post_id={}&"),
        (calendar, '/calendar/moves/new?which=scheduled_for&amp;post_id={}"'),
        (posts, "/posts/{}/removal"),
    ):
        assert offer.format(first) in shown
        assert offer.format(second) not in shown
    assert f'data-card="{second}" draggable' not in board


def test_who_may_not_publish_is_offered_the_planned_day_alone(
    conn: db.Connection, carol: Actor, caller: MakeCaller
) -> None:
    first, _second = two_posts(conn, carol)
    dates.plan(conn, carol, first, date(2027, 1, 16), DAY)
    nora = caller(make_narrow(conn, {"planning": ["see", "edit", "move"]})).browser
    calendar = page(nora, "/calendar?month=2027-01")
    assert f"which=planned_on&amp;post_id={first}" in calendar
    assert f"which=scheduled_for&amp;post_id={first}" not in calendar
    strip = page(nora, f"/posts/{first}/sub-stages/idea")
    assert '<input type="hidden" name="scheduled_for" value="2027-01-15">' in strip
    workflow.move_post(conn, carol, first, "syndication")
    late = caller(make_narrow(conn, {"publishing": ["see", "edit", "move"]}, "late")).browser
    review.change_status(conn, carol, first, "syndication", "in_work")
    assert 'value="ready"' in page(late, f"/posts/{first}/sub-stages/syndication")
    assert 'value="done"' not in page(late, f"/posts/{first}/sub-stages/syndication")


def test_work_is_handed_over_to_who_may_see_it(conn: db.Connection, carol: Actor, caller: MakeCaller) -> None:
    post_id = make_post(conn, carol)
    early = make_narrow(conn, {"planning": ALL}, "early")
    late = make_narrow(conn, {"publishing": ALL}, "late")
    make_narrow(conn, {}, "nowhere")
    offered = {each.name: each.sees for each in standing.list_receivers(conn, carol, post_id, "research")}
    assert offered.keys() == {"carol", "early", "late"}
    assert (offered["early"], offered["late"][0]) == (["research", "structure"], "preflight")
    shown = page(caller(carol).browser, f"/posts/{post_id}/sub-stages/research")
    assert "early (sees only Research, Structure)" in shown
    assert "nowhere" not in shown
    with pytest.raises(Invalid, match="late may not see Research, so the work would be out of their sight"):
        review.hand_over(conn, carol, post_id, "research", person_id=late.user_id or 0)
    with pytest.raises(Invalid, match="This person is not here"):
        review.hand_over(conn, carol, post_id, "research", person_id=0)
    review.hand_over(conn, carol, post_id, "research", person_id=early.user_id or 0)


OUT = "stands in a stage that you may not see"


@pytest.mark.parametrize("way", ["the desk", "the board", "the strip"])
def test_a_post_that_goes_out_of_sight_is_said_to(
    conn: db.Connection, carol: Actor, caller: MakeCaller, way: str
) -> None:
    nora = make_narrow(conn, {"planning": ALL})
    post_id = make_post(conn, carol)
    somebody = caller(nora)
    path, sent = {
        "the desk": (f"/posts/{post_id}/stage", {"sub_stage": "content"}),
        "the board": ("/board/moves", {"post_id": post_id, "sub_stage": "content"}),
        "the strip": (
            f"/posts/{post_id}/sub-stages/idea/hand-overs",
            {"person_id": carol.user_id, "to": "content"},
        ),
    }[way]
    db.run(conn, "DELETE FROM workflow_requirement")
    answer = somebody.browser.post(path, data={"csrf_token": somebody.csrf, **sent}, follow_redirects=True)
    assert (answer.status_code, OUT in answer.text) == (200, True)
    assert "Undo" not in answer.text


def test_a_move_that_one_cannot_take_back_offers_no_way_back(
    conn: db.Connection, carol: Actor, caller: MakeCaller
) -> None:
    post_id = make_post(conn, carol)
    workflow.move_post(conn, carol, post_id, "content")
    nora = caller(make_narrow(conn, {"planning": ALL, "authoring": ["see"]})).browser
    shown = page(nora, f"/board?moved={post_id}&back=idea")
    assert ("The post was moved" in shown, "Undo" in shown) == (True, False)
    assert "Undo" in page(caller(carol).browser, f"/board?moved={post_id}&back=idea")
