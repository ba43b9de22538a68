"""Bad luck while writing: the network, the session or the database gone. Nothing typed is lost."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import expect
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.browser.site import Open, Site, begin

pytestmark = pytest.mark.browser


@contextmanager
def refusing_connections(server_url: str, database_url: str) -> Generator[None]:
    """The site's database takes nobody for a while, and those who are there are sent away."""
    name = str(conninfo_to_dict(database_url)["dbname"])
    limit = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(limit.format(sql.Identifier(name), sql.SQL("false")))
        conn.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            yield
        finally:
            conn.execute(limit.format(sql.Identifier(name), sql.SQL("true")))


def test_words_typed_offline_are_kept_and_sent_on_return(open_page: Open) -> None:
    page = open_page(expected=("ERR_INTERNET_DISCONNECTED",))
    begin(page)
    page.locator("#text-basic_idea .cm-content").wait_for()  # all of its scripts have come
    page.context.set_offline(True)
    page.click("#value-basic_idea")
    page.keyboard.type("Written in a tunnel")
    saved = page.locator("#saved-basic_idea [data-saved]")
    expect(saved).to_have_text(
        "Not saved: the server cannot be reached. Your words are kept in this browser."
    )
    page.context.set_offline(False)
    expect(saved).to_contain_text("saved ")
    page.reload()
    expect(page.locator("#value-basic_idea")).to_have_value("Written in a tunnel")


def test_a_session_that_ends_in_mid_sentence_costs_no_character(open_page: Open) -> None:
    page = open_page(expected=("403 (FORBIDDEN)", "401 (UNAUTHORIZED)"))
    address = begin(page)
    page.context.clear_cookies()
    page.click("#value-basic_idea")
    page.keyboard.type("Half a sentence, and then")
    saved = page.locator("#saved-basic_idea [data-saved]")
    expect(saved).to_contain_text("Your words are kept in this browser.")
    saved.locator("a").click()
    page.fill("[name=email]", "nora@example.org")
    page.fill("[name=password]", "correct horse battery staple")
    page.click("main form button")
    page.wait_for_url(address)
    expect(page.locator("#value-basic_idea")).to_have_value("Half a sentence, and then")
    expect(page.locator("#saved-basic_idea")).to_contain_text("1 revision")


def test_words_typed_while_the_database_is_away_are_saved_when_it_is_back(
    open_page: Open, site: Site, server_url: str
) -> None:
    page = open_page(expected=("503",))
    begin(page)
    saved = page.locator("#saved-basic_idea [data-saved]")
    with refusing_connections(server_url, site.database_url):
        page.click("#value-basic_idea")
        page.keyboard.type("Written while it was away")
        expect(saved).to_contain_text("Not saved: The database cannot be reached just now.")
    expect(saved).to_contain_text("saved ")
    page.reload()
    expect(page.locator("#value-basic_idea")).to_have_value("Written while it was away")
