"""The attacks of tests/attacks/ on every page that shows text, in a real browser, with a server that notes
whatever arrives. The browser is told to ignore the pages' policy, so that it is the words that are harmless.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Dialog, Page

from blog.app import db
from blog.app.auth import services as auth
from blog.app.llm.runs.events import follow
from tests.attack_corpus import Attack, attacks, families
from tests.browser.own_site import session, site
from tests.browser.site import Site
from tests.conftest import OneConnection
from tests.factories import bind, make_action, make_model
from tests.llm.providers.scripted import Server, json_reply, openai_reply, serve

__all__ = ["session", "site"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("attacks")]  # their world is made once

FIRED = """
window.fired = (...said) => {
  document.documentElement.dataset.fired = "yes";
  console.error("FIRED", ...said);
};
"""
SWAP = """(place, text) =>
  htmx.swap({ text, sourceElement: place, target: place, swap: "innerHTML", request: {} })"""
WITHOUT_LIMITS = (
    "UPDATE access_policy SET token_requests_per_minute = NULL, person_requests_per_minute = NULL"
)
FIELDS = ("basic_idea", "provisional_title", "main_title", "subtitle", "intro_blurb", "summary")
STAGES = ("idea", "content", "meta_info")
LEADS = "a[href]:not([href^='/']):not([href^='#']):not([href^='?'])"


@dataclass(frozen=True, kw_only=True)
class World:
    """A site where everything that takes text holds attacks, and the pages that show them."""

    pages: list[str]
    posts: list[int]
    attacks: list[Attack]
    collector: Server


@pytest.fixture(scope="module")
def world(site: Site, session: Any) -> Iterator[World]:
    with serve(json_reply({"caught": True})) as collector:
        all_attacks = attacks(collector.url)
        left = iter(all_attacks * 4)
        with (
            serve(lambda _asked: openai_reply([next(left).text])) as model,
            psycopg.connect(site.database_url, autocommit=True) as conn,
        ):
            yield _filled(conn, site, all_attacks, model, collector)


def _filled(
    conn: db.Connection, site: Site, all_attacks: list[Attack], model: Server, collector: Server
) -> World:
    user_id = db.scalar(conn, "SELECT id FROM app_user WHERE email = 'nora@example.org'")
    conn.execute(WITHOUT_LIMITS)
    token = auth.create_token(conn, auth.actor_of_user(conn, user_id), "attacks").token
    api = Api(site.address, token)
    model_id = make_model(conn, model.url)
    parts = [("user", "task", "Answer."), ("user", "data", "{{ section.draft }}")]
    action_id = make_action(conn, parts, model_id=model_id)
    bind(conn, db.scalar(conn, "SELECT id FROM workflow_field WHERE name = 'draft'"), action_id)
    pages = [
        "/posts",
        "/audit",
        "/board",
        "/calendar",
        "/notifications",
        "/llm/runs",
        "/llm/",
        "/llm/actions",
    ]
    posts: list[int] = []
    for family, members in families(all_attacks).items():
        post_id = api.send("POST", "posts", {"idea": members[0].text})["id"]
        posts.append(post_id)
        pages += _post(api, post_id, members, action_id)
        pages += [f"/posts?q={family}", f"/find?q={members[0].canary}", f"/llm/runs?q={members[0].canary}"]
    pages += _bench(api, conn, action_id, all_attacks, posts[0])
    runs = [row[0] for row in conn.execute("SELECT id FROM llm_run ORDER BY id").fetchall()]
    for run_id in runs:
        list(follow(OneConnection(conn), None, run_id))
    pages += [f"/llm/runs/{run_id}" for run_id in runs[::3]]
    return World(pages=pages, posts=posts, attacks=all_attacks, collector=collector)


def _line(attack: Attack) -> str:
    return " ".join(attack.text.split())[:150]


@dataclass(frozen=True)
class Api:
    address: str
    token: str

    def send(self, method: str, path: str, body: object) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.address}/api/v1/{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=30)
        assert answer.ok, f"{path}: {answer.text}"
        return answer.json() if answer.content else None


def _post(api: Api, post_id: int, members: list[Attack], action_id: int) -> list[str]:
    base = f"posts/{post_id}"
    for name, attack in zip(FIELDS, members * 7, strict=False):
        value = _line(attack)[:80] if "title" in name else attack.text
        api.send("PUT", f"{base}/fields/{name}", {"value": value, "base_revision_id": None})
    sections: list[int] = []
    for attack in members:
        section_id = api.send("POST", f"{base}/sections", {})["id"]
        sections.append(section_id)
        at = f"{base}/sections/{section_id}/fields"
        api.send("PUT", f"{at}/section_heading", {"value": _line(attack), "base_revision_id": None})
        first = api.send("PUT", f"{at}/draft", {"value": attack.text, "base_revision_id": None})[
            "revision_id"
        ]
        api.send("PUT", f"{at}/draft", {"value": f"{attack.text}\n\nmore", "base_revision_id": first})
        about = {"field": "draft", "section_id": section_id}
        api.send("POST", f"{base}/comments", {"body": attack.text, **about})
        api.send("POST", f"{at}/draft/runs", {"llm_action_id": action_id})
    here = f"/posts/{post_id}"
    return [
        *(f"{here}/{stage}" for stage in STAGES),
        *(f"{here}/sections/{each}/fields/draft" for each in sections[:1]),
        *(f"{here}/sections/{each}/fields/draft/automation" for each in sections[:1]),
        *(f"{here}/sections/{each}/fields/draft/revisions" for each in sections[:1]),
        *(f"{here}/sections/{each}/fields/draft/comments" for each in sections[:1]),
        f"{here}/comments",
        f"{here}/preview",
        f"{here}/history",
        f"{here}/history?at=2200-01-01",
    ]


def _bench(api: Api, conn: db.Connection, action_id: int, members: list[Attack], post_id: int) -> list[str]:
    version = db.scalar(conn, "SELECT max(id) FROM llm_action_version WHERE llm_action_id = %s", (action_id,))
    pages: list[str] = []
    for attack in members[::9]:
        values = {"section": {"draft": attack.text}}
        tried = {"values": values, "version_ids": [version]}
        trial = api.send("POST", f"llm/actions/{action_id}/trials", tried)
        case = api.send(
            "POST",
            f"llm/actions/{action_id}/cases",
            {"name": _line(attack)[:100], "inputs": values, "reference": attack.text},
        )
        pages += [f"/llm/trials/{trial['id']}", f"/llm/cases/{case['id']}"]
        api.send("POST", "views", {"name": _line(attack)[:80]})
    for view in ("", "?view=test", "?view=request"):
        pages.append(f"/llm/actions/{action_id}{view or '?'}&post_id={post_id}".replace("?&", "?"))
    return [*pages, "/views", f"/llm/actions/{action_id}/cases", f"/llm/actions/{action_id}/versions"]


# --- looking -------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Seen:
    """What happened that no page of ours does."""

    ours: str
    happened: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("dialog", self._dismiss)
        page.on("console", lambda said: self._hear(said.text))
        page.on("request", lambda request: self._ask(request.url, page.url))
        page.on("popup", lambda other: self.happened.append(f"popup {other.url}"))

    def _dismiss(self, dialog: Dialog) -> None:
        self.happened.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _hear(self, text: str) -> None:
        if "FIRED" in text:
            self.happened.append(text)

    def _ask(self, url: str, on: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and f"{parts.scheme}://{parts.netloc}" != self.ours:
            self.happened.append(f"{on} asked {url}")
        if re.search(r"/sign-out$|/removal$", parts.path):
            self.happened.append(f"{on} asked {url}")


@contextmanager
def looking(browser: Browser, ours: str, session: Any = None) -> Generator[tuple[Page, Seen]]:
    context = browser.new_context(base_url=ours or None, storage_state=session, bypass_csp=True)
    context.add_init_script(FIRED)
    page, seen = context.new_page(), Seen(ours=ours)
    seen.over(page)
    yield page, seen
    context.close()


def test_no_page_runs_loads_or_tells_anything(
    world: World, browser: Browser, session: Any, site: Site
) -> None:
    wrong: list[str] = []
    shown = 0
    with looking(browser, site.address, session) as (page, seen):
        for path in world.pages:
            answer = page.goto(path, wait_until="load")
            if answer is None or answer.status != 200:
                wrong += [f"{path}: {answer.status}"] if answer and answer.status >= 500 else []
                continue
            shown += "CANARY-" in page.content()
            if urlsplit(page.url).path != urlsplit(path).path and "/sign-in" in page.url:
                wrong.append(f"{path} led to {page.url}")
            if page.evaluate("document.documentElement.dataset.fired ?? ''"):
                wrong.append(f"{path}: a script ran")
            wrong += [f"{path}: {each}" for each in seen.happened]
            seen.happened.clear()
    assert wrong == []
    assert shown > len(world.pages) // 2, f"{shown} of {len(world.pages)} pages show attacks"
    assert world.collector.received == []
    assert world.collector.connections == 0


def test_the_formatted_view_of_a_field_is_as_harmless(
    world: World, browser: Browser, session: Any, site: Site
) -> None:
    """One with its button, and what the server answers for all the others put in as that does."""
    with looking(browser, site.address, session) as (page, seen):
        page.goto(f"/posts/{world.posts[0]}/idea")
        page.locator("#text-basic_idea .cm-content").click()
        page.locator("#text-basic_idea").get_by_role("button", name="Formatted").click()
        page.locator("#text-basic_idea .formatted").wait_for()
        token = page.locator("input[name=csrf_token]").first.get_attribute("value")
        for attack in world.attacks:
            answer = page.request.post(
                f"/posts/{world.posts[0]}/fields/basic_idea/formatted",
                form={"csrf_token": token or "", "value": attack.text},
                headers={"HX-Request": "true"},
            )
            assert answer.ok, str(attack)
            page.locator("#text-basic_idea .formatted").evaluate(
                SWAP,
                answer.text(),
            )
        assert page.locator("#text-basic_idea .formatted").inner_text() != ""
        assert seen.happened == []
        assert not page.evaluate("document.documentElement.dataset.fired ?? ''")
    assert world.collector.connections == 0


def test_each_link_of_the_preview_says_where_it_leads(
    world: World, browser: Browser, session: Any, site: Site
) -> None:
    counted = 0
    with looking(browser, site.address, session) as (page, _seen):
        for post_id in world.posts:
            page.goto(f"/posts/{post_id}/preview")
            for link in page.locator(f".article {LEADS}").all():
                place = urlsplit(link.evaluate("a => a.href")).hostname or ""
                told = link.evaluate("a => a.textContent + (a.nextElementSibling?.textContent ?? '')")
                assert place in told, told
                assert "noreferrer" in (link.get_attribute("rel") or "")
                counted += 1
            assert page.locator(".article img").count() == 0
    assert counted > 10


def test_exported_files_are_harmless_where_they_are_opened(
    world: World, browser: Browser, session: Any, site: Site, tmp_path: Path
) -> None:
    obedient = MarkdownIt("commonmark", {"html": True}).enable("table")
    with looking(browser, site.address, session) as (page, _seen):
        files = {
            f"{post_id}.{form}": page.request.get(f"/posts/{post_id}/export/{form}").text()
            for post_id in world.posts
            for form in ("html", "markdown")
        }
    with looking(browser, "") as (page, seen):
        for name, text in files.items():
            file = tmp_path / f"{name}.html"
            # What stands before it is read as YAML, by everything that reads such files.
            words = text.partition("\n---\n")[2]
            file.write_text(obedient.render(words) if name.endswith("markdown") else text)
            page.goto(file.as_uri(), wait_until="load")
            assert not page.evaluate("document.documentElement.dataset.fired ?? ''"), name
        assert seen.happened == []
    assert world.collector.connections == 0


def test_the_collector_would_notice(world: World, browser: Browser) -> None:
    """The tests above can fail: a page that loads a picture and runs a script is seen to."""
    with serve(json_reply({})) as other, looking(browser, other.url) as (page, seen):
        page.set_content(f"<img src='{other.url}/x.png'><script>fired('y')</script>")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.dataset.fired") == "yes"
        assert any("FIRED" in each for each in seen.happened)
        assert [each.path for each in other.received] == ["/x.png"]
