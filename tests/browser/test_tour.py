"""Every page, with what was made by using it: axe finds nothing, nothing sticks out; a finger is enough."""

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import axe, writer
from tests.browser.site import PATIENCE, Open, Site, begin
from tests.browser.test_days_work import IDEA

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tour")]  # what it shows is made once

PAGES = (
    *(f"/posts/{{post}}/{name}" for name in ("idea", "structure", "content", "meta_info", "launch")),
    "/posts/{post}/fields/summary/automation",
    "/posts/{post}/fields/provisional_title/automation?run={run}",
    "/posts/{post}/fields/basic_idea/passage",
    "/posts/{post}/fields/basic_idea/revisions",
    "/posts/{post}/fields/basic_idea/comments",
    "/posts/{post}/sections/{section}/split",
    "/posts/{post}/sub-stages/idea",
    "/posts/{post}/sub-stages/content/batches",
    "/posts/{post}/comments",
    "/posts/{post}/preview",
    "/posts/{post}/history",
    "/posts/{post}/history?at=2100-01-01T00:00",
    "/posts/{post}/history/comparison?old={revision}&new={newer}",
    "/posts",
    "/posts?search=nothing+has+these+words",
    "/posts?removed=1",
    "/posts/new",
    "/board",
    "/board/moves/new?post_id={post}",
    "/calendar",
    "/find?q=light",
    "/views",
    "/notifications",
    "/account",
    "/account/tokens",
    "/account/second-factor",
    "/people",
    "/roles",
    "/invitations",
    "/access",
    "/roles/matrix",
    "/groups",
    "/access/services",
    "/access/outgoing",
    "/audit",
    "/llm/",
    "/llm/providers",
    "/llm/providers/new",
    "/llm/providers/{provider}",
    "/llm/models/{model}",
    "/llm/connect",
    "/llm/parts",
    "/llm/parts/new",
    "/llm/parts/{part}",
    "/llm/parts/{part}/versions",
    "/llm/parts/{part}/effects",
    "/llm/actions",
    "/llm/actions/new",
    "/llm/actions/{action}",
    "/llm/actions/{action}?view=request",
    "/llm/actions/{action}?view=test",
    "/llm/actions/{action}/versions",
    "/llm/actions/{action}/test",
    "/llm/actions/{action}/test?by_hand=1",
    "/llm/actions/{action}/cases",
    "/llm/actions/{action}/cases/new",
    "/llm/cases/{case}",
    "/llm/case-batches/{batch}",
    "/llm/trials/{trial}",
    "/llm/runs",
    "/llm/runs/{run}",
    "/llm/runs/comparison?run={run}&run={other}",
    "/llm/usage",
    "/llm/usage?by=model",
    "/llm/editors",
    "/llm/editors/{action}",
    "/llm/retention",
    "/llm/registry",
    "/nothing-is-here",
)
STRANGERS = ("/sign-in", "/sign-in/forgotten", "/sign-up", "/invitations/wrong", "/password-resets/wrong")


def accepted(page: Page, post: str, name: str) -> None:
    page.goto(f"{post}/fields/{name}/automation")
    page.click("#run-button")
    page.click(f"#offers-{name} form[data-accept] button >> nth=0")
    expect(page.locator(f"#offers-{name} .offer")).to_have_count(0)


def used(page: Page, site: Site) -> dict[str, int]:
    """A post with sections, a suggestion with changes and a comment; an action with a test and a case."""
    page.set_default_timeout(PATIENCE)
    post = begin(page, IDEA).rsplit("/", 1)[0]
    for name in ("basic_idea", "provisional_title", "section_headings"):
        accepted(page, post, name)
    page.goto(f"{post}/idea")
    page.fill("#value-basic_idea", writer.BRIEF.replace("given up", "abandoned"))
    expect(page.locator("#saved-basic_idea")).to_contain_text("2 revisions")
    page.goto(f"{post}/fields/basic_idea/automation")
    page.click("#run-button")
    expect(page.locator("#offers-basic_idea .hunk")).to_have_count(1)
    page.goto(f"{post}/comments")
    page.fill("main textarea >> nth=0", "Is it a lamp or a light?")
    page.click("main form button >> text=Comment")
    with psycopg.connect(site.database_url, autocommit=True) as conn:
        action = _one(conn, "SELECT id FROM llm_action WHERE name = 'propose_title'")
        page.goto(f"/llm/actions/{action}/test")
        page.click("text=✦ Test")
        page.click("text=Keep this input as a case")
        page.fill("[name=name]", "Lighthouses")
        page.click("button >> text=Keep as a case")
        page.wait_for_url("**/llm/cases/*")
        page.goto(f"/llm/actions/{action}/cases")
        page.click("text=✦ Run all cases")
        expect(page.locator("[role=status]", has_text="1 of 1 done")).to_be_visible()
        return _numbers(conn, int(post.rsplit("/", 1)[1]), action)


WRITTEN = """
    SELECT revision.id FROM field_revision AS revision
    JOIN workflow_field ON workflow_field.id = revision.workflow_field_id
    WHERE revision.post_id = %(post)s AND workflow_field.name = 'basic_idea' ORDER BY revision.id
"""
NUMBERS: dict[str, LiteralString] = {
    "section": "SELECT min(id) FROM post_section WHERE post_id = %(post)s",
    "revision": f"{WRITTEN} LIMIT 1",
    "newer": f"{WRITTEN} OFFSET 1 LIMIT 1",
    "run": """
        SELECT llm_run_id FROM field_revision
        JOIN workflow_field ON workflow_field.id = field_revision.workflow_field_id
        WHERE post_id = %(post)s AND workflow_field.name = 'provisional_title'
    """,
    "other": "SELECT max(id) FROM llm_run",
    "part": "SELECT min(id) FROM llm_prompt_part",
    "model": "SELECT id FROM llm_model WHERE is_default",
    "provider": "SELECT llm_provider_id FROM llm_model WHERE is_default",
    "case": "SELECT max(id) FROM llm_case",
    "batch": "SELECT max(id) FROM llm_case_batch",
    "trial": "SELECT max(id) FROM llm_trial",
}


def _numbers(conn: psycopg.Connection[Any], post: int, action: int) -> dict[str, int]:
    found = {name: _one(conn, statement, post=post) for name, statement in NUMBERS.items()}
    return {"post": post, "action": action, **found}


def _one(conn: psycopg.Connection[Any], statement: LiteralString, **values: int) -> int:
    row = conn.execute(statement, values).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def numbers(site: Site, browser: Browser, session: Any) -> dict[str, int]:
    context = browser.new_context(base_url=site.address, storage_state=session)
    with writer.newsroom(site):
        found = used(context.new_page(), site)
    context.close()
    return found


@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing_and_nothing_sticks_out(
    open_page: Open, numbers: dict[str, int], address: str
) -> None:
    examine(open_page(address.format_map(numbers), expected=("404 (NOT FOUND)",)))


@pytest.mark.parametrize("address", STRANGERS)
def test_nor_where_nobody_is_signed_in(site: Site, browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=site.address)
    page = context.new_page()
    page.goto(address)
    examine(page)
    context.close()


def examine(page: Page) -> None:
    """At two widths, in the darkest theme and in the lightest."""
    page.set_viewport_size({"width": 1500, "height": 800})
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    assert axe.faults(page, others=("quartz",)) == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert axe.faults_of_layout(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


# --- a finger ------------------------------------------------------------------------------------


@pytest.fixture
def telephone(site: Site, browser: Browser, session: Any) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(
        base_url=site.address,
        storage_state=session,
        has_touch=True,
        viewport={"width": 390, "height": 780},
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()


def test_a_finger_writes_gives_words_to_a_model_and_moves_sections(telephone: Page) -> None:
    page = telephone
    post = begin(page).rsplit("/", 1)[0]
    page.locator("#value-basic_idea").scroll_into_view_if_needed()
    page.locator("#field-basic_idea .field__text").tap()
    page.keyboard.type("Wool is warm. Kilts are old.")
    expect(page.locator("#saved-basic_idea [data-saved]")).to_contain_text("saved")
    page.locator("#passage-basic_idea").tap()  # nothing is selected: the page of passages comes
    page.locator("main >> text=Choose >> nth=-1").tap()
    expect(page.locator("text=Shorten").first).to_be_visible()

    for heading in ("The lamp", "The lens"):
        page.goto(f"{post}/structure")
        page.fill("#new-section", heading)
        page.locator("[aria-label='Add a section']").tap()
        expect(page.locator("#outline .sections")).to_contain_text(heading)
    tools = page.locator("#outline .sections li", has_text="The lens").locator("summary")
    tools.tap()
    page.locator("#outline [aria-label='Move up']").last.tap()
    expect(page.locator("#outline .sections a[id^=outline-section] span").first).to_have_text("The lens")
