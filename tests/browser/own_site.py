"""Fixtures for a module of browser tests whose rows would be in the way of others: a site of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.site import Site, first_administrator, served


@pytest.fixture(scope="module")
def site(
    server_url: str,
    template_db: str,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Site]:
    with served(server_url, template_db, tmp_path_factory.mktemp(request.path.stem)) as started:
        yield started


@pytest.fixture(scope="module")
def session(site: Site, browser: Browser) -> Any:
    return first_administrator(site, browser)
