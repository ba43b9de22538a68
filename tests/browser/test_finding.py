"""Finding in a real browser, from the keyboard: jump box, board, calendar, list of shortcuts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Open, begin

pytestmark = pytest.mark.browser


def post_id(address: str) -> str:
    return address.split("/posts/")[1].split("/", maxsplit=1)[0]


def card(page: Page, number: str, column: str) -> None:
    expect(page.locator(f"[data-column={column}] #card-{number}")).to_be_visible()


def test_the_jump_box_leads_to_a_post_and_to_its_fields(open_page: Open) -> None:
    page = open_page()
    address = begin(page, "Zebras on the moor")
    page.goto("/calendar")
    page.keyboard.press("Control+k")
    page.keyboard.type("zebr")
    expect(page.locator("#palette [data-hit]").first).to_contain_text("Zebras on the moor")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/posts/{post_id(address)}/idea")
    page.keyboard.press("Control+k")
    page.keyboard.type("subtit")
    expect(page.locator("#palette [data-hit]").first).to_contain_text("Subtitle")
    page.keyboard.press("Enter")
    page.wait_for_url("**/content#field-subtitle")


def test_a_card_is_moved_with_the_keyboard_and_back(open_page: Open) -> None:
    page = open_page()
    number = post_id(begin(page, "Kestrels over the motorway"))
    page.goto("/board")
    page.locator(f"#card-{number} .board__title").focus()
    page.keyboard.press("Alt+ArrowRight")
    card(page, number, "research")
    expect(page.locator(f"#card-{number} .board__title")).to_be_focused()
    page.locator(f"#card-{number} .board__move").press("Enter")
    page.locator("#move-dialog button:has-text('Launch')").press("Enter")
    card(page, number, "launch")
    page.locator(".banner >> text=Undo").press("Enter")
    card(page, number, "research")


def test_a_card_is_dragged_to_another_stage(open_page: Open) -> None:
    page = open_page()
    number = post_id(begin(page, "Otters in town"))
    page.goto("/board")
    page.drag_and_drop(f"#card-{number}", "[data-column=structure]")
    card(page, number, "structure")


def test_a_planned_post_is_moved_by_a_day_and_a_week(open_page: Open) -> None:
    page = open_page()
    number = post_id(begin(page, "Swifts in May"))
    page.goto("/calendar?month=2031-05")
    csrf = page.locator("input[name=csrf_token]").first.input_value()
    form: dict[str, str | float | bool] = {
        "csrf_token": csrf,
        "post_id": number,
        "which": "planned_on",
        "day": "2031-05-14",
    }
    page.request.post("/calendar/moves", form=form)
    page.goto("/calendar?month=2031-05")
    for key, day in (("ArrowRight", "15"), ("ArrowDown", "22"), ("ArrowLeft", "21"), ("ArrowUp", "14")):
        page.wait_for_load_state()  # before its scripts have run, Alt+arrow is the browser's own
        page.locator(f"#entry-{number}-planned_on .calendar__title").focus()
        page.keyboard.press(f"Alt+{key}")
        expect(page.locator(f"[data-day='2031-05-{day}'] #entry-{number}-planned_on")).to_be_visible()
    page.drag_and_drop(f"#entry-{number}-planned_on > small", "[data-day='2031-05-06']")
    expect(page.locator(f"[data-day='2031-05-06'] #entry-{number}-planned_on")).to_be_visible()
    page.locator(f"#entry-{number}-planned_on .calendar__move").press("Enter")
    expect(page.locator("#move-day")).to_have_value("2031-05-06")
    page.fill("#move-day", "2031-05-20")
    page.locator("#move-dialog button").press("Enter")
    expect(
        page.locator(f"[data-day='2031-05-20'] #entry-{number}-planned_on .calendar__title")
    ).to_be_focused()


def test_the_list_of_shortcuts_is_that_of_the_page(open_page: Open) -> None:
    page = open_page("/board")
    page.locator("body").press("?")
    listed = page.locator("#shortcuts dd")
    expect(listed.filter(has_text="Move the post to the stage after")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto("/posts")
    page.locator("body").press("?")
    expect(listed.filter(has_text="Search or jump to anything")).to_be_visible()
    expect(listed.filter(has_text="Move the post")).to_have_count(0)
    page.keyboard.press("Escape")
    page.locator("#search").press("?")
    expect(page.locator("#shortcuts")).not_to_be_visible()


def test_the_list_narrows_as_one_types(open_page: Open) -> None:
    page = open_page()
    begin(page, "Wagtails by the weir")
    page.goto("/posts")
    page.locator("#search").press_sequentially("wagt")
    expect(page.locator("#posts .list__title")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/posts\?search=wagt"))
    page.locator(".save-view summary").press("Enter")
    page.locator("#view-name").fill("Wagtails")
    page.locator("#view-name").press("Enter")
    expect(page.locator(".views")).to_contain_text("Wagtails")


def test_everything_works_without_java_script(open_page: Open) -> None:
    page = open_page(java_script=False)
    number = post_id(begin(page, "Plovers at low water"))
    page.click("[data-palette-open]")
    page.fill("#find-q", "plov")
    page.click("text=Find >> nth=-1")
    page.click(".hit >> nth=0")
    page.wait_for_url(f"**/posts/{number}/idea")
    page.goto("/board")
    page.click(f"#card-{number} .board__move")
    page.click("text=Meta info")
    card(page, number, "meta_info")
