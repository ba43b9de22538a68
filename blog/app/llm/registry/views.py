"""The pages of the registry: connecting a model, providers, models. Shows no key."""

from decimal import Decimal
from pathlib import Path

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import OUTGOING_MANAGE, current_actor, requires
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.providers import ADAPTERS
from blog.app.llm.registry import connect, forms, known, rules, services
from blog.app.llm.registry.models import Model, Provider
from blog.app.llm.registry.refused_form import problems, status, typed
from blog.app.llm.registry.schemas import ModelChange, ModelCreate

bp = Blueprint("registry", __name__)


def _may_configure() -> bool:
    return current_actor().may(LLM_CONFIGURE)


# --- connecting ----------------------------------------------------------------------------------


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
        errors=problems(error),
        form=typed("api_key") if error else {},
        may_configure=_may_configure(),
        status=status(error),
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
        form=typed("api_key") if error else {},
        errors=problems(error),
        status=status(error),
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
        form=typed("api_key") if error else _provider_values(provider),
        errors=problems(error),
        may_configure=_may_configure(),
        to_allow=services.address_to_allow(web.conn(), current_actor(), provider),
        status=status(error),
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


@bp.post("/llm/providers/<int:provider_id>/allowance")
@requires(OUTGOING_MANAGE)
def allow_provider_address(provider_id: int) -> Response:
    services.allow_address(web.conn(), current_actor(), web.site().secrets, provider_id)
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
        form=typed() if error else _model_values(model),
        errors=problems(error),
        may_configure=_may_configure(),
        status=status(error),
    )


def _model_values(model: Model) -> dict[str, object]:
    return {
        "label": model.label,
        "context_window": model.context_window,
        "max_output": model.max_output,
        "capabilities": ", ".join(model.capabilities),
        "refused_params": ", ".join(model.refused_params),
        "options": forms.pretty(model.options),
        "price_input": _plain(model.price_input),
        "price_cached": _plain(model.price_cached),
        "price_cache_write": _plain(model.price_cache_write),
        "price_output": _plain(model.price_output),
        "price_currency": model.price_currency,
        "price_as_of": model.price_as_of,
        "notes": model.notes,
        "is_enabled": model.is_enabled,
    }


def _plain(price: Decimal | None) -> str | None:
    """Without the zeros that the column fills it up with."""
    return None if price is None else f"{price.normalize():f}"


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
