"""What the forms of parts and actions send, turned into what the API takes. Saves nothing."""

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from blog.app import web
from blog.app.llm.assemble import PartKind
from blog.app.llm.output_type import OutputKind
from blog.app.llm.prompts.models import Action
from blog.app.llm.prompts.schemas import ActionChange, ActionCreate, PromptPartChange, PromptPartCreate
from blog.app.llm.providers.base import Role
from blog.app.llm.registry.forms import JsonList, JsonObject, Maybe, Words, pretty
from blog.app.llm.registry.schemas import Label, Prose, RegistrySchema

# Parameters with a field of their own on the page; the others are written as JSON below them.
OWN_FIELDS = ("temperature", "top_p", "max_output", "seed")


# --- prompt parts --------------------------------------------------------------------------------


class PartForm(RegistrySchema):
    """A part as its page sends it; `base_version_id` is empty for a new one."""

    name: Label
    description: Prose = ""
    tags: Words = Field(default_factory=list[str], max_length=20)
    role: Role
    kind: PartKind
    template: Annotated[str, StringConstraints(min_length=1, max_length=100_000)]
    base_version_id: Annotated[int | None, Maybe] = None

    def as_new(self) -> PromptPartCreate:
        return PromptPartCreate.model_validate(self.model_dump(exclude={"base_version_id"}))

    def as_change(self) -> PromptPartChange:
        return web.validated(PromptPartChange, self.model_dump())


# --- actions -------------------------------------------------------------------------------------


class ActionForm(RegistrySchema):
    """Everything of an action but its parts, which have forms of their own."""

    base_version_id: int
    label: Label
    description: Prose = ""
    model_id: Annotated[int | None, Maybe] = None
    temperature: Annotated[float | None, Maybe] = None
    top_p: Annotated[float | None, Maybe] = None
    max_output: Annotated[int | None, Maybe] = None
    seed: Annotated[int | None, Maybe] = None
    other_params: JsonObject = None
    output_kind: OutputKind
    output_schema: JsonObject = None
    validators: JsonList = None
    deadline_seconds: int
    max_retries: int = 2
    fallback_model_id: Annotated[int | None, Maybe] = None
    max_repairs: int = 0
    repair_part_id: Annotated[int | None, Maybe] = None
    takes_selection: bool = False
    wish_label: Annotated[Label | None, Maybe] = None
    wish_choices: Words = Field(default_factory=list[str])

    def changes(self) -> dict[str, object]:
        """What differs from the action as it is, for change_of. What was not sent stays."""
        sent = self.model_dump(exclude_unset=True, exclude={*OWN_FIELDS, "other_params", "validators"})
        return {**sent, "params": self._params(), "validators": self.validators or []}

    def _params(self) -> dict[str, object]:
        own = {name: value for name in OWN_FIELDS if (value := getattr(self, name)) is not None}
        return {**(self.other_params or {}), **own}


def action_values(action: Action) -> dict[str, object]:
    """What the form shows of an action."""
    version = action.version
    others = {name: value for name, value in version.params.items() if name not in OWN_FIELDS}
    return {
        "base_version_id": version.id,
        "label": action.label,
        "description": action.description,
        "model_id": version.model_id or "",
        **{name: version.params.get(name, "") for name in OWN_FIELDS},
        "other_params": pretty(others),
        "output_kind": version.output_kind,
        "output_schema": pretty(version.output_schema),
        "validators": pretty_lines(version.validators),
        "deadline_seconds": version.deadline_seconds,
        "max_retries": version.max_retries,
        "fallback_model_id": version.fallback_model_id or "",
        "max_repairs": version.max_repairs,
        "repair_part_id": version.repair_part_id or "",
        "takes_selection": int(version.takes_selection),
        "wish_label": version.wish_label or "",
        "wish_choices": ", ".join(version.wish_choices),
    }


def pretty_lines(values: list[Mapping[str, object]]) -> str:
    """A list of small objects, one on each line."""
    lines = ",\n".join(f"  {json.dumps(value, ensure_ascii=False)}" for value in values)
    return f"[\n{lines}\n]" if values else ""


class ActionCreateForm(RegistrySchema):
    """A new action begins with one part; everything else is changed on its page."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)]
    label: Label
    output_kind: OutputKind
    part_id: int

    def as_new(self) -> ActionCreate:
        sent = self.model_dump(exclude={"part_id"})
        return web.validated(ActionCreate, {**sent, "part_ids": [self.part_id], **_needed(self.output_kind)})


def _needed(kind: OutputKind) -> dict[str, object]:
    """A choice cannot be without choices; the page says to write the right ones."""
    return {"validators": [{"rule": "one_of", "choices": ["yes", "no"]}]} if kind == "choice" else {}


def change_of(action: Action, **different: object) -> ActionChange:
    """The action as it is, as a change; `different` is what is to be otherwise."""
    version = action.version
    same = {
        "base_version_id": version.id,
        "label": action.label,
        "description": action.description,
        "model_id": version.model_id,
        "params": version.params,
        "output_kind": version.output_kind,
        "output_schema": version.output_schema,
        "validators": version.validators,
        "deadline_seconds": version.deadline_seconds,
        "max_retries": version.max_retries,
        "fallback_model_id": version.fallback_model_id,
        "max_repairs": version.max_repairs,
        "repair_part_id": version.repair_part_id,
        "takes_selection": version.takes_selection,
        "wish_label": version.wish_label,
        "wish_choices": version.wish_choices,
        "part_ids": action.part_ids,
        "off_positions": action.off_positions,
    }
    return web.validated(ActionChange, {**same, **different})
