"""The use cases of prompt parts and actions. What is changed is a new version; the old one stays."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from blog.app import audit, db
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.errors import AppError, Conflict, Invalid, NotFound
from blog.app.llm import assemble
from blog.app.llm.assemble import PartText
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.output_type import OutputType, parse_output_type
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.prompts import make_up, rules, store
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
)
from blog.app.llm.prompts.schemas import (
    ActionChange,
    ActionCreate,
    ActionMakeUp,
    PromptPartChange,
    PromptPartCreate,
)
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model
from blog.app.llm.registry.rules import next_page

# --- what a run needs ----------------------------------------------------------------------------


def get_live_action(conn: db.Connection, action_id: int) -> Action:
    return _with_version(conn, _get_head(conn, action_id))


def get_action_version(conn: db.Connection, version_id: int) -> ActionVersion:
    version = store.find_action_version(conn, version_id)
    if version is None:
        raise NotFound("There is no such version of an action.")
    return version


def load_parts(conn: db.Connection, action_version_id: int) -> list[PartText]:
    """The live wording of each part, in the order in which they are sent."""
    return store.list_part_texts(conn, action_version_id)


def load_part(conn: db.Connection, part_id: int) -> PartText:
    """One part by itself, as it is live now."""
    return _text(get_part(conn, part_id))


def _text(part: PromptPart) -> PartText:
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
            f"No model is connected yet, so nothing can be run. Connect one at {registry.CONNECT}.",
            link=registry.CONNECT,
        )
    if not model.is_usable:
        raise Invalid(
            f"The model {model.label} of {model.provider_label} is switched off. "
            f"Choose another one, or switch it on at /llm/providers/{model.provider_id}.",
            model_id=model.id,
            link=f"/llm/providers/{model.provider_id}",
        )
    return model


# --- prompt parts --------------------------------------------------------------------------------


def get_part(conn: db.Connection, part_id: int) -> PromptPart:
    part = store.find_part(conn, part_id)
    if part is None:
        raise NotFound("There is no such prompt part.")
    return part


def list_parts(conn: db.Connection, search: str | None = None) -> list[PromptPart]:
    return store.list_parts(conn, search=search)


def list_repair_parts(conn: db.Connection) -> list[PromptPart]:
    """The parts that are made to be sent with a failed reply."""
    found = store.list_parts(conn, search=rules.PROBLEMS.field)
    return [part for part in found if rules.is_repair_wording(_text(part))]


def page_parts(conn: db.Connection, *, search: str | None, after: int, limit: int) -> PromptPartPage:
    rows = store.list_parts(conn, search=search, after=after, limit=limit + 1)
    return PromptPartPage(items=rows[:limit], next=next_page([row.id for row in rows], limit))


def list_part_versions(conn: db.Connection, part_id: int) -> list[PromptPartVersion]:
    get_part(conn, part_id)
    return store.list_part_versions(conn, part_id)


def list_part_uses(conn: db.Connection, part_id: int) -> list[PartUse]:
    return store.list_part_uses(conn, part_id)


def create_part(
    conn: db.Connection, actor: Actor, new: PromptPartCreate, vocabulary: Vocabulary
) -> PromptPart:
    permissions.check(actor, LLM_CONFIGURE)
    _check_wording(0, new, vocabulary)
    with conn.transaction(), _unique_part_name(new.name):
        part_id = store.insert_part(conn, name=new.name, description=new.description, tags=_tags(new.tags))
        _append_wording(conn, actor, part_id, new, base_version_id=None)
        audit.record(conn, actor, "llm_prompt_part.created", "llm_prompt_part", part_id, called=new.name)
        return get_part(conn, part_id)


def update_part(
    conn: db.Connection, actor: Actor, part_id: int, change: PromptPartChange, vocabulary: Vocabulary
) -> PromptPart:
    """Of two people who change one part, the second is told: Conflict, and nothing of the first is lost."""
    permissions.check(actor, LLM_CONFIGURE)
    _check_wording(part_id, change, vocabulary)
    with conn.transaction(), _unique_part_name(change.name):
        _append_wording(conn, actor, part_id, change, base_version_id=change.base_version_id)
        make_up.check_uses(load_part(conn, part_id), store.list_part_uses(conn, part_id), vocabulary)
        part = get_part(conn, part_id)
        audit.record(conn, actor, "llm_prompt_part.changed", "llm_prompt_part", part_id, number=part.number)
        return part


def archive_part(conn: db.Connection, actor: Actor, part_id: int) -> None:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        part = get_part(conn, part_id)
        if not store.archive_part(conn, part_id):
            uses = store.list_part_uses(conn, part_id)
            raise Conflict(
                f"“{part.name}” is used by {', '.join(use.action_label for use in uses)}. "
                "Take it out of them first.",
                actions=[use.action_id for use in uses],
            )
        audit.record(conn, actor, "llm_prompt_part.archived", "llm_prompt_part", part_id)


def bring_back_part(conn: db.Connection, actor: Actor, part_id: int) -> PromptPart:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        db.must_touch(store.bring_back_part(conn, part_id), "There is no such prompt part.")
        audit.record(conn, actor, "llm_prompt_part.brought_back", "llm_prompt_part", part_id)
        return get_part(conn, part_id)


def _check_wording(part_id: int, new: PromptPartCreate, vocabulary: Vocabulary) -> None:
    assemble.parse_part(
        PartText(
            part_id=part_id, version=0, name=new.name, role=new.role, kind=new.kind, template=new.template
        ),
        vocabulary,
    )


def _append_wording(
    conn: db.Connection, actor: Actor, part_id: int, new: PromptPartCreate, *, base_version_id: int | None
) -> None:
    version_id = store.insert_part_version(
        conn,
        part_id,
        base_version_id=base_version_id,
        role=new.role,
        kind=new.kind,
        template=_unix_lines(new.template),
        user_id=actor.user_id,
    )
    if version_id is None:
        part = get_part(conn, part_id)
        raise Conflict(
            f"Somebody saved version {part.number} of “{part.name}” meanwhile. "
            "Nothing was overwritten; compare yours with it and save again.",
            current_version_id=part.version_id,
        )
    store.update_part(
        conn,
        part_id,
        name=new.name,
        description=new.description,
        tags=_tags(new.tags),
        version_id=version_id,
    )


def _unique_part_name(name: str) -> AbstractContextManager[None]:
    taken = Conflict(f"There is a prompt part named “{name}” already.")
    return db.constraints(llm_prompt_part_name_key=taken)


def _tags(tags: Sequence[str]) -> list[str]:
    return sorted({tag.lower() for tag in tags})


def _unix_lines(text: str) -> str:
    """A form sends line ends as CRLF; a prompt has none of those."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


# --- actions -------------------------------------------------------------------------------------


def list_actions(conn: db.Connection) -> list[ActionListItem]:
    return store.list_actions(conn)


def page_actions(conn: db.Connection, *, after: int, limit: int) -> ActionPage:
    rows = store.list_actions(conn, after=after, limit=limit + 1)
    return ActionPage(items=rows[:limit], next=next_page([row.id for row in rows], limit))


def list_action_places(conn: db.Connection, action_id: int | None = None) -> list[ActionPlace]:
    return store.list_action_places(conn, action_id)


def list_field_labels(conn: db.Connection) -> dict[tuple[str, str], str]:
    return store.list_field_labels(conn)


def list_action_versions(conn: db.Connection, action_id: int) -> list[ActionVersion]:
    _get_head(conn, action_id)
    return store.list_action_versions(conn, action_id)


def create_action(conn: db.Connection, actor: Actor, new: ActionCreate, vocabulary: Vocabulary) -> Action:
    permissions.check(actor, LLM_CONFIGURE)
    taken = Conflict(f"There is an action named {new.name} already.")
    with conn.transaction(), db.constraints(llm_action_name_key=taken):
        make_up.check(conn, new, vocabulary)
        action_id = store.insert_action(conn, name=new.name, label=new.label, description=new.description)
        _append_make_up(conn, actor, action_id, new, base_version_id=None)
        audit.record(conn, actor, "llm_action.created", "llm_action", action_id, called=new.name)
        return get_live_action(conn, action_id)


def update_action(
    conn: db.Connection, actor: Actor, action_id: int, change: ActionChange, vocabulary: Vocabulary
) -> Action:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        make_up.check(conn, change, vocabulary)
        _append_make_up(conn, actor, action_id, change, base_version_id=change.base_version_id)
        action = get_live_action(conn, action_id)
        audit.record(conn, actor, "llm_action.changed", "llm_action", action_id, number=action.version.number)
        return action


def _append_make_up(
    conn: db.Connection, actor: Actor, action_id: int, new: ActionMakeUp, *, base_version_id: int | None
) -> None:
    version_id = store.insert_action_version(
        conn,
        action_id,
        base_version_id=base_version_id,
        model_id=new.model_id,
        params=new.params,
        output_kind=new.output_kind,
        output_schema=new.output_schema,
        validators=new.validators,
        deadline_seconds=new.deadline_seconds,
        max_retries=new.max_retries,
        fallback_model_id=new.fallback_model_id,
        max_repairs=new.max_repairs,
        repair_part_id=new.repair_part_id,
        user_id=actor.user_id,
    )
    if version_id is None:
        raise _action_moved_on(conn, action_id)
    store.insert_action_parts(conn, version_id, new.part_ids)
    store.update_action(conn, action_id, label=new.label, description=new.description, version_id=version_id)


def _action_moved_on(conn: db.Connection, action_id: int) -> AppError:
    action = get_live_action(conn, action_id)
    return Conflict(
        f"Somebody saved version {action.version.number} of “{action.label}” meanwhile. "
        "Nothing was overwritten; look at it and make your change again.",
        current_version_id=action.version.id,
    )


def _get_head(conn: db.Connection, action_id: int) -> ActionHead:
    head = store.find_action(conn, action_id)
    if head is None:
        raise NotFound("There is no such action.")
    return head


def _with_version(conn: db.Connection, head: ActionHead) -> Action:
    return Action(
        id=head.id,
        name=head.name,
        label=head.label,
        description=head.description,
        archived_at=head.archived_at,
        version=get_action_version(conn, head.live_version_id),
        part_ids=[part.part_id for part in load_parts(conn, head.live_version_id)],
    )
