"""What is said of a value that does not fit: pydantic's own words in English, else those of the catalogue."""

from collections.abc import Iterator
from contextvars import copy_context
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blog.app import mail, refused_values, translation
from tests.house import pseudo


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=2, max_length=3, pattern="^[a-z]+$")] = "abc"
    number: Annotated[int, Field(ge=1, lt=9)] = 1
    above: Annotated[float, Field(gt=1, le=9, allow_inf_nan=False)] = 2
    price: Decimal = Decimal(1)
    is_on: bool = True
    which: Literal["a", "b"] = "a"
    day: date = date(2026, 1, 1)
    moment: datetime = datetime(2026, 1, 1)  # noqa: DTZ001
    several: list[int] = Field(default_factory=list[int])
    named: dict[str, int] = Field(default_factory=dict[str, int])


REFUSED: tuple[dict[str, Any], ...] = (
    {"other": 1},
    {"name": 1},
    {"name": "a"},
    {"name": "abcd"},
    {"name": "AB"},
    {"number": "x"},
    {"number": None},
    {"number": 1.5},
    {"number": 0},
    {"number": 9},
    {"above": 1},
    {"above": 10},
    {"above": "x"},
    {"above": []},
    {"above": float("nan")},
    {"price": "x"},
    {"price": []},
    {"is_on": "perhaps"},
    {"is_on": []},
    {"which": "c"},
    {"day": "tomorrow"},
    {"day": []},
    {"moment": "now"},
    {"several": 1},
    {"named": 1},
)


def errors(given: dict[str, Any]) -> list[Any]:
    with pytest.raises(ValidationError) as refused:
        Form.model_validate(given)
    return list(refused.value.errors())


@pytest.mark.parametrize("given", REFUSED, ids=str)
def test_english_is_what_pydantic_says(given: dict[str, Any]) -> None:
    assert [refused_values.said(error) for error in errors(given)] == [
        error["msg"] for error in errors(given)
    ]


@pytest.fixture(scope="module")
def locale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("locale")
    pseudo.write_catalogue(place)
    yield place
    translation.catalogue.cache_clear()


def spoken(error: Any) -> str:
    def speak() -> str:
        translation.speak(pseudo.NAME)
        return refused_values.said(error)

    return copy_context().run(speak)


def test_every_word_of_it_can_be_translated(locale: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "LOCALE", locale)
    said = {spoken(error) for given in REFUSED for error in errors(given)}
    assert [words for words in said if not words.startswith("⟦")] == []


def test_an_e_mail_is_written_in_the_language_of_the_installation(
    locale: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "LOCALE", locale)
    for path in mail.TEMPLATES.glob("*.txt"):
        about = dict.fromkeys(("link", "inviter", "until", "address", "name", "email"), "77")
        message = mail.compose(path.stem, "a@example.org", language=pseudo.NAME, **about)
        said = [message.subject, *message.text.split("\n\n")]
        plain = [words for words in said if any(c.isalpha() for c in words) and "⟦" not in words]
        assert [words.strip() for words in plain if words.strip() != "77/sign-in"] == []
