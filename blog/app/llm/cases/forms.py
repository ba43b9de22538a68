"""What the forms of cases send, turned into what the API takes, and back. Saves nothing."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field

from blog.app import web
from blog.app.llm.cases.models import Case
from blog.app.llm.cases.schemas import CaseBatchStart, CaseChange, CaseContent, GateChange
from blog.app.llm.registry.forms import JsonObject, Maybe
from blog.app.translation import N_

Count = Annotated[int | None, Maybe]

COUNTS = (
    ("exact_count", N_("Exactly … items")),
    ("min_count", N_("At least … items")),
    ("max_count", N_("At most … items")),
    ("min_words", N_("At least … words")),
    ("max_words", N_("At most … words")),
    ("min_chars", N_("At least … characters")),
    ("max_chars", N_("At most … characters")),
)
LINES = (("contains", "texts"), ("lacks", "texts"))


class CaseForm(BaseModel):
    """A case as its page sends it: every check a field of its own, empty where it is not asked."""

    model_config = ConfigDict(extra="forbid")

    name: str
    is_required: bool = False
    inputs: JsonObject = None
    exact_count: Count = None
    min_count: Count = None
    max_count: Count = None
    min_words: Count = None
    max_words: Count = None
    min_chars: Count = None
    max_chars: Count = None
    language: Annotated[str | None, Maybe] = None
    contains: str = ""
    lacks: str = ""
    matches: str = ""
    schema_: JsonObject = Field(None, alias="schema")
    similar: Annotated[float | None, Maybe] = None
    reference: str = ""
    judge_action_id: Count = None
    judge_model_id: Count = None
    judge_criteria: str = ""
    judge_least: Annotated[Decimal | None, Maybe] = None
    base_version_id: Count = None

    def as_new(self) -> CaseContent:
        return web.validated(CaseContent, self._content())

    def as_change(self) -> CaseChange:
        return web.validated(CaseChange, {**self._content(), "base_version_id": self.base_version_id})

    def _content(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "is_required": self.is_required,
            "inputs": self.inputs or {},
            "checks": self._checks(),
            "reference": self.reference,
            "judge_action_id": self.judge_action_id,
            "judge_model_id": self.judge_model_id,
            "judge_criteria": self.judge_criteria,
            "judge_least": self.judge_least,
        }

    def _checks(self) -> list[dict[str, Any]]:
        counts = [{"rule": name, "n": n} for name, _ in COUNTS if (n := getattr(self, name)) is not None]
        texts = [
            {"rule": name, "texts": lines} for name, _ in LINES if (lines := _lines(getattr(self, name)))
        ]
        patterns = [{"rule": "matches", "regex": line} for line in _lines(self.matches)]
        others: list[dict[str, Any]] = []
        if self.language is not None:
            others.append({"rule": "language", "code": self.language})
        if self.schema_ is not None:
            others.append({"rule": "schema", "schema": self.schema_})
        if self.similar is not None:
            others.append({"rule": "similar", "least": round(self.similar / 100, 4)})
        return [*counts, *texts, *patterns, *others]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def values_of(case: Case) -> dict[str, Any]:
    """What the form shows of a case."""
    return {
        "name": case.name,
        "is_required": case.is_required,
        "inputs": json.dumps(case.inputs, ensure_ascii=False, indent=2),
        "reference": case.reference,
        "judge_action_id": case.judge_action_id or "",
        "judge_model_id": case.judge_model_id or "",
        "judge_criteria": case.judge_criteria,
        "judge_least": "" if case.judge_least is None else f"{case.judge_least.normalize():f}",
        "base_version_id": case.version_id,
        **_shown_checks(case.checks),
    }


def _shown_checks(checks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    patterns: list[str] = []
    for check in checks:
        match check["rule"]:
            case "contains" | "lacks" as rule:
                shown[rule] = "\n".join(cast("list[str]", check["texts"]))
            case "matches":
                patterns.append(check["regex"])
            case "schema":
                shown["schema"] = json.dumps(check["schema"], ensure_ascii=False, indent=2)
            case "similar":
                shown["similar"] = f"{check['least'] * 100:.10g}"
            case "language":
                shown["language"] = check["code"]
            case rule:
                shown[rule] = check["n"]
    return {**shown, "matches": "\n".join(patterns)}


class GateForm(GateChange):
    """An empty field asks for no share."""

    least_percent: Annotated[Annotated[int, Field(ge=1, le=100)] | None, Maybe] = None


class BatchForm(BaseModel):
    """Which version and model to run the cases on, perhaps with drafts of its parts."""

    model_config = ConfigDict(extra="forbid")

    version_id: int
    llm_model_id: Annotated[int | None, Maybe] = None
    part_version_ids: list[int] = Field(default_factory=list[int])

    def as_start(self) -> CaseBatchStart:
        return web.validated(CaseBatchStart, self.model_dump())
