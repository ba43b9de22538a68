"""What the page shows where a passage of a field is chosen and what a model is to do with it. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import passages
from blog.app.automation.models import Passage
from blog.app.desk.models import target_key
from blog.app.errors import Invalid
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import SelectionAction
from blog.app.posts import services as posts
from blog.app.posts.models import Post
from blog.app.translation import gettext as _
from blog.app.workflow import workspaces
from blog.app.workflow.models import FieldState

NEAR = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A passage that could be meant, between the words around it."""

    passage: Passage
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageChoice:
    """`chosen` None: it is to be chosen, out of `places` or by its words; `problem` is about those."""

    post: Post
    state: FieldState
    chosen: Place | None
    places: Sequence[Place]
    words: str
    problem: str
    actions: Sequence[SelectionAction]

    @property
    def key(self) -> str:
        """What the ids of the field's elements end with."""
        return target_key(self.state.field.name, self.state.section_id)


def get_choice(
    conn: db.Connection,
    actor: Actor,
    *,
    post_id: int,
    field_name: str,
    section_id: int | None,
    words: str = "",
    start: int | None = None,
    end: int | None = None,
) -> PassageChoice:
    """A passage by its place or by its words; without either all paragraphs of the field."""
    state = workspaces.get_field_state(conn, actor, post_id, field_name, section_id)
    if state.field.kind not in passages.KINDS:
        raise Invalid(
            _("%(field)s is no running text, so it has no passages to work on.", field=state.field.label)
        )
    value = state.revision.value if state.revision else ""
    found = passages.places(value, words.strip())
    chosen = found[0] if len(found) == 1 else None
    if start is not None and end is not None:
        meant = Passage(start=start, end=end, text=value[start:end])
        chosen = passages.checked(state.field, value, meant)
    return PassageChoice(
        post=posts.get_post(conn, actor, post_id),
        state=state,
        chosen=None if chosen is None else _place(value, chosen),
        places=[_place(value, passage) for passage in found or passages.paragraphs(value)],
        words=words,
        problem=_problem(state.field.label, words, len(found)) if chosen is None else "",
        actions=prompts.list_selection_actions(conn),
    )


def _problem(label: str, words: str, found: int) -> str:
    if not words.strip():
        return ""
    if not found:
        return _("%(field)s does not have these words. Copy them from it just as they are.", field=label)
    return _("%(field)s has these words %(n)s times. Choose which are meant.", field=label, n=found)


def _place(value: str, passage: Passage) -> Place:
    around = passages.read_as(value, passage)
    before, after = around["before"], around["after"]
    return Place(
        passage=passage,
        before=before if len(before) <= NEAR else "…" + before[-NEAR:],
        after=after if len(after) <= NEAR else after[:NEAR] + "…",
    )
