"""The pages of the registry: connecting a model, providers, models, prompt parts, actions. Shows no key."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.providers import ADAPTERS
from blog.app.llm.registry import bench, connect, forms, known, rules, services
from blog.app.llm.registry.bench import get_bench
from blog.app.llm.registry.models import Model, PromptPart, Provider
from blog.app.llm.registry.schemas import ModelChange, ModelCreate

bp = Blueprint("registry", __name__)

ROLES = ("system", "user", "assistant")
KINDS = ("role", "style", "task", "data", "format", "example")
OUTPUT_KINDS = ("text", "markdown", "list", "json", "choice", "number")


def _may_configure() -> bool:
    return current_actor().may(LLM_CONFIGURE)


def _sent(*secrets: str) -> dict[str, str]:
    """What was typed into a form that was refused, so that nothing is lost; a key is typed again."""
    return {name: value for name, value in request.form.items() if name not in {"csrf_token", *secrets}}


def _problems(error: AppError | None) -> dict[str, str]:
    """Field to sentence, and under "" all of it: a field may be folded away or not on the page at all."""
    if error is None:
        return {}
    problems = cast("list[dict[str, str]]", error.details.get("problems", []))
    by_field = {each["field"].split(".")[0]: f"{each['message']}." for each in problems}
    return {str(error.details.get("field", "")): error.message, **by_field, "": error.message}


def _status(error: AppError | None) -> int:
    return error.status if error else 200


# --- start and connecting ------------------------------------------------------------------------


@bp.get("/llm/")
@requires(LLM_READ)
def show_llm() -> Response:
    conn = web.conn()
    return web.render(
        "llm/index.html",
        default=services.find_default_model(conn),
        usable=services.list_usable_models(conn),
        providers=services.list_providers(conn),
        actions=services.list_actions(conn),
        parts=services.list_parts(conn),
        may_configure=_may_configure(),
    )


@bp.get("/llm/connect")
@requires(LLM_READ)
def show_connect() -> Response:
    return _connect_page()


def _connect_page(way: str = "", error: AppError | None = None) -> Response:
    site = web.site()
    return web.render(
        "llm/connect.html",
        default=services.find_default_model(web.conn()),
        models_dir=site.config.models_dir,
        ollama_address=known.ollama_address(),
        known=known.known_providers(),
        way=way,
        errors=_problems(error),
        form=_sent("api_key") if error else {},
        may_configure=_may_configure(),
        status=_status(error),
    )


@bp.post("/llm/connect/ollama")
@requires(LLM_CONFIGURE)
def connect_ollama() -> Response:
    try:
        form = web.parse_form(forms.OllamaForm)
        provider = connect.connect_ollama(web.conn(), current_actor(), web.site().secrets, form.base_url)
    except Invalid as exc:
        return _connect_page("ollama", exc)
    return web.see_other(f"/llm/providers/{provider.id}")


@bp.post("/llm/connect/compatible")
@requires(LLM_CONFIGURE)
def connect_compatible() -> Response:
    try:
        form = web.parse_form(forms.CompatibleForm)
        provider = connect.connect_compatible(
            web.conn(),
            current_actor(),
            web.site().secrets,
            label=form.label,
            base_url=form.base_url,
            api_key=form.api_key,
        )
    except (Invalid, Conflict) as exc:
        return _connect_page("compatible", exc)
    return web.see_other(f"/llm/providers/{provider.id}")


@bp.post("/llm/connect/file")
@requires(LLM_CONFIGURE)
def connect_file() -> Response:
    try:
        path = Path(web.parse_form(forms.FileForm).checked())
        model = connect.connect_file(web.conn(), current_actor(), web.site().secrets, path)
    except (Invalid, Conflict) as exc:
        return _connect_page("file", exc)
    return web.see_other(f"/llm/providers/{model.provider_id}")


# --- providers -----------------------------------------------------------------------------------


@bp.get("/llm/providers")
@requires(LLM_READ)
def list_providers() -> Response:
    conn = web.conn()
    providers, models = services.list_providers(conn), services.list_models(conn)
    return web.render(
        "llm/providers.html",
        providers=providers,
        models={each.id: [model for model in models if model.provider_id == each.id] for each in providers},
        default=services.find_default_model(conn),
        may_configure=_may_configure(),
    )


@bp.get("/llm/providers/new")
@requires(LLM_CONFIGURE)
def show_new_provider() -> Response:
    return _new_provider_page()


def _new_provider_page(error: AppError | None = None) -> Response:
    return web.render(
        "llm/provider_new.html",
        protocols=sorted(ADAPTERS),
        form=_sent("api_key") if error else {},
        errors=_problems(error),
        status=_status(error),
    )


@bp.post("/llm/providers")
@requires(LLM_CONFIGURE)
def create_provider() -> Response:
    try:
        new = web.parse_form(forms.ProviderCreateForm).as_new()
        provider = services.create_provider(web.conn(), current_actor(), web.site().secrets, new)
    except (Invalid, Conflict) as exc:
        return _new_provider_page(exc)
    return web.see_other(f"/llm/providers/{provider.id}")


@bp.get("/llm/providers/<int:provider_id>")
@requires(LLM_READ)
def show_provider(provider_id: int) -> Response:
    return _provider_page(services.get_provider(web.conn(), provider_id))


def _provider_page(provider: Provider, error: AppError | None = None) -> Response:
    return web.render(
        "llm/provider.html",
        provider=provider,
        models=services.list_models(web.conn(), provider.id),
        protocols=sorted(ADAPTERS),
        form=_sent("api_key") if error else _provider_values(provider),
        errors=_problems(error),
        may_configure=_may_configure(),
        status=_status(error),
    )


def _provider_values(provider: Provider) -> dict[str, object]:
    return {
        "label": provider.label,
        "protocol": provider.protocol,
        "base_url": provider.base_url,
        "options": forms.pretty(provider.options),
        "is_enabled": provider.is_enabled,
    }


@bp.post("/llm/providers/<int:provider_id>")
@requires(LLM_CONFIGURE)
def update_provider(provider_id: int) -> Response:
    conn = web.conn()
    try:
        change = web.parse_form(forms.ProviderForm).as_change()
        services.update_provider(conn, current_actor(), web.site().secrets, provider_id, change)
    except Invalid as exc:
        return _provider_page(services.get_provider(conn, provider_id), exc)
    return web.see_other(f"/llm/providers/{provider_id}")


@bp.post("/llm/providers/<int:provider_id>/checks")
@requires(LLM_CONFIGURE)
def create_provider_check(provider_id: int) -> Response:
    services.check_provider(web.conn(), current_actor(), web.site().secrets, provider_id)
    return web.see_other(f"/llm/providers/{provider_id}")


@bp.post("/llm/providers/<int:provider_id>/models")
@requires(LLM_CONFIGURE)
def create_model(provider_id: int) -> Response:
    conn = web.conn()
    try:
        name = web.parse_form(forms.ModelNameForm).name
        model = services.create_model(
            conn, current_actor(), provider_id, ModelCreate(name=name, label=rules.model_label(name))
        )
    except (Invalid, Conflict) as exc:
        return _provider_page(services.get_provider(conn, provider_id), exc)
    return web.see_other(f"/llm/models/{model.id}")


# --- models --------------------------------------------------------------------------------------


@bp.get("/llm/models/<int:model_id>")
@requires(LLM_READ)
def show_model(model_id: int) -> Response:
    return _model_page(services.get_model(web.conn(), model_id))


def _model_page(model: Model, error: AppError | None = None) -> Response:
    return web.render(
        "llm/model.html",
        model=model,
        form=_sent() if error else _model_values(model),
        errors=_problems(error),
        may_configure=_may_configure(),
        status=_status(error),
    )


def _model_values(model: Model) -> dict[str, object]:
    return {
        "label": model.label,
        "context_window": model.context_window,
        "max_output": model.max_output,
        "capabilities": ", ".join(model.capabilities),
        "refused_params": ", ".join(model.refused_params),
        "options": forms.pretty(model.options),
        "price_input": model.price_input,
        "price_cached": model.price_cached,
        "price_cache_write": model.price_cache_write,
        "price_output": model.price_output,
        "price_currency": model.price_currency,
        "price_as_of": model.price_as_of,
        "notes": model.notes,
        "is_enabled": model.is_enabled,
    }


@bp.post("/llm/models/<int:model_id>")
@requires(LLM_CONFIGURE)
def update_model(model_id: int) -> Response:
    conn = web.conn()
    try:
        change = web.parse_form(forms.ModelForm).as_change()
        model = services.update_model(conn, current_actor(), model_id, change)
    except Invalid as exc:
        return _model_page(services.get_model(conn, model_id), exc)
    return web.see_other(f"/llm/providers/{model.provider_id}")


@bp.post("/llm/models/<int:model_id>/default")
@requires(LLM_CONFIGURE)
def create_default(model_id: int) -> Response:
    model = services.update_model(web.conn(), current_actor(), model_id, ModelChange(is_default=True))
    return web.see_other(f"/llm/providers/{model.provider_id}")


@bp.post("/llm/models/<int:model_id>/switch")
@requires(LLM_CONFIGURE)
def switch_model(model_id: int) -> Response:
    conn = web.conn()
    wanted = not services.get_model(conn, model_id).is_enabled
    model = services.update_model(conn, current_actor(), model_id, ModelChange(is_enabled=wanted))
    return web.see_other(f"/llm/providers/{model.provider_id}")


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
        part = services.create_part(conn, current_actor(), new, web.site().vocabulary(conn))
    except (Invalid, Conflict) as exc:
        return _part_page(None, _sent(), exc)
    return web.see_other(f"/llm/parts/{part.id}")


@bp.get("/llm/parts/<int:part_id>")
@requires(LLM_READ)
def show_part(part_id: int) -> Response:
    part = services.get_part(web.conn(), part_id)
    return _part_page(part, _part_values(part))


@bp.post("/llm/parts/<int:part_id>")
@requires(LLM_CONFIGURE)
def update_part(part_id: int) -> Response:
    conn = web.conn()
    try:
        change = web.parse_form(forms.PartForm).as_change()
        services.update_part(conn, current_actor(), part_id, change, web.site().vocabulary(conn))
    except (Invalid, Conflict) as exc:
        return _part_page(services.get_part(conn, part_id), _sent(), exc)
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
        errors=_problems(error),
        live=part if is_conflict else None,
        segments=bench.segments(part.template) if part else [],
        versions=services.list_part_versions(conn, part.id) if part else [],
        uses=services.list_part_uses(conn, part.id) if part else [],
        names=_names(vocabulary.post, vocabulary.section),
        roles=ROLES,
        kinds=KINDS,
        may_configure=_may_configure(),
        status=_status(error),
    )


def _names(post: frozenset[str], section: frozenset[str]) -> dict[str, list[str]]:
    return {"post": sorted({*post, "title"}), "section": sorted({*section, "heading", "position"})}


@bp.post("/llm/parts/<int:part_id>/archival")
@requires(LLM_CONFIGURE)
def create_part_archival(part_id: int) -> Response:
    services.archive_part(web.conn(), current_actor(), part_id)
    return web.see_other(f"/llm/parts/{part_id}")


@bp.post("/llm/parts/<int:part_id>/restoration")
@requires(LLM_CONFIGURE)
def create_part_restoration(part_id: int) -> Response:
    services.bring_back_part(web.conn(), current_actor(), part_id)
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
        default=services.find_default_model(conn),
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
        form=_sent() if error else {},
        errors=_problems(error),
        status=_status(error),
    )


@bp.post("/llm/actions")
@requires(LLM_CONFIGURE)
def create_action() -> Response:
    try:
        new = web.parse_form(forms.ActionCreateForm).as_new()
        action = services.create_action(web.conn(), current_actor(), new)
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
        form={**_sent(), "base_version_id": shown.action.version.id} if error else values,
        errors=_problems(error),
        output_kinds=OUTPUT_KINDS,
        default=services.find_default_model(conn),
        may_configure=_may_configure(),
        status=_status(error),
    )


@bp.post("/llm/actions/<int:action_id>")
@requires(LLM_CONFIGURE)
def update_action(action_id: int) -> Response:
    conn = web.conn()
    try:
        form = web.parse_form(forms.ActionForm)
        change = forms.change_of(services.get_live_action(conn, action_id), **form.changes())
        services.update_action(conn, current_actor(), action_id, change)
    except (Invalid, Conflict) as exc:
        return _action_page(action_id, exc)
    return web.see_other(f"/llm/actions/{action_id}")


@bp.post("/llm/actions/<int:action_id>/parts")
@requires(LLM_CONFIGURE)
def create_action_part(action_id: int) -> Response:
    form = web.parse_form(forms.PartPlaceForm)
    return _rearranged(
        action_id, form, partial(rules.with_part, part_id=form.part_id, position=form.position)
    )


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
    action_id: int, form: forms.VersionForm, rearrange: Callable[[Sequence[int]], list[int]]
) -> Response:
    """A new version with its parts in another arrangement, based on the one its writer looked at."""
    conn = web.conn()
    action = services.get_live_action(conn, action_id)
    part_ids = rearrange(action.part_ids)
    change = forms.change_of(action, base_version_id=form.base_version_id, part_ids=part_ids)
    services.update_action(conn, current_actor(), action_id, change)
    return web.see_other(f"/llm/actions/{action_id}#parts")
