"""A day's work, from an idea to an exported post: with the keyboard alone, in two browsers at once, and
without JavaScript."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import writer
from tests.browser.site import Open

pytestmark = pytest.mark.browser

IDEA = "Why lighthouses went dark: the keepers, the lamps and the switch"


# --- the keyboard --------------------------------------------------------------------------------


def tab_to(page: Page, target: Locator) -> None:
    """Tab until it has the focus; a person who does not see the page can do no more."""
    target.wait_for()
    for _ in range(250):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not come to {target}")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    tab_to(page, target)
    page.keyboard.press(key)


def jump(page: Page, words: str, address: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    expect(page.locator("#palette [data-hit][aria-selected=true]")).to_contain_text(words)
    page.keyboard.press("Enter")
    page.wait_for_url(address)


def automate(page: Page, label: str, key: str, value: str) -> None:
    """To the field, ask the model, accept what it wrote."""
    jump(page, label, f"**#field-{key}")
    expect(page.locator(f"#field-{key}")).to_be_focused()
    page.keyboard.press("Control+j")
    expect(page.locator("#run-button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f"#offers-{key} .offer")).to_have_count(1)
    page.keyboard.press("Control+Enter")
    expect(page.locator(f"#value-{key}")).to_have_value(value)


def automate_every_section(page: Page, label: str, name: str, value: str) -> None:
    press(page, page.locator("#batches summary", has_text="For every section"))
    press(page, page.locator("#batches .batch-start button", has_text=label))
    offers = page.locator(f"[id^=field-][id$={name}] .offer")
    expect(offers).to_have_count(len(writer.HEADINGS))
    for left in range(len(writer.HEADINGS) - 1, -1, -1):
        press(page, offers.first.locator("form[data-accept] button"), "Control+Enter")
        expect(offers).to_have_count(left)
    for words in page.locator(f"[id^=value-][id$={name}]").all():
        expect(words).to_have_value(value)


# --- the tests -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("newsroom")
def test_a_days_work_with_the_keyboard_alone(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    press(page, page.get_by_role("link", name="New post").first)
    tab_to(page, page.locator("#idea"))
    page.keyboard.type(IDEA)
    press(page, page.get_by_role("button", name="Start the post"))
    page.wait_for_url("**/idea")
    automate(page, "Basic idea", "basic_idea", writer.BRIEF)
    automate(page, "Provisional title", "provisional_title", writer.TITLE)

    jump(page, "Section headings", "**#field-section_headings")
    page.keyboard.press("Control+j")
    expect(page.locator("#run-button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#offers-section_headings .offer")).to_have_count(1)
    page.keyboard.press("Control+Enter")
    headings = page.locator("#outline .sections a[id^=outline-section]")
    expect(headings).to_have_text(list(writer.HEADINGS))

    jump(page, "Conclusion", "**/content#field-conclusion")
    automate_every_section(page, "Draft", "draft", writer.DRAFT)
    automate_every_section(page, "Polished", "polished", writer.POLISHED)
    automate(page, "Main title", "main_title", writer.TITLE)

    jump(page, "Summary", "**/meta_info#field-summary")
    press(page, page.locator("#batches summary", has_text="Automate Meta info"))
    tab_to(page, page.get_by_label("Wait for my review after each"))
    page.keyboard.press("ArrowDown")
    press(page, page.get_by_role("button", name="✦ Start"))
    batch = page.locator("#batches .batch", has_text="Meta info").locator("[role=status]")
    expect(batch).to_contain_text("finished")
    expect(page.locator("#value-summary")).to_have_value(writer.ANSWERS["Summarise this post"])

    with page.context.expect_page() as opened:
        press(page, page.get_by_role("link", name="Preview in a window of its own"))
    preview = opened.value
    expect(preview.locator(".article__title")).to_have_text(writer.TITLE)
    with preview.expect_download() as download:
        press(preview, preview.get_by_role("link", name="Markdown"))
    download.value.save_as(tmp_path / "post.md")
    exported = (tmp_path / "post.md").read_text()
    assert (
        exported.index(writer.HEADINGS[0])
        < exported.index(writer.POLISHED)
        < exported.index(writer.HEADINGS[1])
    )
    assert writer.SEO["description"] in exported


def test_two_browsers_at_one_field_lose_neither_text(open_page: Open) -> None:
    first, second = open_page(), open_page()
    press(first, first.get_by_role("link", name="New post").first)
    tab_to(first, first.locator("#idea"))
    first.keyboard.type(IDEA)
    press(first, first.get_by_role("button", name="Start the post"))
    first.wait_for_url("**/idea")
    second.goto(first.url)
    for page, words in ((first, "Nora was here first"), (second, "Nora was here too")):
        jump(page, "Basic idea", "**#field-basic_idea")
        tab_to(page, page.locator("#text-basic_idea .cm-content"))
        page.keyboard.type(words)
    saved = [page.locator("#saved-basic_idea") for page in (first, second)]
    expect(saved[0].locator("[data-saved]")).to_contain_text("saved")
    expect(saved[1].locator(".diff ins")).to_contain_text("too")
    press(second, second.get_by_role("button", name="Keep mine"))
    expect(saved[1]).to_contain_text("2 revisions")
    first.reload()
    expect(first.locator("#value-basic_idea")).to_have_value("Nora was here too")


@pytest.mark.usefixtures("newsroom")
def test_a_days_work_without_java_script(open_page: Open) -> None:
    page = open_page("/posts/new", java_script=False)
    page.fill("#idea", IDEA)
    page.click("text=Start the post")
    page.fill("#value-provisional_title", "Lighthouses")
    page.click("#saved-provisional_title .save")
    expect(page.locator("#value-provisional_title")).to_have_value("Lighthouses")
    page.fill("#new-section", "The lamp")
    page.click("[aria-label='Add a section']")
    page.click("nav[aria-label=Stages] >> text=Content")
    page.click("a[id^=automate-][id$=draft]")
    page.click("#run-button")
    offer = page.locator("[id^=offers-][id$=draft] .offer")
    for _ in range(30):
        if offer.count():
            break
        page.wait_for_timeout(300)
        page.reload()
    offer.locator("button", has_text="Accept").first.click()
    expect(page.locator("[id^=value-][id$=draft]")).to_have_value(writer.DRAFT)
    page.goto(f"{page.url.split('/content')[0].split('/sections')[0].split('/fields')[0]}/preview")
    with page.expect_download() as download:
        page.click("text=Markdown")
    assert writer.DRAFT in Path(download.value.path()).read_text()
