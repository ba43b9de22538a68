"""The bench in a real browser: an action from nothing to a run from a post, and back to a version before."""

from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.site import Open, Site, begin
from tests.factories import make_model
from tests.llm.providers.scripted import openai_reply, serve

pytestmark = pytest.mark.browser


def make_part(page: Page, name: str, text: str, role: str) -> None:
    page.goto("/llm/parts/new")
    page.fill("[name=name]", name)
    page.select_option("[name=role]", role)
    page.fill("[name=template]", text)
    page.click("main form button.primary")
    page.wait_for_url("**/llm/parts/*")


def make_action(page: Page, label: str, name: str, part: str) -> str:
    """Answers the address of its bench."""
    page.goto("/llm/actions/new")
    page.fill("[name=label]", label)
    page.fill("[name=name]", name)
    page.select_option("[name=output_kind]", "text")
    page.select_option("[name=part_id]", label=part)
    page.click("main form button.primary")
    page.wait_for_url("**/llm/actions/*")
    return page.url


def write_part(page: Page, name: str, role: str, text: str) -> Any:
    """A new part at the end of the stack; the cursor stays in its text."""
    count = page.locator("#parts > li").count()
    page.click("[data-new-place]")
    expect(page.locator("#parts > li")).to_have_count(count + 1)
    place = page.locator("#parts > li").last
    place.locator("[name^='name-']").fill(name)
    place.locator("[name^='role-']").select_option(role)
    place.locator("textarea").click()
    page.keyboard.type(text)
    return place


def stack(page: Page) -> Any:
    return page.locator("#parts > li header strong")


def test_an_action_is_built_from_nothing_run_from_a_post_and_rolled_back(open_page: Open, site: Site) -> None:
    page = open_page()
    post = begin(page, "Why herons wait").rsplit("/", 1)[0]
    with serve(openai_reply(["Patience, ", "on one leg."])) as server:
        with psycopg.connect(site.database_url, autocommit=True) as conn:
            model_id = make_model(conn, server.url)
        make_part(page, "Heron editor", "You edit a blog about herons.", "system")
        bench = make_action(page, "Heron subtitle", "heron_subtitle", "Heron editor")
        page.click("#settings > summary")
        page.select_option("#model-id", str(model_id))

        write_part(page, "Heron example", "assistant", "The patient bird")
        task = write_part(page, "Heron task", "user", "A subtitle for {{ seed")
        expect(task.locator("[role=option]").first).to_have_text("post.idea_seed")
        page.keyboard.press("Enter")
        page.keyboard.type(" }}")
        expect(task.locator("textarea")).to_have_value("A subtitle for {{ post.idea_seed }}")
        expect(page.locator("#seen .messages")).to_contain_text("Heron task")
        page.locator("#seen .msg").last.locator("summary").click()
        expect(page.locator("#seen mark")).to_have_text("Why herons wait")

        page.locator("#parts > li").last.focus()
        page.keyboard.press("Alt+ArrowUp")
        expect(page.locator("#bench-state")).to_contain_text("is now number 2 of 3")
        expect(page.locator("#seen .msg__name")).to_have_text(["Heron editor", "Heron task", "Heron example"])
        page.click(".save-bar button")
        expect(stack(page)).to_have_text(["Heron editor", "Heron task", "Heron example"])
        expect(page.locator("#bench-state")).to_contain_text("Version 2 is a draft")
        page.locator("#parts > li").last.locator("[name^='off-']").check()
        page.click("[data-view=request]")
        expect(page.locator("#seen .wire-text")).not_to_contain_text("The patient bird")
        page.click("#going-live button.primary")
        expect(page.locator("#bench-state")).to_contain_text("Version 3 is live")

        page.select_option("#bind-field", label="Subtitle · text")
        page.click("button[value=bind]")
        expect(page.locator("#bench-reads")).to_contain_text("Subtitle")

        page.goto(f"{post}/fields/subtitle/automation?action={bench.rsplit('/', 1)[1]}")
        expect(page.locator("#panel h3")).to_contain_text("Heron subtitle")
        page.click("#run-button")
        expect(page.locator("#offers-subtitle .offer")).to_be_visible()
        page.locator("#field-subtitle").focus()
        page.keyboard.press("Control+Enter")
        expect(page.locator("#prov-subtitle")).to_contain_text("Heron subtitle")
        assert b"Why herons wait" in server.received[-1].body
        assert b"The patient bird" not in server.received[-1].body

    page.goto(f"{bench}/versions")
    page.click("text=Make live again >> nth=0")
    expect(page.locator("main")).to_contain_text("v1 instead of v3")
    page.goto(bench)
    expect(stack(page)).to_have_text(["Heron editor"])


def test_what_is_wrong_is_said_at_its_line_and_nothing_typed_is_lost(open_page: Open) -> None:
    page = open_page(expected=("422 (UNPROCESSABLE",))
    begin(page)
    make_part(page, "Kilt editor", "You know kilts.", "system")
    make_action(page, "Kilt", "kilt_action", "Kilt editor")
    place = page.locator("#parts > li").first
    place.locator("summary").click()
    place.locator("textarea").fill("You know kilts.\nAsk {{ post.titel }}")
    page.keyboard.press("Escape")
    expect(place.locator(".place__error")).to_contain_text("post.title")
    expect(place.locator(".place__error pre")).to_contain_text("2 │ Ask {{ post.titel }}")
    page.click(".save-bar button")
    expect(page.locator("[role=alert]")).to_contain_text("Not saved")
    expect(place.locator("textarea")).to_have_value("You know kilts.\nAsk {{ post.titel }}")
    place.locator("textarea").fill("You know kilts. Ask {{ post.title }}")
    page.click(".save-bar button")
    expect(place.locator("header")).to_contain_text("draft v2")


def test_a_preview_says_that_it_is_out_of_date(open_page: Open) -> None:
    page = open_page("/llm/actions/1")
    begin(page, "Herons of yesterday")
    page.goto("/llm/actions/1")
    expect(page.locator("#seen .messages")).to_contain_text("Data: idea")
    other = page.context.new_page()
    other.goto("/posts")
    other.click("text=Herons of yesterday")
    other.fill("#value-idea_seed", "Herons of tomorrow")
    expect(other.locator("#saved-idea_seed [data-saved]")).to_contain_text("saved")
    page.bring_to_front()
    expect(page.locator("#outdated")).to_contain_text("Out of date")
    page.click("text=Show it anew")
    page.locator("#seen .msg").last.locator("summary").click()
    expect(page.locator("#seen mark").first).to_have_text("Herons of tomorrow")


def test_the_bench_has_nothing_for_axe_to_find(open_page: Open) -> None:
    page = open_page("/llm/actions/1")
    page.locator("#parts summary").first.click()
    assert axe.faults(page) == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert axe.faults_of_layout(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
