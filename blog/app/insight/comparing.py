"""Two runs held against each other: facts, messages, request, answer. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from blog.app.insight.models import ComparedFact, ComparedText, RunComparison
from blog.app.llm.runs import shown
from blog.app.llm.runs.models import Run
from blog.app.posts.diff import diff
from blog.app.translation import gettext as _


def compare(one: Run, other: Run, sent: str | None, other_sent: str | None) -> RunComparison:
    return RunComparison(
        one=one,
        other=other,
        facts=[
            ComparedFact(name=name, one=said, other=other_said)
            for (name, said), (_name, other_said) in zip(_facts(one), _facts(other), strict=True)
        ],
        messages=list(_messages(one.messages, other.messages)),
        request=_text(_("Request"), shown.readable_json(sent or ""), shown.readable_json(other_sent or "")),
        output=_text(_("Answer"), one.output, other.output),
    )


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    yield _("Action"), _("%(action)s v%(number)s", action=run.action_label, number=run.action_version)
    yield _("Model"), f"{run.model_name} — {run.provider_label}"
    yield _("Asked by"), run.user_name or "BlogForge"
    yield _("Asked"), _moment(run.created_at)
    yield _("Status"), shown.status_words(run.status)
    yield _("Finish"), run.finish or "–"
    yield _("Error"), run.error_kind or "–"
    yield _("Problems"), " ".join(run.check_problems) or "–"
    yield _("Tokens in"), _count(run.usage_input)
    yield _("of them cached"), _count(run.usage_cached)
    yield _("Tokens out"), _count(run.usage_output)
    yield _("of them thinking"), _count(run.usage_reasoning)
    yield _("Cost"), shown.cost(run.cost, run.cost_currency).value
    yield _("To first text"), _seconds(run.seconds_to_first_text)
    yield _("In all"), _seconds(run.seconds)
    yield _("Not sent"), ", ".join(dropped["name"] for dropped in run.dropped) or "–"


def _messages(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> Iterator[ComparedText]:
    for message, other_message in zip_longest(one, other):
        yield _text(_name(message, other_message), _content(message), _content(other_message))


def _name(message: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
    names = [f"{each['role']}: {each['part_name']}" for each in (message, other) if each is not None]
    return " → ".join(dict.fromkeys(names))


def _content(message: Mapping[str, Any] | None) -> str:
    return "" if message is None else str(message["content"])


def _text(name: str, one: str, other: str) -> ComparedText:
    return ComparedText(name=name, segments=diff(one, other))


def _moment(at: datetime) -> str:
    return at.strftime("%-d %b %Y, %H:%M:%S UTC")


def _count(value: int | None) -> str:
    return _("not told") if value is None else f"{value:,}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
