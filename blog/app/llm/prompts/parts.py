"""The use cases of prompt parts: made, reworded, archived. A new wording is a draft; see going_live.py."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from blog.app import audit, db
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.errors import Conflict
from blog.app.llm import assemble
from blog.app.llm.assemble import PartText
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.prompts import make_up, part_store, release_store
from blog.app.llm.prompts.models import PromptPart
from blog.app.llm.prompts.schemas import PromptPartChange, PromptPartCreate
from blog.app.llm.prompts.services import get_newest_part, get_part, get_part_version, text_of
from blog.app.translation import gettext as _


def create_part(
    conn: db.Connection, actor: Actor, new: PromptPartCreate, vocabulary: Vocabulary
) -> PromptPart:
    """Its first wording is live at once: no action has it yet."""
    permissions.check(actor, LLM_CONFIGURE)
    _check_wording(0, new, vocabulary)
    with conn.transaction(), _unique_part_name(new.name):
        part_id = part_store.insert_part(
            conn, name=new.name, description=new.description, tags=_tags(new.tags)
        )
        version_id = _append_wording(conn, actor, part_id, new, base_version_id=None)
        release_store.update_live_part(conn, part_id, version_id=version_id, replaced_version_id=None)
        release_store.insert_part_release(
            conn,
            part_id,
            version_id=version_id,
            replaced_version_id=None,
            user_id=actor.user_id,
            reason="",
            overruled=None,
        )
        audit.record(conn, actor, "llm_prompt_part.created", "llm_prompt_part", part_id, called=new.name)
        return get_part(conn, part_id)


def update_part(
    conn: db.Connection, actor: Actor, part_id: int, change: PromptPartChange, vocabulary: Vocabulary
) -> PromptPart:
    """Saves a new wording as the draft. Of two people who change one part, the second is told: Conflict."""
    permissions.check(actor, LLM_CONFIGURE)
    _check_wording(part_id, change, vocabulary)
    with conn.transaction(), _unique_part_name(change.name):
        version_id = _append_wording(conn, actor, part_id, change, base_version_id=change.base_version_id)
        part_store.update_part(
            conn, part_id, name=change.name, description=change.description, tags=_tags(change.tags)
        )
        part_store.update_draft(conn, part_id, version_id)
        part = get_part_version(conn, version_id)
        make_up.check_uses(text_of(part), part_store.list_part_uses(conn, part_id), vocabulary)
        audit.record(conn, actor, "llm_prompt_part.changed", "llm_prompt_part", part_id, number=part.number)
        return part


def set_draft_aside(conn: db.Connection, actor: Actor, part_id: int, version_id: int) -> PromptPart:
    """The draft is not gone on from; its wording stays among the versions."""
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        part = get_newest_part(conn, part_id)
        if part.draft_version_id != version_id:
            raise Conflict(_("This is not the draft any more."), current_version_id=part.version_id)
        part_store.update_draft(conn, part_id, None)
        audit.record(conn, actor, "llm_prompt_part.set_aside", "llm_prompt_part", part_id, number=part.number)
        return get_part(conn, part_id)


def archive_part(conn: db.Connection, actor: Actor, part_id: int) -> None:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        part = get_part(conn, part_id)
        if not part_store.archive_part(conn, part_id):
            uses = part_store.list_part_uses(conn, part_id)
            raise Conflict(
                _(
                    "“%(name)s” is used by %(action_label)s. Take it out of them first.",
                    name=part.name,
                    action_label=", ".join(use.action_label for use in uses),
                ),
                actions=[use.action_id for use in uses],
            )
        audit.record(conn, actor, "llm_prompt_part.archived", "llm_prompt_part", part_id)


def bring_back_part(conn: db.Connection, actor: Actor, part_id: int) -> PromptPart:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        db.must_touch(part_store.bring_back_part(conn, part_id), _("There is no such prompt part."))
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
) -> int:
    version_id = part_store.insert_part_version(
        conn,
        part_id,
        base_version_id=base_version_id,
        role=new.role,
        kind=new.kind,
        template=_unix_lines(new.template),
        user_id=actor.user_id,
    )
    if version_id is None:
        part = get_newest_part(conn, part_id)
        raise Conflict(
            _(
                "Somebody saved version %(number)s of “%(name)s” meanwhile. Nothing was "
                "overwritten; compare yours with it and save again.",
                number=part.number,
                name=part.name,
            ),
            current_version_id=part.version_id,
        )
    return version_id


def _unique_part_name(name: str) -> AbstractContextManager[None]:
    taken = Conflict(_("There is a prompt part named “%(name)s” already.", name=name))
    return db.constraints(llm_prompt_part_name_key=taken)


def _tags(tags: Sequence[str]) -> list[str]:
    return sorted({tag.lower() for tag in tags})


def _unix_lines(text: str) -> str:
    """A form sends line ends as CRLF; a prompt has none of those."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
