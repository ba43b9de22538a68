"""The use case of the dashboard: providers and models with their health and spend, and what runs lately."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.insight import figures, history, usage, usage_store
from blog.app.insight.dashboard_models import Dashboard, ModelCard, ProviderCard
from blog.app.insight.schemas import RunQuery
from blog.app.insight.usage_models import Counted, Usage
from blog.app.llm.permissions import LLM_READ
from blog.app.llm.prompts import services as prompts
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model, Provider
from blog.app.llm.runs import ending
from blog.app.llm.runs import services as runs

LATEST = 8
BUSIEST = 8


def get_dashboard(conn: db.Connection, actor: Actor) -> Dashboard:
    check(actor, LLM_READ)
    until = usage.today()
    since = until - timedelta(days=usage.DAYS - 1)
    ending.count_waiting(conn)
    counted = usage_store.list_counted(conn, "model", since, until, purpose=None)
    actions = usage_store.list_counted(conn, "action", since, until, purpose=None)
    models = registry.list_models(conn)
    return Dashboard(
        since=since,
        until=until,
        default=registry.find_default_model(conn),
        providers=[_provider(each, models, counted) for each in registry.list_providers(conn)],
        usage=figures.usage(counted),
        failures=usage_store.list_failures(conn, since, until),
        busiest=figures.named_rows(actions, usage.names(conn, "action", actions), "")[:BUSIEST],
        latest=history.list_runs(conn, actor, RunQuery(after=None, limit=LATEST)).items,
        actions=len(prompts.list_actions(conn)),
        parts=len(prompts.list_parts(conn)),
        active=runs.count_active(conn),
    )


def _provider(provider: Provider, models: Sequence[Model], counted: Sequence[Counted]) -> ProviderCard:
    own = [model for model in models if model.provider_id == provider.id]
    keys = {str(model.id) for model in own}
    used = [row for row in counted if row.key in keys]
    by_model = figures.by_key(used)
    return ProviderCard(
        provider=provider,
        usage=figures.usage(used),
        models=[ModelCard(model=model, usage=_of(by_model, model)) for model in own],
    )


def _of(by_model: Mapping[str, Usage], model: Model) -> Usage:
    return by_model.get(str(model.id)) or figures.usage([])
