from dataclasses import replace

import pytest

from blog.app.errors import NotFound
from blog.app.workflow import rules
from blog.app.workflow.models import Field, Progress, Stage, SubStage, Workflow
from tests.workflow.workflows import field_of


def named(number: int, rank: int, max_chars: int | None = None) -> Field:
    return replace(field_of("text", max_chars=max_chars), id=number, title_rank=rank)


def tree(*sub_stages: SubStage) -> Workflow:
    stage = Stage(id=1, name="stage", label="Stage", sub_stages=list(sub_stages))
    return Workflow(id=1, name="test", label="Test", stages=[stage])


def sub_stage(number: int, *fields: Field) -> SubStage:
    return SubStage(id=number, name=f"sub-{number}", label=f"Sub {number}", fields=list(fields))


# --- where ---------------------------------------------------------------------------------------


def test_a_sub_stage_has_neighbours_across_stages() -> None:
    first = Stage(id=1, name="a", label="A", sub_stages=[sub_stage(1), sub_stage(2)])
    second = Stage(id=2, name="b", label="B", sub_stages=[sub_stage(3)])
    workflow = Workflow(id=1, name="test", label="Test", stages=[first, second])
    found = rules.place(workflow, "sub-2")
    assert (found.stage.name, found.previous, found.next) == ("a", sub_stage(1), sub_stage(3))
    assert rules.place(workflow, 1).previous is None
    assert rules.place(workflow, 3).next is None
    assert rules.place(workflow, 3).stage.name == "b"


def test_a_sub_stage_of_nowhere_is_not_found() -> None:
    with pytest.raises(NotFound):
        rules.place(tree(sub_stage(1)), "2")


def test_a_workflow_without_a_field_has_nowhere_for_an_idea() -> None:
    with pytest.raises(NotFound, match="no field to begin with"):
        rules.first_field(tree(sub_stage(1, field_of("text", scope="section"))))


# --- progress ------------------------------------------------------------------------------------


def test_a_field_of_sections_counts_once_per_section() -> None:
    workflow = tree(sub_stage(1, named(1, 1), *[field_of("list", scope="section")] * 1))
    section_field = workflow.stages[0].sub_stages[0].fields[1]
    filled = {(None, 1), (7, section_field.id), (99, section_field.id)}
    assert rules.progress(workflow, [7, 8], filled) == {1: Progress(sub_stage_id=1, filled=2, total=3)}


def test_a_sub_stage_without_fields_has_nothing_to_fill() -> None:
    assert rules.progress(tree(sub_stage(1)), [], set()) == {1: Progress(sub_stage_id=1, filled=0, total=0)}


# --- names ---------------------------------------------------------------------------------------


def test_the_first_filled_field_by_rank_names_the_post() -> None:
    naming = rules.naming_fields(tree(sub_stage(1, named(1, 3), named(2, 1), named(3, 2))), "post")
    assert [field.id for field in naming] == [2, 3, 1]
    assert rules.title(naming, {1: "idea", 2: "  \n", 3: "working title"}) == "working title"
    assert rules.title(naming, {}) == ""


def test_an_idea_is_cut_at_a_word_and_a_title_is_not_cut() -> None:
    long = "a long thought about hedges and what lives in them " * 4
    assert rules.title([named(1, 1)], {1: long}) == (
        "a long thought about hedges and what lives in them a long thought about hedges…"
    )
    assert rules.title([named(1, 1, max_chars=300)], {1: long}) == " ".join(long.split())


def test_of_several_lines_the_first_with_words_is_the_name() -> None:
    assert rules.title([named(1, 1)], {1: "\n  Two   words \nmore"}) == "Two words"
