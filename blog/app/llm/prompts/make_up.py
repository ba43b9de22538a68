"""Whether a make-up of an action could work: models there are, parts that fit their places. Saves nothing."""

from collections.abc import Sequence

from blog.app import db
from blog.app.errors import Invalid
from blog.app.llm.assemble import PartText
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.output_type import parse_output_type
from blog.app.llm.prompts import part_store, rules
from blog.app.llm.prompts.models import ActionPlace, PartUse
from blog.app.llm.prompts.schemas import ActionMakeUp
from blog.app.llm.registry import services as registry
from blog.app.translation import gettext as _


def check(conn: db.Connection, new: ActionMakeUp, vocabulary: Vocabulary) -> None:
    """Locks the parts, so that none is archived or reworded before the make-up is saved."""
    rules.check_params(new.params)
    parse_output_type(new.output_kind, new.output_schema, new.validators)
    rules.check_fallback(new.model_id, new.fallback_model_id)
    rules.check_repairs(new.max_repairs, new.repair_part_id)
    rules.check_off(new.part_ids, new.off_positions)
    rules.check_selection(new.output_kind, takes_selection=new.takes_selection)
    rules.check_wish(new.wish_label, new.wish_choices)
    for field, model_id in (("model_id", new.model_id), ("fallback_model_id", new.fallback_model_id)):
        if model_id is not None and registry.find_model(conn, model_id) is None:
            raise Invalid(_("There is no such model."), field=field)
    for part in _texts(conn, new.part_ids, field="part_ids"):
        _check_sent(part, vocabulary)
        _check_given(part, new, vocabulary)
    for part in _texts(
        conn, [] if new.repair_part_id is None else [new.repair_part_id], field="repair_part_id"
    ):
        rules.check_repair_wording(part)


def check_uses(part: PartText, uses: Sequence[PartUse], vocabulary: Vocabulary) -> None:
    """May a part be worded like this where actions have it already?"""
    if any(use.is_sent for use in uses):
        _check_sent(part, vocabulary)
    if any(use.is_repair for use in uses):
        rules.check_repair_wording(part)


def check_places(output_kind: str, places: Sequence[ActionPlace]) -> None:
    """Can the fields that offer an action hold what it writes?"""
    for place in places:
        rules.check_fits(output_kind, field_label=place.field_label, field_kind=place.field_kind)


def _check_sent(part: PartText, vocabulary: Vocabulary) -> None:
    if rules.needs_problems(part, vocabulary):
        raise Invalid(
            _(
                "“%(name)s” reads %(problems)s, and there are problems only once a reply has "
                "failed. Send it with a failed reply instead of among the action's own parts.",
                name=part.name,
                problems=rules.PROBLEMS,
            ),
            field="part_ids",
        )


def _check_given(part: PartText, new: ActionMakeUp, vocabulary: Vocabulary) -> None:
    """A part may not depend on what no run of the action would be given."""
    if not new.takes_selection and rules.needs_selection(part, vocabulary):
        raise Invalid(
            _(
                "“%(name)s” reads the selection, and this action works on none. Say first that it does.",
                name=part.name,
            ),
            field="part_ids",
        )
    if new.wish_label is None and rules.needs_wish(part, vocabulary):
        raise Invalid(
            _(
                "“%(name)s” reads %(wish)s, and nobody is asked for it. Say first what to ask.",
                name=part.name,
                wish=rules.WISH,
            ),
            field="part_ids",
        )


def _texts(conn: db.Connection, part_ids: Sequence[int], *, field: str) -> list[PartText]:
    missing = sorted(set(part_ids) - part_store.lock_usable_parts(conn, part_ids))
    if missing:
        raise Invalid(
            _(
                "These prompt parts do not exist or are archived: %(missing)s.",
                missing=", ".join(map(str, missing)),
            ),
            field=field,
        )
    return part_store.list_live_texts(conn, part_ids)
