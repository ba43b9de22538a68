"""A gate lets through what has passed, and nothing else; a verdict that cannot be read is none."""

import json

import pytest

from blog.app.errors import Invalid
from blog.app.llm.cases import verdict
from blog.app.llm.cases.gates import CaseStanding, Standing, objections


def case(number: int, standing: Standing, *, required: bool = False) -> CaseStanding:
    return CaseStanding(case_id=number, name=f"Case {number}", is_required=required, standing=standing)


def test_a_required_case_that_passed_is_nothing_in_the_way() -> None:
    assert objections([case(1, "passed", required=True), case(2, "failed")], None) == []


@pytest.mark.parametrize(
    ("standing", "words"),
    [("failed", "did not pass"), ("not_judged", "was not judged"), ("not_run", "has not been run")],
)
def test_only_a_pass_is_a_pass(standing: Standing, words: str) -> None:
    [said] = objections([case(1, standing, required=True)], None)
    assert "required case “Case 1”" in said
    assert words in said
    [share] = objections([case(1, standing)], 1)
    assert words in share


def test_the_share_is_of_all_cases() -> None:
    standings = [case(1, "passed"), case(2, "passed"), case(3, "not_run"), case(4, "failed")]
    assert objections(standings, 50) == []
    [said] = objections(standings, 51)
    assert said.startswith("2 of 4 cases have passed, at least 51% must: “Case 3” has not been run")


def test_a_share_of_no_cases_is_not_reached() -> None:
    assert objections([], 1) == ["The gate asks that 1% of the cases pass, and there is no case yet."]
    assert objections([], None) == []


def test_rounding_lets_nothing_through() -> None:
    standings = [*(case(n, "passed") for n in range(199)), case(200, "failed")]
    assert objections(standings, 99) == []
    assert len(objections(standings, 100)) == 1


@pytest.mark.parametrize(
    ("said", "least", "problem"),
    [
        ({"verdict": "pass", "score": 8}, 7, ""),
        ({"verdict": " Pass ", "score": 7.0, "reason": 5}, 7, ""),
        ({"verdict": "pass", "score": 6.5, "reason": "Dull."}, 7, "The judge’s score is 6.5, at least 7"),
        ({"verdict": "fail", "score": 9, "reason": "No."}, 7, "The judge said fail, with a score of 9. No."),
    ],
)  # fmt: skip
def test_a_verdict_is_held_to_its_score(said: dict, least: float, problem: str) -> None:
    found = verdict.read_verdict(json.dumps(said))
    assert found is not None
    told = verdict.problem(found, least)
    assert told.startswith(problem)
    assert bool(told) == bool(problem)


@pytest.mark.parametrize(
    "said",
    [
        "pass",
        "[]",
        '{"verdict": "pass"}',
        '{"verdict": "maybe", "score": 9}',
        '{"verdict": true, "score": 9}',
        '{"verdict": "pass", "score": "9"}',
        '{"verdict": "pass", "score": true}',
        '{"verdict": "pass", "score": NaN}',
        '{"verdict": "pass", "score": Infinity}',
    ],
)
def test_what_is_no_verdict_is_not_judged(said: str) -> None:
    assert verdict.read_verdict(said) is None


def test_a_judge_must_promise_a_verdict() -> None:
    schema = {"type": "object", "required": ["verdict", "score"]}
    verdict.check_judge("Judge", "json", schema)
    for kind, other in (("text", None), ("json", None), ("json", {"required": ["score"]})):
        with pytest.raises(Invalid, match="cannot judge"):
            verdict.check_judge("Judge", kind, other)
