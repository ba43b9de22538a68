"""An action as somebody has typed it, before anything is saved: for previews. Saves nothing."""

from collections.abc import Sequence

from blog.app import db
from blog.app.errors import Invalid
from blog.app.llm.assemble import PartText
from blog.app.llm.output_type import parse_output_type
from blog.app.llm.prompts import part_store, rules
from blog.app.llm.prompts.models import ActionVersion, TypedAction
from blog.app.llm.prompts.schemas import ActionMakeUp, Wording
from blog.app.llm.prompts.services import check_part_versions, get_newest_action, get_part_version, text_of
from blog.app.translation import gettext as _


def typed_action(
    conn: db.Connection, action_id: int, new: ActionMakeUp, texts: Sequence[PartText]
) -> TypedAction:
    """`texts` are those of all places in their order; what is switched off is left out here."""
    rules.check_params(new.params)
    parse_output_type(new.output_kind, new.output_schema, new.validators)
    newest = get_newest_action(conn, action_id)
    version = ActionVersion(
        id=0,
        action_id=action_id,
        action_name=newest.name,
        action_label=new.label,
        number=newest.version.number + 1,
        model_id=new.model_id,
        params=new.params,
        output_kind=new.output_kind,
        output_schema=new.output_schema,
        validators=[*new.validators],
        deadline_seconds=new.deadline_seconds,
        max_retries=new.max_retries,
        fallback_model_id=new.fallback_model_id,
        max_repairs=new.max_repairs,
        repair_part_id=new.repair_part_id,
        takes_selection=new.takes_selection,
        wish_label=new.wish_label,
        wish_choices=[*new.wish_choices],
        author=None,
        created_at=newest.version.created_at,
    )
    sent = [text for place, text in enumerate(texts, start=1) if place not in new.off_positions]
    return TypedAction(version=version, parts=tuple(sent))


def worded(
    conn: db.Connection,
    new: ActionMakeUp,
    *,
    part_version_ids: Sequence[int] = (),
    wordings: Sequence[Wording] = (),
) -> list[PartText]:
    """The text of each place: as typed, else the version named, else what is live."""
    check_part_versions(conn, part_version_ids)
    instead = {
        text.part_id: text for each in part_version_ids if (text := text_of(get_part_version(conn, each)))
    }
    live = {text.part_id: text for text in part_store.list_live_texts(conn, new.part_ids)}
    _check_known(new, live.keys() | instead.keys(), wordings)
    texts = [instead.get(part_id) or live[part_id] for part_id in new.part_ids]
    for wording in wordings:
        old = texts[wording.position - 1]
        texts[wording.position - 1] = PartText(
            part_id=old.part_id,
            version=old.version,
            name=old.name,
            role=wording.role,
            kind=wording.kind,
            template=wording.template,
        )
    return texts


def _check_known(new: ActionMakeUp, known: set[int], wordings: Sequence[Wording]) -> None:
    missing = sorted(set(new.part_ids) - known)
    if missing:
        raise Invalid(
            _("These prompt parts do not exist: %(missing)s.", missing=", ".join(map(str, missing))),
            field="part_ids",
        )
    if any(not 1 <= wording.position <= len(new.part_ids) for wording in wordings):
        raise Invalid(_("A wording is for a place that has a part; 1 is the first."), field="wordings")
