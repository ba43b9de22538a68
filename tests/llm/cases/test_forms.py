"""What the page of a case shows is what it sends again: nothing of a case is lost by saving it unchanged."""

import json

from werkzeug.datastructures import MultiDict

from blog.app import db
from blog.app.llm.cases import forms
from blog.app.llm.cases.schemas import CaseInputs
from tests.conftest import OneConnection
from tests.llm.cases.bench import make_bench, make_judge

CHECKS = [
    {"rule": "exact_count", "n": 3},
    {"rule": "min_words", "n": 2},
    {"rule": "max_chars", "n": 900},
    {"rule": "contains", "texts": ["kilt", "great plaid"]},
    {"rule": "lacks", "texts": ["as an AI"]},
    {"rule": "matches", "regex": r"^\w+"},
    {"rule": "matches", "regex": "[0-9]{4}"},
    {"rule": "language", "code": "en"},
    {"rule": "schema", "schema": {"type": "array", "minItems": 2}},
    {"rule": "similar", "least": 0.625},
]


def test_a_case_saved_unchanged_stays_as_it_was(conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    case = bench.case(
        checks=CHECKS,
        reference="A blanket.",
        is_required=True,
        judge_action_id=make_judge(conn, "http://127.0.0.1:9"),
        judge_least="7.5",
        judge_criteria="Be brief.",
    )
    sent = MultiDict(forms.values_of(case)).to_dict()
    change = forms.CaseForm.model_validate(sent).as_change()
    assert change.checks == CHECKS
    assert change.inputs == CaseInputs.model_validate(case.inputs)
    assert (change.name, change.is_required, change.reference) == (case.name, True, "A blanket.")
    assert (change.judge_action_id, change.judge_least) == (case.judge_action_id, case.judge_least)
    assert (change.judge_criteria, change.base_version_id) == ("Be brief.", case.version_id)


def test_empty_fields_ask_nothing() -> None:
    empty = {name: "" for name, _ in forms.COUNTS} | {"matches": " \n", "schema": "", "similar": ""}
    new = forms.CaseForm.model_validate({"name": "Kilts", "inputs": json.dumps({}), **empty}).as_new()
    assert (new.checks, new.judge_action_id, new.inputs) == ([], None, CaseInputs())
