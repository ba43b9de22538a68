"""Two documents, item by item: what is new, what changed and how, what is the same. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import cast

from pydantic import JsonValue

from blog.app.transfer.document import Document, action_data, fields_of
from blog.app.transfer.models import Change, Difference, Item, ItemKind

Values = Mapping[str, JsonValue]


def changes(here: Document, after: Document, archived: frozenset[Item]) -> list[Change]:
    before, then = _items(here), _items(after)
    found = [_change(item, before.get(item), values, archived) for item, values in then.items()]
    return [change for change in found if change is not None]


def same(here: Document, after: Document, file: Document) -> dict[ItemKind, int]:
    """How many of the file's items are here exactly so."""
    before, then = _items(here), _items(after)
    return dict(Counter(item.kind for item in _items(file) if before.get(item) == then[item]))


def _change(item: Item, before: Values | None, after: Values, archived: frozenset[Item]) -> Change | None:
    if before == after:
        return None
    differences = [
        Difference(name=name, before=(before or {}).get(name), after=value)
        for name, value in after.items()
        if (before or {}).get(name) != value and (before is not None or value not in (None, [], "", {}))
    ]
    what = "changed" if before is not None else "brought_back" if item in archived else "new"
    return Change(item=item, what=what, differences=differences)


def _items(document: Document) -> dict[Item, Values]:
    """Everything by itself: what holds others has their names, in their order."""
    return dict(_walk(document))


def _walk(document: Document) -> Iterator[tuple[Item, Values]]:
    for workflow in document.workflows:
        stages: list[JsonValue] = [stage.name for stage in workflow.stages]
        yield Item(kind="workflow", name=workflow.name), {"label": workflow.label, "stages": stages}
        for stage in workflow.stages:
            within: list[JsonValue] = [sub_stage.name for sub_stage in stage.sub_stages]
            item = Item(kind="stage", name=stage.name, within=workflow.name)
            yield item, {"label": stage.label, "sub_stages": within}
            for sub_stage in stage.sub_stages:
                item = Item(kind="sub_stage", name=sub_stage.name, within=workflow.name)
                values = cast("dict[str, JsonValue]", sub_stage.model_dump(mode="json", exclude={"name"}))
                yield item, {**values, "fields": [field.name for field in sub_stage.fields]}
        for field in fields_of(workflow):
            item = Item(kind="field", name=field.name, within=workflow.name)
            yield item, field.model_dump(mode="json", exclude={"name"})
    for part in document.parts:
        yield Item(kind="part", name=part.name), part.model_dump(mode="json", exclude={"name"})
    for action in document.actions:
        values = action_data(action)
        yield (
            Item(kind="action", name=action.name),
            {name: value for name, value in values.items() if name != "name"},
        )
