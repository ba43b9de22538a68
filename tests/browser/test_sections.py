"""Sections dragged, split and joined, fields automated at once, in a real browser and from the keyboard."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe
from tests.browser.site import Open, begin

pytestmark = pytest.mark.browser


def sections(page: Page, *names: str) -> Locator:
    """The page where sections are written, with these; answers their names in the outline."""
    page.goto(begin(page).rsplit("/", 1)[0] + "/content")
    found = page.locator("#outline .sections a[id^=outline-section]")
    for name in names:
        page.fill("#new-section", name)
        page.keyboard.press("Enter")
        expect(found.last).to_have_text(name)
    return found


def drafts(page: Page) -> Locator:
    return page.locator("textarea[id$='-draft']")


def test_a_section_is_dragged_and_put_back(open_page: Open) -> None:
    page = open_page()
    names = sections(page, "One", "Two", "Three")
    names.last.hover()
    grip = page.locator("[data-grip]").last.bounding_box()
    top = names.first.bounding_box()
    assert grip is not None
    assert top is not None
    page.mouse.move(grip["x"] + 4, grip["y"] + 4)
    page.mouse.down()
    page.mouse.move(grip["x"] + 4, top["y"] + 20, steps=4)
    page.mouse.move(grip["x"] + 4, top["y"] - 6, steps=4)
    page.mouse.up()
    expect(page.locator(".undo")).to_contain_text("another order")
    expect(names).to_have_text(["Three", "One", "Two"])
    page.click(".undo >> text=Undo")
    expect(names).to_have_text(["One", "Two", "Three"])


def test_a_section_is_dragged_with_a_finger(open_page: Open) -> None:
    page = open_page()
    names = sections(page, "One", "Two", "Three")
    grip, top = page.locator("[data-grip]").last.bounding_box(), names.first.bounding_box()
    assert grip is not None
    assert top is not None
    finger = page.context.new_cdp_session(page)
    across, start, end = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2, top["y"] - 6
    for step in range(9):
        points = [{"x": across, "y": start + (end - start) * step / 8}]
        finger.send(
            "Input.dispatchTouchEvent",
            {"type": "touchMove" if step else "touchStart", "touchPoints": points},
        )
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(names).to_have_text(["Three", "One", "Two"])


def test_a_section_is_split_at_the_cursor_from_the_keyboard_and_joined_again(open_page: Open) -> None:
    page = open_page()
    names = sections(page, "Cloth")
    draft = drafts(page).first
    draft.focus()
    page.keyboard.type("Wool is warm.")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("## Pleats")
    page.keyboard.press("Home")
    page.keyboard.press("Alt+Enter")
    page.wait_for_url("**/split**")
    button = page.get_by_role("button", name="Split at the cursor")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(names).to_have_text(["Cloth", "Pleats"])
    expect(drafts(page).first).to_have_value("Wool is warm.")

    drafts(page).nth(1).fill("There are many.")
    tools = page.locator("#outline .section-tools summary").first
    tools.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Join with next").focus()
    page.keyboard.press("Enter")
    expect(names).to_have_text(["Cloth"])
    expect(drafts(page).first).to_have_value("Wool is warm.\n\nThere are many.")
    page.click(".undo >> text=Undo")
    expect(names).to_have_text(["Cloth", "Pleats"])
    expect(drafts(page).first).to_have_value("Wool is warm.")


def test_a_field_is_automated_for_every_section(open_page: Open) -> None:
    page = open_page()
    sections(page, "Cloth", "Pleats")
    page.click("#batches summary:has-text('For every section')")
    page.locator("#batches .batch-start button").first.click()
    batch = page.locator("#batches .batch")
    expect(batch).to_contain_text("for every section: ")
    expect(batch.locator("li")).to_have_count(2)
    expect(batch).to_contain_text("Cloth")


def test_a_sub_stage_is_automated_field_by_field(open_page: Open) -> None:
    page = open_page()
    begin(page)
    page.locator("#batches summary:has-text('Automate Idea')").press("Enter")
    page.get_by_label("Wait for my review after each").press("Tab")
    page.keyboard.press("Enter")
    batch = page.locator("#batches .batch")
    expect(batch.locator("[role=status]")).to_contain_text("Idea: 0 of ")
    expect(batch.locator("[role=status]")).to_contain_text("waiting for your review of")
    batch.locator("a").first.click()
    page.locator(".offer").first.wait_for()
    page.locator(".offer").first.get_by_role("button", name="Discard").click()
    expect(batch.locator("[role=status]")).to_contain_text("Idea: 1 of ")
    batch.get_by_role("button", name="Stop all").click()
    expect(batch.locator("[role=status]")).to_contain_text("stopped")


def test_all_of_it_needs_no_java_script(open_page: Open) -> None:
    page = open_page(java_script=False)
    begin(page)
    page.click("#batches >> text=All at once")
    page.click("text=✦ Start")
    expect(page.locator(".batch")).to_contain_text("Idea: 0 of ")
    page.click("text=Stop all")
    expect(page.locator(".batch")).to_contain_text("stopped")


def test_axe_finds_nothing(open_page: Open) -> None:
    page = open_page()
    sections(page, "Cloth", "Pleats")
    drafts(page).first.fill("One.\n\nTwo.")
    page.click("#batches summary:has-text('For every section')")
    page.locator("#batches .batch-start button").first.click()
    expect(page.locator("#batches .batch li")).to_have_count(2)
    page.locator("#outline .section-tools summary").first.click()
    found = axe.faults(page)
    page.locator("a[data-split]").first.click()
    page.wait_for_url("**/split**")
    found += axe.faults(page)
    assert found == []
