"""Sign-in with a real OpenID provider; and what must not pass for its answer."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from blog.app import db
from blog.app.auth import id_token, oidc, outgoing, people, services
from blog.app.auth.models import Actor
from blog.app.config import Config
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated, Upstream
from tests.auth.conftest import PASSWORD, Send
from tests.auth.oidc_site import provider, sign_in_there
from tests.factories import make_actor, make_user
from tests.product import free_port

AsUser = Callable[[FlaskClient, int], FlaskClient]
KEYS = ("a secret for the tests only",)
CALLBACK = f"http://127.0.0.1:8000{oidc.CALLBACK}"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider(free_port(), CALLBACK) as started:
        yield started


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return make_actor(conn, "carol", "administrator")


@pytest.fixture
def service(conn: db.Connection, carol: Actor, issuer: str) -> int:
    made = oidc.create_provider(
        conn,
        KEYS,
        carol,
        label="Example",
        issuer=issuer,
        client_id="blogforge",
        secret="a secret between the two",
    )
    change(conn, carol, made)
    return made


def change(conn: db.Connection, actor: Actor, service: int, **options: Any) -> None:
    values: dict[str, Any] = {
        "label": "Example",
        "client_id": "blogforge",
        "secret": "",
        "allowed_domains": ["example.org"],
        "role_claim": "groups",
        "role_by_value": {"writers": "author"},
        "is_enabled": True,
    }
    oidc.update_provider(conn, KEYS, actor, service, **values | options)


def come_back(
    conn: db.Connection, config: Config, service: int, name: str, actor: Actor | None = None
) -> dict[str, str]:
    way = oidc.begin(conn, KEYS, config, service, way_back="/posts", actor=actor)
    asked = parse_qs(urlsplit(sign_in_there(way.url, name, CALLBACK)).query)
    assert asked["state"] == [way.state]
    return {"state": way.state, "code": asked["code"][0]}


def arrive(conn: db.Connection, config: Config, service: int, name: str) -> Actor:
    arrival = oidc.finish(conn, KEYS, config, **come_back(conn, config, service, name), actor=None)
    assert arrival.signed_in
    found = services.recognise_session(conn, arrival.signed_in.session)
    assert found
    return found.actor


# --- with the real provider ----------------------------------------------------------------------


def test_somebody_new_joins_with_the_role_of_their_group(
    conn: db.Connection, config: Config, service: int
) -> None:
    eve = arrive(conn, config, service, "eve")
    assert eve.user_id
    user = services.get_user(conn, eve.user_id)
    assert (user.email, user.name, user.roles) == ("eve@example.org", "Eve Ender", ["author"])
    assert user.email_confirmed_at
    assert arrive(conn, config, service, "eve").user_id == eve.user_id


def test_roles_of_the_mapping_follow_the_claim_and_others_stay(
    conn: db.Connection, config: Config, service: int, carol: Actor
) -> None:
    eve = arrive(conn, config, service, "eve")
    assert eve.user_id
    people.update_user(conn, carol, eve.user_id, role_names=["author", "viewer"])
    change(conn, carol, service, role_by_value={"writers": "editor", "readers": "author"})
    arrive(conn, config, service, "eve")
    assert services.get_user(conn, eve.user_id).roles == ["editor", "viewer"]


@pytest.mark.parametrize("name", ["mallory", "zoe"])
def test_an_address_that_is_unverified_or_of_another_domain_joins_nothing(
    conn: db.Connection, config: Config, service: int, name: str
) -> None:
    with pytest.raises(Forbidden):
        arrive(conn, config, service, name)
    assert db.scalar(conn, "SELECT count(*) FROM oidc_identity") == 0


def test_an_account_with_the_same_address_is_not_taken_but_connected(
    conn: db.Connection, config: Config, service: int
) -> None:
    eve = make_actor(conn, "eve")
    db.run(conn, "UPDATE app_user SET email = 'eve@example.org' WHERE id = %s", (eve.user_id,))
    with pytest.raises(Conflict, match="account page"):
        arrive(conn, config, service, "eve")
    returned = come_back(conn, config, service, "eve", eve)
    with pytest.raises(Forbidden, match="somebody else"):
        oidc.finish(conn, KEYS, config, **returned, actor=make_actor(conn, "bob"))
    assert (
        oidc.finish(conn, KEYS, config, **come_back(conn, config, service, "eve", eve), actor=eve).signed_in
        is None
    )
    assert arrive(conn, config, service, "eve").user_id == eve.user_id


def test_an_answer_is_taken_once_and_a_code_fits_its_own_request_only(
    conn: db.Connection, config: Config, service: int
) -> None:
    first = come_back(conn, config, service, "eve")
    assert oidc.finish(conn, KEYS, config, **first, actor=None).signed_in
    with pytest.raises(Unauthenticated, match="was used"):
        oidc.finish(conn, KEYS, config, **first, actor=None)
    second = come_back(conn, config, service, "eve")
    other = oidc.begin(conn, KEYS, config, service, way_back="/")
    with pytest.raises(Upstream):  # PKCE: the code belongs to another verifier
        oidc.finish(conn, KEYS, config, state=other.state, code=second["code"], actor=None)


def test_what_is_off_deactivated_or_too_late_signs_nobody_in(
    conn: db.Connection, config: Config, service: int, carol: Actor
) -> None:
    eve = arrive(conn, config, service, "eve")
    assert eve.user_id
    returned = come_back(conn, config, service, "eve")
    db.run(conn, "UPDATE oidc_sign_in SET expires_at = clock_timestamp()")
    with pytest.raises(Unauthenticated):
        oidc.finish(conn, KEYS, config, **returned, actor=None)
    people.update_user(conn, carol, eve.user_id, is_active=False)
    with pytest.raises(Forbidden, match="deactivated"):
        arrive(conn, config, service, "eve")
    change(conn, carol, service, is_enabled=False)
    with pytest.raises(NotFound):
        oidc.begin(conn, KEYS, config, service, way_back="/")


def test_the_secret_is_sealed_and_a_wrong_issuer_is_found_at_once(
    conn: db.Connection, carol: Actor, service: int, issuer: str
) -> None:
    rows = repr(conn.execute("SELECT t::text FROM oidc_provider AS t").fetchall())
    assert "a secret between" not in rows
    assert b"a secret between".hex() not in rows
    for wrong in (f"{issuer}/", "http://127.0.0.1:9", "http://example.org"):
        with pytest.raises(Invalid):
            oidc.create_provider(conn, KEYS, carol, label="x", issuer=wrong, client_id="x", secret="x")


def test_nobody_maps_a_claim_to_more_than_they_have(conn: db.Connection, carol: Actor, service: int) -> None:
    helper = Actor(user_id=make_user(conn, "h"), name="h", permissions=frozenset({"people.manage"}))
    with pytest.raises(Forbidden):
        change(conn, helper, service)
    with pytest.raises(Invalid, match="owner"):
        change(conn, carol, service, role_by_value={"x": "owner"})


# --- pages ---------------------------------------------------------------------------------------


def test_by_the_pages_alone(client: FlaskClient, service: int) -> None:
    assert "Sign in with Example" in client.get("/sign-in?next=/account").text
    left = client.get(f"/sign-in/with/{service}?next=/account")
    assert left.status_code == 303
    back = sign_in_there(left.location, "eve", CALLBACK).removeprefix("http://127.0.0.1:8000")
    stranger = client.application.test_client()
    assert stranger.get(back).status_code == 403
    assert client.get(back).location == "/account"
    assert "eve@example.org" in client.get("/account").text
    assert client.get(back).status_code == 403


def test_connecting_begins_with_a_form_and_needs_the_same_person(
    client: FlaskClient, conn: db.Connection, service: int, send: Send, alice: str
) -> None:
    send(client, "/sign-in", email=alice, password=PASSWORD)
    assert client.get(f"/account/identities/{service}").status_code == 405
    page = send(client, f"/account/identities/{service}").text
    url = page.partition('class="button primary" href="')[2].partition('"')[0].replace("&amp;", "&")
    back = sign_in_there(url, "zoe", CALLBACK).removeprefix("http://127.0.0.1:8000")
    assert client.get(back).location == "/account?done=connected"
    assert "connected" in client.get("/account").text
    assert send(client, f"/account/identities/{service}/removal").status_code == 303


def test_services_are_rows_that_an_administrator_changes(
    client: FlaskClient, conn: db.Connection, as_user: AsUser, send: Send, issuer: str
) -> None:
    as_user(client, make_user(conn, "carol", "administrator"))
    fields = {"label": "Example", "issuer": issuer, "client_id": "blogforge", "secret": "s"}
    assert send(client, "/access/services", **fields).status_code == 303
    again = send(client, "/access/services", **fields)
    assert again.status_code == 422
    assert "there already" in again.text
    made = db.scalar(conn, "SELECT id FROM oidc_provider")
    fields = {
        "label": "Mine",
        "client_id": "c",
        "allowed_domains": "@A.example, b.example",
        "role_by_value": "x = viewer",
    }
    assert send(client, f"/access/services/{made}", **fields).status_code == 303
    (row,) = oidc.list_providers(conn, make_actor(conn, "c2", "administrator"))
    assert (row.allowed_domains, row.role_by_value, row.is_enabled) == (
        ["a.example", "b.example"],
        {"x": "viewer"},
        False,
    )
    assert "Mine" not in client.application.test_client().get("/sign-in").text
    as_user(client, make_user(conn, "bob", "editor"))
    assert client.get("/access/services").status_code == 403


# --- an ID token that is not what it says --------------------------------------------------------

KEY = RSAKey.generate_key(2048, parameters={"kid": "ours"})
PUBLIC = KeySet([KEY]).as_dict(private=False)
GOOD = {"iss": "https://issuer.example", "aud": "client", "sub": "eve", "nonce": "n"}


def signed(key: Any = KEY, algorithm: str = "RS256", **claims: Any) -> str:
    now = int(time.time())
    header = {"alg": algorithm, "kid": "ours"}
    return jwt.encode(header, {**GOOD, "iat": now, "exp": now + 300, **claims}, key, algorithms=[algorithm])


def read(token: str) -> dict[str, Any]:
    return id_token.claims_of(token, PUBLIC, issuer="https://issuer.example", client_id="client", nonce="n")


def test_a_good_token_is_read() -> None:
    assert read(signed())["sub"] == "eve"


FORGER = RSAKey.generate_key(2048, parameters={"kid": "ours"})
SHARED = OctKey.import_key("a secret between the two, long enough to sign with")


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(signed(FORGER), id="signed by another"),
        pytest.param(signed(exp=int(time.time()) - 120), id="expired"),
        pytest.param(signed(nonce="of another sign-in"), id="replayed"),
        pytest.param(signed(aud="another client"), id="for another"),
        pytest.param(signed(aud=["client", "another"], azp="another"), id="of another party"),
        pytest.param(signed(iss="https://evil.example"), id="by another issuer"),
        pytest.param(signed(sub=""), id="nobody"),
        pytest.param(signed(iat=int(time.time()) + 3600), id="of tomorrow"),
        pytest.param(signed(SHARED, "HS256"), id="keyed with a shared secret"),
        pytest.param("eyJhbGciOiJub25lIn0.eyJzdWIiOiJldmUifQ.", id="not signed"),
        pytest.param(signed()[:-8] + "AAAAAAAA", id="changed"),
        pytest.param("", id="empty"),
    ],
)
def test_a_token_that_is_not_what_it_says_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        read(token)


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "exp", "iat", "nonce"])
def test_a_token_that_lacks_a_claim_is_refused(claim: str) -> None:
    now = int(time.time())
    claims = {**GOOD, "iat": now, "exp": now + 300}
    del claims[claim]
    with pytest.raises(Unauthenticated):
        read(jwt.encode({"alg": "RS256", "kid": "ours"}, claims, KEY))


@pytest.mark.parametrize(
    "url",
    ["http://example.org/x", "file:///etc/passwd", "https://user:pw@example.org/", "//x", "ftp://127.0.0.1/"],
)
def test_only_https_is_called_but_on_this_machine(url: str) -> None:
    with pytest.raises(Upstream):
        outgoing.fetch(url, allowed=frozenset())
