"""The registry file in a real browser: downloaded, changed, looked at, imported; on a narrow screen too."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.site import Open

pytestmark = pytest.mark.browser


def test_a_file_goes_out_is_changed_looked_at_and_imported(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.goto("/llm/registry")
    with page.expect_download() as download:
        page.click("text=Download YAML")
    file = tmp_path / download.value.suggested_filename
    text = Path(download.value.path()).read_text()
    file.write_text(text.replace("You are an experienced editor", "You are a patient editor"))

    page.set_input_files("input[type=file]", file)
    page.click("text=Show what would change")
    expect(page.locator("ins").first).to_have_text("a patient")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("text=Import as shown")
    page.wait_for_url("**/llm/registry#imports")
    expect(page.locator("#imports")).to_contain_text("0 new, 1 changed")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_is_wrong_is_said_where_it_is(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.goto("/llm/registry")
    file = tmp_path / "registry.yaml"
    file.write_text("format: blogforge-registry\nversion: 1\nparts:\n- name: x\n  role: user\n")
    page.set_input_files("input[type=file]", file)
    page.click("text=Show what would change")
    expect(page.get_by_role("alert")).to_contain_text("parts, 1 “x”, kind: Field required.")
    expect(page.locator("text=Import as shown")).to_have_count(0)
