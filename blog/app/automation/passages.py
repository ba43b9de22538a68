"""A passage of a field: is it there, what stands around it, its field with other words in its place. Pure."""

import re
from collections.abc import Mapping, Sequence

from blog.app.automation.models import Passage
from blog.app.errors import Invalid
from blog.app.translation import gettext as _
from blog.app.workflow.models import Field

KINDS = frozenset({"text", "markdown"})
PARAGRAPH = re.compile(r"\S(?:[^\n]|\n(?![ \t]*(?:\n|\Z)))*")
NEAR = 1000  # characters before and after a passage that a prompt may read


def checked(field: Field, value: str, passage: Passage) -> Passage:
    """The words of the passage without the white space around them; it must stand where it is said to."""
    if field.kind not in KINDS:
        raise Invalid(
            _("%(field)s is no running text, so it has no passages to work on.", field=field.label),
            field=field.name,
        )
    if not 0 <= passage.start <= passage.end <= len(value) or (
        value[passage.start : passage.end] != passage.text
    ):
        raise Invalid(
            _(
                "The selected words do not stand at this place of %(field)s. Select them again.",
                field=field.label,
            ),
            field=field.name,
            found=value[max(passage.start, 0) : max(passage.end, 0)][:200],
        )
    if not passage.text.strip():
        raise Invalid(_("Select some words first."), field=field.name)
    return _core(passage)


def _core(passage: Passage) -> Passage:
    words = passage.text.strip()
    start = passage.start + len(passage.text) - len(passage.text.lstrip())
    return Passage(start=start, end=start + len(words), text=words)


def read_as(value: str, passage: Passage) -> Mapping[str, str]:
    """What prompt parts read as selection.text, selection.before and selection.after."""
    before, after = value[: passage.start], value[passage.end :]
    return {"text": passage.text, "before": _last(before), "after": _first(after)}


def _last(text: str) -> str:
    """Of a long text only whole words."""
    return text if len(text) <= NEAR else text[-NEAR:].partition(" ")[2]


def _first(text: str) -> str:
    return text if len(text) <= NEAR else text[:NEAR].rpartition(" ")[0]


def replaced(value: str, passage: Passage, words: str) -> str:
    """The whole field with these words for the passage; not a character differs elsewhere."""
    return value[: passage.start] + words.strip() + value[passage.end :]


def found_again(value: str, passage: Passage) -> Passage | None:
    """The passage in a text that may have changed: where it was, or the only place where it is."""
    if value[passage.start : passage.end] == passage.text:
        return passage
    match places(value, passage.text):
        case [only]:
            return only
        case _:
            return None


def places(value: str, words: str) -> Sequence[Passage]:
    """Everywhere that these words stand, one behind the other."""
    found: list[Passage] = []
    place = value.find(words) if words else -1
    while place >= 0:
        found.append(Passage(start=place, end=place + len(words), text=words))
        place = value.find(words, place + len(words))
    return found


def paragraphs(value: str) -> Sequence[Passage]:
    """What blank lines divide, without the white space around."""
    spans = (found.span() for found in PARAGRAPH.finditer(value))
    return [_core(Passage(start=start, end=end, text=value[start:end])) for start, end in spans]
