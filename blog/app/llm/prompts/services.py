"""Parts and actions in any version, as runs and pages read them. Changes nothing.

Who changes them is parts.py and actions.py; which version counts is decided in going_live.py.
"""

from collections.abc import Mapping, Sequence

from blog.app import db
from blog.app.errors import Invalid, NotFound
from blog.app.llm.assemble import PartText
from blog.app.llm.output_type import OutputType, parse_output_type
from blog.app.llm.prompts import action_store, part_store, release_store, rules
from blog.app.llm.prompts.models import (
    Action,
    ActionHead,
    ActionListItem,
    ActionPage,
    ActionPlace,
    ActionVersion,
    PartUse,
    PromptPart,
    PromptPartPage,
    PromptPartVersion,
    Release,
    SelectionAction,
)
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model
from blog.app.llm.registry.rules import next_page
from blog.app.translation import gettext as _

# --- what a run needs ----------------------------------------------------------------------------


def get_live_action(conn: db.Connection, action_id: int) -> Action:
    head = get_action_head(conn, action_id)
    return _with_version(conn, head, get_action_version(conn, head.live_version_id))


def get_newest_action(conn: db.Connection, action_id: int) -> Action:
    """With its draft if it has one, else with what is live: what the next change is based on."""
    head = get_action_head(conn, action_id)
    newest_id = head.draft_version_id or head.live_version_id
    return _with_version(conn, head, get_action_version(conn, newest_id))


def get_action(conn: db.Connection, action_id: int, version_id: int) -> Action:
    """With this one of its versions, live or not."""
    version = get_action_version(conn, version_id)
    if version.action_id != action_id:
        raise NotFound(_("This action has no such version."))
    return _with_version(conn, get_action_head(conn, action_id), version)


def get_version_of_action(conn: db.Connection, action_id: int, version_id: int | None) -> ActionVersion:
    """This one of its versions, live or not; None: the one that is live."""
    version = action_store.find_version_of_action(conn, action_id, version_id)
    if version is None:
        raise NotFound(
            _("There is no such action.") if version_id is None else _("This action has no such version.")
        )
    return version


def get_action_head(conn: db.Connection, action_id: int) -> ActionHead:
    head = action_store.find_action(conn, action_id)
    if head is None:
        raise NotFound(_("There is no such action."))
    return head


def get_action_version(conn: db.Connection, version_id: int) -> ActionVersion:
    version = action_store.find_action_version(conn, version_id)
    if version is None:
        raise NotFound(_("There is no such version of an action."))
    return version


def load_parts(
    conn: db.Connection, action_version_id: int, part_version_ids: Sequence[int] = ()
) -> list[PartText]:
    """What a make-up sends, in its order: live wordings, but for the versions of parts that are named."""
    if part_version_ids:
        check_part_versions(conn, part_version_ids)
    return part_store.list_part_texts(conn, action_version_id, part_version_ids)


def load_live_parts(conn: db.Connection, action_ids: Sequence[int]) -> dict[int, list[PartText]]:
    """By action: what its live make-up sends, in its order."""
    found: dict[int, list[PartText]] = {}
    for part in part_store.list_live_part_texts(conn, action_ids):
        found.setdefault(part.action_id, []).append(part)
    return found


def check_part_versions(conn: db.Connection, part_version_ids: Sequence[int]) -> None:
    part_ids = part_store.list_versioned_parts(conn, part_version_ids)
    if len(part_ids) != len(part_version_ids) or len(set(part_ids)) != len(part_ids):
        raise Invalid(
            _("Name versions of parts that there are, and one for each part at most."),
            field="part_version_ids",
        )


def list_draft_parts(conn: db.Connection, action: Action) -> list[PromptPart]:
    """The parts of an action whose newest wording is a draft, each once."""
    parts = (get_part(conn, part_id) for part_id in dict.fromkeys(action.part_ids))
    return [part for part in parts if part.draft_version_id is not None]


def load_part(conn: db.Connection, part_id: int) -> PartText:
    """One part by itself, as it is live now."""
    return text_of(get_part(conn, part_id))


def text_of(part: PromptPart) -> PartText:
    return PartText(
        part_id=part.id,
        version=part.number,
        name=part.name,
        role=part.role,
        kind=part.kind,
        template=part.template,
    )


def output_type(version: ActionVersion) -> OutputType:
    return parse_output_type(version.output_kind, version.output_schema, version.validators)


def choose_model(conn: db.Connection, version: ActionVersion, model_id: int | None) -> Model:
    """The model somebody asked for, else the action's own, else the default one. Never a silent other."""
    wanted = model_id if model_id is not None else version.model_id
    model = registry.find_default_model(conn) if wanted is None else registry.get_model(conn, wanted)
    if model is None:
        raise Invalid(
            _(
                "No model is connected yet, so nothing can be run. Connect one at %(connect)s.",
                connect=registry.CONNECT,
            ),
            link=registry.CONNECT,
        )
    if not model.is_usable:
        raise Invalid(
            _(
                "The model %(label)s of %(provider_label)s is switched off. Choose another "
                "one, or switch it on at /llm/providers/%(provider_id)s.",
                label=model.label,
                provider_label=model.provider_label,
                provider_id=model.provider_id,
            ),
            model_id=model.id,
            link=f"/llm/providers/{model.provider_id}",
        )
    return model


# --- prompt parts --------------------------------------------------------------------------------


def get_part(conn: db.Connection, part_id: int) -> PromptPart:
    """With its live wording."""
    part = part_store.find_part(conn, part_id)
    if part is None:
        raise NotFound(_("There is no such prompt part."))
    return part


def get_newest_part(conn: db.Connection, part_id: int) -> PromptPart:
    """With its draft if it has one, else with what is live: what the next change is based on."""
    part = get_part(conn, part_id)
    return part if part.draft_version_id is None else get_part_version(conn, part.draft_version_id)


def get_part_version(conn: db.Connection, version_id: int) -> PromptPart:
    """A part with this one of its wordings, live or not."""
    part = part_store.find_part_version(conn, version_id)
    if part is None:
        raise NotFound(_("There is no such version of a prompt part."))
    return part


def get_version_of_part(conn: db.Connection, part_id: int, version_id: int) -> PromptPart:
    part = get_part_version(conn, version_id)
    if part.id != part_id:
        raise NotFound(_("This prompt part has no such version."))
    return part


def list_parts(conn: db.Connection, search: str | None = None) -> list[PromptPart]:
    return part_store.list_parts(conn, search=search)


def list_repair_parts(conn: db.Connection) -> list[PromptPart]:
    """The parts that are made to be sent with a failed reply."""
    found = part_store.list_parts(conn, search=rules.PROBLEMS.field)
    return [part for part in found if rules.is_repair_wording(text_of(part))]


def page_parts(conn: db.Connection, *, search: str | None, after: int, limit: int) -> PromptPartPage:
    rows = part_store.list_parts(conn, search=search, after=after, limit=limit + 1)
    return PromptPartPage(items=rows[:limit], next=next_page([row.id for row in rows], limit))


def list_part_versions(conn: db.Connection, part_id: int) -> list[PromptPartVersion]:
    get_part(conn, part_id)
    return part_store.list_part_versions(conn, part_id)


def list_part_uses(conn: db.Connection, part_id: int) -> list[PartUse]:
    return part_store.list_part_uses(conn, part_id)


def list_part_releases(conn: db.Connection, part_id: int) -> list[Release]:
    get_part(conn, part_id)
    return release_store.list_part_releases(conn, part_id)


# --- actions -------------------------------------------------------------------------------------


def list_actions(conn: db.Connection) -> list[ActionListItem]:
    return action_store.list_actions(conn)


def page_actions(conn: db.Connection, *, after: int, limit: int) -> ActionPage:
    rows = action_store.list_actions(conn, after=after, limit=limit + 1)
    return ActionPage(items=rows[:limit], next=next_page([row.id for row in rows], limit))


def lock_output_kinds(conn: db.Connection, action_id: int) -> frozenset[str]:
    """What the live version and the draft write; neither is changed or replaced until we are done."""
    kinds = action_store.lock_output_kinds(conn, action_id)
    if not kinds:
        raise NotFound(_("There is no such action."))
    return kinds


def list_action_places(conn: db.Connection, action_id: int | None = None) -> list[ActionPlace]:
    return action_store.list_action_places(conn, action_id)


def list_selection_actions(conn: db.Connection) -> list[SelectionAction]:
    return action_store.list_selection_actions(conn)


def list_field_labels(conn: db.Connection) -> dict[tuple[str, str], str]:
    return action_store.list_field_labels(conn)


def list_action_versions(conn: db.Connection, action_id: int) -> list[ActionVersion]:
    get_action_head(conn, action_id)
    return action_store.list_action_versions(conn, action_id)


def list_schemas(conn: db.Connection, action_ids: Sequence[int]) -> dict[int, Mapping[str, object]]:
    """By action id: the schema of the live make-up; actions without one are left out."""
    return {promise.action_id: promise.schema for promise in action_store.list_schemas(conn, action_ids)}


def list_action_releases(conn: db.Connection, action_id: int) -> list[Release]:
    get_action_head(conn, action_id)
    return release_store.list_action_releases(conn, action_id)


def _with_version(conn: db.Connection, head: ActionHead, version: ActionVersion) -> Action:
    places = action_store.list_action_parts(conn, version.id)
    return Action(
        id=head.id,
        name=head.name,
        label=head.label,
        description=head.description,
        live_version_id=head.live_version_id,
        draft_version_id=head.draft_version_id,
        archived_at=head.archived_at,
        version=version,
        part_ids=[place.part_id for place in places],
        off_positions=[place.position for place in places if place.is_off],
    )
