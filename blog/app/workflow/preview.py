"""What a run would send, before it does: the messages and the provider's request. Stores nothing."""

from dataclasses import asdict

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm import assemble
from blog.app.llm.providers import ADAPTERS
from blog.app.llm.providers.base import masked_headers
from blog.app.llm.registry import services as registry
from blog.app.llm.runs import calling, messages
from blog.app.llm.runs import services as runs
from blog.app.llm.runs.services import Prepared
from blog.app.posts import services as posts
from blog.app.workflow import services as workflow
from blog.app.workflow.automation_models import Preview, WirePreview


def preview(
    conn: db.Connection,
    actor: Actor,
    keys: tuple[str, ...],
    *,
    action_id: int,
    post_id: int,
    section_id: int | None,
    model_id: int | None,
) -> Preview:
    """Exactly what a run would send now. Uses the same functions as the run itself."""
    post = posts.get_post(conn, actor, post_id)
    prepared = runs.prepare(
        conn,
        action_id=action_id,
        model_id=model_id,
        vocabulary=workflow.vocabulary(conn),
        inputs=workflow.gather_inputs(conn, post.id, section_id),
    )
    parts, vocabulary = prepared.parts, prepared.vocabulary
    leading = assemble.leading_constant(parts, vocabulary)
    missing = assemble.missing_inputs(parts, vocabulary, prepared.inputs)
    if missing:
        return Preview(
            version=prepared.version,
            model=prepared.model,
            missing=[str(reference) for reference in missing],
            messages=[],
            left_out=[],
            tokens=0,
            leading=leading,
            wire=None,
        )
    made = assemble.assemble(parts, vocabulary, prepared.inputs, fence=assemble.new_fence())
    rows = messages.rows(made)
    return Preview(
        version=prepared.version,
        model=prepared.model,
        missing=[],
        messages=rows,
        left_out=[part.name for part in made.left_out],
        tokens=sum(row["tokens"] for row in rows),
        leading=leading,
        wire=_wire_preview(conn, keys, prepared, made),
    )


def _wire_preview(
    conn: db.Connection, keys: tuple[str, ...], prepared: Prepared, made: assemble.Assembly
) -> WirePreview:
    provider = registry.get_provider(conn, prepared.model.provider_id)
    request = calling.chat_request(
        conn,
        keys,
        version=prepared.version,
        model=prepared.model,
        provider=provider,
        messages=made.messages,
    )
    wire = ADAPTERS[provider.protocol].build(request)
    return WirePreview(
        method=wire.method,
        url=wire.url,
        headers=masked_headers(wire),
        body=wire.body.decode(),
        dropped=[asdict(dropped) for dropped in wire.dropped],
    )
