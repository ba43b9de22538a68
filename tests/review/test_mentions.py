"""Who is meant by an @ in what was written."""

import pytest

from blog.app.review.mentions import mentioned, split
from blog.app.review.models import Colleague

PEOPLE = [
    Colleague(id=1, name="Bob"),
    Colleague(id=2, name="Bob Miller"),
    Colleague(id=3, name="Zoë Ångström"),
    Colleague(id=4, name="Ann Lee"),
    Colleague(id=5, name="Ann Poe"),
    Colleague(id=6, name="Sam"),
    Colleague(id=7, name="Sam"),
]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@Bob, look", {1}),
        ("@bob miller: look", {2}),
        ("(@Bob\nMiller)", {2}),
        ("@Bobby", set()),
        ("mail bob@bob", set()),
        ("@zoë and @Ann Poe", {3, 5}),
        ("@Ann which one?", set()),
        ("@Sam", {6, 7}),
        ("nobody", set()),
        ("@Bob.*", {1}),
    ],
)
def test_a_name_behind_an_at_is_a_mention(text: str, meant: set[int]) -> None:
    assert mentioned(text, PEOPLE) == meant


def test_a_text_is_split_without_losing_a_character() -> None:
    text = "Ask @Ann Lee or @Bob about <b>."
    runs = split(text, PEOPLE)
    assert "".join(run.text for run in runs) == text
    assert [run.text for run in runs if run.is_mention] == ["@Ann Lee", "@Bob"]
    assert split("", PEOPLE) == []
    assert [run.text for run in split("plain", [])] == ["plain"]
