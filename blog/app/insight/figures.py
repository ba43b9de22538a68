"""Counts that were kept by day and currency, added up to what a page shows. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from blog.app.insight.usage_models import By, Counted, Money, Step, Usage, UsageRow, UsageStep
from blog.app.llm.runs.histogram import BUCKETS, percentile


def usage(counted: Iterable[Counted]) -> Usage:
    """All of it together; currencies stay apart, and what is not known is counted and not added."""
    rows = list(counted)
    seconds = _added([row.seconds for row in rows])
    first_text = _added([row.first_text for row in rows])
    return Usage(
        runs=sum(row.runs for row in rows),
        succeeded=sum(row.succeeded for row in rows),
        invalid=sum(row.invalid for row in rows),
        failed=sum(row.failed for row in rows),
        cancelled=sum(row.cancelled for row in rows),
        usage_input=sum(row.usage_input for row in rows),
        usage_output=sum(row.usage_output for row in rows),
        usage_cached=sum(row.usage_cached for row in rows),
        usage_reasoning=sum(row.usage_reasoning for row in rows),
        untold=sum(row.untold for row in rows),
        costs=_costs(rows),
        cost_unknown=sum(row.runs for row in rows if not row.cost_currency),
        seconds_p50=percentile(seconds, 0.5),
        seconds_p95=percentile(seconds, 0.95),
        first_text_p50=percentile(first_text, 0.5),
        first_text_p95=percentile(first_text, 0.95),
    )


def by_key(counted: Iterable[Counted]) -> dict[str, Usage]:
    groups: dict[str, list[Counted]] = {}
    for row in counted:
        groups.setdefault(row.key, []).append(row)
    return {key: usage(rows) for key, rows in groups.items()}


def steps(counted: Iterable[Counted], since: date, until: date, step: Step) -> list[UsageStep]:
    """Every day or week of the period, also those in which nothing ran. Keys are the first day of each."""
    found = by_key(counted)
    nothing = usage([])
    return [
        UsageStep(since=first, until=last, usage=found.get(str(first), nothing))
        for first, last in _steps(since, until, step)
    ]


def _steps(since: date, until: date, step: Step) -> Iterator[tuple[date, date]]:
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    firsts = [day for day in days if step == "day" or day == since or day.weekday() == 0]
    lasts = [first - timedelta(days=1) for first in firsts[1:]]
    return zip(firsts, [*lasts, until], strict=True)


def named_rows(counted: Iterable[Counted], names: Mapping[str, str], nobody: str) -> list[UsageRow]:
    """The most used first. A key without a name, such as that of no field, is called `nobody`."""
    rows = [
        UsageRow(id=int(key) if key else None, label=names.get(key, nobody), usage=used)
        for key, used in by_key(counted).items()
    ]
    return sorted(rows, key=lambda row: (-row.usage.runs, row.label))


def _costs(rows: Sequence[Counted]) -> list[Money]:
    currencies = sorted({row.cost_currency for row in rows} - {""})
    return [
        Money(
            currency=currency,
            amount=sum((row.cost for row in rows if row.cost_currency == currency), start=Decimal()),
            runs=sum(row.runs for row in rows if row.cost_currency == currency),
        )
        for currency in currencies
    ]


def _added(histograms: Sequence[Sequence[int]]) -> list[int]:
    return [sum(counts) for counts in zip([0] * BUCKETS, *histograms, strict=True)]


# --- as a table ----------------------------------------------------------------------------------

COLUMNS = (
    "by", "id", "label", "cost_currency", "cost", "runs", "succeeded", "invalid", "failed", "cancelled",
    "usage_input", "usage_output", "usage_cached", "usage_reasoning", "untold",
    "seconds_p50", "seconds_p95", "first_text_p50", "first_text_p95",
)  # fmt: skip


def table_row(row: Counted, by: By, label: str) -> dict[str, object]:
    """A line of the export. Without a currency there is no cost, not one of nothing."""
    counts = {name: getattr(row, name) for name in COLUMNS[5:15]}
    return {
        "by": by,
        "id": row.key if by != "day" else "",
        "label": label if by != "day" else row.key,
        "cost_currency": row.cost_currency or None,
        "cost": row.cost if row.cost_currency else None,
        **counts,
        "seconds_p50": _rounded(percentile(row.seconds, 0.5)),
        "seconds_p95": _rounded(percentile(row.seconds, 0.95)),
        "first_text_p50": _rounded(percentile(row.first_text, 0.5)),
        "first_text_p95": _rounded(percentile(row.first_text, 0.95)),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
