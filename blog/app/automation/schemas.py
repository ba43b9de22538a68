"""What a client may send to start a run for a field and to decide on its suggestion."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from blog.app.automation.models import Passage, passage_of
from blog.app.llm.prompts.schemas import ActionMakeUp, Wording
from blog.app.translation import gettext as _


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


Fence = Annotated[
    Annotated[str, StringConstraints(pattern=r"^data-[0-9a-f]{16}$")] | None, BeforeValidator(_blank_is_none)
]


def _unix_lines(value: object) -> object:
    """A form sends line ends as CRLF; no field has those."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


BaseRevision = Annotated[int | None, BeforeValidator(_blank_is_none)]


class Selection(BaseModel):
    """A passage of a field, counted in characters (Unicode code points) of the base revision's text."""

    model_config = ConfigDict(extra="forbid")

    start: int = Field(ge=0, description="The first character, from 0.")
    end: int = Field(ge=0, description="The one behind the last.")
    text: str = Field(
        max_length=1_000_000,
        description="The passage itself; if other words stand there, the run is refused.",
    )

    def as_passage(self) -> Passage:
        return Passage(start=self.start, end=self.end, text=self.text)


class AutomationStart(BaseModel):
    """Runs an action for a field of a post."""

    model_config = ConfigDict(extra="forbid")

    llm_action_id: int | None = Field(None, description="None: the field's first action.")
    llm_model_id: Annotated[int | None, BeforeValidator(_blank_is_none)] = Field(
        None, description="None: the action's model, else the default model."
    )
    base_revision_id: BaseRevision | Literal["current"] = Field(
        "current",
        description="The revision the client is looking at, null for an empty field; "
        "`current` takes whatever is current.",
    )
    fence: Fence = Field(
        None,
        description="The `fence` of a preview: the run sends the bytes that were previewed, if no input "
        "changed meanwhile. None: a new one.",
    )
    selection: Selection | None = Field(
        None, description="Works on this passage alone, with an action whose `takes_selection` is true."
    )
    wish: str = Field("", max_length=1000, description="The answer to the action's `wish_label`.")

    @property
    def passage(self) -> Passage | None:
        return self.selection.as_passage() if self.selection else None


class SuggestionAccept(BaseModel):
    """Takes a suggestion over: as it is, edited, or only some of its changes."""

    model_config = ConfigDict(extra="forbid")

    base_revision_id: BaseRevision = Field(
        description="The revision the client compared the suggestion with; null when the field was empty."
    )
    value: str | None = Field(None, description="The edited text. None: the suggestion as it is.")
    hunks: list[int] | None = Field(
        None,
        max_length=100_000,
        description="The numbers of the changes to take onto the base, as a comparison of the two counts "
        "them from 1; not together with `value`. None: all.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.value is not None and self.hunks is not None:
            raise ValueError(_("give an edited text or the changes to take, not both"))
        return self


class SuggestionDiscard(BaseModel):
    """Turns a suggestion down."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=1000)


class Refinement(BaseModel):
    """What should be different about a run's answer."""

    model_config = ConfigDict(extra="forbid")

    instruction: str = Field(
        min_length=1, max_length=10_000, description="Said to the model after its answer, word for word."
    )
    llm_model_id: Annotated[int | None, BeforeValidator(_blank_is_none)] = Field(
        None, description="None: the model that gave the answer."
    )


class FlatSelection(BaseModel):
    """A passage as addresses and forms name it: all three, or none."""

    model_config = ConfigDict(extra="forbid")

    selection_start: Annotated[int | None, BeforeValidator(_blank_is_none)] = Field(None, ge=0)
    selection_end: Annotated[int | None, BeforeValidator(_blank_is_none)] = Field(None, ge=0)
    selection_text: Annotated[str | None, BeforeValidator(_unix_lines)] = Field(None, max_length=1_000_000)

    @property
    def passage(self) -> Passage | None:
        return passage_of(self.selection_start, self.selection_end, self.selection_text)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [self.selection_start, self.selection_end, self.selection_text]
        if None in given and given != [None, None, None]:
            raise ValueError(_("give start, end and text of the selection, or none of them"))
        return self


class PreviewQuery(FlatSelection):
    """Which post, section and model to preview an action for; which passage of which field."""

    post_id: int
    section_id: int | None = None
    llm_model_id: int | None = None
    version_id: int | None = None
    field: str | None = None
    wish: str = Field("", max_length=1000)

    @model_validator(mode="after")
    def _of_a_field(self) -> Self:
        if self.passage is not None and self.field is None:
            raise ValueError(_("say which field the selection is of"))
        return self


class PreviewStateQuery(FlatSelection):
    """What a preview read, of which passage of which field if of one, and the digest it showed."""

    post_id: int
    section_id: int | None = None
    field: str | None = None
    reads: list[str] = Field(default_factory=list[str], max_length=400)
    inputs_digest: str


class SplitCreate(BaseModel):
    """A version to try beside the live one, and on how many of 100 posts."""

    model_config = ConfigDict(extra="forbid")

    version_id: int
    percent: int = Field(50, ge=1, le=99)


class PreviewCreate(BaseModel):
    """An action as it is, as another version had it, or as somebody has typed it and not saved."""

    model_config = ConfigDict(extra="forbid")

    post_id: int
    section_id: int | None = None
    llm_model_id: int | None = None
    version_id: int | None = Field(None, description="None: the live version. Not together with `make_up`.")
    part_version_ids: list[int] = Field(
        default_factory=list[int],
        max_length=40,
        description="Versions of parts in place of their live wordings.",
    )
    make_up: ActionMakeUp | None = Field(None, description="The whole action as typed.")
    wordings: list[Wording] = Field(
        default_factory=list[Wording], max_length=40, description="Texts as typed, by place; with `make_up`."
    )
    fence: Fence = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.make_up is not None and self.version_id is not None:
            raise ValueError(_("give a version or an action as typed, not both"))
        if self.make_up is None and self.wordings:
            raise ValueError(_("wordings belong to a make_up"))
        return self
