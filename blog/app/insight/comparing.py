"""Two runs held against each other: facts, messages, request, answer. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from blog.app.insight.models import ComparedFact, ComparedText, RunComparison
from blog.app.llm.runs import shown
from blog.app.llm.runs.models import Run
from blog.app.posts.diff import diff


def compare(one: Run, other: Run, sent: str | None, other_sent: str | None) -> RunComparison:
    return RunComparison(
        one=one,
        other=other,
        facts=[
            ComparedFact(name=name, one=said, other=other_said)
            for (name, said), (_, other_said) in zip(_facts(one), _facts(other), strict=True)
        ],
        messages=list(_messages(one.messages, other.messages)),
        request=_text("Request", shown.readable_json(sent or ""), shown.readable_json(other_sent or "")),
        output=_text("Answer", one.output, other.output),
    )


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    yield "Action", f"{run.action_label} v{run.action_version}"
    yield "Model", f"{run.model_name} — {run.provider_label}"
    yield "Asked by", run.user_name or "BlogForge"
    yield "Asked", _moment(run.created_at)
    yield "Status", shown.status_words(run.status)
    yield "Finish", run.finish or "–"
    yield "Error", run.error_kind or "–"
    yield "Problems", " ".join(run.check_problems) or "–"
    yield "Tokens in", _count(run.usage_input)
    yield "of them cached", _count(run.usage_cached)
    yield "Tokens out", _count(run.usage_output)
    yield "of them thinking", _count(run.usage_reasoning)
    yield "Cost", shown.cost(run.cost, run.cost_currency).value
    yield "To first text", _seconds(run.seconds_to_first_text)
    yield "In all", _seconds(run.seconds)
    yield "Not sent", ", ".join(dropped["name"] for dropped in run.dropped) or "–"


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
    return "not told" if value is None else f"{value:,}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
