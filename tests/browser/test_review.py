"""A sub-stage worked from the keyboard alone, and comments at the side of the field they are about."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.site import Open, begin

pytestmark = pytest.mark.browser


def tab_into(page: Page, selector: str) -> None:
    """From where the focus is, forward until it is on what matches."""
    for _ in range(80):
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} was not reached")


def test_a_sub_stage_is_begun_finished_and_taken_back_from_the_keyboard(open_page: Open) -> None:
    page = open_page()
    begin(page)
    page.fill("#value-basic_idea", "A worked-out idea.")
    page.fill("#value-provisional_title", "The kilt")
    strip = page.locator("#strip")
    expect(strip).to_contain_text("All requirements")

    strip.focus()
    tab_into(page, "#strip button[value=in_work]")
    page.keyboard.press("Enter")
    expect(strip.locator(".status")).to_have_text("In work")
    expect(strip).to_be_focused()
    expect(strip).to_contain_text("Nora Finch")

    tab_into(page, "#strip button[value=done]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/research")
    expect(strip).to_contain_text("Idea: you finished it.")
    tab_into(page, "#strip .strip__undo button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/idea")
    expect(strip.locator(".status")).to_have_text("In work")


def test_why_it_is_blocked_is_said_until_it_goes_on(open_page: Open) -> None:
    page = open_page()
    begin(page)
    strip = page.locator("#strip")
    expect(strip.locator(".status")).to_be_visible()
    strip.focus()
    tab_into(page, "#strip summary.ghost")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("No pictures yet.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(strip.locator(".strip__note")).to_contain_text("No pictures yet.")
    strip.get_by_role("button", name="Go on", exact=True).click()
    expect(strip.locator(".status")).to_have_text("In work")
    expect(strip.locator(".strip__note")).to_have_count(0)


def test_a_passage_is_commented_on_resolved_and_left_from_the_keyboard(open_page: Open) -> None:
    page = open_page()
    begin(page)
    field = page.locator("#value-idea_seed")
    field.focus()
    page.keyboard.press("Control+Home")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Shift+ArrowRight")
    button = page.locator("#comments-idea_seed")
    expect(page.locator("#strip .status")).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    drawer = page.locator("#drawer")
    expect(drawer).to_be_focused()
    expect(drawer.locator(".conversation__new [name=quote]")).to_have_value("evolution")
    tab_into(page, "#new-comment")
    page.keyboard.type("Is that the word? <b>Hm.</b>")
    page.keyboard.press("Control+Enter")
    thread = drawer.locator(".thread")
    expect(thread).to_contain_text("Is that the word? <b>Hm.</b>")
    expect(thread.locator("blockquote")).to_have_text("evolution")
    expect(button).to_contain_text("1")
    expect(drawer.locator("[name=quote]")).to_have_value("")

    page.click("#drawer >> text=Show the passage")
    chosen = "(e) => e.value.slice(e.selectionStart, e.selectionEnd)"
    assert field.evaluate(chosen) == "evolution"
    drawer.get_by_role("button", name="Resolve").focus()
    page.keyboard.press("Enter")
    expect(drawer).to_contain_text("Nothing is open here.")
    expect(button).not_to_contain_text("1")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(button).to_be_focused()


def test_comments_and_the_state_need_no_java_script(open_page: Open) -> None:
    page = open_page(java_script=False)
    begin(page)
    page.click("#strip >> text=Status")
    page.click("main >> text=Start work")
    page.click("#strip >> text=Status")
    expect(page.locator(".strip .status")).to_have_text("In work")
    page.click("main >> text=Back to the post")
    page.click("#comments-idea_seed")
    page.fill("#new-comment", "Without a script.")
    page.click(".conversation__new button")
    expect(page.locator(".comment__body")).to_have_text("Without a script.")


def test_axe_finds_nothing(open_page: Open) -> None:
    page = open_page()
    address = begin(page).rsplit("/", 1)[0]
    expect(page.locator("#strip .status")).to_be_visible()  # the scripts are there
    page.click("#comments-idea_seed")
    page.fill("#new-comment", "Hm.")
    page.click("#drawer .conversation__new button.primary")
    expect(page.locator("#drawer .thread")).to_be_visible()
    found = axe.faults(page)
    page.click("[data-close-drawer]")
    page.click("#strip summary:has-text('Hand over')")
    found += axe.faults(page)
    for path in ("sub-stages/idea", "comments", "fields/idea_seed/comments?shown=all"):
        page.goto(f"{address}/{path}")
        found += axe.faults(page)
    page.goto("/notifications")
    found += axe.faults(page)
    assert found == []
