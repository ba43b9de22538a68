"""The registry as it is here, as the document a file would hold, and the facts a plan must know besides."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from blog.app import db
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import Action
from blog.app.llm.prompts.schemas import ActionCreate
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model
from blog.app.transfer import store
from blog.app.transfer.document import ActionEntry, Document, action_entry
from blog.app.transfer.models import Item
from blog.app.transfer.refusals import Shapes
from blog.app.transfer.schemas import ActionReferences, ModelName, PartEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A part or an action that is here. `newest_id`: its draft if it has one, else what is live."""

    id: int
    live_id: int
    newest_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """`models` are all that are connected, by provider and name."""

    document: Document
    parts: Mapping[str, Standing]
    actions: Mapping[str, Standing]
    archived_parts: Mapping[str, int]
    archived_fields: Shapes
    models: Mapping[str, int]

    @property
    def archived(self) -> frozenset[Item]:
        fields = {Item(kind="field", name=name, within=workflow) for workflow, name in self.archived_fields}
        return frozenset(fields | {Item(kind="part", name=name) for name in self.archived_parts})


def read_here(conn: db.Connection) -> Here:
    """Archived parts, actions and fields are no part of the document."""
    models = {model.id: model for model in registry.list_models(conn)}
    parts = prompts.list_parts(conn)
    actions = [prompts.get_live_action(conn, each.id) for each in prompts.list_actions(conn)]
    names = {part.id: part.name for part in parts}
    return Here(
        document=Document(
            workflows=store.list_workflows(conn),
            parts=[
                PartEntry.model_validate({key: getattr(part, key) for key in PartEntry.model_fields})
                for part in parts
            ],
            actions=[_action(action, names, models) for action in actions],
        ),
        parts={
            part.name: Standing(
                id=part.id,
                live_id=part.live_version_id,
                newest_id=part.draft_version_id or part.live_version_id,
            )
            for part in parts
        },
        actions={
            action.name: Standing(
                id=action.id,
                live_id=action.live_version_id,
                newest_id=action.draft_version_id or action.live_version_id,
            )
            for action in actions
        },
        archived_parts=store.list_archived_parts(conn),
        archived_fields=store.list_archived_fields(conn),
        models={str(_model_name(model)): model.id for model in models.values()},
    )


def _action(action: Action, names: Mapping[int, str], models: Mapping[int, Model]) -> ActionEntry:
    """Its settings are whatever an action is made of over REST: a new one is in the file without more ado."""
    version = action.version
    said = {**asdict(action), **asdict(version)}
    made = ActionCreate.model_validate({key: said[key] for key in ActionCreate.model_fields})
    refers = ActionReferences(
        model=None if version.model_id is None else _model_name(models[version.model_id]),
        fallback_model=(
            None if version.fallback_model_id is None else _model_name(models[version.fallback_model_id])
        ),
        repair_part=None if version.repair_part_id is None else names[version.repair_part_id],
        parts=[names[part_id] for part_id in action.part_ids],
    )
    return action_entry(action.name, refers, made.model_dump(mode="json"))


def _model_name(model: Model) -> ModelName:
    return ModelName(provider=model.provider_name, name=model.name)
