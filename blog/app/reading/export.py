"""An article as a file: Markdown with front matter, or a page of HTML that stands alone. Pure.

A section's picture is not in the post, so its description and caption are in the JSON export only.
"""

import re
import unicodedata
from datetime import datetime

from markupsafe import Markup

from blog.app.posts import markdown as markdown_html
from blog.app.reading import front_matter, portable
from blog.app.reading.models import Article, ArticleSection, Piece
from blog.app.workflow.models import Part

_ABOUT: tuple[Part, ...] = (
    "title",
    "subtitle",
    "summary",
    "date",
    "tags",
    "categories",
    "seo",
    "header_image",
)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)  # names Windows keeps for itself


def file_name(title: str, post_id: int, ending: str) -> str:
    words = "-".join(re.findall(r"\w+", unicodedata.normalize("NFC", title).casefold()))[:80].strip("-_")
    usable = words and not _RESERVED.fullmatch(words)
    return f"{words if usable else f'post-{post_id}'}.{ending}"


# --- Markdown ------------------------------------------------------------------------------------


def markdown(article: Article, updated_at: datetime) -> str:
    about = {part: piece.value for part in _ABOUT if (piece := article.piece(part)) and not piece.is_gap}
    head = front_matter.front_matter({**about, "updated": updated_at.isoformat(), "post_id": article.post_id})
    blocks = [
        _prose(article.piece("introduction")),
        *(_section(section) for section in article.sections),
        _prose(article.piece("conclusion")),
    ]
    return "\n".join([head, *(f"{block}\n" for block in blocks if block)])


def _section(section: ArticleSection) -> str:
    heading = section.piece("section_heading")
    title = f"## {portable.literal(heading.text)}" if heading and not heading.is_gap else ""
    return "\n\n".join(block for block in (title, _prose(section.piece("section_body"))) if block)


def _prose(piece: Piece | None) -> str:
    if piece is None or piece.is_gap:
        return ""
    if piece.texts:
        return "\n".join(f"- {portable.literal(item)}" for item in piece.texts)
    return portable.inert(piece.text).strip("\n")


# --- HTML ----------------------------------------------------------------------------------------

_PAGE = Markup("""<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>{title}</title>
{meta}</head>
<body>
<article>
<header>
<h1>{title}</h1>
{subtitle}</header>
{body}
</article>
</body>
</html>
""")


def html(article: Article) -> str:
    summary, subtitle = article.piece("summary"), article.piece("subtitle")
    meta = Markup('<meta name="description" content="{}">\n')
    line = Markup("<p>{}</p>\n")
    return _PAGE.format(
        title=article.title or "Untitled post",
        meta=meta.format(summary.text) if summary and summary.text else "",
        subtitle=line.format(subtitle.text) if subtitle and subtitle.text else "",
        body=Markup("\n").join(block for block in _html_blocks(article) if block),
    )


def _html_blocks(article: Article) -> list[Markup]:
    return [
        _shown(article.piece("introduction")),
        *(_html_section(section) for section in article.sections),
        _shown(article.piece("conclusion")),
        _html_tags(article.piece("tags")),
    ]


def _html_section(section: ArticleSection) -> Markup:
    heading = section.piece("section_heading")
    title = Markup("<h2>{}</h2>\n").format(heading.text) if heading and not heading.is_gap else Markup()
    return Markup("<section>\n{}{}\n</section>").format(title, _shown(section.piece("section_body")))


def _shown(piece: Piece | None) -> Markup:
    return markdown_html.exported(piece.html) if piece else Markup()


def _html_tags(piece: Piece | None) -> Markup:
    return Markup("<footer>{}</footer>").format(_shown(piece)) if piece and piece.texts else Markup()
