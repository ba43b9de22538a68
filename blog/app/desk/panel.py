"""The panel beside a desk: what a model is about to do, does or did for one field. Reads only."""

from collections.abc import Sequence
from typing import Any

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import preview as previews
from blog.app.automation import services as automation
from blog.app.automation import store as automations
from blog.app.automation.models import AutomationListItem, Passage, Preview, PreviewOf
from blog.app.desk.models import Card, Desk, MissingInput, Panel
from blog.app.errors import AppError, NotFound
from blog.app.installation_secret import Secrets
from blog.app.llm.prompts import services as prompts
from blog.app.llm.registry.models import Model
from blog.app.llm.runs import services as runs
from blog.app.llm.runs import sight
from blog.app.llm.runs.models import ACTIVE, Run
from blog.app.translation import gettext as _
from blog.app.workflow import rules

Asked = dict[str, Any]
EARLIER_SHOWN = 8


def get_panel(
    conn: db.Connection,
    actor: Actor,
    keys: Secrets,
    desk: Desk,
    card: Card,
    *,
    action_id: int | None = None,
    model_id: int | None = None,
    run_id: int | None = None,
    wish: str = "",
) -> Panel:
    """The run that was asked for, else one that is at work here, else what a run would send."""
    runs_here = _runs_here(conn, actor, desk, card)
    run = _run(conn, actor, card, run_id) or _active_run(conn, runs_here if action_id is None else [])
    action_id = action_id or (run.action_id if run else None) or _first_action(card)
    asked = (
        None
        if run or action_id is None
        else _ask(conn, actor, keys, desk, card, action_id=action_id, model_id=model_id, wish=wish)
    )
    made = asked if isinstance(asked, Preview) else None
    return Panel(
        card=card,
        action_id=action_id,
        models=desk.models,
        model_id=model_id or (made.model.id if made else None) or (run.model_id if run else None),
        own_model_id=_own_model(made, desk.models) if made else None,
        preview=made,
        missing=[_missing(desk, card, reference) for reference in made.missing] if made else [],
        problem=asked if isinstance(asked, str) else "",
        wish=wish,
        run=run,
        passage=_passage(conn, run),
        earlier=[item for item in runs_here if run is None or item.run_id != run.id][:EARLIER_SHOWN],
    )


def default_panel(conn: db.Connection, actor: Actor, keys: Secrets, desk: Desk) -> Panel | None:
    """Of the field at work, else of the first empty one whose action could run, else of the first."""
    able = [card for card in desk.cards if card.actions]
    busy = [card for card in desk.cards if card.active]
    empty = [card for card in able if not card.is_filled and not card.offers]
    cards = _one_of_each(busy or empty or able)
    if not cards:
        return None
    ready = None if busy else previews.first_ready(conn, desk.material, [_target(card) for card in cards])
    return get_panel(conn, actor, keys, desk, cards[ready or 0])


def _target(card: Card) -> tuple[int | None, int]:
    return card.section_id, card.actions[0].action_id


def _one_of_each(cards: Sequence[Card]) -> list[Card]:
    """What a field lacks in the first section it mostly lacks in all, of which there may be hundreds."""
    firsts: dict[str, Card] = {}
    for card in cards:
        firsts.setdefault(card.name, card)
    return list(firsts.values())


def _own_model(made: Preview, models: Sequence[Model]) -> int | None:
    return made.version.model_id or next((model.id for model in models if model.is_default), None)


def _passage(conn: db.Connection, run: Run | None) -> Passage | None:
    """The words a run is about; None: the whole field."""
    target = automations.find_automation(conn, run.id) if run else None
    return target.passage if target else None


def _first_action(card: Card) -> int | None:
    return card.actions[0].action_id if card.actions else None


def _runs_here(conn: db.Connection, actor: Actor, desk: Desk, card: Card) -> list[AutomationListItem]:
    found = automation.automations_of(conn, actor, desk.material.post, field_id=card.field.id, limit=200)
    return [item for item in found if item.section_id == card.section_id]


def _run(conn: db.Connection, actor: Actor, card: Card, run_id: int | None) -> Run | None:
    if run_id is None:
        return None
    sight.check(conn, actor, run_id)
    target = automations.find_automation(conn, run_id)
    if target is None or (target.post_id, target.section_id, target.field_name) != (
        card.post_id,
        card.section_id,
        card.name,
    ):
        raise NotFound(_("There is no such run for this field."))
    return runs.get_last_repair(conn, run_id)


def _active_run(conn: db.Connection, items: Sequence[AutomationListItem]) -> Run | None:
    active = next((item for item in items if item.status in ACTIVE), None)
    return runs.get_run(conn, active.run_id) if active else None


def _ask(
    conn: db.Connection,
    actor: Actor,
    keys: Secrets,
    desk: Desk,
    card: Card,
    *,
    action_id: int,
    model_id: int | None,
    wish: str,
) -> Preview | str:
    """What would be sent, or in words why nothing can be."""
    try:
        of = PreviewOf(
            action_id=action_id,
            post_id=card.post_id,
            section_id=card.section_id,
            model_id=model_id,
            wish=_wish(conn, action_id, wish),
        )
        return previews.preview(conn, actor, keys, of, desk.material)
    except AppError as problem:
        return problem.message


def _wish(conn: db.Connection, action_id: int, wish: str) -> str:
    """What was chosen for another action is no answer to this one."""
    if not wish:
        return ""
    version = prompts.get_version_of_action(conn, action_id, None)
    fits = wish in version.wish_choices or not version.wish_choices
    return wish if version.wish_label is not None and fits else ""


def _missing(desk: Desk, card: Card, reference: str) -> MissingInput:
    name = reference.rsplit(".", 1)[-1]
    for sub_stage in rules.sub_stages(desk.workspace.workflow):
        for field in sub_stage.fields:
            if field.name == name:
                return MissingInput(
                    reference=reference,
                    label=field.label,
                    field=name,
                    sub_stage=sub_stage.name,
                    section_id=_section_of(desk, card, reference),
                )
    return MissingInput(reference=reference, label=name, field=None, sub_stage=None, section_id=None)


def _section_of(desk: Desk, card: Card, reference: str) -> int | None:
    if reference.startswith("section."):
        return card.section_id
    if reference.startswith("post.sections[]") and desk.sections:
        return desk.sections[0].section.id
    return None
