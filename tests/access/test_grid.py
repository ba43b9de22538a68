"""The grid, the groups, and looking as somebody else, through their pages and over REST."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import groups, matrix, reach
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid
from blog.app.workflow import trees
from tests.access.people import ALL, make_narrow
from tests.factories import make_actor, make_post, make_user

AsUser = Callable[[FlaskClient, int], FlaskClient]
ROLES = ("roles.manage", "post.read")


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return make_actor(conn, "carol", "administrator")


@pytest.fixture
def admin(client: FlaskClient, as_user: AsUser, carol: Actor) -> FlaskClient:
    return as_user(client, carol.user_id or 0)


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert found
    return found[1]


def role_id(conn: db.Connection, name: str) -> int:
    return db.scalar(conn, "SELECT id FROM role WHERE name = %s", (name,))


def stage_id(conn: db.Connection, name: str) -> int:
    return db.scalar(conn, "SELECT id FROM workflow_stage WHERE name = %s", (name,))


# --- the grid ------------------------------------------------------------------------------------


def test_the_grid_is_saved_as_it_was_ticked_and_no_older_one_over_it(
    conn: db.Connection, admin: FlaskClient
) -> None:
    page = admin.get("/roles/matrix").text
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    boxes = re.findall(r'name="grants" value="(\S+)" checked>', page)
    author, planning = role_id(conn, "author"), stage_id(conn, "planning")
    kept = [box for box in boxes if not box.startswith(f"{author}:{planning}:") or box.endswith(":see")]
    sent = {"csrf_token": token_of(page), "seen": seen[1], "grants": kept}
    assert admin.post("/roles/matrix", data=sent).status_code == 303
    dave = make_actor(conn, "dave", "author")
    places = {
        name: db.scalar(conn, "SELECT id FROM workflow_sub_stage WHERE name = %s", (name,))
        for name in ("idea", "content")
    }
    assert {verb for verb in ALL if reach.may(dave, verb, places["idea"])} == {"see"}
    assert {verb for verb in ALL if reach.may(dave, verb, places["content"])} == set(ALL)
    late = admin.post("/roles/matrix", data=sent)
    assert late.status_code == 409
    assert "Nothing was saved" in late.text
    details = db.scalar(
        conn,
        "SELECT details FROM audit_event WHERE name = 'role.stages_changed' AND subject_id = %s",
        (author,),
    )
    assert details["before"][f"{planning} Planning"] == list(ALL)
    assert details["after"][f"{planning} Planning"] == ["see"]


def test_nobody_grants_in_a_stage_what_they_may_not_do_there(conn: db.Connection) -> None:
    manager = make_narrow(conn, {"planning": ALL}, permissions=ROLES)
    now = matrix.get_matrix(conn, manager)
    viewer, cells = role_id(conn, "viewer"), {(g.role_id, g.stage_id, str(g.verb)) for g in now.grants}
    planning, authoring = stage_id(conn, "planning"), stage_id(conn, "authoring")
    wanted = (cells | {(viewer, planning, "edit"), (viewer, authoring, "edit")}) - {
        (viewer, authoring, "see")
    }
    after = matrix.change_matrix(conn, manager, wanted, seen=now.seen)
    of_viewer = {(g.stage_id, g.verb) for g in after.grants if g.role_id == viewer}
    assert (planning, "edit") in of_viewer
    assert (authoring, "edit") not in of_viewer
    assert (authoring, "see") in of_viewer
    with pytest.raises(Invalid, match="no role"):
        matrix.change_matrix(conn, manager, {(0, planning, "see")}, seen=after.seen)


def test_a_copied_role_may_the_same_in_the_same_stages(conn: db.Connection, admin: FlaskClient) -> None:
    page = admin.get("/roles").text
    sent = {"csrf_token": token_of(page), "label": "Guest", "copy_of": str(role_id(conn, "viewer"))}
    assert admin.post("/roles", data=sent).status_code == 303
    assert reach.seen(make_actor(conn, "gus", "guest")) is None


# --- groups --------------------------------------------------------------------------------------


def test_a_workflow_taken_from_everyone_is_open_to_a_group(
    conn: db.Connection, admin: FlaskClient, carol: Actor
) -> None:
    ed, mo = make_user(conn, "ed", "editor"), make_user(conn, "mo", "editor")
    everyone = next(group for group in groups.list_groups(conn, carol) if group.is_everyone)
    token = token_of(admin.get("/groups").text)
    closed = admin.post(f"/groups/{everyone.id}", data={"csrf_token": token, "name": "Everyone"})
    assert closed.status_code == 303
    made = {
        "csrf_token": token,
        "name": "Legal",
        "members": [str(mo)],
        "workflows": [str(trees.oldest_workflow(conn).id)],
    }
    assert admin.post("/groups", data=made).status_code == 303
    assert reach.seen(auth.actor_of_user(conn, ed)) == []
    assert reach.seen(auth.actor_of_user(conn, mo)) is None
    again = admin.post("/groups", data=made)
    assert again.status_code == 409
    assert "a group of this name already" in again.text
    assert admin.post(f"/groups/{everyone.id}/removal", data={"csrf_token": token}).status_code == 409


def test_nobody_lets_themselves_into_a_workflow(conn: db.Connection, carol: Actor) -> None:
    manager = make_narrow(conn, {"planning": ALL}, permissions=ROLES)
    oldest = trees.oldest_workflow(conn).id
    for change in ({"workflow_ids": [oldest]}, {"workflow_ids": [oldest], "member_ids": [manager.user_id]}):
        with pytest.raises(Forbidden, match="do not see all of"):
            groups.create_group(conn, manager, name="Mine", **change)  # type: ignore[arg-type]
    group = groups.create_group(conn, carol, name="Theirs", workflow_ids=[oldest])
    with pytest.raises(Forbidden):
        groups.update_group(conn, manager, group.id, member_ids=[manager.user_id or 0])
    with pytest.raises(Conflict):
        groups.create_group(conn, carol, name="Theirs")


# --- looking as somebody else --------------------------------------------------------------------


def test_an_administrator_looks_as_a_role_and_changes_nothing(
    conn: db.Connection, admin: FlaskClient, carol: Actor
) -> None:
    hidden = make_post(conn, carol, idea="Seen by nobody else")
    db.run(
        conn,
        "DELETE FROM stage_grant WHERE role_id = %s AND workflow_stage_id = %s",
        (role_id(conn, "viewer"), stage_id(conn, "planning")),
    )
    token = token_of(admin.get("/roles").text)
    begun = admin.post("/view-as", data={"csrf_token": token, "role_id": str(role_id(conn, "viewer"))})
    assert begun.status_code == 303
    page = admin.get("/posts").text
    assert "You look at the pages as Viewer" in page
    assert "Seen by nobody else" not in page
    assert admin.get(f"/posts/{hidden}").status_code == 404
    assert admin.get("/roles").status_code == 403
    for address in ("/posts", "/account/theme", "/sign-out", "/view-as"):
        refused = admin.post(address, data={"csrf_token": token, "idea": "x"})
        assert refused.status_code == 403
        assert "looking as Viewer" in refused.text
    assert admin.get("/account").status_code == 403
    assert admin.post("/view-as/end", data={"csrf_token": token}).status_code == 303
    assert admin.get(f"/posts/{hidden}", follow_redirects=True).status_code == 200
    noted = conn.execute("SELECT name, app_user_id FROM audit_event WHERE name LIKE 'view_as.%' ORDER BY id")
    assert noted.fetchall() == [("view_as.begun", carol.user_id), ("view_as.ended", carol.user_id)]


def test_an_administrator_looks_as_a_person_but_not_at_what_is_theirs_alone(
    conn: db.Connection, admin: FlaskClient
) -> None:
    dave = make_user(conn, "dave", "author")
    token = token_of(admin.get("/people").text)
    admin.post("/view-as", data={"csrf_token": token, "person_id": str(dave)})
    assert "You look at the pages as dave" in admin.get("/posts").text
    assert admin.get("/account/second-factor").status_code == 403
    assert admin.get("/people").status_code == 403


def test_only_an_administrator_looks_as_somebody_else(
    conn: db.Connection, client: FlaskClient, as_user: AsUser
) -> None:
    manager = make_narrow(conn, {"planning": ALL}, permissions=(*ROLES, "people.manage"))
    browser = as_user(client, manager.user_id or 0)
    token = token_of(browser.get("/roles").text)
    sent = {"csrf_token": token, "role_id": str(role_id(conn, "viewer"))}
    assert browser.post("/view-as", data=sent).status_code == 403
