"""Nothing that somebody or a model wrote does anything, wherever it is read."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from blog.app.posts import markdown
from blog.app.reading import portable
from tests.factories import make_post
from tests.reading.conftest import Desk

CORPUS = [
    "<script>alert(1)</script>",
    "<style>body{display:none}</style>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    "![t](https://evil.example/pixel.gif)",
    "![t][r]\n\n[r]: https://evil.example/pixel.gif",
    "![r]\n\n[r]: https://evil.example/pixel.gif",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript&colon;alert(1))",
    "[x](javascript&Tab;:alert(1))",
    "[x](\\javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](\n javascript:alert(1))",
    "[x][r]\n\n[r]: javascript:alert(1)",
    "[x][r]\n\n> [r]:\n> javascript:alert(1)",
    "[x](vbscript:x) [y](data:text/html;base64,PHNjcmlwdD4=) [z](file:///etc/passwd)",
    "<javascript:alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "foo](<img src=x onerror=alert(1)>",
    "[a](<img src=x onerror=alert(1)> 'b')",
    "| `a | <img src=x onerror=alert(1)>` |\n|---|---|\n| ` | <b>` |",
    "`` ` <b> `` <script>` `",
    "<!-- <b>\n\n    <script>\n\n-->",
    "<div\n\n```\n</div><script>\n```\n\n<script>",
    "- a\n\n  <script>alert(1)</script>\n- ```\n  <b>\n<script>",
    '<https://ok.example/"onmouseover=alert(1)>',
    "<![CDATA[<script>]]> <?php x ?> <!DOCTYPE x>",
    "\\<script>\\\\<script>",
    '"><script>alert(1)</script>',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ 7*7 }}{% raw %}</textarea></title><script>",
]
ALLOWED = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


class Live(HTMLParser):
    """Finds what a browser would obey: other elements, other attributes, other addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.found.append(tag)
        for name, value in attrs:
            address = re.sub(r"[\x00-\x20]", "", value or "")
            unsafe = re.match(r"(?!https?:|mailto:)[a-z][a-z0-9+.-]*:", address, re.IGNORECASE)
            if unsafe:
                self.found.append(f"{name}={value}")
            elif name not in {"href", "title", "start", "class", "rel", "style"}:
                self.found.append(f"{tag} {name}")


def live(html: str) -> list[str]:
    finder = Live()
    finder.feed(html)
    finder.close()
    return finder.found


def obedient() -> MarkdownIt:
    """A renderer that obeys whatever it is told."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


fragments = st.lists(
    st.sampled_from(
        [
            *CORPUS,
            "`",
            "``",
            "```\n",
            "\n",
            "\n\n",
            "    ",
            "> ",
            "- ",
            "1. ",
            "|",
            "\\",
            "*",
            "a b",
            "\t",
            "# ",
            "](",
            "[",
            "]",
            "]:",
            "![",
            "<",
            "script>",
            "javascript:x",
            "---\n",
            "~~~\n",
            "\r",
            "(",
        ]
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize("text", CORPUS)
def test_the_sanitiser_leaves_nothing_alive(text: str) -> None:
    assert live(markdown.html(text)) == []


@pytest.mark.parametrize("text", CORPUS)
def test_exported_markdown_is_inert_in_a_renderer_that_obeys(text: str) -> None:
    assert live(obedient().render(portable.inert(text))) == []


def test_an_angle_bracket_that_is_not_closed_swallows_nothing() -> None:
    text = "]:<| `a | <img src=x onerror=alert(1)>` |\n|---|---|\n| ` | <b>` |"
    assert live(obedient().render(portable.inert(text))) == []
    assert portable.inert("]:<ab c") == "]:\\<ab c"


@settings(max_examples=500)
@given(fragments)
def test_any_mixture_is_inert(text: str) -> None:
    assert live(markdown.html(text)) == []
    assert live(obedient().render(portable.inert(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        'A *good* **text** with `code <b>` and 5 < 6 > 4, [a link](https://example.org "t") & more.',
        "# Heading\n\n1. one\n2. two\n\n> quoted\n\n```html\n<script>\n```\n\n    <b> in code\n",
        "| a | b |\n|---|---|\n| `x` | [y](/relative) |\n",
        "<https://example.org/?a=b&c> and <someone@example.org>",
        "[ref]\n\n[ref]: https://example.org 'Title'\n",
        "It's over! Really?! (a) [b] {c} ~d~ C:\\path",
    ],
)
def test_honest_words_are_exported_as_they_were_typed(text: str) -> None:
    assert portable.inert(text) == text


@pytest.mark.parametrize(
    "text", ["[a](<b c.html>)", "![alt](https://example.org/a.jpg)", "a ```\n\n```\ncode\n"]
)
def test_what_changes_still_says_the_same(text: str) -> None:
    shown = markdown.html(portable.inert(text)).replace("!<a", "<a")
    assert shown.strip() == markdown.html(text).replace(' class="picture"', "").strip()


# What a page of ours adds to a link and in place of a picture, to say where it leads.
TOLD = {"a target", "span", "b", "u"}
SHOW_PROSE = {"preview", "history?at=2200-01-01"}
PATHS = (
    "preview",
    "history",
    "history?at=2200-01-01",
    "history/comparison?old={old}&new={new}",
    "export/html",
)


def pages(desk: Desk, browser: FlaskClient, text: str) -> dict[str, list[str]]:
    """What a browser obeys on each page that shows a text, on a post of its own."""
    post = replace(desk, post_id=make_post(desk.conn, desk.actor, idea="Why lighthouses went dark"))
    line = " ".join(text.split())[:110]
    fields = {"main_title": line, "subtitle": line, "intro_blurb": text, "tags": line, "summary": text}
    for name, value in fields.items():
        post.write(name, value)
    section_id = post.add(line, draft=text, image_alt=line, image_captions=text)
    old = post.write("draft", f"{text}\n\nmore", section_id)
    new = post.write("draft", f"{text}\n\nmore\n\nstill", section_id)
    shown: dict[str, list[str]] = {}
    for path in PATHS:
        page = browser.get(f"/posts/{post.post_id}/{path.format(old=old.id, new=new.id)}")
        assert page.status_code == 200, path
        shown[path] = live(page.text)
    return shown


@pytest.mark.parametrize("text", CORPUS)
def test_no_page_obeys_more_than_it_does_with_harmless_words(
    desk: Desk, browser: FlaskClient, text: str
) -> None:
    harmless = pages(desk, browser, "A harmless word")
    for path, found in pages(desk, browser, text).items():
        more = Counter(found) - Counter(harmless[path])
        assert more.keys() <= (TOLD if path in SHOW_PROSE else set()), path


@pytest.mark.parametrize("text", CORPUS)
def test_an_exported_post_is_inert_in_a_renderer_that_obeys(
    desk: Desk, browser: FlaskClient, text: str
) -> None:
    desk.write("summary", text)
    desk.add(" ".join(text.split())[:110], draft=text, image_captions=text)
    exported = browser.get(f"/posts/{desk.post_id}/export/markdown").text.partition("\n---\n")[2]
    assert live(obedient().render(exported)) == []
