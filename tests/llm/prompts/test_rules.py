"""Decisions about actions."""

import pytest

from blog.app.errors import Invalid
from blog.app.llm.assemble import PartText
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.prompts import rules
from blog.app.llm.providers.base import Role


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


def test_parts_can_be_taken_out_and_moved() -> None:
    assert rules.without_part([1, 2, 3], position=2) == [1, 3]
    assert rules.moved([1, 2, 3], position=3, by=-1) == [1, 3, 2]
    assert rules.moved([1, 2, 3], position=1, by=-5) == [1, 2, 3]


def test_the_last_part_cannot_be_taken_out() -> None:
    with pytest.raises(Invalid):
        rules.without_part([1], position=1)


# --- when a call or a reply fails ----------------------------------------------------------------


def _part(template: str, role: Role = "user") -> PartText:
    return PartText(part_id=1, version=1, name="Mend", role=role, kind="task", template=template)


def test_a_model_cannot_stand_in_for_itself() -> None:
    with pytest.raises(Invalid, match="the one that failed"):
        rules.check_fallback(7, 7)
    rules.check_fallback(7, 8)
    rules.check_fallback(None, 7)
    rules.check_fallback(None, None)


def test_a_reply_is_not_sent_back_without_a_word() -> None:
    with pytest.raises(Invalid, match="something must be said"):
        rules.check_repairs(1, None)
    rules.check_repairs(0, None)
    rules.check_repairs(2, 7)


@pytest.mark.parametrize(
    "template", ["Try again.", "Mend: {% for problem in input.problems %}{{ problem }} {% endfor %}"]
)
def test_a_repair_may_read_what_was_wrong(template: str) -> None:
    rules.check_repair_wording(_part(template))


@pytest.mark.parametrize("template", ["{{ post.title }}", "{{ section.heading }}", "{{ input.tone }}"])
def test_a_repair_may_read_nothing_else(template: str) -> None:
    with pytest.raises(Invalid, match=r"input\.problems and nothing else"):
        rules.check_repair_wording(_part(template))


@pytest.mark.parametrize("role", ["system", "assistant"])
def test_a_repair_is_said_by_the_user(role: Role) -> None:
    with pytest.raises(Invalid, match="said as user"):
        rules.check_repair_wording(_part("Mend.", role))


def test_only_a_part_that_reads_the_problems_is_offered_for_repairs() -> None:
    assert rules.is_repair_wording(_part("{{ input.problems | join('; ') }}"))
    assert not rules.is_repair_wording(_part("Try again."))
    assert not rules.is_repair_wording(_part("{{ input.problems | first }} {{ post.title }}"))
    assert not rules.is_repair_wording(_part("{{ input.problems | first }}", "system"))


def test_only_a_part_that_cannot_do_without_problems_is_for_repairs_only() -> None:
    vocabulary = Vocabulary(input=frozenset({"problems"}))
    assert rules.needs_problems(_part("{{ input.problems | first }}"), vocabulary)
    optional = "{% if input.problems %}{{ input.problems | first }}{% endif %}"
    assert not rules.needs_problems(_part(optional), vocabulary)
    assert not rules.needs_problems(_part("{{ post.gone }} {{ input.problems | first }}"), vocabulary)
