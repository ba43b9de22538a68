"""axe-core, asked about a page as it stands."""

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
THEMES = ("graphite", "quartz", "solarized", "terminal")
ALL_RULES: dict[str, object] = {}
COLOURS: dict[str, object] = {"runOnly": ["color-contrast"]}
BUT_COLOURS: dict[str, object] = {"rules": {"color-contrast": {"enabled": False}}}
EXAMINE = """([theme, options]) => {
    document.documentElement.dataset.theme = theme;
    return axe.run(options).then(r => r.violations.map(v => [v.id, v.nodes[0].html]));
}"""


def faults(page: Page, others: tuple[str, ...] = THEMES[1:]) -> list[object]:
    """What axe has against the page, and in the other themes against its colours, where alone they differ."""
    return _faults(page, THEMES[0], ALL_RULES) + [
        each for theme in others for each in _faults(page, theme, COLOURS)
    ]


def faults_of_layout(page: Page) -> list[object]:
    """What it has against the page at another width, where the colours are what they were."""
    return _faults(page, THEMES[0], BUT_COLOURS)


def _faults(page: Page, theme: str, options: dict[str, object]) -> list[object]:
    page.emulate_media(reduced_motion="reduce")  # a colour on its way to another is neither
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    found: list[list[str]] = page.evaluate(EXAMINE, [theme, options])
    return [(page.url, theme, *each) for each in found]
