"""Words that are selected in a field and given to a model: by key, by press, and without JavaScript."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe
from tests.browser.site import Open, Site, begin, default_model
from tests.llm.providers.scripted import Reply, Server, openai_reply, serve

pytestmark = pytest.mark.browser

BEFORE, PASSAGE, AFTER = "🧶🐑 Wool is warm. ", "Kilts are very, very old.", " Rain is wet."
TEXT = BEFORE + PASSAGE + AFTER
SHORT = "Kilts are old."


@contextmanager
def answering(site: Site, *texts: str) -> Generator[Server]:
    """A default model that answers so, one after the other."""
    replies: list[Reply] = [openai_reply([text]) for text in texts]
    with serve(replies) as server, default_model(site, server.url):
        yield server


def written(page: Page, text: str = TEXT) -> Locator:
    """A new post with `text` in its second field; the place where that is typed."""
    begin(page)
    page.fill("#value-basic_idea", text)
    expect(page.locator("#saved-basic_idea [data-saved]")).to_contain_text("saved")
    return page.locator("#field-basic_idea .cm-content")


def select_from_keyboard(page: Page, words: Locator) -> None:
    words.focus()
    page.keyboard.press("Control+Home")
    for _ in range(len(BEFORE)):
        page.keyboard.press("ArrowRight")
    for _ in range(len(PASSAGE)):
        page.keyboard.press("Shift+ArrowRight")


def test_selected_words_are_shortened_from_the_keyboard_alone(open_page: Open, site: Site) -> None:
    page = open_page()
    with answering(site, SHORT) as server:
        select_from_keyboard(page, written(page))
        page.keyboard.press("Control+j")
        bar = page.get_by_role("toolbar", name="What a model can do with the selected words")
        expect(bar.get_by_role("button", name="Shorten")).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(bar.get_by_role("button", name="Expand")).to_be_focused()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        offer = page.locator("#offers-basic_idea .offer")
        expect(offer.locator(".hunk")).to_have_count(1)
    sent = server.received[-1].json["messages"]
    assert PASSAGE in sent[-1]["content"]
    assert "🧶🐑 Wool is warm." in sent[-2]["content"]
    expect(page.locator("#panel")).to_contain_text(f"“{PASSAGE}”")
    page.locator("#field-basic_idea").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#value-basic_idea")).to_have_value(BEFORE + SHORT + AFTER)


def test_escape_gives_the_words_and_their_selection_back(open_page: Open) -> None:
    page = open_page()
    words = written(page)
    select_from_keyboard(page, words)
    page.keyboard.press("Control+j")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()
    expect(words).to_be_focused()
    page.keyboard.type("Kilts.")
    expect(page.locator("#value-basic_idea")).to_have_value(BEFORE + "Kilts." + AFTER)


def test_the_bar_comes_up_beside_the_words_and_asks_for_a_language(open_page: Open, site: Site) -> None:
    page = open_page()
    with answering(site, "Les kilts sont anciens.") as server:
        select_from_keyboard(page, written(page))
        bar = page.locator("#selection")
        expect(bar).to_be_visible()
        box, words = bar.bounding_box(), page.locator("#field-basic_idea").bounding_box()
        assert box is not None
        assert words is not None
        assert words["y"] < box["y"] < words["y"] + words["height"] + 40
        bar.get_by_role("button", name="Translate…").click()
        bar.get_by_label("Language").select_option("French")
        bar.get_by_role("button", name="Translate", exact=True).click()
        expect(page.locator("#offers-basic_idea .hunk ins")).to_contain_text("Les kilts")
    assert "into this language: French" in str(server.received[-1].json["messages"])


def test_what_is_typed_is_saved_before_a_model_reads_it(open_page: Open, site: Site) -> None:
    page = open_page()
    with answering(site, "Two."):
        words = written(page)
        words.focus()
        page.keyboard.press("Control+End")
        page.keyboard.type(" One two three.")
        for _ in range(len("two three.")):
            page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Control+j")
        page.keyboard.press("Enter")
        page.locator("#offers-basic_idea").get_by_text("Accept all").click()
    expect(page.locator("#value-basic_idea")).to_have_value(f"{TEXT} One Two.")


def test_words_written_elsewhere_meanwhile_are_left_alone(open_page: Open, site: Site) -> None:
    page = open_page()
    with answering(site, SHORT):
        select_from_keyboard(page, written(page))
        page.keyboard.press("Control+j")
        page.keyboard.press("Enter")
        expect(page.locator("#offers-basic_idea .offer")).to_have_count(1)
    other = open_page(page.url.removeprefix(site.address).partition("#")[0])
    other.check("#own-basic_idea")
    other.fill("#value-basic_idea", TEXT.replace("wet", "grey"))
    expect(other.locator("#saved-basic_idea")).to_contain_text("2 revisions")
    page.get_by_text("Accept all").click()
    expect(page.locator("#offers-basic_idea")).to_contain_text("changed meanwhile")
    page.get_by_text("Accept what is ticked").click()
    expect(page.locator("#value-basic_idea")).to_have_value(BEFORE + SHORT + AFTER.replace("wet", "grey"))


def test_a_passage_is_chosen_without_java_script(open_page: Open, site: Site) -> None:
    page = open_page()
    written(page, f"{TEXT}\n\n{PASSAGE} So they are.")
    plain = open_page(page.url.removeprefix(site.address).partition("#")[0], java_script=False)
    with answering(site, SHORT):
        plain.click("#passage-basic_idea")
        plain.fill("[name=words]", "Kilts were")
        plain.click("text=Find them")
        expect(plain.locator("main")).to_contain_text("does not have these words")
        plain.fill("[name=words]", PASSAGE)
        plain.click("text=Find them")
        expect(plain.locator("main")).to_contain_text("2 times")
        plain.locator("li .button").last.click()
        expect(plain.locator("mark")).to_have_text(PASSAGE)
        with plain.expect_navigation():
            plain.locator("form", has_text="Shorten").get_by_role("button").click()
        page.reload()
        expect(page.locator("#offers-basic_idea .offer")).to_have_count(1)
        plain.reload()
        plain.click("text=Accept all")
    expect(plain.locator("#value-basic_idea")).to_have_value(f"{TEXT}\n\n{SHORT} So they are.")


def test_axe_finds_nothing_in_the_bar_and_on_the_page_of_a_passage(open_page: Open) -> None:
    page = open_page()
    written(page)
    page.reload()
    select_from_keyboard(page, page.locator("#field-basic_idea .cm-content"))
    page.keyboard.press("Control+j")
    page.get_by_role("button", name="Change tone…").click()
    found = axe.faults(page)
    page.goto(page.locator("#passage-basic_idea").get_attribute("href") or "")
    found += axe.faults(page)
    with page.expect_navigation():
        page.locator("li .button").first.click()
    found += axe.faults(page)
    assert found == []
