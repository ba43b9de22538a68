"""The passages of a post that an action of passages can be previewed for: what an editor might select."""

from collections.abc import Sequence
from dataclasses import dataclass

from blog.app import db
from blog.app.automation import passages
from blog.app.automation.models import Passage
from blog.app.workflow import rules, workspaces
from blog.app.workflow.models import Field, Workspace

MOST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PassagePick:
    """A paragraph of a field. `section_id` None: of a field of the post itself."""

    field: Field
    section_id: int | None
    passage: Passage

    @property
    def key(self) -> str:
        return f"{self.field.name}.{self.passage.start}-{self.passage.end}"


def list_picks(conn: db.Connection, seen: Workspace, section_id: int | None) -> Sequence[PassagePick]:
    """Paragraphs of the post's texts, those of the chosen section before them; the first sixty."""
    current = workspaces.current_values(conn, seen.post.id)
    fields = [field for field in rules.fields(seen.workflow) if field.kind in passages.KINDS]
    places = [(field, section_id) for field in fields if field.scope == "section" and section_id is not None]
    places += [(field, None) for field in fields if field.scope == "post"]
    found = [
        PassagePick(field=field, section_id=of, passage=passage)
        for field, of in places
        if (revision := current.get((of, field.id))) is not None
        for passage in passages.paragraphs(revision.value)
    ]
    return found[:MOST]
