"""Decisions about actions."""

import pytest

from blog.app.errors import Invalid
from blog.app.llm.prompts import rules


@pytest.mark.parametrize(
    "params",
    [
        {"temperature": 3},
        {"temperature": "warm"},
        {"temperature": True},
        {"temperature": float("nan")},
        {"max_output": 1.5},
        {"max_output": 0},
        {"stop": "END"},
        {"stop": [""]},
        {"think": 3},
    ],
)
def test_a_parameter_no_model_could_take_is_refused(params: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        rules.check_params(params)


def test_a_parameter_we_do_not_know_is_for_the_provider_to_judge() -> None:
    rules.check_params({"temperature": 0.7, "max_output": 100, "stop": ["END"], "think": False, "min_p": 0.1})


def test_parts_can_be_put_in_taken_out_moved_and_reordered() -> None:
    assert rules.with_part([1, 2], part_id=3, position=None) == [1, 2, 3]
    assert rules.with_part([1, 2], part_id=3, position=1) == [3, 1, 2]
    assert rules.without_part([1, 2, 3], position=2) == [1, 3]
    assert rules.moved([1, 2, 3], position=3, by=-1) == [1, 3, 2]
    assert rules.moved([1, 2, 3], position=1, by=-5) == [1, 2, 3]
    assert rules.in_order([7, 7, 9], positions=[3, 1, 2]) == [9, 7, 7]


def test_an_order_that_forgets_a_part_changes_nothing() -> None:
    with pytest.raises(Invalid):
        rules.in_order([1, 2, 3], positions=[1, 2])


def test_the_last_part_cannot_be_taken_out() -> None:
    with pytest.raises(Invalid):
        rules.without_part([1], position=1)
