"""The use cases of usage: tokens, cost, time and errors by day, model, action, stage and person."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.errors import Invalid, NotFound
from blog.app.insight import figures, usage_store
from blog.app.insight.schemas import UsageQuery
from blog.app.insight.usage_models import By, Counted, FailureCount, Step, UsageReport, UsageRow
from blog.app.llm.permissions import LLM_READ
from blog.app.llm.runs import ending
from blog.app.translation import gettext as _

DAYS = 30
MOST_DAYS = 1100
MOST_SINGLE_DAYS = 100  # of more, nobody reads one after another: they are shown by week
# What runs are called that have none of it.
NOBODY: dict[By, str] = {"person": "BlogForge", "stage": "For no field", "model": "", "action": ""}


def today() -> date:
    """The day runs end on now; days are counted in UTC."""
    return datetime.now(UTC).date()


def get_report(conn: db.Connection, actor: Actor, query: UsageQuery) -> UsageReport:
    check(actor, LLM_READ)
    since, until = period(query)
    narrowed = query.narrowed()
    ending.count_waiting(conn)
    step: Step = "day" if (until - since).days < MOST_SINGLE_DAYS else "week"
    counted = usage_store.list_counted_steps(
        conn, since, until, step=step, purpose=query.purpose, of=narrowed
    )
    return UsageReport(
        since=since,
        until=until,
        by=query.by,
        narrowed_to=None if narrowed is None else _name(conn, *narrowed),
        total=figures.usage(counted),
        rows=[] if query.by == "day" else _named(conn, query, since, until),
        step=step,
        steps=figures.steps(counted, since, until, step),
        failures=_failures(conn, query, since, until),
    )


def period(query: UsageQuery) -> tuple[date, date]:
    """The days that are asked for; by themselves the last thirty."""
    until = query.until or max(today(), query.since or date.min)
    since = query.since or max(until, date.min + timedelta(days=DAYS)) - timedelta(days=DAYS - 1)
    if not 0 <= (until - since).days < MOST_DAYS:
        raise Invalid(
            _("Ask for 1 to %(most_days)s days, the first one first.", most_days=f"{MOST_DAYS:,}"),
            since=str(since),
            until=str(until),
        )
    return since, until


def _named(conn: db.Connection, query: UsageQuery, since: date, until: date) -> list[UsageRow]:
    counted = usage_store.list_counted(conn, query.by, since, until, purpose=query.purpose)
    return figures.named_rows(counted, names(conn, query.by, counted), NOBODY[query.by])


def names(conn: db.Connection, by: By, counted: Sequence[Counted]) -> dict[str, str]:
    ids = [int(row.key) for row in counted if row.key]
    return {
        str(named.id): f"{named.label} — {named.group}" if named.group else named.label
        for named in usage_store.list_names(conn, by, ids)
    }


def _name(conn: db.Connection, by: By, key: int) -> str:
    found = usage_store.list_names(conn, by, [key])
    if not found:
        raise NotFound(_("There is no such %(by)s.", by=by))
    return found[0].label


def _failures(conn: db.Connection, query: UsageQuery, since: date, until: date) -> list[FailureCount]:
    """Kinds of error are counted by model, so of anything else they are not known."""
    narrowed = query.narrowed()
    if narrowed is not None and narrowed[0] != "model":
        return []
    return usage_store.list_failures(conn, since, until, model_id=query.llm_model_id)


def export(conn: db.Connection, actor: Actor, query: UsageQuery) -> Iterator[dict[str, object]]:
    """The rows of a report, one for each currency, so that nobody adds two of them up."""
    check(actor, LLM_READ)
    since, until = period(query)
    ending.count_waiting(conn)
    if query.by == "day":
        counted = usage_store.list_counted_steps(
            conn, since, until, step="day", purpose=query.purpose, of=query.narrowed()
        )
        labels: dict[str, str] = {}
    else:
        counted = usage_store.list_counted(conn, query.by, since, until, purpose=query.purpose)
        labels = names(conn, query.by, counted)
    for row in sorted(counted, key=lambda row: (row.key.zfill(20), row.cost_currency)):
        yield figures.table_row(row, query.by, labels.get(row.key, NOBODY.get(query.by, row.key)))
