"""Who may do what, in a real browser: the grid from the keyboard, groups, and looking as somebody else."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.site import Open, begin
from tests.browser.test_review import tab_into

pytestmark = pytest.mark.browser

VIEWERS = "tr:has(th:text-is('Viewer')) input[name=grants][value$=':{}']"


@pytest.mark.parametrize("java_script", [True, False], ids=["with JavaScript", "without"])
def test_the_grid_a_group_and_the_eyes_of_a_viewer(open_page: Open, java_script: bool) -> None:
    # What one may not see or do is answered with a status that the browser reports.
    page = open_page(java_script=java_script, expected=("403 (FORBIDDEN)", "404 (NOT FOUND)"))
    post = page.url if not java_script else begin(page)
    take_sight(page)
    make_group(page, "With" if java_script else "Without")
    look_as_viewer(page)
    if java_script:
        number = post.split("/")[4]
        page.goto(post)
        expect(page.locator("main")).to_contain_text("404")
        page.goto("/posts")
        expect(page.locator(f"a[href='/posts/{number}']")).to_have_count(0)
    stop_looking(page)
    give_sight(page)


def take_sight(page: Page) -> None:
    """The viewer's box *See* of the first stage, by Tab, Space and Enter alone."""
    page.goto("/roles/matrix")
    box = page.locator(VIEWERS.format("see")).first
    value = box.get_attribute("value")
    expect(box).to_be_checked()
    tab_into(page, f"input[value='{value}']")
    page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".banner.good")).to_contain_text("The grid is saved")
    expect(page.locator(VIEWERS.format("see")).first).not_to_be_checked()
    expect(page.locator(VIEWERS.format("see")).nth(1)).to_be_checked()


def give_sight(page: Page) -> None:
    page.goto("/roles/matrix")
    page.locator(VIEWERS.format("see")).first.check()
    with page.expect_navigation():
        page.click("text=Save the grid")
    expect(page.locator(VIEWERS.format("see")).first).to_be_checked()


def make_group(page: Page, name: str) -> None:
    page.goto("/groups")
    form = page.locator("form[action='/groups']")
    form.locator("#name-new").fill(name)
    form.locator("input[name=workflows]").first.check()
    form.locator("input[name=members]").first.check()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".banner.good")).to_contain_text("The group is there")
    card = page.locator("section.card", has=page.locator("h2", has_text=name)).last
    expect(card.locator("input[name=workflows]").first).to_be_checked()
    expect(card.locator("input[name=members]").first).to_be_checked()


def look_as_viewer(page: Page) -> None:
    page.goto("/roles")
    viewer = page.locator("details, section, li, tr").filter(has_text="Look at the pages as Viewer").last
    button = page.get_by_role("button", name="Look at the pages as Viewer")
    if not button.is_visible():
        viewer.locator("summary").first.click()
    with page.expect_navigation():
        button.click()
    expect(page.locator(".banner.warn")).to_contain_text("You look at the pages as")
    assert page.goto("/roles").status == 403  # pyright: ignore[reportOptionalMemberAccess]
    expect(page.locator(".banner.warn")).to_contain_text("Nothing can be changed")


def stop_looking(page: Page) -> None:
    with page.expect_navigation():
        page.click("text=Stop looking")
    expect(page.locator("h1")).to_have_text("Roles")
    expect(page.get_by_text("You look at the pages as")).to_have_count(0)


def test_axe_finds_nothing_on_the_pages_of_access(open_page: Open) -> None:
    page = open_page()
    for path in ("/groups", "/roles/matrix", "/roles", "/access", "/access/outgoing", "/audit"):
        page.goto(path)
        assert axe.faults(page, ()) == []
