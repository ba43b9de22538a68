"""Values kept with a run or a case come back as they were."""

import pytest

from blog.app.llm.inputs import Inputs, Reference
from blog.app.llm.runs import snapshot

GIVEN = Inputs(
    post={"title": "Herons"},
    sections=[{"heading": "Ponds"}],
    section={"heading": "Ponds"},
    selection={"text": "grey", "before": "A ", "after": " bird"},
    input={"wish": "short"},
)


@pytest.mark.parametrize("inputs", [Inputs(), GIVEN])
def test_all_that_was_said_comes_back(inputs: Inputs) -> None:
    assert snapshot.restore(snapshot.whole(inputs)) == Inputs(
        post=inputs.post,
        sections=list(inputs.sections),
        section=inputs.section,
        selection=inputs.selection,
        input=inputs.input,
    )


def test_only_what_is_named_is_taken() -> None:
    taken = snapshot.take(GIVEN, [Reference(scope="selection", field="text")])
    assert snapshot.restore(taken) == Inputs(section={}, selection={"text": "grey"}, sections=[])
