"""The main job in a real browser, with the real web and worker processes: from an idea to a signed revision.

Every page is watched: no error in its console, nothing its policy forbids, no request that leaves here.
"""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from psycopg.conninfo import conninfo_to_dict

from tests.browser import chromium
from tests.conftest import _clone
from tests.factories import make_model
from tests.llm.providers.scripted import openai_reply, serve

pytestmark = pytest.mark.browser

BLOGFORGE = Path(sys.executable).with_name("blogforge")
PATIENCE = 30_000  # milliseconds: the rehearsal model is loaded for the first run
IDEA = "The evolution of the kilt: how a great wrap became a global icon"


@dataclass(frozen=True, kw_only=True)
class Site:
    address: str
    database_url: str
    setup_link: str


@pytest.fixture(scope="module")
def site(server_url: str, template_db: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`blogforge serve` on a database of its own, where no model is found but the rehearsal."""
    with _clone(server_url, template_db, f"blog_test_{os.getpid()}_browser") as url:
        directory = tmp_path_factory.mktemp("browser")
        log = directory / "console.log"
        port = _free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [BLOGFORGE, "serve"],
                env=_environment(directory / "var", port, url),
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


def _free_port() -> int:
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


# --- the browser ---------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Watch:
    """What went wrong on the pages of a test, and where their requests went."""

    problems: list[str] = field(default_factory=list)
    # A refused form is news for the reader; the browser reports its status besides.
    expected: tuple[str, ...] = ("409 (CONFLICT)",)
    hosts: set[str] = field(default_factory=set)

    def over(self, page: Page) -> None:
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("response", lambda answer: self._see(answer.status, answer.url))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or ""))

    def _see(self, status: int, url: str) -> None:
        if status >= 500:
            self._note(f"{status} {url}")

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error":
            self._note(text)

    def _note(self, problem: str) -> None:
        if not any(known in problem for known in self.expected):
            self.problems.append(problem)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    assert path is not None
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        launched = playwright.chromium.launch(executable_path=path, args=chromium.arguments())
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def session(site: Site, browser: Browser) -> Any:
    """The first administrator, made through the one-time link; the cookies that came of it."""
    page = browser.new_page()
    page.goto(site.setup_link)
    page.fill("[name=name]", "Nora Finch")
    page.fill("[name=email]", "nora@example.org")
    page.fill("[name=password]", "correct horse battery staple")
    page.click("main form button")
    page.wait_for_url(f"{site.address}/posts")
    return page.context.storage_state()


Open = Callable[..., Page]


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


# --- the tests -----------------------------------------------------------------------------------


def test_from_an_idea_to_a_revision_that_names_its_run(open_page: Open) -> None:
    page = open_page()
    begin(page)
    page.click("#automate-basic_idea")
    expect(page.locator("#panel h3")).to_contain_text("Expand the idea")
    expect(page.locator("#panel mark").first).to_have_text(IDEA)

    page.click("#run-button")
    expect(page.locator("[data-run-stream]")).to_be_visible()
    expect(page.locator("#banner")).to_contain_text("Rehearsal model")
    offer = page.locator("#offers-basic_idea .offer")
    suggested = offer.locator(".offer__words").inner_text()
    assert len(suggested.split()) >= 30

    page.locator("#field-basic_idea").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#prov-basic_idea")).to_contain_text("Expand the idea")
    expect(page.locator("#prov-basic_idea")).to_contain_text("accepted by you")
    expect(page.locator("#value-basic_idea")).to_have_value(suggested)

    page.reload()
    expect(page.locator("#value-basic_idea")).to_have_value(suggested)
    page.click("#field-basic_idea >> text=1 revision")
    expect(page.locator("#revision-1")).to_contain_text("run ")
    page.click("#revision-1 .prov a")
    expect(page.locator("main")).to_contain_text("Messages sent")


def test_an_acceptance_is_undone(open_page: Open, site: Site) -> None:
    page = open_page()
    address = begin(page).rsplit("/", 1)[0]
    with serve(openai_reply(["Wool ", "is warm."])) as server:
        with psycopg.connect(site.database_url, autocommit=True) as conn:
            model_id = make_model(conn, server.url)
        page.goto(f"{address}/fields/basic_idea/automation?model={model_id}")
        page.click("#run-button")
        page.click("#offers-basic_idea >> text=Accept >> nth=0")
    expect(page.locator("#value-basic_idea")).to_have_value("Wool is warm.")
    page.click(".undo >> text=Undo")
    expect(page.locator("#value-basic_idea")).to_have_value("")
    expect(page.locator("#saved-basic_idea")).to_contain_text("2 revisions")


def test_typed_words_are_saved_with_the_time_of_their_row(open_page: Open) -> None:
    page = open_page()
    begin(page)
    field = page.locator("#value-provisional_title")
    field.click()
    page.keyboard.type("From great wrap to global icon")
    expect(page.locator("#saved-provisional_title [data-saved]")).to_contain_text("saved")
    expect(page.locator("#crumb")).to_contain_text("From great wrap to global icon")
    page.keyboard.type(", at last")
    page.reload()  # leaving the page saves what the pause had not
    expect(page.locator("#value-provisional_title")).to_have_value("From great wrap to global icon, at last")


def test_a_run_starts_from_what_was_typed_the_moment_before(open_page: Open) -> None:
    page = open_page()
    begin(page)
    page.click("#automate-basic_idea")
    page.fill("#value-idea_seed", "Something quite different")
    page.click("#run-button")
    page.click(".messages-folded summary")
    expect(page.locator("#panel mark").first).to_have_text("Something quite different")


def test_a_press_before_the_scripts_have_come_loses_nothing_that_was_typed(open_page: Open) -> None:
    page = open_page()
    address = begin(page).rsplit("/", 1)[0]
    slow = {"offline": False, "latency": 700, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.goto(f"{address}/fields/basic_idea/automation", wait_until="commit")
    page.fill("#value-idea_seed", "Something quite different")
    page.click("#run-button")
    page.click(".messages-folded summary")
    expect(page.locator("#panel mark").first).to_have_text("Something quite different")


def test_a_run_is_stopped_and_keeps_what_had_come(open_page: Open, site: Site) -> None:
    page = open_page()
    address = begin(page).rsplit("/", 1)[0]
    with slow_model(site) as model_id:
        page.goto(f"{address}/fields/basic_idea/automation?model={model_id}")
        page.click("#run-button")
        expect(page.locator("[data-text]")).to_contain_text("word2")
        page.reload()  # from its beginning again
        expect(page.locator("[data-text]")).to_contain_text("word0 word1 word2")
        page.click("#stop-button")
        expect(page.locator("#panel")).to_contain_text("Stopped.")
    expect(page.locator("#panel .stream")).to_contain_text("word0 word1 word2")
    expect(page.locator("#offers-basic_idea .offer")).to_have_count(0)
    expect(page.locator("#value-basic_idea")).to_have_value("")


def test_a_failed_run_says_why_and_can_be_tried_again(open_page: Open, site: Site) -> None:
    page = open_page()
    address = begin(page).rsplit("/", 1)[0]
    with psycopg.connect(site.database_url, autocommit=True) as conn:
        model_id = make_model(conn, "http://127.0.0.1:9")
    page.goto(f"{address}/fields/basic_idea/automation?model={model_id}")
    page.click("#run-button")
    expect(page.locator("#panel .banner")).to_contain_text("could not be reached")
    expect(page.locator("#run-button")).to_have_text("Retry")


def test_escape_closes_the_panel_until_it_is_asked_for_again(open_page: Open) -> None:
    page = open_page()
    begin(page)
    button, panel = page.locator("#automate-basic_idea"), page.locator("#panel")
    panel.locator("h3", has_text="Expand the idea").wait_for()  # the desk comes with it open
    page.wait_for_load_state()
    page.locator("#run-button").focus()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel).to_be_visible()


def test_the_second_of_two_tabs_gets_a_comparison(open_page: Open) -> None:
    first = open_page()
    address = begin(first)
    second = first.context.new_page()
    second.goto(address)
    first.fill("#value-provisional_title", "The kilt of the first tab")
    expect(first.locator("#saved-provisional_title [data-saved]")).to_contain_text("saved")
    second.fill("#value-provisional_title", "The kilt of the second tab")
    conflict = second.locator("#saved-provisional_title .diff")
    expect(conflict.locator("del")).to_have_text("first")
    expect(conflict.locator("ins")).to_have_text("second")
    second.click("text=Keep mine")
    expect(second.locator("#saved-provisional_title")).to_contain_text("2 revisions")


def test_sections_are_kept_in_order_from_the_keyboard(open_page: Open) -> None:
    page = open_page()
    begin(page)
    names = page.locator("#outline .sections a[id^=outline-section]")
    for name in ("Early dress", "The great kilt"):
        page.fill("#new-section", name)
        page.keyboard.press("Enter")
        expect(names.last).to_have_text(name)
    names.last.focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(names).to_have_text(["The great kilt", "Early dress"])
    expect(names.first).to_be_focused()
    page.locator("#outline .sections li").first.hover()
    page.locator("#outline .section-tools summary").first.click()
    page.locator("#outline .section-tools >> text=Remove").first.click()
    expect(names).to_have_text(["Early dress"])
    page.click(".undo >> text=Undo")
    expect(names).to_have_text(["The great kilt", "Early dress"])


def test_the_main_job_without_java_script(open_page: Open) -> None:
    page = open_page(java_script=False)
    begin(page)
    page.click("#automate-basic_idea")
    panel = page.url
    offer = page.locator("#offers-basic_idea .offer")
    page.click("#run-button")
    page.wait_for_url("**run=*")
    for _ in range(30):
        if offer.count():
            break
        page.wait_for_timeout(500)
        page.goto(panel.partition("#")[0])
    page.click("#offers-basic_idea >> text=Accept >> nth=0")
    expect(page.locator("#prov-basic_idea")).to_contain_text("accepted by you")
    page.fill("#value-provisional_title", "Saved by a button")
    page.click("#field-provisional_title >> text=Save")
    expect(page.locator("#crumb")).to_contain_text("Saved by a button")
