"""The registry over REST: providers and models. A key can be sent and never read."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.registry import services
from blog.app.llm.registry.schemas import (
    ModelChange,
    ModelCreate,
    ModelQuery,
    ProviderChange,
    ProviderCreate,
    RegistryQuery,
)

bp = Blueprint("registry_api", __name__, url_prefix="/api/v1")


@bp.get("/llm/providers")
@requires(LLM_READ)
def list_providers() -> Response:
    """Providers, oldest first, without their keys
    ---
    tags: [registry]
    parameters:
      - {name: after, in: query, schema: {type: integer}, description: The `next` of the page before}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: Some providers
        content: {application/json: {schema: {$ref: '#/components/schemas/ProviderPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(RegistryQuery)
    return web.answer(services.page_providers(web.conn(), after=query.after, limit=query.limit))


@bp.post("/llm/providers")
@requires(LLM_CONFIGURE)
def create_provider() -> Response:
    """Register a provider; its key is sealed at once
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/ProviderCreate'}}}
    responses:
      201:
        description: The provider, without its key
        content: {application/json: {schema: {$ref: '#/components/schemas/Provider'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(ProviderCreate)
    provider = services.create_provider(web.conn(), current_actor(), web.site().secrets, body)
    return web.answer(provider, status=201, Location=f"/api/v1/llm/providers/{provider.id}")


@bp.get("/llm/providers/<int:provider_id>")
@requires(LLM_READ)
def get_provider(provider_id: int) -> Response:
    """One provider, without its key
    ---
    tags: [registry]
    responses:
      200:
        description: The provider
        content: {application/json: {schema: {$ref: '#/components/schemas/Provider'}}}
    """
    return web.answer(services.get_provider(web.conn(), provider_id))


@bp.patch("/llm/providers/<int:provider_id>")
@requires(LLM_CONFIGURE)
def update_provider(provider_id: int) -> Response:
    """Change a provider; what is absent stays, and a key is never shown
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/ProviderChange'}}}
    responses:
      200:
        description: The provider as it is now
        content: {application/json: {schema: {$ref: '#/components/schemas/Provider'}}}
    """
    body = web.parse_json(ProviderChange)
    provider = services.update_provider(web.conn(), current_actor(), web.site().secrets, provider_id, body)
    return web.answer(provider)


@bp.post("/llm/providers/<int:provider_id>/checks")
@requires(LLM_CONFIGURE)
def create_provider_check(provider_id: int) -> Response:
    """Ask a provider for its models and add the new ones; none is ever deleted
    ---
    tags: [registry]
    responses:
      200:
        description: What came of it; `error` says what the provider refused with
        content: {application/json: {schema: {$ref: '#/components/schemas/ProviderCheck'}}}
      503: {$ref: '#/components/responses/Problem'}
    """
    check = services.check_provider(web.conn(), current_actor(), web.site().secrets, provider_id)
    return web.answer(check)


@bp.get("/llm/models")
@requires(LLM_READ)
def list_models() -> Response:
    """Models, oldest first
    ---
    tags: [registry]
    parameters:
      - {name: provider_id, in: query, schema: {type: integer}}
      - {name: after, in: query, schema: {type: integer}, description: The `next` of the page before}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: Some models
        content: {application/json: {schema: {$ref: '#/components/schemas/ModelPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(ModelQuery)
    page = services.page_models(
        web.conn(), provider_id=query.provider_id, after=query.after, limit=query.limit
    )
    return web.answer(page)


@bp.post("/llm/providers/<int:provider_id>/models")
@requires(LLM_CONFIGURE)
def create_model(provider_id: int) -> Response:
    """Register a model of a provider by the name the provider knows it by
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/ModelCreate'}}}
    responses:
      201:
        description: The model
        content: {application/json: {schema: {$ref: '#/components/schemas/Model'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(ModelCreate)
    model = services.create_model(web.conn(), current_actor(), provider_id, body)
    return web.answer(model, status=201, Location=f"/api/v1/llm/models/{model.id}")


@bp.get("/llm/models/<int:model_id>")
@requires(LLM_READ)
def get_model(model_id: int) -> Response:
    """One model
    ---
    tags: [registry]
    responses:
      200:
        description: The model
        content: {application/json: {schema: {$ref: '#/components/schemas/Model'}}}
    """
    return web.answer(services.get_model(web.conn(), model_id))


@bp.patch("/llm/models/<int:model_id>")
@requires(LLM_CONFIGURE)
def update_model(model_id: int) -> Response:
    """Correct what is known of a model, switch it on or off, make it the default one
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/ModelChange'}}}
    responses:
      200:
        description: The model as it is now
        content: {application/json: {schema: {$ref: '#/components/schemas/Model'}}}
    """
    body = web.parse_json(ModelChange)
    return web.answer(services.update_model(web.conn(), current_actor(), model_id, body))
