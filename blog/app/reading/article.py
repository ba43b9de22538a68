"""Makes a post's values into the article readers get, and names the field behind any gap. Pure.

Knows the parts of an article and no field by name: which field is which part are rows of the workflow.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from markupsafe import escape
from pydantic import JsonValue

from blog.app.posts import markdown
from blog.app.posts.models import Revision
from blog.app.reading import words
from blog.app.reading.models import Article, ArticleSection, Piece
from blog.app.text import folded
from blog.app.workflow import rules, values
from blog.app.workflow.models import Field, Kind, Part, Scope, Workflow

Values = Mapping[tuple[int | None, int], Revision]

READ: tuple[Part, ...] = ("subtitle", "introduction", "section_heading", "section_body", "conclusion")
LINES: frozenset[Part] = frozenset({"title", "subtitle", "section_heading", "section_image_alt", "date"})


def made(
    workflow: Workflow,
    post_id: int,
    section_ids: Sequence[int],
    current: Values,
    *,
    rehearsed: frozenset[int] = frozenset(),
    as_of: datetime | None = None,
) -> Article:
    """`rehearsed` are the runs whose words only prove the wiring."""
    of_post, of_sections = _parts(workflow, "post"), _parts(workflow, "section")
    pieces = [_piece(part, fields, None, current) for part, fields in of_post.items()]
    sections = [
        ArticleSection(
            section_id=section_id,
            pieces=[_piece(part, fields, section_id, current) for part, fields in of_sections.items()],
        )
        for section_id in section_ids
    ]
    shown = [*pieces, *(piece for section in sections for piece in section.pieces)]
    length = words.count(words.plain(piece.html) for piece in shown if piece.part in READ)
    return Article(
        post_id=post_id,
        as_of=as_of,
        pieces=pieces,
        sections=sections,
        words=length,
        minutes=words.minutes(length),
        is_rehearsal=any(piece.llm_run_id in rehearsed for piece in shown),
    )


def _parts(workflow: Workflow, scope: Scope) -> dict[Part, list[Field]]:
    """The fields of each part, the one that is shown if it is filled first."""
    found: dict[Part, list[Field]] = {}
    for field in sorted(rules.fields(workflow, scope), key=lambda field: field.part_rank or 0):
        if field.part is not None:
            found.setdefault(field.part, []).append(field)
    return found


def _piece(part: Part, fields: Sequence[Field], section_id: int | None, current: Values) -> Piece:
    """Of the first filled field; of none: a gap in the first."""
    for field in fields:
        revision = current.get((section_id, field.id))
        if revision is not None and values.is_filled(revision.value):
            first = fields[0]
            return _filled(part, field, section_id, revision, None if field is first else first.label)
    field = fields[0]
    return Piece(
        part=part,
        field_name=field.name,
        field_label=field.label,
        section_id=section_id,
        revision_id=None,
        llm_run_id=None,
        value=values.parsed(field.kind, ""),
        html="",
        instead_of=None,
    )


def _filled(
    part: Part, field: Field, section_id: int | None, revision: Revision, instead_of: str | None
) -> Piece:
    value = values.parsed(field.kind, revision.value)
    return Piece(
        part=part,
        field_name=field.name,
        field_label=field.label,
        section_id=section_id,
        revision_id=revision.id,
        llm_run_id=revision.llm_run_id,
        value=folded(value) if part in LINES and isinstance(value, str) else value,
        html=html(part, field.kind, value),
        instead_of=instead_of,
    )


def html(part: Part, kind: Kind, value: JsonValue) -> str:
    """Safe to show. Prose becomes blocks; a line stays a line; what is no prose has none."""
    match kind, value:
        case _, str() if part in LINES:
            return str(escape(folded(value)))
        case "markdown", str():
            return markdown.html(value, below=2 if part == "section_body" else 1)
        case "list", list():
            return "<ul>" + "".join(f"<li>{escape(str(item))}</li>" for item in value) + "</ul>"
        case "json", _:
            return ""
        case _:
            return _paragraphs(str(value))


def _paragraphs(text: str) -> str:
    blocks = (folded(block) for block in text.replace("\r\n", "\n").split("\n\n"))
    return "".join(f"<p>{escape(block)}</p>" for block in blocks if block)
