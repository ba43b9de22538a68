"""Coming in, in a real browser: invited, with a code, a passkey, a lost password, by another service."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from blog.app import db
from blog.app.auth import passwords
from blog.app.auth.oidc import CALLBACK
from tests.auth.oidc_site import provider
from tests.auth.test_links import LINK_IN_TEXT
from tests.auth.test_second_factor import Phone
from tests.browser.own_site import session
from tests.browser.site import PATIENCE, Site, free_port, served
from tests.browser.watch import Watch
from tests.factories import make_user
from tests.mailbox import Mailbox, mailbox
from tests.product import wait_for

__all__ = ["session"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("people")]  # their site is started once

PASSWORD = "correct horse battery"
Stranger = Callable[..., Page]


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mailbox(free_port()) as opened:
        yield opened


@pytest.fixture(scope="module")
def site(
    server_url: str, template_db: str, box: Mailbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """With a mail server."""
    port = free_port()
    settings = {
        "BLOG_URL": f"http://127.0.0.1:{port}",
        "BLOG_SMTP_URL": f"smtp://127.0.0.1:{box.smtp.port}?tls=none",
        "BLOG_MAIL_FROM": box.smtp.sender,
    }
    directory = tmp_path_factory.mktemp("people")
    with served(server_url, template_db, directory, port=port, **settings) as started:
        yield started


@pytest.fixture
def stranger(site: Site, browser: Browser) -> Iterator[Stranger]:
    """A browser that nobody is signed in with."""
    opened: list[Any] = []

    def new(*, java_script: bool = True, state: Any = None) -> Page:
        context = browser.new_context(
            base_url=site.address, java_script_enabled=java_script, storage_state=state
        )
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        return page

    yield new
    for context in opened:
        context.close()


def link_of(box: Mailbox, subject: str, before: int) -> str:
    """The link in the e-mail that comes next."""
    wait_for(lambda: len(box.messages) > before, within=30)
    message = box.messages[-1]
    assert message["Subject"] == subject
    found = LINK_IN_TEXT.search(message.get_content())
    assert found
    return found[0]


def test_invited_signed_in_with_a_code_and_back_after_a_lost_password(
    stranger: Stranger, session: Any, box: Mailbox
) -> None:
    nora = stranger(state=session)
    nora.goto("/invitations")
    nora.fill("#email", "eve@example.org")
    nora.click("text=Invite >> nth=-1")
    expect(nora.locator(".banner.good")).to_contain_text("goes to eve@example.org")
    link = link_of(box, "You are invited to BlogForge", 0)

    eve = stranger(java_script=False)
    eve.goto(link)
    expect(eve.locator("main")).to_contain_text("Nora Finch invites you")
    eve.fill("#name", "Eve")
    eve.fill("#password", "short-")
    eve.locator("#password").evaluate("field => field.removeAttribute('minlength')")
    eve.click("main form button")
    expect(eve.locator("#password-error")).to_contain_text("At least 10 characters")
    expect(eve.locator("#name")).to_have_value("Eve")
    eve.fill("#password", PASSWORD)
    eve.click("main form button")
    eve.wait_for_url("**/posts")
    assert eve.goto(link).status == 404  # pyright: ignore[reportOptionalMemberAccess]

    eve.goto("/account/second-factor")
    eve.fill("#present", PASSWORD)
    eve.click("text=Show the key")
    expect(eve.locator(".factor__picture svg")).to_be_visible()
    phone = Phone(eve.locator(".factor__key").inner_text().replace(" ", ""))
    eve.fill("#code", phone.code())
    eve.click("text=Turn it on")
    codes = eve.locator("#codes").inner_text().split()
    assert len(codes) == 10
    sign_out(eve)

    sign_in(eve, PASSWORD)
    eve.wait_for_url("**/sign-in/code?*")
    eve.goto("/posts")
    eve.wait_for_url("**/sign-in?*")
    sign_in(eve, PASSWORD)
    eve.fill("#code", phone.code())
    eve.click("main form button")
    eve.wait_for_url("**/posts")
    sign_out(eve)

    before = len(box.messages)
    eve.goto("/sign-in")
    eve.click("text=I forgot my password")
    eve.fill("#email", "eve@example.org")
    eve.click("main form button")
    expect(eve.locator(".banner.good")).to_contain_text("a link is on its way")
    eve.goto(link_of(box, "A new password for BlogForge", before))
    eve.fill("#password", "another horse battery")
    eve.click("main form button")
    expect(eve.locator(".banner.good")).to_contain_text("Your new password is saved")
    sign_in(eve, "another horse battery")
    eve.fill("#code", codes[3])
    eve.click("main form button")
    eve.wait_for_url("**/posts")


def sign_in(page: Page, password: str, email: str = "eve@example.org") -> None:
    page.goto("/sign-in")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("main form button")


def sign_out(page: Page) -> None:
    page.click(".menu--right summary")
    page.click(".menu--right form[action='/sign-out'] button")
    page.wait_for_url("**/sign-in")


def test_another_service_says_who_somebody_is(stranger: Stranger, session: Any, site: Site) -> None:
    with provider(free_port(), f"{site.address}{CALLBACK}") as issuer:
        nora = stranger(state=session)
        nora.goto("/access/services")
        for name, value in {
            "label": "Example",
            "issuer": issuer,
            "client_id": "blogforge",
            "secret": "a secret between the two",
        }.items():
            nora.fill(f"[name={name}]", value)
        nora.click("text=Add it")
        nora.locator("[name=allowed_domains]").fill("elsewhere.example")
        nora.locator("[name=role_claim]").fill("groups")
        nora.click("text=Save >> nth=0")
        expect(nora.locator(".banner.good")).to_contain_text("is saved")

        zoe = stranger()
        zoe.goto("/sign-in?next=/account")
        zoe.click("text=Sign in with Example")
        zoe.fill("[name=login]", "zoe")
        zoe.fill("[name=password]", "any")
        zoe.click("button[type=submit]")
        zoe.click("button[type=submit]")
        zoe.wait_for_url(f"{site.address}/account")
        expect(zoe.locator("main")).to_contain_text("zoe@elsewhere.example")
        expect(zoe.locator("main")).to_contain_text("no role yet")


def test_a_passkey_after_the_password_and_alone(site: Site, browser: Browser) -> None:
    """A device in software, in a real browser, at the one name of this machine that passkeys take."""
    with psycopg.connect(site.database_url, autocommit=True) as conn:
        user_id = make_user(conn, "ines", "author")
        query = "UPDATE app_user SET password_hash = %s WHERE id = %s RETURNING email"
        email = db.scalar(conn, query, (passwords.hashed(PASSWORD), user_id))
    context = browser.new_context(base_url=site.address.replace("127.0.0.1", "localhost"))
    ines = context.new_page()
    ines.set_default_timeout(PATIENCE)
    watch = Watch(expected=("401 (UNAUTHORIZED)", "422 (UNPROCESSABLE ENTITY)"))
    watch.over(ines)
    device = context.new_cdp_session(ines)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
    }
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    added = device.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    sign_in(ines, PASSWORD, email)
    ines.wait_for_url("**/posts")
    ines.goto("/account/second-factor")
    ines.fill("#passkey-name", "My laptop")
    ines.fill("#passkey-present", "wrong")
    ines.click("text=Add a passkey")
    expect(ines.locator("[data-told]")).to_contain_text("not your present password")
    ines.fill("#passkey-present", PASSWORD)
    ines.click("text=Add a passkey")
    expect(ines.locator("#codes")).to_be_visible()
    expect(ines.locator(".passkey")).to_contain_text("My laptop")
    ines.fill("#passkey-name", "The same again")
    ines.fill("#passkey-present", PASSWORD)
    ines.click("text=Add a passkey")
    expect(ines.locator("[data-told]")).to_contain_text("has a passkey of yours here already")
    sign_out(ines)

    sign_in(ines, PASSWORD, email)
    ines.click("text=Use a passkey")
    ines.wait_for_url("**/posts")
    sign_out(ines)

    ines.goto("/sign-in?next=/account/second-factor")
    device.send("WebAuthn.setUserVerified", {**added, "isUserVerified": False})
    ines.click("text=Sign in with a passkey")
    expect(ines.locator("[data-told]")).to_contain_text("No passkey was used")
    device.send("WebAuthn.setUserVerified", {**added, "isUserVerified": True})
    ines.click("text=Sign in with a passkey")
    ines.wait_for_url("**/account/second-factor")

    ines.click(".passkey >> text=Take away…")
    ines.fill(".passkey input[name=present]", PASSWORD)
    ines.click(".passkey >> text=Take it away")
    expect(ines.locator(".banner.good")).to_contain_text("Your password alone signs you in")
    sign_out(ines)
    with ines.expect_navigation():
        ines.click("text=Sign in with a passkey")
    expect(ines.locator(".banner.bad")).to_contain_text("not accepted")
    assert watch.problems == []
    context.close()
