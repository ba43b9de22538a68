"""The use cases of learning from editors: what they made of answers, and how two versions compare."""

from collections.abc import Sequence
from datetime import timedelta

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.automation import splits
from blog.app.automation.models import SuggestionStatus
from blog.app.automation.split_models import Split
from blog.app.errors import Invalid, NotFound
from blog.app.insight import editors_store as store
from blog.app.insight import evidence, usage, usage_store
from blog.app.insight.editors_models import (
    ActionReport,
    Costs,
    CountedRuns,
    CountedSuggestions,
    EditorsReport,
    EditorsRow,
    NamedVersion,
    PostCount,
    SplitReport,
)
from blog.app.insight.evidence import InPost
from blog.app.insight.schemas import EditorsQuery
from blog.app.insight.usage_models import Money
from blog.app.llm.permissions import LLM_READ
from blog.app.llm.runs import ending
from blog.app.llm.runs.histogram import percentile
from blog.app.translation import gettext as _

DAYS = 90


def get_report(
    conn: db.Connection, actor: Actor, query: EditorsQuery, action_id: int | None = None
) -> EditorsReport:
    """By version, all models together, or of one action by version and model.

    Runs count that were for a field; tests and cases do not.
    """
    check(actor, LLM_READ)
    until = query.until or usage.today()
    since = query.since or until - timedelta(days=DAYS - 1)
    if since > until:
        raise Invalid(_("The first day comes after the last one."), since=str(since), until=str(until))
    ending.count_waiting(conn)
    suggestions = store.list_suggestions(conn, since, until, action_id)
    runs = store.list_runs(conn, since, until, action_id)
    versions = store.list_versions(conn, action_id)
    together = _together if action_id is None else _by_model
    return EditorsReport(since=since, until=until, rows=together(conn, versions, runs, suggestions))


def get_action_report(conn: db.Connection, actor: Actor, action_id: int, query: EditorsQuery) -> ActionReport:
    report = get_report(conn, actor, query, action_id)
    versions = store.list_versions(conn, action_id)
    if not versions:
        raise NotFound(_("There is no such action."))
    return ActionReport(
        action_id=action_id,
        action_label=versions[0].action_label,
        report=report,
        versions=versions,
        splits=[_split_report(conn, split) for split in splits.list_splits(conn, actor, action_id)],
    )


def get_split_report(conn: db.Connection, actor: Actor, split_id: int) -> SplitReport:
    return _split_report(conn, splits.get_split(conn, actor, split_id))


def _split_report(conn: db.Connection, split: Split) -> SplitReport:
    counts = store.list_post_counts(conn, split.id)
    live = [count for count in counts if count.version_id == split.live_version_id]
    tried = [count for count in counts if count.version_id == split.tried_version_id]
    return SplitReport(
        split=split,
        accepted=evidence.difference(_accepted(live), _accepted(tried)),
        kept=evidence.difference(_kept(live), _kept(tried)),
    )


def _accepted(counts: Sequence[PostCount]) -> list[InPost]:
    return [InPost(count=each.decided, total=each.accepted) for each in counts]


def _kept(counts: Sequence[PostCount]) -> list[InPost]:
    return [InPost(count=each.measured, total=float(each.kept)) for each in counts]


def _by_model(
    conn: db.Connection,
    versions: Sequence[NamedVersion],
    runs: Sequence[CountedRuns],
    suggestions: Sequence[CountedSuggestions],
) -> list[EditorsRow]:
    places = {(each.version_id, each.model_id) for each in [*runs, *suggestions]}
    models = usage_store.list_names(conn, "model", [model_id for _, model_id in places])
    return [
        _row(
            version,
            model.id,
            model.label,
            [each for each in runs if (each.version_id, each.model_id) == (version.id, model.id)],
            [each for each in suggestions if (each.version_id, each.model_id) == (version.id, model.id)],
        )
        for version in versions
        for model in sorted(models, key=lambda model: model.label)
        if (version.id, model.id) in places
    ]


def _together(
    _conn: db.Connection,
    versions: Sequence[NamedVersion],
    runs: Sequence[CountedRuns],
    suggestions: Sequence[CountedSuggestions],
) -> list[EditorsRow]:
    of_version: dict[int, tuple[list[CountedRuns], list[CountedSuggestions]]] = {}
    for run in runs:
        of_version.setdefault(run.version_id, ([], []))[0].append(run)
    for suggestion in suggestions:
        of_version.setdefault(suggestion.version_id, ([], []))[1].append(suggestion)
    return [
        _row(version, None, _all_models(*of_version[version.id]), *of_version[version.id])
        for version in versions
        if version.id in of_version
    ]


def _all_models(runs: Sequence[CountedRuns], suggestions: Sequence[CountedSuggestions]) -> str:
    count = len({each.model_id for each in [*runs, *suggestions]})
    return f"{count} model{'' if count == 1 else 's'}"


def _row(
    version: NamedVersion,
    model_id: int | None,
    model_label: str,
    runs: Sequence[CountedRuns],
    suggestions: Sequence[CountedSuggestions],
) -> EditorsRow:
    measured = sum(each.measured for each in suggestions)
    kept = float(sum(each.kept for each in suggestions))
    return EditorsRow(
        action_id=version.action_id,
        action_label=version.action_label,
        version_id=version.id,
        version=version.number,
        is_live=version.is_live,
        model_id=model_id,
        model_label=model_label,
        runs=sum(each.runs for each in runs),
        failed=sum(each.failed for each in runs),
        waiting=_count(suggestions, "waiting"),
        accepted=_count(suggestions, "accepted"),
        accepted_in_part=_count(suggestions, "accepted_in_part"),
        discarded=_count(suggestions, "discarded"),
        measured=measured,
        kept_share=kept / measured if measured else None,
        seconds_p50=percentile(
            [sum(counts) for counts in zip(*(each.seconds for each in runs), strict=True)], 0.5
        ),
        cost_accepted=_costs(suggestions, "accepted", "accepted_in_part"),
        cost_discarded=_costs(suggestions, "discarded"),
    )


def _count(suggestions: Sequence[CountedSuggestions], status: SuggestionStatus) -> int:
    return sum(each.suggestions for each in suggestions if each.status == status)


def _costs(suggestions: Sequence[CountedSuggestions], *statuses: SuggestionStatus) -> Costs:
    rows = [each for each in suggestions if each.status in statuses]
    known: dict[str, Money] = {}
    for row in rows:
        if row.cost_currency:
            before = known.get(row.cost_currency)
            known[row.cost_currency] = Money(
                currency=row.cost_currency,
                amount=row.cost + (before.amount if before else 0),
                runs=row.suggestions + (before.runs if before else 0),
            )
    unknown = sum(row.suggestions for row in rows if not row.cost_currency)
    return Costs(known=[known[currency] for currency in sorted(known)], unknown=unknown)
