"""Reading in a real browser: a preview that follows the writer, gaps that lead to their fields, history."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Open, begin

pytestmark = pytest.mark.browser


def tab_to(page: Page, text: str) -> None:
    """With the keyboard alone."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if text in page.evaluate("document.activeElement.textContent"):
            return
    raise AssertionError(f"No Tab leads to “{text}”.")


def type_title(page: Page, words: str) -> None:
    expect(page.locator("#text-provisional_title")).to_have_class(re.compile("autosaves"))
    page.fill("#value-provisional_title", words)
    page.keyboard.press("Tab")
    expect(page.locator("#saved-provisional_title [data-saved]")).to_contain_text("saved")
    expect(page.locator("#crumb")).to_contain_text(words)


def test_the_preview_follows_what_is_typed_in_another_window(open_page: Open) -> None:
    desk = open_page()
    address = begin(desk)
    with desk.expect_popup() as opened:
        desk.locator(".ways >> text=Preview").press("Enter")
    preview = opened.value
    expect(preview.locator(".article__title")).to_have_text("Untitled post")
    preview.evaluate("window.isTheSame = true")
    desk.bring_to_front()
    type_title(desk, "The kilt comes down from the hills")
    expect(preview.locator(".article__title")).to_have_text("The kilt comes down from the hills")
    desk.fill("#new-section", "Early dress")
    desk.keyboard.press("Enter")
    expect(preview.locator(".article__heading")).to_have_text("Early dress")
    assert preview.evaluate("window.isTheSame")
    assert address.rsplit("/", 1)[0] in preview.url


def test_a_gap_leads_to_its_field(open_page: Open) -> None:
    page = open_page()
    address = begin(page).rsplit("/", 1)[0]
    page.goto(f"{address}/preview")
    tab_to(page, "Write it: Introduction")
    page.keyboard.press("Enter")
    page.wait_for_url("**/content#field-intro_blurb")
    expect(page.locator("#field-intro_blurb")).to_be_in_viewport()


def test_two_revisions_are_compared_and_one_restored_from_the_keyboard(open_page: Open) -> None:
    page = open_page()
    address = begin(page).rsplit("/", 1)[0]
    for words in ("A great wrap", "A global icon", "A small kilt"):
        type_title(page, words)
    page.goto(f"{address}/history")
    tab_to(page, "Only this field: Provisional title")
    page.keyboard.press("Enter")
    older = page.locator("input[name=old]")
    expect(older).to_have_count(3)
    older.nth(1).focus()
    page.keyboard.press("ArrowDown")
    expect(older.nth(2)).to_be_checked()
    page.locator("#compare-two button").press("Enter")
    expect(page.locator(".diff del").first).to_contain_text("great")
    tab_to(page, "Restore 1")
    page.keyboard.press("Enter")
    expect(page.locator(".banner.good")).to_contain_text("restored as revision 4")
    expect(page.locator(".post-history .field .diff").first.locator("ins").first).to_contain_text("great")


def test_the_moment_of_the_reader_s_own_clock_shows_the_post_then(open_page: Open) -> None:
    page = open_page()
    address = begin(page).rsplit("/", 1)[0]
    type_title(page, "Now")
    page.goto(f"{address}/history")
    page.click(".at-moment summary")
    page.fill("#at", "2200-01-01T00:00:00")
    page.press("#at", "Enter")
    expect(page.locator(".article__title")).to_have_text("Now")
    assert "at=2" in page.url
    assert page.url.endswith("Z")


def test_history_and_exports_need_no_java_script(open_page: Open) -> None:
    page = open_page(java_script=False)
    address = begin(page).rsplit("/", 1)[0]
    page.goto(f"{address}/history")
    page.select_option("#filter-field", label="Idea seed")
    page.click("text=Show >> nth=0")
    expect(page.locator(".post-history .field")).to_have_count(1)
    page.goto(f"{address}/preview")
    with page.expect_download() as download:
        page.click("text=Markdown")
    assert download.value.suggested_filename.endswith(".md")
