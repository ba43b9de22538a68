"""The values a run was made from: taken when it is created, restored when its reply is checked. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from blog.app.llm.inputs import SECTIONS, Inputs, Reference, is_empty


def take(inputs: Inputs, references: Iterable[Reference]) -> dict[str, Any]:
    """The part of `inputs` that the references name, as JSON: what nobody reads is not stored again."""
    wanted: dict[str, set[str]] = {}
    for reference in references:
        wanted.setdefault(reference.scope, set()).add(reference.field)
    names = wanted.get("sections", set())
    loops = names or SECTIONS in wanted.get("post", set())
    return {
        "post": _picked(inputs.post, wanted.get("post", set())),
        "section": None if inputs.section is None else _picked(inputs.section, wanted.get("section", set())),
        "sections": [_picked(section, names) for section in inputs.sections] if loops else [],
        "selection": None
        if inputs.selection is None
        else _picked(inputs.selection, wanted.get("selection", set())),
        "input": _picked(inputs.input, wanted.get("input", set())),
    }


def whole(inputs: Inputs) -> dict[str, Any]:
    """All values that say something, as JSON: of use to versions that read other things, too."""
    return {
        "post": _said(inputs.post),
        "section": None if inputs.section is None else _said(inputs.section),
        "sections": [_said(section) for section in inputs.sections],
        "selection": None if inputs.selection is None else _said(inputs.selection),
        "input": _said(inputs.input),
        **({} if inputs.selection is None else {"selection": _said(inputs.selection)}),
    }


def named(snapshot: Mapping[str, Any]) -> frozenset[Reference]:
    """What of a post is in it, by name."""
    inputs = restore(snapshot)
    return frozenset(
        [
            *(Reference(scope="post", field=name) for name in inputs.post),
            *(Reference(scope="section", field=name) for name in inputs.section or {}),
            *(Reference(scope="sections", field=name) for each in inputs.sections for name in each),
        ]
    )


def restore(snapshot: Mapping[str, Any]) -> Inputs:
    return Inputs(
        post=snapshot["post"],
        section=snapshot["section"],
        sections=snapshot["sections"],
        selection=snapshot.get("selection"),  # of a case that was written by hand there is none
        input=snapshot["input"],
    )


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not is_empty(value)}


def _picked(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}
