"""Dashboard, usage and run history in a real browser: figures drawn and in words, two runs side by side."""

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Open, Site, begin
from tests.factories import make_model
from tests.llm.providers.scripted import openai_reply, serve

pytestmark = pytest.mark.browser


def answered(page: Page, site: Site, *texts: str) -> list[str]:
    """Runs of the first field's first action that have answered these texts; their numbers."""
    address = begin(page).rsplit("/", 1)[0]
    for text in texts:
        with serve(openai_reply([text], usage=(1200, 9))) as server:
            with psycopg.connect(site.database_url, autocommit=True) as conn:
                model_id = make_model(conn, server.url)
            page.goto(f"{address}/fields/basic_idea/automation?model={model_id}")
            page.click("#run-button")
            expect(page.locator("#offers-basic_idea .offer").filter(has_text=text)).to_have_count(1)
    page.goto("/llm/runs")
    runs = page.locator("#runs tbody th a")
    return [runs.nth(place).inner_text() for place in range(len(texts))]


def test_what_ran_is_counted_drawn_and_compared(open_page: Open, site: Site) -> None:
    page = open_page()
    newer, older = answered(page, site, "Merino is warm.", "Merino is very warm.")
    page.goto("/llm/")
    expect(page.locator(".figures")).to_contain_text("Tokens in")
    expect(page.locator(f"a[href='/llm/runs/{newer}']")).to_be_visible()
    page.goto("/llm/usage")
    expect(page.locator(".plot canvas").first).to_be_visible()
    drawn = page.evaluate(
        """() => {
            const canvas = document.querySelector('.plot canvas');
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return pixels.some((value) => value > 0);
        }"""
    )
    assert drawn
    expect(page.locator("table.usage tbody tr")).to_have_count(1)
    page.goto("/llm/runs")
    for number in (older, newer):
        page.check(f"input[name=run][value='{number}']")
    page.click("text=Compare >> nth=0")
    expect(page).to_have_url(re.compile("/llm/runs/comparison"))
    expect(page.locator(".diff ins, .diff del").first).to_be_visible()
    page.goto("/llm/runs")
    page.locator("#search").press_sequentially("merino")
    expect(page.locator("#runs tbody tr")).to_have_count(2)


def test_the_same_stands_in_words_without_java_script(open_page: Open, site: Site) -> None:
    answered(open_page(), site, "Wool.")
    plain = open_page("/llm/usage", java_script=False)
    expect(plain.locator("table.usage tbody tr").first).to_be_visible()
    expect(plain.locator(".plots")).to_be_hidden()
    plain.goto("/llm/runs?status=succeeded")
    plain.select_option("#status", "failed")
    plain.click("main form[role=search] button")
    expect(plain).to_have_url(re.compile("status=failed"))
