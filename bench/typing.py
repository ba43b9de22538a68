"""Measures what a key costs in a field of 20,000 words, in a real Chromium. `python -m bench.typing`.

From the press to the paint that follows it, autosave and counts going on as always; held against one frame
beyond what the same key costs in an empty textarea of the same browser.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.figures import Figure, show
from bench.product import PASSWORD, Product, running_product, setup_link
from tests.browser import chromium

WORDS = 20_000
KEYS = 200
FRAME_MS = 16.7
GAP_MS, PAUSE_MS, PAUSE_AFTER = (
    45,
    500,
    10,
)  # a fast typist, who stops to think: then counts and drafts catch up
SENTENCE = "Wool keeps you **warm** in the rain, and it dries by the fire. "
LISTEN = """
() => {
  window.taken = [];
  const channel = new MessageChannel();
  let pressed;
  channel.port1.onmessage = () => window.taken.push(performance.now() - pressed);
  document.addEventListener("keydown", (event) => {
    pressed = event.timeStamp;
    requestAnimationFrame(() => channel.port2.postMessage(null));
  }, true);
}
"""
TO_THE_MIDDLE = """
(control) => {
  const half = control.value.indexOf(".", control.value.length / 2);
  control.setSelectionRange(half, half);
  control.focus();
}
"""


def main() -> None:
    path = chromium.find()
    if path is None:
        print("Typing was not measured: no Chromium was found. Install one, or name it with BLOG_CHROMIUM.")  # noqa: T201
        return
    with tempfile.TemporaryDirectory(prefix="blogforge-bench-") as data, sync_playwright() as playwright:
        # The database's own user must be able to reach its folder when root runs this.
        Path(data).chmod(0o755)
        browser = playwright.chromium.launch(executable_path=path, args=chromium.arguments())
        with running_product(Path(data)) as product:
            figures = measure(browser.new_page(), product)
        browser.close()
    sys.exit(show(figures))


def measure(page: Page, product: Product) -> list[Figure]:
    _sign_in(page, product)
    page.goto(f"{product.url}/posts/new")
    page.focus("#idea")
    empty = _typed(page)
    _open_long_field(page)
    long = _typed(page)
    name = f"A key in an editor with {WORDS:,} words, to its paint"
    return [
        Figure(
            name=f"{name}, p50", value=_at(long, 0.5), unit="ms", bound=round(_at(empty, 0.5) + FRAME_MS, 1)
        ),
        Figure(
            name=f"{name}, p95", value=_at(long, 0.95), unit="ms", bound=round(_at(empty, 0.95) + FRAME_MS, 1)
        ),
    ]


def _sign_in(page: Page, product: Product) -> None:
    page.goto(setup_link(product))
    for name, value in {"name": "Bench", "email": "bench@example.org", "password": PASSWORD}.items():
        page.fill(f"[name={name}]", value)
    page.click("main form button")
    page.wait_for_url(f"{product.url}/posts")


def _open_long_field(page: Page) -> None:
    """The draft of a section, which has no limit of its own; the cursor is in the middle of it."""
    page.fill("#idea", "Wool")
    page.click("text=Start the post")
    page.goto(f"{page.url.rsplit('/', 1)[0]}/content")
    page.fill("#new-section", "Wool")
    page.keyboard.press("Enter")
    draft = page.locator("textarea[id$='-draft']")
    paragraph = SENTENCE * 8 + "\n\n"
    draft.fill(paragraph * (WORDS // len(paragraph.split())))
    page.locator("[id^=saved-][id$='-draft'] [data-saved]").filter(has_text="saved").wait_for(timeout=30_000)
    page.reload()
    page.locator("article[id$='-draft'] .cm-content").wait_for()
    draft.evaluate(TO_THE_MIDDLE)


def _typed(page: Page) -> list[float]:
    page.evaluate(LISTEN)
    for number in range(KEYS):
        page.keyboard.press("abcdefgh "[number % 9])
        page.wait_for_timeout(PAUSE_MS if number % PAUSE_AFTER == 0 else GAP_MS)
    return sorted(page.evaluate("window.taken"))


def _at(times: Sequence[float], share: float) -> float:
    return times[int(len(times) * share)]


if __name__ == "__main__":
    main()
