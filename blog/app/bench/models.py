"""What somebody has typed on the bench, and what its page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blog.app.auth.models import Actor
from blog.app.automation.models import Preview
from blog.app.bench.passage_picks import PassagePick
from blog.app.installation_secret import Secrets
from blog.app.llm.assemble import LeadingConstant, PartKind, PartText
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.prompts.bench import ReadInput, Segment
from blog.app.llm.prompts.models import Action, PartUse, PromptPart
from blog.app.llm.providers.base import Role
from blog.app.llm.registry.models import Model
from blog.app.posts.diff import Segment as DiffSegment
from blog.app.posts.models import PostListItem
from blog.app.workflow.models import Binding, BindingChoice, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks, with what a preview needs besides: the installation's secrets, and what parts may read."""

    actor: Actor
    keys: Secrets
    vocabulary: Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedRow:
    """A place of the stack as typed. `part_id` None: a part that is not saved yet.

    `is_fork`: what is typed becomes a part of its own, called `name`, and the shared one stays as it is.
    """

    key: str
    part_id: int | None
    base_version_id: int | None
    role: Role
    kind: PartKind
    template: str
    is_off: bool = False
    is_fork: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Which post the preview is for, and which side of it is shown. `post_id` None: the latest one.

    `passage`: the key of a passage; empty: the first.
    """

    post_id: int | None = None
    section_id: int | None = None
    passage: str = ""
    model_id: int | None = None
    view: str = "messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The bench as a form sent it. `values` are the settings, still texts."""

    base_version_id: int
    rows: Sequence[TypedRow]
    values: Mapping[str, str]
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A place of the stack as it is shown. `part` None: not saved yet. `error` is about its text.

    `never_changes`: everything up to the end of this part is the same in every run. `theirs` is what somebody
    else saved meanwhile.
    """

    typed: TypedRow
    part: PromptPart | None
    name: str
    segments: Sequence[Segment]
    tokens: int
    never_changes: bool
    is_open: bool
    uses: Sequence[PartUse]
    error: str = ""
    excerpt: str = ""
    theirs: PromptPart | None = None

    @property
    def others(self) -> int:
        """How many actions have the part besides this one."""
        return max(len(self.uses) - 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The preview of what is typed. `preview` None: `problem` says why, or there is no post yet.

    `picks`: the passages to choose from, where the parts read one; `pick` is the chosen one.
    """

    preview: Preview | None
    problem: str
    posts: Sequence[PostListItem]
    workspace: Workspace | None
    look: Look
    row_errors: Mapping[str, str]
    excerpts: Mapping[str, str]
    picks: Sequence[PassagePick] = ()
    pick: PassagePick | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPage:
    """`drafts` are parts of the stack whose newest wording is not live; `touched` names who else has each."""

    action: Action
    live_number: int
    rows: Sequence[Row]
    seen: Seen
    reads: Sequence[ReadInput]
    leading: LeadingConstant | None
    model: Model | None
    refused: Mapping[str, str]
    models: Sequence[Model]
    fallback: Model | None
    repair_part: PartText | None
    repair_parts: Sequence[PromptPart]
    shelf: Sequence[PromptPart]
    drafts: Sequence[PromptPart]
    touched: Mapping[int, Sequence[str]]
    bindings: Sequence[Binding]
    choices: Sequence[BindingChoice]


# --- two versions --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """All messages as one text, to be compared. `problem`: why there are none, or why a model refuses."""

    text: str
    tokens: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionComparison:
    """`old` and `new` None: no post was chosen, so only the versions themselves are compared."""

    is_same: bool
    text: Sequence[DiffSegment]
    old: Sent | None
    new: Sent | None
    messages: Sequence[DiffSegment]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEffect:
    """An action that a part's change touches. `is_sent` false: it says the part with failed replies only."""

    action_id: int
    action_label: str
    is_sent: bool
    comparison: VersionComparison | None
