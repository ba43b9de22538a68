"""The main job in a real browser, with the real web and worker processes: from an idea to a revision."""

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.site import IDEA, Open, Site, begin, slow_model
from tests.factories import make_model
from tests.llm.providers.scripted import openai_reply, serve

pytestmark = pytest.mark.browser


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
