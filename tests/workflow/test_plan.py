import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from blog.app.errors import Invalid
from blog.app.workflow.plan import (
    PlannedSection,
    PresentSection,
    SectionPlan,
    plan_sections,
    read_plan,
)


def present(*headings: str) -> list[PresentSection]:
    return [PresentSection(id=number, heading=heading) for number, heading in enumerate(headings, start=1)]


def planned(*headings: str) -> list[PlannedSection]:
    return [PlannedSection(heading=heading, description="") for heading in headings]


def order(plan: SectionPlan) -> list[int | None]:
    return [step.section_id for step in plan.steps] + list(plan.kept)


def test_known_headings_keep_their_sections_and_new_ones_are_created() -> None:
    plan = plan_sections(present("Water", "Stone"), planned("Stone", "Sky", "Water"))
    assert order(plan) == [2, None, 1]


def test_sections_the_plan_does_not_name_stay_behind_in_their_order() -> None:
    plan = plan_sections(present("Water", "Stone", "Sky"), planned("Sky"))
    assert order(plan) == [3, 1, 2]


def test_case_and_white_space_do_not_make_another_heading() -> None:
    assert order(plan_sections(present("  The  WATER\n"), planned("the water"))) == [1]
    assert order(plan_sections(present("STRASSE"), planned("straße"))) == [1]


def test_of_equal_headings_the_first_meets_the_first() -> None:
    assert order(plan_sections(present("Water", "Water"), planned("Water"))) == [1, 2]
    assert order(plan_sections(present("Water"), planned("Water", "Water"))) == [1, None]


def test_a_section_without_a_name_is_kept_and_never_matched() -> None:
    assert order(plan_sections(present("", " "), planned("Water"))) == [None, 1, 2]


HEADINGS = st.lists(st.sampled_from(["a", "A", "b ", " b", "c", "", " "]), max_size=8)


@given(HEADINGS, HEADINGS)
def test_every_section_is_in_the_new_order_once(there: list[str], wanted: list[str]) -> None:
    plan = plan_sections(present(*there), planned(*(heading for heading in wanted if heading.strip())))
    kept = [section_id for section_id in order(plan) if section_id is not None]
    assert sorted(kept) == list(range(1, len(there) + 1))


@given(HEADINGS, HEADINGS)
def test_a_plan_applied_twice_changes_nothing_more(there: list[str], wanted: list[str]) -> None:
    plan = planned(*(heading for heading in wanted if heading.strip()))
    once = plan_sections(present(*there), plan)
    headings = [step.planned.heading for step in once.steps] + [there[number - 1] for number in once.kept]
    assert order(plan_sections(present(*headings), plan)) == list(range(1, len(headings) + 1))


def test_a_plan_is_read_from_json() -> None:
    value: JsonValue = [{"heading": " The  water ", "description": " d "}, {"heading": "Stone"}]
    assert read_plan(value) == [
        PlannedSection(heading="The water", description="d"),
        PlannedSection(heading="Stone", description=""),
    ]


@pytest.mark.parametrize(
    "value",
    [None, [], {}, "text", [1], [{}], [{"heading": ""}], [{"heading": " "}], [{"heading": 1}],
     [{"heading": "a", "description": 1}], [{"heading": "a", "description": None}]],
)  # fmt: skip
def test_what_is_no_plan_is_refused(value: JsonValue) -> None:
    with pytest.raises(Invalid):
        read_plan(value)


def test_the_section_that_is_wrong_is_named() -> None:
    with pytest.raises(Invalid, match="Section 2 of the plan"):
        read_plan([{"heading": "a"}, {"description": "b"}])


def test_a_plan_without_end_is_refused() -> None:
    with pytest.raises(Invalid, match="201 sections"):
        read_plan([{"heading": str(number)} for number in range(201)])
