"""The themes: readable in each, and the same light one whether chosen or the system's."""

import re

import pytest

from blog.app.web import STATIC

TOKENS = (STATIC / "css" / "tokens.css").read_text()
THEMES = ("graphite", "quartz", "solarized", "terminal")
SURFACES = ("ground", "surface", "raised", "machine-soft")
MEANINGS = ("accent", "machine", "good", "warn", "bad")
Colour = tuple[float, float, float]


def block(start: str) -> str:
    found = re.search(re.escape(start) + r" \{(.*?)\}", TOKENS, re.DOTALL)
    assert found, start
    return found[1]


def values(text: str) -> dict[str, str]:
    return {name: value.strip() for name, value in re.findall(r"--([\w-]+):([^;]+)(?:;|$)", text)}


def colours(theme: str) -> dict[str, Colour]:
    found = values(block(f'[data-theme="{theme}"]'))
    return {name: parsed(value) for name, value in found.items() if value.startswith("#")}


def parsed(text: str) -> Colour:
    digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
    red, green, blue = (int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4))
    return red, green, blue


def pure(theme: str) -> float:
    found = re.search(rf'\[data-theme="{theme}"\][^{{}}]*\{{ --pure: (\d+)% \}}', TOKENS)
    assert found
    return int(found[1]) / 100


def mixed(colour: Colour, ink: Colour, share: float) -> Colour:
    red, green, blue = (one * share + other * (1 - share) for one, other in zip(colour, ink, strict=True))
    return red, green, blue


def luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read_on_every_surface(theme: str) -> None:
    found = colours(theme)
    texts = {name: found[name] for name in ("ink", "ink-soft")}
    texts |= {f"{name}-text": mixed(found[name], found["ink"], pure(theme)) for name in MEANINGS}
    faint = {
        (text, surface): round(contrast(colour, found[surface]), 2)
        for text, colour in texts.items()
        for surface in SURFACES
        if contrast(colour, found[surface]) < 4.5
    }
    assert not faint


@pytest.mark.parametrize("theme", THEMES)
def test_words_on_colour_can_be_read(theme: str) -> None:
    found = colours(theme)
    pairs = [("accent-ink", "accent"), ("ground", "machine"), ("ink", "added"), ("ink-soft", "removed")]
    faint = {pair: contrast(found[pair[0]], found[pair[1]]) for pair in pairs}
    assert min(faint.values()) >= 4.5, faint


@pytest.mark.parametrize("theme", THEMES)
def test_the_edge_of_a_control_can_be_seen(theme: str) -> None:
    found = colours(theme)
    assert min(contrast(found["ink-faint"], found[surface]) for surface in SURFACES[:3]) >= 3


def test_the_systems_light_theme_is_quartz() -> None:
    chosen = values(block('[data-theme="quartz"]'))
    of_the_system = values(block(":root:not([data-theme])"))
    assert of_the_system.pop("pure") == "80%"
    assert of_the_system == chosen


def test_no_colour_stands_outside_the_tokens() -> None:
    strays = {
        path.name: found
        for path in (STATIC / "css").rglob("*.css")
        if path.name != "tokens.css"
        and (found := re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(", path.read_text()))
    }
    assert not strays
