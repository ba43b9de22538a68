"""What a registry file may say, item by item. Everything refers to everything else by its name.

A prompt part and an action say what they say when they are made over REST, so a new property of theirs is
a part of the file as soon as it exists there.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from blog.app.llm.prompts.schemas import ActionCreate, ActionName, PromptPartCreate
from blog.app.llm.registry.schemas import Label, Name, RegistrySchema
from blog.app.transfer.models import FileFormat, MissingModels
from blog.app.workflow.models import Kind, OnAccept, Part, Scope

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Count = Annotated[int, Field(gt=0, le=10_000_000)]
Choice = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
RequirementKind = Literal[
    "filled", "each_section_filled", "max_chars", "min_words", "min_items", "equals", "comments_resolved"
]

# --- the workflow --------------------------------------------------------------------------------


class RequirementEntry(RegistrySchema):
    """What must hold before its sub-stage may be called ready or done."""

    field: Key | None = None
    kind: RequirementKind
    amount: Count | None = None
    expected: Annotated[str, StringConstraints(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.field is None) != (self.kind == "comments_resolved"):
            raise ValueError("every requirement but comments_resolved is about a field, and that one is not")
        if (self.amount is not None) != (self.kind in {"max_chars", "min_words", "min_items"}):
            raise ValueError("max_chars, min_words and min_items need an amount, and no other one has it")
        if (self.expected is not None) != (self.kind == "equals"):
            raise ValueError("equals needs what is expected, and no other one has it")
        return self


class FieldEntry(RegistrySchema):
    """A field; `actions` are what it offers, the usual one first. What those in `unreviewed` write is saved
    as the next revision when it keeps their promise."""

    name: Key
    label: Label
    kind: Kind
    scope: Scope
    help: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""
    max_chars: Count | None = None
    choices: list[Choice] = Field(default_factory=list[str], max_length=200)
    title_rank: int | None = None
    on_accept: OnAccept = "save"
    part: Part | None = None
    part_rank: int | None = None
    actions: list[ActionName] = Field(default_factory=list[str], max_length=200)
    unreviewed: list[ActionName] = Field(default_factory=list[str], max_length=200)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError("a choice has choices, and nothing else has them")
        if self.title_rank is not None and self.kind not in {"text", "markdown"}:
            raise ValueError(f"a {self.kind} cannot name a post or a section, so it has no title_rank")
        if (self.part is None) != (self.part_rank is None):
            raise ValueError("part and part_rank are said together")
        if self.part is not None and self.part.startswith("section") != (self.scope == "section"):
            raise ValueError(f"a field of the {self.scope} cannot be the {self.part} of a post")
        if len(set(self.actions)) < len(self.actions):
            raise ValueError("it offers an action twice")
        if unknown := set(self.unreviewed) - set(self.actions):
            raise ValueError(f"it does not offer what is unreviewed: {', '.join(sorted(unknown))}")
        return self


class SubStageEntry(RegistrySchema):
    name: Key
    label: Label
    fields: list[FieldEntry] = Field(default_factory=list[FieldEntry], max_length=500)
    requirements: list[RequirementEntry] = Field(default_factory=list[RequirementEntry], max_length=500)


class StageEntry(RegistrySchema):
    name: Key
    label: Label
    sub_stages: list[SubStageEntry] = Field(default_factory=list[SubStageEntry], max_length=200)


class WorkflowEntry(RegistrySchema):
    """The stages, sub-stages and fields of a way to make a post, each in the order of work."""

    name: Key
    label: Label
    stages: list[StageEntry] = Field(default_factory=list[StageEntry], max_length=100)


# --- prompt parts and actions --------------------------------------------------------------------


class PartEntry(PromptPartCreate):
    """A prompt part with its live wording."""

    @field_validator("template")
    @classmethod
    def _unix_lines(cls, text: str) -> str:
        return text.replace("\r\n", "\n").replace("\r", "\n")

    @field_validator("tags")
    @classmethod
    def _sorted(cls, tags: list[str]) -> list[str]:
        return sorted({tag.lower() for tag in tags})


class ModelName(RegistrySchema):
    """A model by the names its provider and it have here; keys and addresses are no part of a file."""

    provider: Name
    name: Annotated[str, StringConstraints(min_length=1, max_length=500)]

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"


class ActionReferences(RegistrySchema):
    """What an action has that is something by itself. `model` null: the default model."""

    model: ModelName | None = None
    fallback_model: ModelName | None = None
    repair_part: Label | None = None
    parts: Annotated[list[Label], Field(min_length=1, max_length=40)]


# How the file names what an action has by its id when it is made over REST.
BY_NAME = {
    "model": "model_id",
    "fallback_model": "fallback_model_id",
    "repair_part": "repair_part_id",
    "parts": "part_ids",
}
SETTINGS = tuple(name for name in ActionCreate.model_fields if name not in {*BY_NAME.values(), "name"})


# --- asking --------------------------------------------------------------------------------------


class ExportQuery(RegistrySchema):
    """`format` counts for more than the Accept header."""

    format: FileFormat | None = None


class ImportQuery(RegistrySchema):
    """`dry_run`: only tell. `digest`: of the plan that was shown; another one by now is a conflict."""

    dry_run: bool = False
    missing_models: MissingModels = "refuse"
    digest: Annotated[str, StringConstraints(max_length=64)] | None = None


class UploadForm(RegistrySchema):
    """A file, or `source`: one that was uploaded before, as it was understood then."""

    missing_models: MissingModels = "refuse"
    source: str = ""


class ImportForm(UploadForm):
    """A plan that was shown, to be carried out."""

    digest: Annotated[str, StringConstraints(min_length=64, max_length=64)]
