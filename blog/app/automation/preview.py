"""What a run would send, before it does: the messages and the provider's request. Stores nothing."""

from dataclasses import asdict, replace

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation.models import Preview, PreviewOf, Rendering, WirePreview
from blog.app.errors import Invalid, Upstream
from blog.app.llm import assemble
from blog.app.llm.providers import ADAPTERS, rendering
from blog.app.llm.providers.base import ChatRequest, ProviderError, WireRequest, masked_headers
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Provider
from blog.app.llm.runs import calling, messages
from blog.app.llm.runs import services as runs
from blog.app.llm.runs.services import Prepared
from blog.app.posts import services as posts
from blog.app.workflow import services as workflow


def preview(conn: db.Connection, actor: Actor, keys: tuple[str, ...], of: PreviewOf) -> Preview:
    """Exactly what a run would send now. Uses the same functions as the run itself."""
    prepared = _prepare(conn, actor, of)
    parts, vocabulary = prepared.parts, prepared.vocabulary
    seen = Preview(
        version=prepared.version,
        model=prepared.model,
        leading=assemble.leading_constant(parts, vocabulary),
        missing=[str(reference) for reference in assemble.missing_inputs(parts, vocabulary, prepared.inputs)],
    )
    if seen.missing:
        return seen
    made = _assemble(prepared)
    rows = messages.rows(made)
    provider, request = _request(conn, keys, prepared, made)
    try:
        wire = _masked(ADAPTERS[provider.protocol].build(request))
        refusal = None
    except ProviderError as exc:
        wire, refusal = None, exc.message
    return replace(
        seen,
        messages=rows,
        left_out=[part.name for part in made.left_out],
        tokens=sum(row["tokens"] for row in rows),
        wire=wire,
        refusal=refusal,
        can_render=wire is not None and rendering.can_render(provider.protocol, request.endpoint),
    )


def render_template(conn: db.Connection, actor: Actor, keys: tuple[str, ...], of: PreviewOf) -> Rendering:
    """Asks a local server for the text its chat template makes of the messages. Upstream: it is silent."""
    prepared = _prepare(conn, actor, of)
    provider, request = _request(conn, keys, prepared, _assemble(prepared))
    if not rendering.can_render(provider.protocol, request.endpoint):
        raise Invalid(f"{provider.label} has no way to show what its chat template makes of messages.")
    try:
        text = rendering.render(provider.protocol, ADAPTERS[provider.protocol].build(request))
    except ProviderError as exc:
        raise Upstream(f"{provider.label} did not render its template: {exc.message}") from exc
    return Rendering(text=text)


def _prepare(conn: db.Connection, actor: Actor, of: PreviewOf) -> Prepared:
    post = posts.get_post(conn, actor, of.post_id)
    return runs.prepare(
        conn,
        action_id=of.action_id,
        model_id=of.model_id,
        vocabulary=workflow.vocabulary(conn),
        inputs=workflow.gather_inputs(conn, post.id, of.section_id),
    )


def _assemble(prepared: Prepared) -> assemble.Assembly:
    return assemble.assemble(prepared.parts, prepared.vocabulary, prepared.inputs, fence=assemble.new_fence())


def _request(
    conn: db.Connection, keys: tuple[str, ...], prepared: Prepared, made: assemble.Assembly
) -> tuple[Provider, ChatRequest]:
    provider = registry.get_provider(conn, prepared.model.provider_id)
    request = calling.chat_request(
        conn,
        keys,
        version=prepared.version,
        model=prepared.model,
        provider=provider,
        messages=made.messages,
    )
    return provider, request


def _masked(wire: WireRequest) -> WirePreview:
    return WirePreview(
        method=wire.method,
        url=wire.url,
        headers=masked_headers(wire),
        body=wire.body.decode(),
        dropped=[asdict(dropped) for dropped in wire.dropped],
    )
