"""What a judge said of an answer. What cannot be read as a verdict is none, and never a pass. Pure.

A judge is an action like any other; its reply is JSON with a `verdict`, "pass" or "fail", and a `score`. What
it is asked, and what a score means, stands in its parts.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from blog.app.errors import Invalid
from blog.app.llm.reply import shortened
from blog.app.translation import gettext as _

NEEDED = ("verdict", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    passes: bool
    score: float
    reason: str


def read_verdict(checked_output: str) -> Verdict | None:
    """None: this is no verdict."""
    try:
        said: Any = json.loads(checked_output)
    except ValueError:
        return None
    match said:
        case {"verdict": str() as verdict, "score": int() | float() as score} if _is_plain(verdict, score):
            reason = cast("Mapping[str, object]", said).get("reason")
            return Verdict(
                passes=_word(verdict) == "pass",
                score=float(score),
                reason=reason.strip() if isinstance(reason, str) else "",
            )
        case _:
            return None


def _is_plain(verdict: str, score: float) -> bool:
    return _word(verdict) in {"pass", "fail"} and not isinstance(score, bool) and math.isfinite(score)


def _word(verdict: str) -> str:
    return verdict.strip().casefold()


def problem(verdict: Verdict, least: float) -> str:
    """Why the answer does not pass; empty: it does."""
    why = f" {shortened(verdict.reason)}" if verdict.reason else ""
    if not verdict.passes:
        return f"The judge said fail, with a score of {verdict.score:g}.{why}"
    if verdict.score < least:
        return f"The judge’s score is {verdict.score:g}, at least {least:g} was asked for.{why}"
    return ""


def check_judge(label: str, output_kind: str, output_schema: Mapping[str, object] | None) -> None:
    """Could this action be a judge? Its schema must ask for what a verdict needs."""
    required = (output_schema or {}).get("required")
    named = cast("list[object]", required) if isinstance(required, list) else []
    if output_kind != "json" or any(name not in named for name in NEEDED):
        raise Invalid(
            _(
                "“%(label)s” cannot judge: it must write JSON with a schema that requires "
                "“verdict” and “score”.",
                label=label,
            ),
            field="judge_action_id",
        )
