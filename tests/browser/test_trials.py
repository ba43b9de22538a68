"""Tests side by side, kept as a case, run on a draft, and the gate before going live, in a real browser."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.own_site import session, site
from tests.browser.site import Open, Site, begin, default_model
from tests.factories import make_model
from tests.llm.providers.scripted import openai_reply, serve

__all__ = ["session", "site"]  # fixtures
pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("trials"),
]


@contextmanager
def two_models(site: Site) -> Generator[tuple[int, int]]:
    """One that answers at once and one that takes its time."""
    slow = openai_reply([f"word{n} " for n in range(40)], pause_s=0.05)
    with (
        serve(openai_reply(["A belted ", "blanket."])) as quick,
        serve(slow) as other,
        default_model(site, quick.url) as first,
        psycopg.connect(site.database_url, autocommit=True) as conn,
    ):
        yield first, make_model(conn, other.url)


def action_id(site: Site, name: str) -> int:
    with psycopg.connect(site.database_url) as conn:
        found = conn.execute("SELECT id FROM llm_action WHERE name = %s", (name,)).fetchone()
    assert found is not None
    return found[0]


def revisions(site: Site) -> int:
    with psycopg.connect(site.database_url) as conn:
        found = conn.execute("SELECT count(*) FROM field_revision").fetchone()
    assert found is not None
    return found[0]


def save_draft(page: Page, action: int) -> None:
    """Another temperature, and nothing else."""
    page.goto(f"/llm/actions/{action}")
    page.click("summary:has-text('Model, parameters and output')")
    page.fill("#temperature", "0.3")
    page.click(".save-bar button:has-text('Save draft')")
    expect(page.locator(".crumbs")).to_contain_text("draft")


def test_a_test_a_case_a_gate_and_an_override(open_page: Open, site: Site) -> None:
    page = open_page(expected=("409",))
    begin(page)
    with two_models(site) as (first, second):
        action, before = action_id(site, "expand_idea"), revisions(site)
        save_draft(page, action)

        # two models side by side, on the bench
        page.goto(f"/llm/actions/{action}?view=test")
        form = page.locator("#bench-test")
        expect(form.locator("#trial-version-1 option:checked")).to_contain_text("draft")
        form.locator("#trial-model-1").select_option(str(first))
        form.locator("#trial-model-2").select_option(str(second))
        form.get_by_role("button", name="Test", exact=False).last.click()
        columns = form.locator(".trial__run")
        expect(columns).to_have_count(2)
        expect(columns.first).to_contain_text("A belted blanket.")
        expect(columns.first).to_contain_text("checks hold")
        expect(columns.nth(1)).to_contain_text("word39")
        expect(form.locator("text=Stop all")).to_have_count(0)
        with page.expect_navigation():
            page.click(".trial__wide")
        page.reload()
        expect(page.locator(".trial__run")).to_have_count(2)
        assert revisions(site) == before

        # keep its input, and say what answers are held to
        page.click("summary:has-text('Keep this input as a case')")
        page.fill("#name", "Kilts")
        page.click("button:has-text('Keep as a case')")
        page.wait_for_url("**/llm/cases/*")
        page.check("[name=is_required]")
        page.fill("#contains", "tartan")
        page.click("button:has-text('Save')")
        expect(page.locator("main")).to_contain_text("required")
        expect(page.locator(".list .chip.bad")).to_have_text(["closed", "closed"])

        # run on the draft, which fails it
        page.click("button:has-text('Run all cases')")
        expect(page.locator("#case-batch")).to_contain_text("1 of 1 done, 0 passed, finished")
        expect(page.locator(".case-checks .bad")).to_contain_text("“tartan” is not in the answer.")

        # the gate refuses, and is overruled with a reason
        page.goto(f"/llm/actions/{action}")
        page.click("button:has-text('Save and make live')")
        expect(page.locator("main")).to_contain_text("“Kilts” did not pass")
        page.check("[name=override]")
        page.fill("#reason", "The case asks too much.")
        page.click("button:has-text('Save and make live')")
        expect(page.locator(".crumbs")).to_contain_text("live")
        assert release(site, action) == "The case asks too much."


def release(site: Site, action: int) -> str:
    """The reason of the newest release, which keeps what its gate had against it."""
    with psycopg.connect(site.database_url) as conn:
        found = conn.execute(
            """
            SELECT reason FROM llm_action_release
            WHERE llm_action_id = %s AND overruled IS NOT NULL ORDER BY id DESC LIMIT 1
            """,
            (action,),
        ).fetchone()
    assert found is not None
    return found[0]


def test_values_are_typed_by_hand_and_a_test_is_stopped_without_javascript(
    open_page: Open, site: Site
) -> None:
    begin(open_page())
    with two_models(site) as (_, second):
        page = open_page(
            f"/llm/actions/{action_id(site, 'expand_idea')}/test", java_script=False, expected=("422",)
        )
        page.click("text=Change the values by hand")
        page.fill("[name='post.idea_seed']", "")
        page.locator("#trial-model-1").select_option(str(second))
        page.click("button:has-text('Test')")
        expect(page.get_by_role("alert")).to_contain_text("post.idea_seed")
        expect(page.locator("#trial-model-1")).to_have_value(str(second))
        page.fill("[name='post.idea_seed']", "Why kilts?")
        page.click("button:has-text('Test')")
        page.wait_for_url("**/llm/trials/*")
        with page.expect_navigation():
            page.click("text=Stop")
        page.reload()
        expect(page.locator(".trial__run")).to_contain_text("topped")
        expect(page.locator("main")).to_contain_text("values typed by hand")
