"""`blogforge serve` on a database of its own, as the browser tests meet it, and what they all do there."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from playwright.sync_api import Browser, Page, expect
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import clone
from tests.factories import make_model
from tests.llm.providers.scripted import openai_reply, serve

BLOGFORGE = Path(sys.executable).with_name("blogforge")
PATIENCE = 30_000  # milliseconds: the rehearsal model is loaded for the first run
IDEA = "The evolution of the kilt: how a great wrap became a global icon"

Open = Callable[..., Page]


@dataclass(frozen=True, kw_only=True)
class Site:
    address: str
    database_url: str
    setup_link: str


@contextmanager
def served(
    server_url: str, template: str, directory: Path, *, port: int | None = None, **settings: str
) -> Generator[Site]:
    """A site where no model is found but the rehearsal. `settings`: more of its environment."""
    port = port or free_port()
    with clone(server_url, template, f"blog_test_{os.getpid()}_{directory.name}") as url:
        log = directory / "console.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [BLOGFORGE, "serve"],
                env={**_environment(directory / "var", port, url), **settings},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Site(
                address=f"http://127.0.0.1:{port}", database_url=url, setup_link=_setup_link(log, process)
            )
        finally:
            process.terminate()
            process.wait(20)


def _environment(data: Path, port: int, database_url: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "BLOG_DATA": str(data),
        "BLOG_PORT": str(port),
        "BLOG_DATABASE_URL": f"postgresql:///?{urlencode(conninfo_to_dict(database_url))}",
        "OLLAMA_HOST": "http://127.0.0.1:9",  # nobody answers there
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _setup_link(log: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"http://\S+/setup/\S+", log.read_text()):
            return found[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def first_administrator(site: Site, browser: Browser) -> Any:
    """Made through the one-time link; the cookies that came of it."""
    page = browser.new_page()
    page.goto(site.setup_link)
    page.fill("[name=name]", "Nora Finch")
    page.fill("[name=email]", "nora@example.org")
    page.fill("[name=password]", "correct horse battery staple")
    page.click("main form button")
    page.wait_for_url(f"{site.address}/posts")
    state = page.context.storage_state()
    page.close()
    return state


def begin(page: Page, idea: str = IDEA) -> str:
    """A new post; answers its address."""
    page.goto("/posts/new")
    page.fill("#idea", idea)
    page.click("text=Start the post")
    expect(page.locator("#value-idea_seed")).to_have_value(idea)
    return page.url


@contextmanager
def slow_model(site: Site, **how: Any) -> Generator[int]:
    """A model that takes its time over every word."""
    with serve(openai_reply([f"word{n} " for n in range(400)], pause_s=0.05, **how)) as server:
        with psycopg.connect(site.database_url, autocommit=True) as conn:
            model_id = make_model(conn, server.url)
        yield model_id


@contextmanager
def default_model(site: Site, base_url: str) -> Generator[int]:
    """A model that is the site's default as long as this lasts; its number."""
    with psycopg.connect(site.database_url, autocommit=True) as conn:
        before = conn.execute("SELECT id FROM llm_model WHERE is_default").fetchone()
        model_id = make_model(conn, base_url)
        _choose(conn, model_id)
        try:
            yield model_id
        finally:
            _choose(conn, before[0] if before else None)


def _choose(conn: psycopg.Connection, model_id: int | None) -> None:
    conn.execute("UPDATE llm_model SET is_default = false WHERE is_default")
    conn.execute("UPDATE llm_model SET is_default = true WHERE id = %s", (model_id,))
