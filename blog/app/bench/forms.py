"""What the form of the bench sends, as what is typed; what is typed, as a change. Saves nothing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from werkzeug.datastructures import MultiDict

from blog.app import web
from blog.app.automation.schemas import FlatSelection
from blog.app.bench.models import Look, Typed, TypedRow
from blog.app.llm.assemble import PartKind
from blog.app.llm.prompts import forms as prompt_forms
from blog.app.llm.prompts.models import Action, PromptPart
from blog.app.llm.prompts.schemas import ActionChange, ActionGoLive, PromptPartChange, PromptPartCreate
from blog.app.llm.providers.base import Role
from blog.app.llm.registry.forms import Maybe

View = Literal["messages", "request", "rendering", "test"]
ROW_FIELD = re.compile(r"(part|base|role|kind|template|off|fork|name)-([A-Za-z0-9]{1,20})")
# What the form has besides the settings of the action.
OTHERS = frozenset(
    {
        *("csrf_token", "rows", "do", "post_id", "section_id", "passage", "llm_model_id", "view"),
        *("search", "role", "kind", "bind_field", "bind_on_success", "live_version_id", "reason", "override"),
    }
)


LOOKS = ("post_id", "section_id", "passage", "llm_model_id", "view")


class LookQuery(BaseModel):
    """Which post, section, passage and model the preview is for; which parts the shelf shows."""

    model_config = ConfigDict(extra="forbid")

    post_id: Annotated[int | None, Maybe] = None
    section_id: Annotated[int | None, Maybe] = None
    passage: str = Field(default="", max_length=200)
    llm_model_id: Annotated[int | None, Maybe] = None
    view: View = "messages"
    search: str = Field("", max_length=200)
    role: Literal["", "system", "user", "assistant"] = ""
    kind: Literal["", "role", "style", "task", "data", "format", "example"] = ""

    @property
    def look(self) -> Look:
        return look_of(self)


class PlaceQuery(BaseModel):
    """One more place. `part_id` None: for a part that is to be written."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(pattern="^[A-Za-z0-9]{1,20}$")]
    part_id: Annotated[int | None, Maybe] = None


class DraftForm(BaseModel):
    """The draft a button names; it stands in the form of the bench, so the rest of that comes along."""

    version_id: int


class StateForm(FlatSelection):
    """What a shown preview read, one input on a line; of which passage of which field, if of one."""

    field: Annotated[str | None, Maybe] = None
    post_id: int
    section_id: Annotated[int | None, Maybe] = None
    reads: str = Field("", max_length=20_000)
    inputs_digest: str


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    part: Annotated[int | None, Maybe] = None
    base: Annotated[int | None, Maybe] = None
    role: Role
    kind: PartKind
    template: str = Field(max_length=100_000)
    off: bool = False
    fork: bool = False
    name: str = Field("", max_length=120)


class _Head(BaseModel):
    base_version_id: int
    post_id: Annotated[int | None, Maybe] = None
    section_id: Annotated[int | None, Maybe] = None
    passage: str = Field(default="", max_length=200)
    llm_model_id: Annotated[int | None, Maybe] = None
    view: View = "messages"


def read(form: MultiDict[str, str]) -> Typed:
    head = web.validated(_Head, {name: form[name] for name in _Head.model_fields if name in form})
    return Typed(
        base_version_id=head.base_version_id,
        rows=[_row(form, key) for key in dict.fromkeys(form.getlist("rows"))],
        values={name: _unix(form[name]) for name in form if _is_setting(name)},
        look=look_of(head),
    )


def look_of(sent: LookQuery | _Head) -> Look:
    return Look(
        post_id=sent.post_id,
        section_id=sent.section_id,
        passage=sent.passage,
        model_id=sent.llm_model_id,
        view=sent.view,
    )


def _is_setting(name: str) -> bool:
    return (
        name not in OTHERS
        and not ROW_FIELD.fullmatch(name)
        and not name.startswith(("on_success-", "draft-"))
    )


def _row(form: MultiDict[str, str], key: str) -> TypedRow:
    names = [name for name in _Row.model_fields if f"{name}-{key}" in form]
    row = web.validated(_Row, {name: form[f"{name}-{key}"] for name in names})
    return TypedRow(
        key=key,
        part_id=row.part,
        base_version_id=row.base,
        role=row.role,
        kind=row.kind,
        template=_unix(row.template),
        is_off=row.off,
        is_fork=row.fork,
        name=row.name.strip(),
    )


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def row_of(part: PromptPart, key: str, *, is_off: bool = False) -> TypedRow:
    return TypedRow(
        key=key,
        part_id=part.id,
        base_version_id=part.version_id,
        role=part.role,
        kind=part.kind,
        template=part.template,
        is_off=is_off,
    )


def new_row(key: str) -> TypedRow:
    return TypedRow(key=key, part_id=None, base_version_id=None, role="user", kind="task", template="")


def settings(typed: Typed) -> dict[str, object]:
    """The settings as an action has them. Invalid: what is typed makes no sense."""
    sent = web.validated(prompt_forms.ActionForm, {**typed.values, "base_version_id": typed.base_version_id})
    return sent.changes()


def make_up(action: Action, typed: Typed, part_ids: Iterable[int]) -> ActionChange:
    """The whole action as typed, with these parts."""
    return prompt_forms.change_of(
        action,
        **{
            **settings(typed),
            "base_version_id": typed.base_version_id,
            "part_ids": list(part_ids),
            "off_positions": off_positions(typed),
        },
    )


def off_positions(typed: Typed) -> list[int]:
    return [place for place, row in enumerate(typed.rows, start=1) if row.is_off]


def values_of(action: Action) -> Mapping[str, str]:
    return {name: str(value) for name, value in prompt_forms.action_values(action).items()}


def new_part(row: TypedRow, name: str) -> PromptPartCreate:
    return web.validated(
        PromptPartCreate,
        {"name": name, "role": row.role, "kind": row.kind, "template": row.template},
    )


def part_change(row: TypedRow, part: PromptPart) -> PromptPartChange:
    """Its wording as typed; what belongs to the part itself stays."""
    return web.validated(
        PromptPartChange,
        {
            "base_version_id": row.base_version_id,
            "name": part.name,
            "description": part.description,
            "tags": part.tags,
            "role": row.role,
            "kind": row.kind,
            "template": row.template,
        },
    )


# --- going live, binding -------------------------------------------------------------------------


def is_ticked(form: MultiDict[str, str], part_id: int) -> bool:
    """The draft of a part that others have too goes live when somebody says so."""
    return f"draft-{part_id}" in form


def go_live(form: MultiDict[str, str], action: Action, part_version_ids: Sequence[int]) -> ActionGoLive:
    """The newest version, with these drafts of its parts."""
    return web.validated(
        ActionGoLive,
        {
            "version_id": action.version.id,
            "live_version_id": form.get("live_version_id", action.live_version_id),
            "part_version_ids": list(part_version_ids),
            "reason": form.get("reason", ""),
            "override": form.get("override", "") != "",
        },
    )
