"""Fixtures of the browser tests: one site and one browser for all of them in a process.

Every page of `open_page` is watched: no error in its console, nothing its policy forbids, no request that
leaves here.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium, writer
from tests.browser.site import PATIENCE, Open, Site, first_administrator, served
from tests.browser.watch import Watch


@pytest.fixture(scope="session")
def site(server_url: str, template_db: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(server_url, template_db, tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    assert path is not None
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        launched = playwright.chromium.launch(executable_path=path, args=chromium.arguments())
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def session(site: Site, browser: Browser) -> Any:
    """The cookies of the first administrator."""
    return first_administrator(site, browser)


@pytest.fixture
def newsroom(site: Site) -> Iterator[None]:
    """The default model answers every task in its form."""
    with writer.newsroom(site):
        yield


@pytest.fixture
def open_page(site: Site, browser: Browser, session: Any) -> Iterator[Open]:
    """A page of a signed-in browser. After the test: no page may have erred or looked elsewhere."""
    watch = Watch()
    contexts: list[BrowserContext] = []

    def new(path: str = "/posts", *, java_script: bool = True, expected: tuple[str, ...] = ()) -> Page:
        watch.expected += expected
        context = browser.new_context(
            base_url=site.address, storage_state=session, java_script_enabled=java_script
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        watch.over(page)
        page.goto(path)
        return page

    yield new
    for context in contexts:
        context.close()
    assert watch.problems == []
    assert watch.hosts == {"127.0.0.1"}
