import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import people, roles, services
from blog.app.auth.models import Actor, Role
from blog.app.auth.permissions import PERMISSIONS
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from tests.auth.conftest import Send
from tests.factories import make_actor, make_user

AsUser = Callable[[FlaskClient, int], FlaskClient]


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return make_actor(conn, "carol", "administrator")


def named(conn: db.Connection, name: str) -> Role:
    return next(role for role in roles.list_roles(conn) if role.name == name)


def grid(conn: db.Connection) -> dict[int, set[str]]:
    return {role.id: set(role.permissions) for role in roles.list_roles(conn)}


def may(conn: db.Connection, user_id: int | None, permission: str) -> bool:
    assert user_id
    return services.actor_of_user(conn, user_id).may(permission)


# --- a role of one's own -------------------------------------------------------------------------


def test_a_role_of_ones_own_grants_what_it_says(conn: db.Connection, carol: Actor) -> None:
    made = roles.create_role(conn, carol, label="Fact checker", permissions=["post.read", "post.comment"])
    assert made.name == "fact_checker"
    frank = make_user(conn, "frank", "fact_checker")
    assert may(conn, frank, "post.comment")
    assert not may(conn, frank, "post.create")
    roles.update_role(conn, carol, made.id, permissions=["post.read"])
    assert not may(conn, frank, "post.comment")


def test_a_label_without_latin_letters_gets_a_name_made_up(conn: db.Connection, carol: Actor) -> None:
    made = roles.create_role(conn, carol, label="校正者", permissions=[])
    assert re.fullmatch(r"role_[0-9a-f]{6}", made.name)
    with pytest.raises(Conflict, match="editor already"):
        roles.create_role(conn, carol, label="Éditor", permissions=[])


def test_a_permission_nobody_declared_cannot_be_granted(conn: db.Connection, carol: Actor) -> None:
    with pytest.raises(Invalid, match=r"post\.fly"):
        roles.create_role(conn, carol, label="Pilot", permissions=["post.fly"])


def test_a_role_that_somebody_has_is_not_deleted(conn: db.Connection, carol: Actor) -> None:
    made = roles.create_role(conn, carol, label="Guest", permissions=["post.read"])
    grace = make_user(conn, "grace", "guest")
    with pytest.raises(Conflict, match="Somebody has"):
        roles.delete_role(conn, carol, made.id)
    people.update_user(conn, carol, grace, role_names=[])
    roles.delete_role(conn, carol, made.id)
    with pytest.raises(NotFound):
        roles.get_role(conn, made.id)


def test_every_change_of_a_role_is_in_the_trail(conn: db.Connection, carol: Actor) -> None:
    made = roles.create_role(conn, carol, label="Guest", permissions=["post.read"])
    roles.update_role(conn, carol, made.id, permissions=["post.comment"])
    roles.delete_role(conn, carol, made.id)
    found = conn.execute(
        "SELECT name, details FROM audit_event WHERE subject_kind = 'role' ORDER BY id"
    ).fetchall()
    assert [name for name, _ in found] == ["role.created", "role.changed", "role.deleted"]
    assert found[1][1] == {"granted": ["post.comment"], "taken_away": ["post.read"]}


# --- what is refused -----------------------------------------------------------------------------


def test_the_administrators_role_can_be_neither_reduced_nor_deleted(
    conn: db.Connection, carol: Actor
) -> None:
    role = named(conn, "administrator")
    assert set(role.permissions) == PERMISSIONS.keys()
    with pytest.raises(Conflict, match="fixed"):
        roles.update_role(conn, carol, role.id, permissions=["post.read"])
    with pytest.raises(Conflict, match="cannot be deleted"):
        roles.delete_role(conn, carol, role.id)


@pytest.fixture
def helen(conn: db.Connection, carol: Actor) -> Actor:
    """Looks after people and roles, and may otherwise only read."""
    roles.create_role(
        conn, carol, label="Office", permissions=["people.manage", "roles.manage", "post.read", "llm.read"]
    )
    return make_actor(conn, "helen", "office")


def test_nobody_grants_what_they_do_not_have(conn: db.Connection, helen: Actor) -> None:
    with pytest.raises(Forbidden, match=r"post\.edit"):
        roles.create_role(conn, helen, label="Back door", permissions=["post.edit"])
    with pytest.raises(Forbidden):
        roles.update_role(conn, helen, named(conn, "viewer").id, permissions=["post.read", "post.edit_any"])
    with pytest.raises(Forbidden):
        roles.update_role(conn, helen, named(conn, "editor").id, permissions=["post.read"])
    with pytest.raises(Forbidden):
        people.create_user(conn, helen, name="Eve", email="eve@example.org", role_names=["administrator"])
    ivan = make_user(conn, "ivan")
    with pytest.raises(Forbidden):
        people.update_user(conn, helen, ivan, role_names=["editor"])
    assert people.update_user(conn, helen, ivan, role_names=["viewer"]).roles == ["viewer"]


def test_nobody_gets_hold_of_somebody_who_may_more(conn: db.Connection, carol: Actor, helen: Actor) -> None:
    assert carol.user_id
    for change in ({"role_names": []}, {"is_active": False}):
        with pytest.raises(Forbidden, match="may do more than you"):
            people.update_user(conn, helen, carol.user_id, **change)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Forbidden, match="may do more than you"):
        people.reset_password(conn, helen, carol.user_id)


def test_a_grid_leaves_alone_what_its_sender_may_not_do(conn: db.Connection, helen: Actor) -> None:
    before = grid(conn)
    viewer, editor = named(conn, "viewer").id, named(conn, "editor").id
    forged = {viewer: {"llm.read", "people.manage", "post.edit_any"}, editor: set[str]()}
    roles.change_grid(conn, helen, forged, seen=roles.fingerprint(roles.list_roles(conn)))
    assert grid(conn)[viewer] == {"llm.read", "people.manage"}
    assert grid(conn)[editor] == before[editor] - helen.permissions
    assert set(named(conn, "administrator").permissions) == PERMISSIONS.keys()


def test_of_two_grids_on_one_state_the_second_is_refused(conn: db.Connection, carol: Actor) -> None:
    seen = roles.fingerprint(roles.list_roles(conn))
    wanted = grid(conn)
    wanted[named(conn, "viewer").id].discard("llm.read")
    roles.change_grid(conn, carol, wanted, seen=seen)
    with pytest.raises(Conflict, match="Somebody changed a role"):
        roles.change_grid(conn, carol, grid(conn), seen=seen)
    assert named(conn, "viewer").permissions == ["post.read"]


def test_whoever_administers_by_another_role_keeps_it_while_alone(
    conn: db.Connection, carol: Actor, helen: Actor
) -> None:
    """Helen is the only one left who looks after people and roles; her role must go on saying so."""
    assert carol.user_id
    db.run(conn, "UPDATE app_user SET deactivated_at = now() WHERE id = %s", (carol.user_id,))
    with pytest.raises(Conflict, match="last administrator"):
        roles.update_role(conn, helen, named(conn, "office").id, permissions=["post.read", "llm.read"])


# --- edges ---------------------------------------------------------------------------------------


def boxes(page: str) -> list[str]:
    return re.findall(r'name="grants" value="([^"]+)" checked', page)


def test_the_page_makes_changes_and_deletes_a_role(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "carol", "administrator"))
    copy_of = named(conn, "viewer").id
    assert send(client, "/roles", label="Guest", copy_of=copy_of).status_code == 303
    guest = named(conn, "guest")
    page = client.get("/roles").text
    ticked = [box for box in boxes(page) if not box.startswith(f"{guest.id}:")]
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    answer = send(client, "/roles/grants", seen=seen[1], grants=[*ticked, f"{guest.id}:llm.read"])
    assert answer.status_code == 303
    assert named(conn, "guest").permissions == ["llm.read"]
    stale = send(client, "/roles/grants", seen=seen[1], grants=ticked)
    assert stale.status_code == 409
    assert "Nothing was saved" in stale.text
    assert send(client, f"/roles/{guest.id}", label="Visitor", description="").status_code == 303
    again = send(client, "/roles", label="Guest")
    assert again.status_code == 409
    assert 'value="Guest"' in again.text
    assert send(client, f"/roles/{guest.id}/removal").status_code == 303
    assert "Visitor" not in client.get("/roles").text


def test_roles_over_rest(client: FlaskClient, conn: db.Connection, carol: Actor) -> None:
    headers = {"Authorization": f"Bearer {services.create_token(conn, carol, 'x').token}"}
    made = client.post(
        "/api/v1/roles", headers=headers, json={"label": "Guest", "permissions": ["post.read"]}
    )
    assert made.status_code == 201
    assert made.json
    path = f"/api/v1/roles/{made.json['id']}"
    assert client.patch(path, headers=headers, json={"permissions": []}).json["permissions"] == []  # pyright: ignore[reportOptionalSubscript]
    assert client.patch(path, headers=headers, json={"permissions": ["x.y"]}).status_code == 422
    assert client.delete(path, headers=headers).status_code == 204
    assert client.delete(path, headers=headers).status_code == 404
    known = client.get("/api/v1/permissions", headers=headers).json
    assert {each["name"] for each in known or []} == PERMISSIONS.keys()


def test_an_editor_changes_no_role(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send
) -> None:
    as_user(client, make_user(conn, "bob", "editor"))
    assert client.get("/roles").status_code == 403
    assert send(client, "/roles", label="Guest").status_code == 403
    assert send(client, "/roles/grants", seen="x").status_code == 403


def test_a_role_that_whoever_signs_up_gets_is_not_deleted(conn: db.Connection) -> None:
    carol = make_actor(conn, "carol", "administrator")
    role_id = db.scalar(conn, "SELECT id FROM role WHERE name = 'viewer'")
    conn.execute("UPDATE access_policy SET sign_up_role_id = %s", (role_id,))
    with pytest.raises(Conflict, match="signs up"):
        roles.delete_role(conn, carol, role_id)
