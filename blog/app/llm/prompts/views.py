"""The pages of prompt parts and actions. Sends nothing to a model."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.inputs import SECTIONS, SELECTION, Vocabulary, post_fields, section_fields
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.prompts import actions, bench, forms, going_live, parts, rules, services
from blog.app.llm.prompts.bench import Bench, get_bench
from blog.app.llm.prompts.models import PromptPart
from blog.app.llm.prompts.schemas import ActionGoLive, GoLive
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.refused_form import problems, status, typed

bp = Blueprint("prompts", __name__)

ROLES = ("system", "user", "assistant")
KINDS = ("role", "style", "task", "data", "format", "example")


class Place(NamedTuple):
    """A part where a make-up has it."""

    part_id: int
    is_off: bool


OUTPUT_KINDS = ("text", "markdown", "list", "json", "choice", "number")


def _may_configure() -> bool:
    return current_actor().may(LLM_CONFIGURE)


# --- prompt parts --------------------------------------------------------------------------------


@bp.get("/llm/parts")
@requires(LLM_READ)
def list_parts() -> Response:
    search = request.args.get("search", "").strip()
    return web.render(
        "llm/parts.html",
        "llm/_parts.html",
        parts=services.list_parts(web.conn(), search or None),
        search=search,
        may_configure=_may_configure(),
    )


@bp.get("/llm/parts/new")
@requires(LLM_CONFIGURE)
def show_new_part() -> Response:
    return _part_page(None, {"role": "user", "kind": "task"})


@bp.post("/llm/parts")
@requires(LLM_CONFIGURE)
def create_part() -> Response:
    conn = web.conn()
    try:
        new = web.parse_form(forms.PartForm).as_new()
        part = parts.create_part(conn, current_actor(), new, web.site().vocabulary(conn))
    except (Invalid, Conflict) as exc:
        return _part_page(None, typed(), exc)
    return web.see_other(f"/llm/parts/{part.id}")


@bp.get("/llm/parts/<int:part_id>")
@requires(LLM_READ)
def show_part(part_id: int) -> Response:
    part = services.get_newest_part(web.conn(), part_id)
    return _part_page(part, _part_values(part))


@bp.post("/llm/parts/<int:part_id>")
@requires(LLM_CONFIGURE)
def update_part(part_id: int) -> Response:
    conn = web.conn()
    try:
        change = web.parse_form(forms.PartForm).as_change()
        parts.update_part(conn, current_actor(), part_id, change, web.site().vocabulary(conn))
    except (Invalid, Conflict) as exc:
        return _part_page(services.get_newest_part(conn, part_id), typed(), exc)
    return web.see_other(f"/llm/parts/{part_id}")


def _part_values(part: PromptPart) -> dict[str, object]:
    return {
        "base_version_id": part.version_id,
        "name": part.name,
        "description": part.description,
        "tags": ", ".join(part.tags),
        "role": part.role,
        "kind": part.kind,
        "template": part.template,
    }


def _part_page(
    part: PromptPart | None, form: Mapping[str, object], error: AppError | None = None
) -> Response:
    """With an error the form keeps what was typed; after a conflict its base is what is live now."""
    conn = web.conn()
    is_conflict = isinstance(error, Conflict) and part is not None and "current_version_id" in error.details
    vocabulary = web.site().vocabulary(conn)
    return web.render(
        "llm/part.html",
        part=part,
        form={**form, "base_version_id": part.version_id} if is_conflict and part else form,
        errors=problems(error),
        saved=part if is_conflict else None,
        live=services.get_part(conn, part.id) if part else None,
        segments=bench.segments(part.template) if part else [],
        versions=services.list_part_versions(conn, part.id) if part else [],
        uses=services.list_part_uses(conn, part.id) if part else [],
        names=_names(vocabulary),
        roles=ROLES,
        kinds=KINDS,
        may_configure=_may_configure(),
        status=status(error),
    )


def _names(vocabulary: Vocabulary) -> dict[str, list[str]]:
    return {
        "post": sorted(post_fields(vocabulary) - {SECTIONS}),
        "section": sorted(section_fields(vocabulary)),
        "repair": sorted(rules.REPAIR_VOCABULARY.input),
        "judge": sorted(rules.JUDGE_VOCABULARY.input),
        "selection": sorted(SELECTION),
    }


@bp.post("/llm/parts/<int:part_id>/archival")
@requires(LLM_CONFIGURE)
def create_part_archival(part_id: int) -> Response:
    parts.archive_part(web.conn(), current_actor(), part_id)
    return web.see_other(f"/llm/parts/{part_id}")


@bp.post("/llm/parts/<int:part_id>/restoration")
@requires(LLM_CONFIGURE)
def create_part_restoration(part_id: int) -> Response:
    parts.bring_back_part(web.conn(), current_actor(), part_id)
    return web.see_other(f"/llm/parts/{part_id}")


# --- actions -------------------------------------------------------------------------------------


@bp.get("/llm/actions")
@requires(LLM_READ)
def list_actions() -> Response:
    conn = web.conn()
    actions, places = services.list_actions(conn), services.list_action_places(conn)
    return web.render(
        "llm/actions.html",
        actions=actions,
        groups=bench.by_sub_stage(actions, places),
        unbound=bench.unbound(actions, places),
        default=registry.find_default_model(conn),
        may_configure=_may_configure(),
    )


@bp.get("/llm/actions/new")
@requires(LLM_CONFIGURE)
def show_new_action() -> Response:
    return _new_action_page()


def _new_action_page(error: AppError | None = None) -> Response:
    return web.render(
        "llm/action_new.html",
        parts=services.list_parts(web.conn()),
        output_kinds=OUTPUT_KINDS,
        form=typed() if error else {},
        errors=problems(error),
        status=status(error),
    )


@bp.post("/llm/actions")
@requires(LLM_CONFIGURE)
def create_action() -> Response:
    conn = web.conn()
    try:
        new = web.parse_form(forms.ActionCreateForm).as_new()
        action = actions.create_action(conn, current_actor(), new, web.site().vocabulary(conn))
    except (Invalid, Conflict) as exc:
        return _new_action_page(exc)
    return web.see_other(f"/llm/actions/{action.id}")


@bp.get("/llm/actions/<int:action_id>")
@requires(LLM_READ)
def show_action(action_id: int) -> Response:
    return _action_page(action_id)


def _action_page(action_id: int, error: AppError | None = None) -> Response:
    conn = web.conn()
    search = request.args.get("search", "").strip()
    shown = get_bench(conn, action_id, web.site().vocabulary(conn), search or None)
    values = forms.action_values(shown.action)
    return web.render(
        "llm/action.html",
        bench=shown,
        search=search,
        form={**typed(), "base_version_id": shown.action.version.id} if error else values,
        errors=problems(error),
        output_kinds=OUTPUT_KINDS,
        fallback_choices=_fallback_choices(shown),
        repair_choices=_repair_choices(shown),
        default=registry.find_default_model(conn),
        may_configure=_may_configure(),
        status=status(error),
    )


def _fallback_choices(shown: Bench) -> list[tuple[str, str]]:
    """The present one too when it is switched off, or saving anything else would lose it."""
    chosen = [] if shown.fallback is None or shown.fallback.is_usable else [shown.fallback]
    return [
        ("", "nobody"),
        *((str(model.id), f"{model.label} · {model.provider_label}") for model in shown.models),
        *((str(model.id), f"{model.label} (switched off)") for model in chosen),
    ]


def _repair_choices(shown: Bench) -> list[tuple[str, str]]:
    """The parts made for it, and the present one, whatever it is."""
    names = {str(part.id): part.name for part in shown.repair_parts}
    if shown.repair_part is not None:
        names[str(shown.repair_part.part_id)] = shown.repair_part.name
    return [("", "nothing: the run ends"), *names.items()]


@bp.post("/llm/actions/<int:action_id>")
@requires(LLM_CONFIGURE)
def update_action(action_id: int) -> Response:
    conn = web.conn()
    try:
        form = web.parse_form(forms.ActionForm)
        change = forms.change_of(services.get_newest_action(conn, action_id), **form.changes())
        actions.update_action(conn, current_actor(), action_id, change, web.site().vocabulary(conn))
    except (Invalid, Conflict) as exc:
        return _action_page(action_id, exc)
    return web.see_other(f"/llm/actions/{action_id}")


@bp.post("/llm/actions/<int:action_id>/parts")
@requires(LLM_CONFIGURE)
def create_action_part(action_id: int) -> Response:
    form = web.parse_form(forms.PartPlaceForm)
    place = Place(form.part_id, is_off=False)
    return _rearranged(action_id, form, partial(rules.with_part, place=place, position=form.position))


@bp.post("/llm/actions/<int:action_id>/parts/<int:position>/removal")
@requires(LLM_CONFIGURE)
def remove_action_part(action_id: int, position: int) -> Response:
    form = web.parse_form(forms.VersionForm)
    return _rearranged(action_id, form, partial(rules.without_part, position=position))


@bp.post("/llm/actions/<int:action_id>/order")
@requires(LLM_CONFIGURE)
def update_action_order(action_id: int) -> Response:
    """The whole order, as dragging gives it, or one place and how far it is to move."""
    form = web.parse_form(forms.PartOrderForm)
    if form.positions:
        return _rearranged(action_id, form, partial(rules.in_order, positions=form.positions))
    return _rearranged(action_id, form, partial(rules.moved, position=form.position or 0, by=form.by))


def _rearranged(
    action_id: int, form: forms.VersionForm, rearrange: Callable[[Sequence[Place]], list[Place]]
) -> Response:
    """A new draft with its parts in another arrangement, based on the version its writer looked at."""
    conn = web.conn()
    action = services.get_newest_action(conn, action_id)
    places = rearrange(
        [
            Place(part_id, position in action.off_positions)
            for position, part_id in enumerate(action.part_ids, start=1)
        ]
    )
    change = forms.change_of(
        action,
        base_version_id=form.base_version_id,
        part_ids=[place.part_id for place in places],
        off_positions=[position for position, place in enumerate(places, start=1) if place.is_off],
    )
    actions.update_action(conn, current_actor(), action_id, change, web.site().vocabulary(conn))
    return web.see_other(f"/llm/actions/{action_id}#parts")


# --- going live ----------------------------------------------------------------------------------


@bp.post("/llm/actions/<int:action_id>/releases")
@requires(LLM_CONFIGURE)
def create_action_release(action_id: int) -> Response:
    conn = web.conn()
    ask = web.parse_form(ActionGoLive)
    try:
        going_live.make_action_live(
            conn, current_actor(), action_id, ask, web.site().vocabulary(conn), gate=web.site().gate
        )
    except (Conflict, Invalid) as refusal:
        return _not_released(refusal, f"/llm/actions/{action_id}", ask.part_version_ids)
    return web.see_other(f"/llm/actions/{action_id}")


def _not_released(refusal: AppError, place: str, part_version_ids: Sequence[int] = ()) -> Response:
    """What a gate has against it, with the way to go on all the same and say why."""
    if "objections" not in refusal.details and refusal.details.get("field") != "reason":
        raise refusal
    return web.render(
        "llm/gate.html",
        refusal=refusal,
        place=place,
        form=typed(),
        part_version_ids=part_version_ids,
        status=refusal.status,
    )


@bp.post("/llm/parts/<int:part_id>/releases")
@requires(LLM_CONFIGURE)
def create_part_release(part_id: int) -> Response:
    conn = web.conn()
    ask = web.parse_form(GoLive)
    try:
        going_live.make_part_live(
            conn, current_actor(), part_id, ask, web.site().vocabulary(conn), gate=web.site().gate
        )
    except (Conflict, Invalid) as refusal:
        return _not_released(refusal, f"/llm/parts/{part_id}")
    return web.see_other(f"/llm/parts/{part_id}")
