"""A registry file's data <-> the items it names, checked one by one, with every problem named. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from pydantic import BaseModel, JsonValue

from blog.app import web
from blog.app.errors import Invalid
from blog.app.llm.prompts.schemas import ActionCreate
from blog.app.transfer.models import Problem
from blog.app.transfer.schemas import (
    BY_NAME,
    SETTINGS,
    ActionReferences,
    FieldEntry,
    PartEntry,
    SubStageEntry,
    WorkflowEntry,
)
from blog.app.translation import gettext as _

FORMAT = "blogforge-registry"
VERSION = 1
SECTIONS = ("workflows", "parts", "actions")
E = TypeVar("E", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionEntry:
    """An action: what it refers to by name, and its settings as they are sent over REST."""

    name: str
    refers: ActionReferences
    settings: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`sections` are those the file has; what is not in it is not meant to be empty."""

    workflows: Sequence[WorkflowEntry] = ()
    parts: Sequence[PartEntry] = ()
    actions: Sequence[ActionEntry] = ()
    sections: frozenset[str] = frozenset(SECTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A file's items, as far as they could be read, and what is wrong with the others."""

    document: Document
    problems: Sequence[Problem] = field(default_factory=tuple[Problem, ...])


# --- writing -------------------------------------------------------------------------------------


def as_data(document: Document) -> dict[str, JsonValue]:
    """In the order of a file: parts and actions by name, so that two files can be compared line by line."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "workflows": [workflow.model_dump(mode="json") for workflow in document.workflows],
        "parts": [part.model_dump(mode="json") for part in sorted(document.parts, key=lambda p: p.name)],
        "actions": [action_data(action) for action in sorted(document.actions, key=lambda a: a.name)],
    }


def action_data(action: ActionEntry) -> dict[str, JsonValue]:
    refers = action.refers.model_dump(mode="json")
    head = {name: action.settings[name] for name in ("label", "description")}
    rest = {name: value for name, value in action.settings.items() if name not in head}
    return {"name": action.name, **head, **refers, **rest}


# --- reading -------------------------------------------------------------------------------------


def understand(data: JsonValue) -> Understood:
    """Invalid when it is no registry file, or a newer one; else everything that is wrong with its items."""
    sections = _sections(data)
    problems: list[Problem] = []
    workflows = [_entry(WorkflowEntry, each, problems) for each in _listed("workflows", sections)]
    parts = [_entry(PartEntry, each, problems) for each in _listed("parts", sections)]
    actions = [_action(each, problems) for each in _listed("actions", sections)]
    document = Document(
        workflows=[each for each in workflows if each is not None],
        parts=[each for each in parts if each is not None],
        actions=[each for each in actions if each is not None],
        sections=frozenset(sections),
    )
    problems += _said_twice(document)
    return Understood(document=document, problems=problems)


def _sections(data: JsonValue) -> dict[str, list[JsonValue]]:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise Invalid(
            _("This is no registry file: it should begin with “format: %(format)s”.", format=FORMAT)
        )
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Invalid(_("The file does not say its version, a whole number."))
    if version > VERSION:
        raise Invalid(
            _(
                "The file has version %(version)s of the format, and this BlogForge reads "
                "%(version_)s at most. Import it with the newer BlogForge it comes from.",
                version=version,
                version_=VERSION,
            ),
            version=version,
            newest=VERSION,
        )
    rest = {name: value for name, value in data.items() if name not in {"format", "version"}}
    if unknown := sorted(rest.keys() - set(SECTIONS)):
        raise Invalid(
            _(
                "The file has %(unknown)s; there can be %(sections)s.",
                unknown=", ".join(unknown),
                sections=", ".join(SECTIONS),
            )
        )
    if not rest:
        raise Invalid(
            _(
                "The file has none of %(sections)s, so there is nothing to import.",
                sections=", ".join(SECTIONS),
            )
        )
    if wrong := sorted(name for name, value in rest.items() if not isinstance(value, list)):
        raise Invalid(_("%(wrong)s must be lists.", wrong=", ".join(wrong)))
    return cast("dict[str, list[JsonValue]]", rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    where: str
    value: JsonValue


def _listed(section: str, sections: Mapping[str, list[JsonValue]]) -> Iterator[_Raw]:
    for number, value in enumerate(sections.get(section, ()), start=1):
        name = value.get("name") if isinstance(value, dict) else None
        called = f" “{name}”" if isinstance(name, str) else ""
        yield _Raw(where=f"{section}, {number}{called}", value=value)


def _entry(schema: type[E], raw: _Raw, problems: list[Problem]) -> E | None:
    try:
        return web.validated(schema, raw.value)
    except Invalid as exc:
        problems.extend(_told(raw, exc))
        return None


def _told(raw: _Raw, exc: Invalid) -> Iterator[Problem]:
    for found in cast("list[dict[str, str]]", exc.details["problems"]):
        where = _named(raw.value, found["field"]) if found["field"] else ""
        yield Problem(where=f"{raw.where}{where}", message=f"{found['message']}.")


def _named(value: Any, path: str) -> str:
    """stages.0.sub_stages.1.label as the names of what is there: whoever mends the file looks for those."""
    told = ""
    for step in path.split("."):
        if isinstance(value, list) and step.isdecimal() and int(step) < len(cast("list[Any]", value)):
            value = cast("Any", value[int(step)])
            name = cast("Any", value).get("name") if isinstance(value, dict) else None
            told += f" {int(step) + 1}" + (f" “{name}”" if isinstance(name, str) else "")
        else:
            value = cast("Any", value).get(step) if isinstance(value, dict) else None
            told += f", {step}"
    return told


def _action(raw: _Raw, problems: list[Problem]) -> ActionEntry | None:
    """Held to what an action may be over REST, with a place of its own for each name."""
    if not isinstance(raw.value, dict):
        problems.append(Problem(where=raw.where, message="An action is an object."))
        return None
    said = raw.value
    ids = [name for name in said if name in BY_NAME.values()]
    problems += [Problem(where=f"{raw.where}, {name}", message="There is no such property.") for name in ids]
    refers = _entry(
        ActionReferences,
        replace(raw, value={name: said[name] for name in BY_NAME if name in said}),
        problems,
    )
    settings = {name: value for name, value in said.items() if name not in {*BY_NAME, *BY_NAME.values()}}
    stand_in: dict[str, JsonValue] = {"part_ids": [1 for _ in refers.parts] if refers else [1]}
    made = _entry(ActionCreate, replace(raw, value={**settings, **stand_in}), problems)
    if refers is None or made is None or ids:
        return None
    return action_entry(made.name, refers, made.model_dump(mode="json"))


def action_entry(name: str, refers: ActionReferences, values: Mapping[str, JsonValue]) -> ActionEntry:
    return ActionEntry(name=name, refers=refers, settings={key: values[key] for key in SETTINGS})


# --- names ---------------------------------------------------------------------------------------


def fields_of(workflow: WorkflowEntry) -> list[FieldEntry]:
    return [field for sub_stage in sub_stages_of(workflow) for field in sub_stage.fields]


def sub_stages_of(workflow: WorkflowEntry) -> list[SubStageEntry]:
    return [sub_stage for stage in workflow.stages for sub_stage in stage.sub_stages]


def _said_twice(document: Document) -> Iterator[Problem]:
    yield from _twice("workflows", (each.name for each in document.workflows))
    yield from _twice("parts", (each.name for each in document.parts))
    yield from _twice("actions", (each.name for each in document.actions))
    for workflow in document.workflows:
        where = f"workflows “{workflow.name}”"
        yield from _twice(f"{where}, stages", (each.name for each in workflow.stages))
        yield from _twice(f"{where}, sub_stages", (each.name for each in sub_stages_of(workflow)))
        yield from _twice(f"{where}, fields", (each.name for each in fields_of(workflow)))


def _twice(where: str, names: Iterator[str]) -> Iterator[Problem]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Problem(where=where, message=f"“{name}” is there {count} times; a name is one thing's.")
