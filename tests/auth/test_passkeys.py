import json
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from fido2 import cbor
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.app import create_app, db
from blog.app.auth import passkeys, passwords, people, second_factor, services, webauthn
from blog.app.auth.models import Actor
from blog.app.auth.webauthn import Party, Refused
from blog.app.config import Config
from blog.app.errors import Conflict, Invalid, NotFound, TooMany, Unauthenticated
from tests.auth.conftest import PASSWORD, Send, csrf_of
from tests.auth.device import PRESENT, Device, plain
from tests.auth.test_second_factor import HERE, KEYS, alice_of, need, set_up, step_of
from tests.conftest import OneConnection
from tests.factories import make_actor, make_user

HOME = Party(host="localhost", origin="http://localhost")
MINE, THEIRS = "the cookie of this browser", "the cookie of another"


def add(conn: db.Connection, actor: Actor, name: str = "My phone", **kind: Any) -> Device:
    device = Device(origin=HOME.origin, **kind)
    asked = passkeys.begin_adding(conn, HOME, actor, PASSWORD, browser=MINE, address=HERE)
    passkeys.add(conn, HOME, actor, name, device.make(asked), browser=MINE, session=MINE)
    return device


def sign_in(conn: db.Connection, answer: str, *, at: Party = HOME, browser: str = MINE) -> str:
    return passkeys.sign_in(conn, at, answer, browser=browser, address=HERE)


def asked(conn: db.Connection) -> webauthn.Options:
    return passkeys.begin_sign_in(conn, HOME, browser=MINE)


def with_password(conn: db.Connection, name: str) -> Actor:
    actor = make_actor(conn, name, "author")
    query = "UPDATE app_user SET password_hash = %s WHERE id = %s"
    db.run(conn, query, (passwords.hashed(PASSWORD), id_of(actor)))
    return actor


def id_of(actor: Actor) -> int:
    assert actor.user_id
    return actor.user_id


def whys(conn: db.Connection) -> list[str]:
    rows = conn.execute(
        "SELECT details ->> 'why' FROM audit_event WHERE name = 'auth.passkey_refused' ORDER BY id"
    )
    return [why for (why,) in rows.fetchall()]


# --- for which address ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "host", "origin"),
    [
        ("https://blog.example.org", "blog.example.org", "https://blog.example.org"),
        ("https://Blog.example.org:443", "blog.example.org", "https://blog.example.org"),
        ("https://bücher.example:8443", "xn--bcher-kva.example", "https://xn--bcher-kva.example:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        (None, "localhost", "http://localhost:8000"),
    ],
)
def test_passkeys_are_made_for_the_configured_address(
    config: Config, url: str | None, host: str, origin: str
) -> None:
    assert webauthn.party(replace(config, url=url)) == Party(host=host, origin=origin)


@pytest.mark.parametrize(
    ("url", "why"), [("http://blog.example.org", "https"), ("https://192.0.2.7", "numeric address")]
)
def test_an_address_that_can_have_none_says_what_to_do(config: Config, url: str, why: str) -> None:
    with pytest.raises(Conflict, match=why) as refused:
        webauthn.party(replace(config, url=url))
    assert "BLOG_URL" in refused.value.message


# --- adding --------------------------------------------------------------------------------------


def test_the_first_passkey_is_a_second_factor_with_recovery_codes(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)
    other = services.sign_in(conn, alice, PASSWORD, address=HERE).session
    device = Device(origin=HOME.origin)
    asked = passkeys.begin_adding(conn, HOME, actor, PASSWORD, browser=MINE, address=HERE)
    codes = passkeys.add(conn, HOME, actor, "Phone", device.make(asked), browser=MINE, session=MINE)
    assert len(codes) == second_factor.CODES
    assert services.recognise_session(conn, other) is None
    assert device.user_handle != str(actor.user_id).encode()
    assert second_factor.pass_code(conn, KEYS, step_of(conn, alice), codes[0])
    add(conn, actor, "Another")  # brings no codes, and leaves those there are
    assert second_factor.get_standing(conn, KEYS, actor).codes_left == second_factor.CODES - 1


def test_it_is_begun_with_the_password_and_not_without_end(
    conn: db.Connection, alice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = alice_of(conn, alice)
    with pytest.raises(Invalid, match="present password"):
        passkeys.begin_adding(conn, HOME, actor, "wrong", browser=MINE, address=HERE)
    monkeypatch.setattr(passkeys, "MOST", 1)
    device = add(conn, actor)
    with pytest.raises(Conflict, match="enough"):
        add(conn, actor)
    monkeypatch.setattr(passkeys, "MOST", 2)
    asked = passkeys.begin_adding(conn, HOME, actor, PASSWORD, browser=MINE, address=HERE)
    assert [each["id"] for each in asked["excludeCredentials"]] == [
        json.loads(device.sign({**asked, "rpId": ""}))["id"]
    ]
    with pytest.raises(Conflict, match="already"):
        passkeys.add(conn, HOME, actor, "Again", device.make(asked), browser=MINE, session=MINE)


def test_what_was_made_elsewhere_or_otherwise_is_not_added(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)

    def refused(device: Device, *, browser: str = MINE, host: str = "localhost", **how: Any) -> str:
        asked = dict(passkeys.begin_adding(conn, HOME, actor, PASSWORD, browser=MINE, address=HERE))
        answer = device.make(asked | {"rp": {"id": host}}, **how)
        with pytest.raises(Invalid, match="not added"):
            passkeys.add(conn, HOME, actor, "x", answer, browser=browser, session=MINE)
        return whys(conn)[-1]

    assert "origin" in refused(Device(origin="https://evil.example"))
    assert "RP ID" in refused(Device(origin=HOME.origin), host="evil.example")
    assert "verification" in refused(Device(origin=HOME.origin, flags=PRESENT))
    assert "kind" in refused(Device(origin=HOME.origin), algorithm=-65535)
    assert "key" in refused(Device(origin=HOME.origin), algorithm=-8)  # which these numbers are not
    assert "too long" in refused(Device(origin=HOME.origin, handle=b"x" * 1024))
    assert "no challenge" in refused(Device(origin=HOME.origin), browser=THEIRS)
    assert passkeys.list_passkeys(conn, id_of(actor)) == []


def test_a_challenge_for_signing_adds_nothing(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)
    answer = Device(origin=HOME.origin).make({**asked(conn), "user": {"id": ""}, "rp": {"id": HOME.host}})
    with pytest.raises(Invalid):
        passkeys.add(conn, HOME, actor, "x", answer, browser=MINE, session=MINE)


# --- signing in with nothing else ----------------------------------------------------------------


@pytest.mark.parametrize("counts", [True, False])
def test_a_passkey_alone_signs_in_and_is_noted(conn: db.Connection, alice: str, counts: bool) -> None:
    actor = alice_of(conn, alice)
    device = add(conn, actor, counts=counts)
    old = sign_in(conn, device.sign(asked(conn)))
    session = passkeys.sign_in(
        conn, HOME, device.sign(asked(conn)), browser=MINE, address=HERE, old_token=old
    )
    recognised = services.recognise_session(conn, session)
    assert recognised
    assert recognised.actor.user_id == actor.user_id
    assert services.recognise_session(conn, old) is None
    assert passkeys.list_passkeys(conn, id_of(actor))[0].last_used_at


def test_an_answer_works_once_in_time_in_its_browser_at_its_address(conn: db.Connection, alice: str) -> None:
    device = add(conn, alice_of(conn, alice))

    def refuse(answer: str, **where: Any) -> None:
        with pytest.raises(Unauthenticated):
            sign_in(conn, answer, **where)

    replayed = device.sign(asked(conn))
    assert sign_in(conn, replayed)
    refuse(replayed)
    refuse(device.sign(asked(conn)), browser=THEIRS)
    refuse(device.sign(asked(conn)), at=Party(host="localhost", origin="http://localhost:1"))
    refuse(device.sign(asked(conn)), at=Party(host="other.example", origin=HOME.origin))
    refuse(device.sign({**asked(conn), "rpId": "other.example"}))
    refuse(device.sign(asked(conn), origin="https://evil.example"))
    refuse(device.sign(asked(conn), type="webauthn.create"))
    refuse(device.sign(asked(conn), crossOrigin=True))
    late = device.sign(asked(conn))
    db.run(conn, "UPDATE passkey_challenge SET expires_at = clock_timestamp()")
    refuse(late)
    assert sign_in(conn, device.sign(asked(conn)))


def test_a_forged_or_unverified_answer_is_refused_and_spends_its_challenge(
    conn: db.Connection, alice: str
) -> None:
    device = add(conn, alice_of(conn, alice))
    forger = Device(origin=HOME.origin, handle=device.handle, user_handle=device.user_handle, count=99)
    challenge = asked(conn)
    with pytest.raises(Unauthenticated):
        sign_in(conn, forger.sign(challenge))
    with pytest.raises(Unauthenticated):
        sign_in(conn, device.sign(challenge))
    device.flags = PRESENT
    with pytest.raises(Unauthenticated):
        sign_in(conn, device.sign(asked(conn)))
    device.flags, device.user_handle = Device(origin="").flags, b"somebody else"
    with pytest.raises(Unauthenticated):
        sign_in(conn, device.sign(asked(conn)))
    with pytest.raises(Unauthenticated):
        sign_in(conn, Device(origin=HOME.origin, user_handle=b"nobody").sign(asked(conn)))
    assert re.findall("signature|verified|somebody else", " ".join(whys(conn))) == [
        "signature",
        "verified",
        "somebody else",
    ]


def test_a_copy_gives_itself_away_by_its_count(conn: db.Connection, alice: str) -> None:
    device = add(conn, alice_of(conn, alice))
    copy = replace(device)
    for _ in range(3):
        assert sign_in(conn, device.sign(asked(conn)))
    with pytest.raises(Unauthenticated):
        sign_in(conn, copy.sign(asked(conn)))
    assert "copy" in whys(conn)[-1]
    copy.counts, copy.count = False, 0
    with pytest.raises(Unauthenticated):
        sign_in(conn, copy.sign(asked(conn)))


def test_who_was_deactivated_stays_outside(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)
    device = add(conn, actor)
    carol = make_actor(conn, "carol", "administrator")
    people.update_user(conn, carol, id_of(actor), is_active=False)
    with pytest.raises(Unauthenticated):
        sign_in(conn, device.sign(asked(conn)))


def test_failures_from_one_place_make_even_the_right_one_wait(
    conn: db.Connection, alice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = add(conn, alice_of(conn, alice))
    monkeypatch.setattr(services, "FAILURES_PER_ADDRESS", 3)
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            sign_in(conn, "{}")
    with pytest.raises(TooMany):
        sign_in(conn, device.sign(asked(conn)))
    with pytest.raises(TooMany):
        services.sign_in(conn, alice, PASSWORD, address=HERE)


KEY = webauthn.check_made(
    HOME,
    bytes(32),
    webauthn.read_made(
        Device(origin=HOME.origin).make(
            webauthn.asked_to_make(HOME, bytes(32), user_handle=b"x", email="", name="", known=[])
        )
    ),
).public_key


def said(response: dict[str, Any], name: Any = "AA") -> str:
    return json.dumps({"id": name, "rawId": name, "response": response})


PARTS = (
    *("id", "rawId", "type", "response", "clientDataJSON", "clientExtensionResults"),
    *("attestationObject", "authenticatorData", "signature", "userHandle"),
)


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=8) | st.just("AAAA"),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PARTS), inner, max_size=6)
        ),
        max_leaves=12,
    )
)
def test_no_answer_is_more_than_refused(value: Any) -> None:
    for text in (json.dumps(value), str(value)):
        for read in (webauthn.read_made, webauthn.read_signed):
            with pytest.raises(Refused):
                read(text)


@settings(max_examples=100)
@given(st.binary(max_size=60), st.integers(0, 255), st.binary(max_size=80), st.binary(max_size=80))
def test_no_bytes_are_more_than_refused(statement: bytes, flags: int, about: bytes, signature: bytes) -> None:
    """Of both kinds: noise, and noise inside what is well-formed."""
    made, signed = (
        plain(json.dumps({"type": f"webauthn.{kind}", "challenge": "AAAA", "origin": HOME.origin}).encode())
        for kind in ("create", "get")
    )
    data = sha256(b"localhost").digest() + bytes([flags]) + bytes(4) + about
    for attested in (statement, cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})):
        response = {"clientDataJSON": made, "attestationObject": plain(attested)}
        try:
            webauthn.check_made(HOME, b"\0\0\0", webauthn.read_made(said(response)))
        except Refused:
            continue
        raise AssertionError(response)
    response = {
        "clientDataJSON": signed,
        "authenticatorData": plain(data),
        "signature": plain(signature),
    }
    with pytest.raises(Refused):
        webauthn.check_signed(HOME, b"\0\0\0", webauthn.read_signed(said(response)), KEY)


def test_a_number_is_not_made_into_that_many_bytes() -> None:
    """Ten gigabytes of zeros, asked for in twenty characters."""
    many = 10**10
    data = plain(json.dumps({"type": "webauthn.get", "challenge": many, "origin": ""}).encode())
    known = plain(json.dumps({"type": "webauthn.create", "challenge": "AAAA", "origin": ""}).encode())
    attested = plain(cbor.encode({"fmt": "none", "attStmt": {}, "authData": many}))
    for read, name, response in (
        (webauthn.read_signed, many, {}),
        (webauthn.read_signed, "AA", {"clientDataJSON": data, "authenticatorData": "AA", "signature": "AA"}),
        (webauthn.read_signed, "AA", {"clientDataJSON": known, "authenticatorData": many, "signature": "AA"}),
        (webauthn.read_made, "AA", {"clientDataJSON": known, "attestationObject": attested}),
    ):
        with pytest.raises(Refused):
            read(said(response, name))


# --- after the password --------------------------------------------------------------------------


def test_after_the_password_ones_own_passkey_opens(conn: db.Connection, alice: str) -> None:
    device = add(conn, alice_of(conn, alice))
    step = step_of(conn, alice)
    elsewhere = Party(host="old.example", origin="https://old.example")
    assert passkeys.begin_second(conn, elsewhere, step, browser=MINE)["allowCredentials"] == []
    asked = passkeys.begin_second(conn, HOME, step, browser=MINE)
    assert len(asked["allowCredentials"]) == 1
    session = passkeys.pass_second(conn, HOME, step, device.sign(asked), browser=MINE)
    assert services.recognise_session(conn, session)
    with pytest.raises(Unauthenticated):
        passkeys.pass_second(conn, HOME, step, device.sign(asked), browser=MINE)


def test_after_the_password_somebody_elses_does_not_and_counts_as_guessing(
    conn: db.Connection, alice: str
) -> None:
    mine = add(conn, alice_of(conn, alice))
    theirs = add(conn, with_password(conn, "mallory"))
    step = step_of(conn, alice)
    for _ in range(second_factor.GUESSES):
        asked = passkeys.begin_second(conn, HOME, step, browser=MINE)
        with pytest.raises(Invalid):
            passkeys.pass_second(conn, HOME, step, theirs.sign(asked), browser=MINE)
    asked = passkeys.begin_second(conn, HOME, step, browser=MINE)
    with pytest.raises(TooMany):
        passkeys.pass_second(conn, HOME, step, mine.sign(asked), browser=MINE)


def test_without_the_password_there_is_no_challenge_for_it(conn: db.Connection) -> None:
    with pytest.raises(Unauthenticated):
        passkeys.begin_second(conn, HOME, "no step", browser=MINE)


# --- taking away ---------------------------------------------------------------------------------


def test_the_last_one_takes_the_second_factor_with_it(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)
    device = add(conn, actor)
    phone, _codes = set_up(conn, actor)
    [passkey] = passkeys.list_passkeys(conn, id_of(actor))
    with pytest.raises(Invalid):
        passkeys.remove(conn, actor, passkey.id, "wrong", address=HERE)
    mallory = with_password(conn, "mallory")
    with pytest.raises(NotFound):
        passkeys.remove(conn, mallory, passkey.id, PASSWORD, address=HERE)
    with pytest.raises(NotFound):
        passkeys.rename(conn, mallory, passkey.id, "mine now")
    passkeys.remove(conn, actor, passkey.id, PASSWORD, address=HERE)
    with pytest.raises(Unauthenticated):
        sign_in(conn, device.sign(asked(conn)))
    assert second_factor.pass_code(conn, KEYS, step_of(conn, alice), phone.code())
    second_factor.remove(conn, actor, PASSWORD, address=HERE)
    standing = second_factor.get_standing(conn, KEYS, actor)
    assert not standing.is_on
    assert standing.codes_left == 0
    assert services.sign_in(conn, alice, PASSWORD, address=HERE).session


def test_a_role_that_asks_for_a_factor_keeps_the_last_passkey(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)
    need(conn, make_actor(conn, "carol", "administrator"), "author")
    session = services.sign_in(conn, alice, PASSWORD, address=HERE).session
    recognised = services.recognise_session(conn, session)
    assert recognised
    assert recognised.owes_factor
    add(conn, actor)
    [passkey] = passkeys.list_passkeys(conn, id_of(actor))
    with pytest.raises(Conflict, match="asks for"):
        passkeys.remove(conn, actor, passkey.id, PASSWORD, address=HERE)
    assert passkeys.list_passkeys(conn, id_of(actor))


def test_an_administrator_takes_passkeys_away_too(conn: db.Connection, alice: str) -> None:
    actor = alice_of(conn, alice)
    add(conn, actor)
    assert services.get_user(conn, id_of(actor)).has_second_factor
    second_factor.reset(conn, make_actor(conn, "carol", "administrator"), id_of(actor))
    assert passkeys.list_passkeys(conn, id_of(actor)) == []
    assert services.sign_in(conn, alice, PASSWORD, address=HERE).session


# --- pages ---------------------------------------------------------------------------------------


def test_by_the_pages_alone(client: FlaskClient, alice: str, send: Send) -> None:
    origin = "http://localhost:8000"
    send(client, "/sign-in", email=alice, password=PASSWORD)
    wrong = send(client, "/account/passkeys/challenge", name="Phone", present="wrong")
    assert (wrong.status_code, "not your present password" in wrong.text) == (422, True)
    asked = send(client, "/account/passkeys/challenge", name="Phone", present=PASSWORD).json
    assert asked
    device = Device(origin=origin)
    empty = send(client, "/account/passkeys", name="Phone", answer="")
    assert (empty.status_code, "not added" in empty.text) == (422, True)
    added = send(client, "/account/passkeys", name="Phone", present="x", answer=device.make(asked))
    assert "Your recovery codes" in added.text
    found = re.search(r"/account/passkeys/(\d+)/name", added.text)
    assert found
    assert send(client, f"/account/passkeys/{found[1]}/name", name=" ").status_code == 422
    assert send(client, f"/account/passkeys/{found[1]}/name", name="My old phone").status_code == 303
    assert "My old phone" in client.get("/account/second-factor").text

    csrf = csrf_of(client)
    client.post("/sign-out", data={"csrf_token": csrf})
    step = send(client, "/sign-in", email=alice, password=PASSWORD, next="/account?a=1")
    assert "Use a passkey" in client.get(step.location).text
    assert "authenticator app" not in client.get(step.location).text
    asked = send(client, "/sign-in/code/challenge").json
    assert asked
    assert send(client, "/sign-in/code/passkey", answer="{}", next="/account?a=1").status_code == 422
    done = send(client, "/sign-in/code/passkey", answer=device.sign(asked), next="/account?a=1")
    assert done.location == "/account?a=1"

    client.post("/sign-out", data={"csrf_token": csrf_of(client)})
    asked = send(client, "/sign-in/passkey/challenge").json
    assert asked
    assert asked["allowCredentials"] == []
    refused = send(client, "/sign-in/passkey", answer="", next="//evil.example")
    assert (refused.status_code, "not accepted" in refused.text) == (401, True)
    done = send(client, "/sign-in/passkey", answer=device.sign(asked), next="//evil.example")
    assert done.location == "/"
    assert client.get("/account").status_code == 200
    gone = send(client, f"/account/passkeys/{found[1]}/removal", present="wrong")
    assert gone.status_code == 422
    gone = send(client, f"/account/passkeys/{found[1]}/removal", present=PASSWORD)
    assert gone.location == "/account/second-factor?done=passkey-removed"
    assert "Your password alone signs you in" in client.get(gone.location).text


def test_an_address_without_passkeys_offers_none_and_says_why(
    config: Config,
    pool: OneConnection,
    conn: db.Connection,
    as_user: Callable[[FlaskClient, int], FlaskClient],
) -> None:
    app: Flask = create_app(replace(config, url="http://blog.example.org"), pool)
    client = app.test_client()
    assert "passkey" not in client.get("/sign-in").text
    as_user(client, make_user(conn))
    page = client.get("/account/second-factor").text
    assert "Passkeys work over https only" in page
    assert "Add a passkey" not in page
    sent = {"csrf_token": csrf_of(client), "name": "x", "present": PASSWORD}
    assert client.post("/account/passkeys/challenge", data=sent).status_code == 409
