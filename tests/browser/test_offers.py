"""Suggestions taken change by change from the keyboard, refined, side by side, and who else is editing."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import axe
from tests.browser.site import Open, Site, begin
from tests.factories import make_model
from tests.llm.providers.scripted import openai_reply, serve

pytestmark = pytest.mark.browser

NOW = "Wool is warm and soft to wear. Kilts are old. Rain is wet and grey."
OFFERED = "Wool is warm and rough to wear. Kilts are ancient. Rain is wet and grey."


def models_for(site: Site, *addresses: str) -> list[int]:
    with psycopg.connect(site.database_url, autocommit=True) as conn:
        return [make_model(conn, address) for address in addresses]


def suggested(page: Page, site: Site, texts: Sequence[str], text: str = NOW) -> Locator:
    """The field with `text`, and a suggestion for it by each of as many models."""
    address = begin(page).rsplit("/", 1)[0]
    page.fill("#value-basic_idea", text)
    expect(page.locator("#saved-basic_idea [data-saved]")).to_contain_text("saved")
    offers = page.locator("#offers-basic_idea .offer")
    for number, words in enumerate(texts, 1):
        with serve(openai_reply([words])) as server:
            [model_id] = models_for(site, server.url)
            page.goto(f"{address}/fields/basic_idea/automation?model={model_id}")
            page.click("#run-button")
            expect(offers).to_have_count(number)
    return offers


def test_changes_are_taken_and_dropped_from_the_keyboard(open_page: Open, site: Site) -> None:
    page = open_page()
    offer = suggested(page, site, [OFFERED])
    boxes = offer.locator(".hunk input")
    expect(boxes).to_have_count(2)
    page.locator("#field-basic_idea").focus()
    page.keyboard.press("j")
    expect(boxes.first).to_be_focused()
    page.keyboard.press("x")
    expect(boxes.first).not_to_be_checked()
    expect(boxes.last).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("a")
    page.keyboard.press("x")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#value-basic_idea")).to_have_value(
        "Wool is warm and rough to wear. Kilts are old. Rain is wet and grey."
    )
    expect(offer).to_have_count(0)


def test_changes_are_ticked_without_java_script(open_page: Open, site: Site) -> None:
    page = open_page()
    suggested(page, site, [OFFERED])
    plain = open_page(page.url.removeprefix(site.address), java_script=False)
    plain.locator(".hunk input").first.uncheck()
    plain.click("text=Accept what is ticked")
    expect(plain.locator("#value-basic_idea")).to_have_value(
        "Wool is warm and soft to wear. Kilts are ancient. Rain is wet and grey."
    )


def test_a_stale_suggestion_leaves_what_was_written_since_alone(open_page: Open, site: Site) -> None:
    page = open_page()
    offer = suggested(page, site, [OFFERED])
    page.check("#own-basic_idea")
    mine = NOW.replace("soft", "light")
    page.fill("#value-basic_idea", mine)
    expect(page.locator("#saved-basic_idea")).to_contain_text("2 revisions")
    page.reload()
    expect(offer).to_contain_text("has changed since")
    expect(offer.locator(".hunk--undoes")).to_have_count(1)
    page.click("text=All three versions")
    expect(offer.locator(".threeway ins").first).to_have_text("light")
    page.click("text=Accept what is ticked")
    expect(page.locator("#value-basic_idea")).to_have_value(mine.replace("old", "ancient"))


def test_an_answer_is_refined_and_stands_beside_the_first(open_page: Open, site: Site) -> None:
    page = open_page()
    replies = [openai_reply([OFFERED]), openai_reply(["Wool."])]
    address = begin(page).rsplit("/", 1)[0]
    offers = page.locator("#offers-basic_idea .offer")
    with serve(replies) as server:
        [model_id] = models_for(site, server.url)
        page.goto(f"{address}/fields/basic_idea/automation?model={model_id}")
        page.click("#run-button")
        expect(offers).to_have_count(1)
        page.click("summary >> text=Refine…")
        page.fill(".again textarea", "One word")
        page.click(".again button >> text=Refine")
        expect(offers).to_have_count(2)
    expect(offers.first).to_contain_text("after “One word”")
    page.click("text=the thread")
    expect(page.locator("#thread li")).to_have_count(2)


def test_several_models_answer_side_by_side(open_page: Open, site: Site) -> None:
    page = open_page()
    offers = suggested(page, site, [OFFERED, NOW.replace("old", "older")])
    first, second = offers.first.bounding_box(), offers.last.bounding_box()
    assert first is not None
    assert second is not None
    assert first["y"] == second["y"]
    assert first["x"] < second["x"]
    offers.first.locator("text=Accept all").click()
    expect(offers).to_have_count(1)
    expect(offers).to_contain_text("has changed since")


def test_axe_finds_nothing_on_a_page_with_suggestions(open_page: Open, site: Site) -> None:
    page = open_page()
    suggested(page, site, [OFFERED, NOW.replace("old", "older")])
    page.reload()
    page.locator(".again > summary").first.click()
    assert axe.faults(page) == []


def test_somebody_else_is_seen_at_a_field(open_page: Open, site: Site) -> None:
    page = open_page()
    post_id = begin(page).split("/")[4]
    with psycopg.connect(site.database_url, autocommit=True) as conn:
        somebody = insert_person(conn)
        conn.execute(
            """
            INSERT INTO presence (post_id, app_user_id, workflow_field_id, seen_at)
            SELECT %s, %s, id, clock_timestamp() FROM workflow_field WHERE name = 'basic_idea'
            """,
            (post_id, somebody),
        )
    page.reload()
    expect(page.locator("#presence")).to_contain_text("Bob is editing")
    expect(page.locator("#field-basic_idea.field--shared")).to_have_count(1)
    page.focus("#value-basic_idea")
    with psycopg.connect(site.database_url, autocommit=True) as conn:
        for _ in range(50):
            if conn.execute("SELECT 1 FROM presence WHERE app_user_id <> %s", (somebody,)).fetchone():
                return
            page.wait_for_timeout(100)
    raise AssertionError("the server was not told")


def insert_person(conn: Any) -> int:
    return conn.execute(
        """
        INSERT INTO app_user (email, name, password_hash) VALUES ('bob@example.org', 'Bob', '!') RETURNING id
        """
    ).fetchone()[0]


# --- accepted while the page comes anew ----------------------------------------------------------

# Answers whose address holds `part` wait for `go()`, which answers once the page has done with them.
HOLD = """part => {
  const plain = window.fetch;
  let go;
  const gone = new Promise((done) => (go = done));
  window.fetch = async (address, options) => {
    const answer = await plain(address, options);
    if (String(address).includes(part)) await gone;
    return answer;
  };
  window.go = () => {
    go();
    return new Promise((done) =>
      document.addEventListener("htmx:finally:request", () => done(), { once: true }));
  };
}"""


def answered(page: Page, site: Site, held: str) -> Locator:
    """The field with a suggestion that came while what is `held` has not."""
    address = begin(page).rsplit("/", 1)[0]
    with serve(openai_reply([OFFERED])) as server:
        [model_id] = models_for(site, server.url)
        page.goto(f"{address}/fields/basic_idea/automation?model={model_id}")
        page.wait_for_load_state("networkidle")
        page.evaluate(HOLD, held)
        page.click("#run-button")
        offer = page.locator("#offers-basic_idea .offer")
        expect(offer).to_have_count(1)
    return offer


def test_a_button_that_is_down_while_the_panel_comes_anew_is_not_missed(open_page: Open, site: Site) -> None:
    page = open_page()
    box = answered(page, site, "automation?run=").locator("form[data-accept] button").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.evaluate("go()")
    page.mouse.up()
    expect(page.locator("#value-basic_idea")).to_have_value(OFFERED)


def test_a_suggestion_is_accepted_when_nothing_has_the_focus(open_page: Open, site: Site) -> None:
    page = open_page()
    answered(page, site, "automation?run=")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#value-basic_idea")).to_have_value(OFFERED)


def test_a_suggestion_is_accepted_before_the_scripts_have_come(open_page: Open, site: Site) -> None:
    page = open_page()
    suggested(page, site, [OFFERED])
    slow = {"offline": False, "latency": 700, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.reload(wait_until="commit")
    page.locator("#field-basic_idea .offer .hunk input").first.focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#value-basic_idea")).to_have_value(OFFERED)


def test_what_two_presses_at_once_brought_about_is_shown(open_page: Open, site: Site) -> None:
    page = open_page()
    offers = suggested(page, site, [OFFERED, NOW.replace("old", "older")])
    page.evaluate(HOLD, "/acceptance")
    offers.first.locator("text=Discard").click()
    offers.last.locator("text=Accept all").click()
    expect(offers).to_have_count(1)
    page.evaluate("go()")
    expect(offers).to_have_count(0)
    expect(page.locator("#value-basic_idea")).not_to_have_value(NOW)


@pytest.fixture
def unreviewed(site: Site) -> Iterator[None]:
    """Answers for the basic idea become its words without anybody's look."""
    bound = "UPDATE workflow_field_action SET on_success = %s WHERE workflow_field_id = ("
    bound += "SELECT id FROM workflow_field WHERE name = 'basic_idea')"
    with psycopg.connect(site.database_url, autocommit=True) as conn:
        conn.execute(bound, ("save",))
        try:
            yield
        finally:
            conn.execute(bound, ("review",))


def run_basic_idea(page: Page, site: Site) -> None:
    address = begin(page).rsplit("/", 1)[0]
    with serve(openai_reply([OFFERED])) as server:
        [model_id] = models_for(site, server.url)
        page.goto(f"{address}/fields/basic_idea/automation?model={model_id}")
        page.click("#run-button")
        expect(page.locator("#panel")).to_contain_text("Run again")


def expect_words(page: Page) -> None:
    expect(page.locator("#value-basic_idea")).to_have_value(OFFERED)
    expect(page.locator("#offers-basic_idea .offer")).to_have_count(0)


@pytest.mark.usefixtures("unreviewed")
def test_an_answer_that_nobody_is_to_review_is_shown_as_the_words_it_became(
    open_page: Open, site: Site
) -> None:
    page = open_page()
    run_basic_idea(page, site)
    expect_words(page)


@pytest.mark.usefixtures("unreviewed")
def test_it_is_looked_for_again_when_a_worker_takes_its_time(open_page: Open, site: Site) -> None:
    page = open_page()
    asked: list[float] = []

    def not_yet(route: Route) -> None:
        asked.append(time.monotonic())
        if asked[-1] - asked[0] > 1.5:
            return route.continue_()
        waiting = '<div class="offers" id="offers-basic_idea" data-revision="0">'
        waiting += f'<p hidden data-saves-answers="{route.request.url}"></p>'
        waiting += '<section class="offer">Waits</section></div>'
        return route.fulfill(status=200, content_type="text/html", body=waiting)

    page.route("**/fields/basic_idea/offers?runs=0", not_yet)
    run_basic_idea(page, site)
    expect(page.locator("#offers-basic_idea")).to_contain_text("Waits")
    expect_words(page)
