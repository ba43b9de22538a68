"""What a run would send, before it does: the messages and the provider's request. Stores nothing."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import passages, splits
from blog.app.automation.models import (
    CostRange,
    Passage,
    Preview,
    PreviewOf,
    PreviewState,
    Rendering,
    WirePreview,
)
from blog.app.errors import Invalid, Upstream
from blog.app.installation_secret import Secrets
from blog.app.llm import assemble
from blog.app.llm.assemble import PartText
from blog.app.llm.inputs import Inputs, Reference, Vocabulary, parse_reference
from blog.app.llm.prompts import services as prompts
from blog.app.llm.providers import ADAPTERS, rendering
from blog.app.llm.providers.base import ChatRequest, ProviderError, Usage, WireRequest, masked_headers
from blog.app.llm.registry import rules as prices
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model, Provider
from blog.app.llm.runs import calling, messages, snapshot
from blog.app.llm.runs import services as runs
from blog.app.llm.runs.services import Prepared
from blog.app.translation import gettext as _
from blog.app.workflow import rules, trees, workspaces
from blog.app.workflow.models import Material


def preview(
    conn: db.Connection, actor: Actor, keys: Secrets, of: PreviewOf, material: Material | None = None
) -> Preview:
    """Exactly what a run would send now. Uses the same functions as the run itself.

    `material` is the post's when the caller has read it; None: it is read.
    """
    prepared = _prepare(conn, of, material or workspaces.gather_material(conn, actor, of.post_id))
    seen = _before_assembling(prepared, of.fence or assemble.new_fence())
    if seen.missing:
        return seen
    made = _assemble(prepared, seen.fence)
    rows = messages.rows(made)
    tokens = sum(row["tokens"] for row in rows)
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
        tokens=tokens,
        cost=cost_range(prepared.model, tokens, seen.most_output),
        wire=wire,
        refusal=refusal,
        can_render=wire is not None and rendering.can_render(provider.protocol, request.endpoint),
    )


def _before_assembling(prepared: Prepared, fence: str) -> Preview:
    parts, vocabulary, inputs = prepared.parts, prepared.vocabulary, prepared.inputs
    reads = runs.references(prepared)
    return Preview(
        version=prepared.version,
        model=prepared.model,
        leading=assemble.leading_constant(parts, vocabulary),
        missing=[str(reference) for reference in assemble.missing_inputs(parts, vocabulary, inputs)],
        fence=fence,
        reads=[str(reference) for reference in sorted(reads)],
        inputs_digest=_digest(inputs, reads),
        most_output=_most_output(prepared),
    )


def first_ready(
    conn: db.Connection, material: Material, targets: Sequence[tuple[int | None, int]]
) -> int | None:
    """The place of the first of these, each a section and an action, whose prompt lacks nothing now."""
    vocabulary = trees.vocabulary(conn)
    live = prompts.load_live_parts(conn, [action_id for _section, action_id in targets])
    inputs = {
        section_id: workspaces.inputs_of(material, section_id) for section_id in {each[0] for each in targets}
    }
    for place, (section_id, action_id) in enumerate(targets):
        if _is_ready(live.get(action_id, []), vocabulary, inputs[section_id]):
            return place
    return None


def _is_ready(parts: Sequence[PartText], vocabulary: Vocabulary, inputs: Inputs) -> bool:
    try:
        missing = assemble.missing_inputs(parts, vocabulary, inputs)
        return not missing and not assemble.read_inputs(parts, vocabulary) & inputs.withheld
    except Invalid:  # a part reads a field that is gone; the preview of it says so
        return False


def preview_state(
    conn: db.Connection,
    actor: Actor,
    *,
    post_id: int,
    section_id: int | None,
    field_name: str | None = None,
    passage: Passage | None = None,
    reads: Iterable[str],
    inputs_digest: str,
) -> PreviewState:
    """Whether a preview that read this is still what a run would send; not if its passage is gone."""
    material = workspaces.gather_material(conn, actor, post_id)
    try:
        inputs = _inputs(material, section_id=section_id, field_name=field_name, passage=passage)
    except Invalid:
        return PreviewState(inputs_digest="", is_current=False)
    now = _digest(inputs, [parse_reference(each) for each in reads])
    return PreviewState(inputs_digest=now, is_current=now == inputs_digest)


def render_template(conn: db.Connection, actor: Actor, keys: Secrets, of: PreviewOf) -> Rendering:
    """Asks a local server for the text its chat template makes of the messages. Upstream: it is silent."""
    prepared = _prepare(conn, of, workspaces.gather_material(conn, actor, of.post_id))
    made = _assemble(prepared, of.fence or assemble.new_fence())
    provider, request = _request(conn, keys, prepared, made)
    if not rendering.can_render(provider.protocol, request.endpoint):
        raise Invalid(
            _(
                "%(provider)s has no way to show what its chat template makes of messages.",
                provider=provider.label,
            )
        )
    try:
        text = rendering.render(
            provider.protocol, request.endpoint, ADAPTERS[provider.protocol].build(request)
        )
    except ProviderError as exc:
        raise Upstream(
            _(
                "%(provider)s did not render its template: %(message)s",
                provider=provider.label,
                message=exc.message,
            )
        ) from exc
    return Rendering(text=text)


def cost_range(model: Model, tokens: int, most_output: int | None) -> CostRange | None:
    """From an estimate of the prompt's tokens and no answer at all, to the longest answer there may be."""
    least = prices.price(model, Usage(input=tokens, output=0))
    if least is None or model.price_currency is None:
        return None
    most = None if most_output is None else prices.price(model, Usage(input=tokens, output=most_output))
    return CostRange(least=least, most=most, currency=model.price_currency)


def _most_output(prepared: Prepared) -> int | None:
    asked = prepared.version.params.get("max_output")
    limits = [limit for limit in (asked, prepared.model.max_output) if isinstance(limit, int)]
    return min(limits) if limits else None


def _digest(inputs: Inputs, references: Iterable[Reference]) -> str:
    """The same for the same values of what is read, whatever else of the post changes."""
    taken = json.dumps(snapshot.take(inputs, references), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(taken.encode()).hexdigest()


def _prepare(conn: db.Connection, of: PreviewOf, material: Material) -> Prepared:
    vocabulary = trees.vocabulary(conn)
    inputs = _inputs(material, section_id=of.section_id, field_name=of.field_name, passage=of.passage)
    if of.typed is not None:
        return runs.prepare_typed(conn, of.typed, model_id=of.model_id, vocabulary=vocabulary, inputs=inputs)
    version_id = of.version_id or splits.choose(conn, of.action_id, of.post_id).version_id
    return runs.prepare(
        conn,
        action_id=of.action_id,
        model_id=of.model_id,
        vocabulary=vocabulary,
        inputs=inputs,
        version_id=version_id,
        part_version_ids=of.part_version_ids,
        wish=of.wish,
    )


def _inputs(
    material: Material, *, section_id: int | None, field_name: str | None, passage: Passage | None
) -> Inputs:
    inputs = workspaces.inputs_of(material, section_id)
    if passage is None or field_name is None:
        return inputs
    field = rules.get_field(material.workflow, field_name)
    current = material.current.get((section_id, field.id))
    value = current.value if current else ""
    return replace(inputs, selection=passages.read_as(value, passages.checked(field, value, passage)))


def _assemble(prepared: Prepared, fence: str) -> assemble.Assembly:
    return assemble.assemble(prepared.parts, prepared.vocabulary, prepared.inputs, fence=fence)


def _request(
    conn: db.Connection, keys: Secrets, prepared: Prepared, made: assemble.Assembly
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
