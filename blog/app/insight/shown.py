"""Figures as a page says them. Pure."""

from blog.app.insight.usage_models import Money
from blog.app.llm.runs.histogram import is_beyond


def seconds(value: float | None) -> str:
    """A time out of a histogram, which is right to within its bucket."""
    if value is None:
        return "–"
    if is_beyond(value):
        return f"over {value:.0f} s"
    return f"{value:.1f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def share(value: float | None) -> str:
    if value is None:
        return "–"
    if 0 < value < 0.001:
        return "< 0.1 %"
    return f"{value * 100:.1f} %" if value < 0.1 else f"{value * 100:.0f} %"


def money(value: Money) -> str:
    return (
        f"{value.amount:,.2f} {value.currency}"
        if value.amount >= 1
        else f"{value.amount:.4f} {value.currency}"
    )
