"""What a client may send about prompt parts and actions. What is sent is the whole of it, or refused."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from blog.app.llm.assemble import PartKind
from blog.app.llm.output_type import OutputKind
from blog.app.llm.providers.base import Role
from blog.app.llm.registry.schemas import Label, Prose, RegistryQuery, RegistrySchema, Word

Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]
ActionName = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=60)
]


class PromptPartCreate(RegistrySchema):
    """A prompt part and its first wording."""

    name: Label
    description: Prose = ""
    tags: list[Word] = Field(default_factory=list[str], max_length=20)
    role: Role
    kind: PartKind
    template: Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class PromptPartChange(PromptPartCreate):
    """The whole part as it is to be. Its wording becomes a new version, a draft unless `make_live` is true.

    `base_version_id` is the version its writer had before them: the draft if there is one, else the live
    one. Name, description and tags belong to the part and count at once.
    """

    base_version_id: int
    make_live: bool = False
    reason: Reason = ""
    override: bool = False


class ActionMakeUp(RegistrySchema):
    """What an action consists of. Parts are sent in this order. `model_id` null: the default model.

    `off_positions` are places in `part_ids` (1 is the first) whose part is kept there and not sent.
    `fallback_model_id` null: no other model is asked. `repair_part_id` is said with a reply that failed its
    checks; it reads `input.problems` and nothing else. With `takes_selection` every text offers the action
    for a passage, which its parts read as `selection.text`. `wish_label` is what is asked when a run starts,
    null for nothing; the answer, one of `wish_choices` if there are any, is read as `input.wish`.
    """

    label: Label
    description: Prose = ""
    model_id: int | None = None
    params: dict[str, Any] = Field(default_factory=dict[str, Any])
    output_kind: OutputKind
    output_schema: dict[str, Any] | None = None
    validators: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    deadline_seconds: Annotated[int, Field(ge=5, le=7200)] = 600
    max_retries: Annotated[int, Field(ge=0, le=5)] = 2
    fallback_model_id: int | None = None
    max_repairs: Annotated[int, Field(ge=0, le=3)] = 0
    repair_part_id: int | None = None
    takes_selection: bool = False
    wish_label: Label | None = None
    wish_choices: Annotated[list[Word], Field(max_length=60)] = Field(default_factory=list[str])
    part_ids: Annotated[list[int], Field(min_length=1, max_length=40)]
    off_positions: list[int] = Field(default_factory=list[int], max_length=40)


class ActionCreate(ActionMakeUp):
    """An action and its first make-up."""

    name: ActionName


class ActionChange(ActionMakeUp):
    """The whole action as it is to be: always a new version, a draft unless `make_live` says otherwise.

    `base_version_id` is the version its writer had before them: the draft if there is one, else the live
    one. Label and description belong to the action and count at once.
    """

    base_version_id: int
    make_live: bool = False
    reason: Reason = ""
    override: bool = False


class GoLive(RegistrySchema):
    """Makes a version live: a draft, or an earlier one again.

    `live_version_id` is the one it is to replace, as its writer saw it. `override` goes on in spite of what
    gates have against it, and needs a `reason`.
    """

    version_id: int
    live_version_id: int
    reason: Reason = ""
    override: bool = False


class ActionGoLive(GoLive):
    """`part_version_ids`: drafts of the action's parts that go live with it, all or nothing."""

    part_version_ids: list[int] = Field(default_factory=list[int], max_length=40)


class Wording(RegistrySchema):
    """What stands at a place of an action (1 is the first) instead of the part's own words, unsaved."""

    position: Annotated[int, Field(ge=1, le=40)]
    role: Role
    kind: PartKind
    template: Annotated[str, StringConstraints(max_length=100_000)]


class PartQuery(RegistryQuery):
    search: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
