"""Writing in the desk's fields: Markdown, lists and JSON, each in an editor of its kind over its textarea."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe
from tests.browser.site import Open, begin
from tests.browser.test_sections import drafts, sections

pytestmark = pytest.mark.browser

CLIPBOARD = Path(__file__).parent / "clipboard"
PASTE = """
(place, [html, plain]) => {
  const clipboardData = new DataTransfer();
  if (html) clipboardData.setData("text/html", html);
  clipboardData.setData("text/plain", plain);
  place.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}
"""


def begin_writing(page: Page, key: str = "basic_idea") -> Locator:
    """The editor of a field, with the focus; answers the field's textarea."""
    page.locator(f"#text-{key}").scroll_into_view_if_needed()
    page.locator(f"#text-{key} .cm-content").click()
    return page.locator(f"#value-{key}")


def at_stage(page: Page, sub_stage: str) -> None:
    page.goto(f"{begin(page).rsplit('/', 1)[0]}/{sub_stage}")


def test_what_is_typed_is_in_the_form_at_once_and_saved(open_page: Open) -> None:
    page = open_page()
    begin(page)
    control = begin_writing(page)
    page.keyboard.type("# Wool\n\n- warm\n")
    page.keyboard.type("soft")  # the next entry of the list has begun by itself
    expect(control).to_have_value("# Wool\n\n- warm\n- soft")
    expect(page.locator("#text-basic_idea .md-h1").last).to_contain_text("Wool")
    expect(page.locator("#saved-basic_idea")).to_contain_text("/ 8,000 characters")
    expect(page.locator("#saved-basic_idea [data-saved]")).to_contain_text("saved")
    page.keyboard.press("Control+a")
    page.keyboard.type("Linen")  # over words that have looks: none of them may come as a style
    page.keyboard.press("Control+z")
    expect(control).to_have_value("# Wool\n\n- warm\n- soft")
    page.keyboard.press("Control+Shift+Z")
    page.reload()
    expect(control).to_have_value("Linen")
    expect(page.locator("#text-basic_idea .cm-content")).to_have_text("Linen")


def test_the_browser_checks_the_spelling_in_the_readers_english(open_page: Open) -> None:
    page = open_page()
    begin(page)
    content = page.locator("#text-basic_idea .cm-content")
    expect(content).to_have_attribute("spellcheck", "true")
    preferred = page.evaluate("navigator.languages.find((kind) => kind.startsWith('en-'))")
    expect(content).to_have_attribute("lang", preferred)
    expect(content).to_have_attribute("aria-labelledby", "label-basic_idea")


def test_tab_and_escape_leave_the_text(open_page: Open) -> None:
    page = open_page()
    begin(page)
    control = begin_writing(page)
    page.keyboard.type("wool")
    expect(page.get_by_role("button", name="Bold")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#field-basic_idea")).to_be_focused()
    expect(control).to_have_value("wool")
    page.keyboard.press("?")
    expect(page.locator("[data-shortcuts]")).to_contain_text("Find and replace in the text")


def test_the_selection_is_the_textareas_and_what_is_done_to_it_shows(open_page: Open) -> None:
    page = open_page()
    begin(page)
    control = begin_writing(page)
    page.keyboard.type("wool 🐑 is warm")
    control.evaluate("(c) => c.addEventListener('selection:changed', (e) => (window.chosen = e.detail))")
    page.keyboard.press("Shift+Home")
    assert page.evaluate("window.chosen") == {"start": 0, "end": 15}
    assert control.evaluate("(c) => [c.selectionStart, c.selectionEnd]") == [0, 15]
    control.evaluate("(c) => c.setRangeText('Linen', 0, 4, 'select')")
    expect(page.locator("#text-basic_idea .cm-content")).to_have_text("Linen 🐑 is warm")
    assert page.evaluate("window.chosen") == {"start": 0, "end": 5}


def test_slash_inserts_and_starts_the_actions_of_the_field(open_page: Open) -> None:
    page = open_page()
    begin(page)
    control = begin_writing(page, "idea_scope")
    menu = page.locator(".cm-tooltip-autocomplete li")
    page.keyboard.type("/")
    expect(menu.first).to_have_text("Heading## ")
    page.keyboard.type("head")
    page.keyboard.press("Enter")
    page.keyboard.type("Scope\n/lin")
    expect(menu.first).to_contain_text("Link")
    page.keyboard.press("Enter")
    page.keyboard.type("a guide")
    expect(control).to_have_value("## Scope\n[a guide](https://)")
    page.keyboard.press("End")
    page.keyboard.type(" /scope")
    page.keyboard.press("ArrowDown")
    expect(menu.filter(has_text="Define the scope")).to_have_count(1)
    menu.filter(has_text="Define the scope").click()
    expect(page.locator("#panel h3")).to_contain_text("Define the scope")
    expect(page.locator("#run-button")).to_be_focused()
    expect(control).to_have_value("## Scope\n[a guide](https://) ")


def test_words_are_found_and_replaced(open_page: Open) -> None:
    page = open_page()
    begin(page)
    control = begin_writing(page)
    page.keyboard.type("wool, more wool")
    page.keyboard.press("Control+f")
    page.keyboard.type("wool")
    page.get_by_placeholder("Replace").fill("linen")
    page.get_by_role("button", name="Replace all").click()
    expect(control).to_have_value("linen, more linen")
    page.keyboard.press("Escape")
    expect(page.locator(".cm-search")).to_have_count(0)
    expect(page.locator("#text-basic_idea .cm-content")).to_be_focused()


@pytest.mark.parametrize("source", ["word", "google-docs"])
def test_what_a_word_processor_copies_is_pasted_as_markdown(open_page: Open, source: str) -> None:
    page = open_page()
    begin(page)
    control = begin_writing(page)
    copied = (CLIPBOARD / f"{source}.html").read_text()
    page.locator("#text-basic_idea .cm-content").evaluate(PASTE, [copied, "plain"])
    expect(control).to_have_value((CLIPBOARD / f"{source}.md").read_text().removesuffix("\n"))
    assert page.title() != "taken over"  # by a script of it


def test_a_long_text_stays_usable_and_what_no_field_holds_is_refused(open_page: Open) -> None:
    page = open_page()
    sections(page, "Cloth")
    key = drafts(page).first.get_attribute("id").removeprefix("value-")  # type: ignore[union-attr]
    control = begin_writing(page, key)
    content = page.locator(f"#text-{key} .cm-content")
    content.evaluate(PASTE, ["", "Wool keeps you warm. " * 50_000])  # 200,000 words
    page.keyboard.type("At last.")
    assert len(control.input_value()) == 1_050_008
    content.evaluate(PASTE, ["", "x" * 950_000])
    expect(page.locator("#toasts")).to_contain_text("at most 2,000,000")
    assert len(control.input_value()) == 1_050_008
    expect(page.locator(f"#saved-{key} [data-saved]")).to_contain_text("saved")
    expect(page.locator(f"#saved-{key}")).to_contain_text("200,002 words")


def test_the_formatted_view_is_what_readers_will_see(open_page: Open) -> None:
    page = open_page()
    begin(page)
    begin_writing(page)
    page.keyboard.type("**bold** [a](javascript:alert(1)) <b onclick=x>tag</b>")
    page.get_by_role("button", name="Formatted").click()
    seen = page.locator("#text-basic_idea .formatted")
    expect(seen.locator("strong")).to_have_text("bold")
    expect(seen).to_contain_text("<b onclick=x>tag</b>")
    expect(seen.locator("a")).to_have_count(0)
    page.get_by_role("button", name="Formatted").click()
    expect(page.locator("#text-basic_idea .cm-content")).to_be_focused()


def test_a_list_is_written_and_ordered_from_the_keyboard(open_page: Open) -> None:
    page = open_page()
    at_stage(page, "research")
    control = page.locator("#value-topics_to_cover")
    page.get_by_role("button", name="Add to Topics to cover").press("Enter")
    for words in ("Wool", "Dyes", "Looms"):
        page.keyboard.type(words)
        page.keyboard.press("Enter")
    page.keyboard.press("Backspace")  # the empty one is gone
    page.keyboard.press("Alt+ArrowUp")
    expect(control).to_have_value("Wool\nLooms\nDyes")
    expect(page.get_by_label("Topics to cover 2", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(control).to_have_value("Wool\nDyes")
    page.locator("#text-topics_to_cover").get_by_role("button", name="Undo").click()
    expect(control).to_have_value("Wool\nLooms\nDyes")
    first = page.get_by_label("Topics to cover 1", exact=True)
    first.press("End")
    first.evaluate(PASTE, ["", "1. Wool\n2. Linen"])
    expect(control).to_have_value("WoolWool\nLinen\nLooms\nDyes")
    page.locator("#text-topics_to_cover").get_by_role("button", name="Source: edit the text itself").click()
    control.fill("Silk\n[1, 2]")
    page.locator("#text-topics_to_cover").get_by_role("button", name="Source: edit the text itself").click()
    expect(page.locator("#text-topics_to_cover .entry")).to_have_count(2)
    expect(page.locator("#saved-topics_to_cover [data-saved]")).to_contain_text("saved")
    page.reload()
    expect(control).to_have_value("Silk\n[1, 2]")


def test_an_entry_is_dragged_to_another_place(open_page: Open) -> None:
    page = open_page()
    at_stage(page, "research")
    page.get_by_role("button", name="Add to Topics to cover").click()
    page.keyboard.type("One")
    page.keyboard.press("Enter")
    page.keyboard.type("Two")
    grip = page.locator(".entry__grip").last.bounding_box()
    top = page.locator(".entry").first.bounding_box()
    assert grip is not None
    assert top is not None
    page.mouse.move(grip["x"] + 4, grip["y"] + 4)
    page.mouse.down()
    page.mouse.move(grip["x"] + 4, top["y"] + 2, steps=4)
    page.mouse.up()
    expect(page.locator("#value-topics_to_cover")).to_have_value("Two\nOne")


def test_a_form_writes_json_and_leaves_what_it_does_not_know(open_page: Open) -> None:
    page = open_page()
    at_stage(page, "structure")
    control = page.locator("#value-section_headings")
    form = page.locator("#text-section_headings")
    form.get_by_role("button", name="Add to Section headings").press("Enter")
    page.keyboard.type("Cloth")
    page.keyboard.press("Tab")
    page.keyboard.type("What it is made of.")
    expect(control).to_have_value(
        '[\n  {\n    "heading": "Cloth",\n    "description": "What it is made of."\n  }\n]'
    )
    form.get_by_role("button", name="Source: edit the text itself").click()
    control.fill('[{"heading": "Cloth", "mood": "warm"}]')
    form.get_by_role("button", name="Source: edit the text itself").click()
    form.get_by_label("Section headings 1: Description").fill("Wool.")
    expect(control).to_have_value(
        '[\n  {\n    "heading": "Cloth",\n    "mood": "warm",\n    "description": "Wool."\n  }\n]'
    )
    form.get_by_role("button", name="Source: edit the text itself").click()
    control.fill('{"not": "a list"}')
    form.get_by_role("button", name="Source: edit the text itself").click()
    expect(form).to_contain_text("does not fit the form of “Plan the sections”")
    expect(control).to_be_visible()
    control.fill('[{"heading": "Cloth", "threads": 12345678901234567890}]')  # a script would round it
    form.get_by_role("button", name="Source: edit the text itself").click()
    expect(form).to_contain_text("does not fit")
    expect(control).to_have_value('[{"heading": "Cloth", "threads": 12345678901234567890}]')
    expect(page.locator("#saved-section_headings [data-saved]")).to_contain_text("saved")


def test_every_kind_of_field_is_written_without_java_script(open_page: Open) -> None:
    page = open_page(java_script=False)
    for sub_stage, key, words in (
        ("idea", "basic_idea", "# Wool"),
        ("research", "topics_to_cover", "Wool\nDyes"),
        ("structure", "section_headings", '[\n  {\n    "heading": "Cloth"\n  }\n]'),
    ):
        at_stage(page, sub_stage)
        page.fill(f"#value-{key}", words)
        page.click(f"#text-{key} >> text=Save")
        expect(page.locator(f"#value-{key}")).to_have_value(words)
        expect(page.locator(f"#saved-{key}")).to_contain_text("1 revision")


def test_axe_finds_nothing(open_page: Open) -> None:
    page = open_page()
    address = begin(page).rsplit("/", 1)[0]
    begin_writing(page)
    page.keyboard.type("# Wool\n\n**bold** _em_ [a](https://b.example) `code`\n\n> quote\n\n/")
    expect(page.locator(".cm-tooltip-autocomplete")).to_be_visible()
    found = axe.faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+f")
    found += axe.faults(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Formatted").click()
    expect(page.locator(".formatted strong")).to_be_visible()
    found += axe.faults(page)
    page.goto(f"{address}/research")
    page.get_by_role("button", name="Add to Topics to cover").click()
    page.keyboard.type("Wool")
    found += axe.faults(page)
    page.goto(f"{address}/structure")
    page.get_by_role("button", name="Add to Section planning").click()
    page.get_by_role("button", name="Add to Section planning 1: Facts").click()
    found += axe.faults(page)
    assert found == []
