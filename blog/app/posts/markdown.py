"""Markdown to HTML that is safe to show: the one place where HTML is made of what somebody or a model wrote.

Loads nothing from elsewhere: a picture becomes a link to it. A link that cannot say where it leads is none.
"""

import re
from collections.abc import Sequence
from html import escape, unescape
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from blog.app.translation import gettext as _

_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
# A host that a browser and a reader take for the same: no name or password before it, nothing escaped in it.
_PLAIN = re.compile(
    r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d+)?(?:[/?#]|$)|mailto:[^/]", re.IGNORECASE
)
_OURS = re.compile(r"(?![\\/]{2}|[^/?#]*(?::|%(?:5c|2f|3a)))[^\\]*$", re.IGNORECASE)
_ANCHOR = re.compile(r'<a( class="picture")? href="([^"]*)"([^>]*)>(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def html(text: str, *, below: int = 0) -> str:
    """HTML in `text` itself is shown as it was typed, never obeyed.

    `below` is the level of the heading the text stands under; its own headings begin one deeper.
    """
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + below)}"
    return nh3.clean(
        _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={"a": {"picture"}},
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )


def shown(made: str) -> Markup:
    """What `html` made, as a page of ours shows it: each link and picture says where it leads."""
    return Markup(_ANCHOR.sub(_told, made))  # noqa: S704 - made by html(), and what is added is escaped


def exported(made: str) -> Markup:
    """What `html` made, for a file that leaves the house."""
    return Markup(made.strip())  # noqa: S704 - made by html()


def picture_hosts(made: str) -> list[str]:
    """Where the pictures are that a text made by `html` names: one for each, in their order."""
    return [
        leads_to(unescape(href)) for is_picture, href, _rest, _text in _ANCHOR.findall(made) if is_picture
    ]


def leads_to(address: str) -> str:
    """The host of an address, or the address itself where it has none."""
    return urlsplit(address).hostname or address.removeprefix("mailto:")


def _told(anchor: re.Match[str]) -> str:
    is_picture, href, rest, text = anchor.groups()
    place = leads_to(unescape(href))
    opening = f'<a{is_picture or ""} href="{href}"{rest} target="_blank">'
    if is_picture:
        label = escape(_("Picture at %(host)s", host=place))
        return f"{opening}<b>{label}</b> {text} <u>{escape(_('Show picture'))}</u></a>"
    if not text.strip():  # its only words were a picture's, which is a link of its own
        return f"{opening}{escape(place)}</a> "
    if unescape(_TAG.sub("", text)).strip() in {unescape(href), place}:
        return f"{opening}{text}</a>"
    return f'{opening}{text}</a> <span class="leads-to">→ {escape(place)}</span>'


# --- the parser ----------------------------------------------------------------------------------


def _image_link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    image = tokens[index]
    source = str(image.attrs.get("src", ""))
    alt = renderer.renderInlineAsText(image.children or [], options, env)
    return f'<a class="picture" href="{escapeHtml(source)}">{escapeHtml(alt or source)}</a>'


def _is_honest(url: str) -> bool:
    """Whether it can be said where an address leads. What has no host is a place on our own pages."""
    return bool(_PLAIN.match(url) or _OURS.match(url))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("image", _image_link)
    parser.validateLink = _is_honest
    return parser


_MARKDOWN = _parser()
