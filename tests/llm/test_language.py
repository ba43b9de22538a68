"""A text in the wrong language is noticed; one that might be right is let through."""

import pytest

from blog.app.llm.check import Failed, check
from blog.app.llm.inputs import Inputs
from blog.app.llm.language import reads_like_another
from blog.app.llm.output_type import parse_output_type

TEXTS = {
    "en": "The kilt was worn in the hills long before the cities took to it, and the cloth that the"
    " weavers made for their own families is what we now call tartan.",
    "de": "Der Kilt wurde in den Bergen getragen, lange bevor die Städte ihn entdeckten, und das Tuch,"
    " das die Weber für ihre Familien machten, ist nicht einfach nur ein Muster.",
    "fr": "Le kilt est né dans les montagnes, bien avant que les villes ne le découvrent, et les étoffes"
    " des tisserands sont pour nous une part de cette histoire qui dure.",
    "es": "El kilt se llevaba en las montañas mucho antes de que los habitantes del sur lo conocieran,"
    " pero las telas que tejían para sus familias fueron más que una moda.",
    "it": "Il kilt era portato nelle montagne molto prima che gli abitanti della città lo scoprissero, e"
    " i tessuti che facevano per le famiglie non sono soltanto una moda.",
    "pt": "O kilt era usado nas montanhas muito antes de os habitantes das cidades o descobrirem, e os"
    " tecidos que faziam para as famílias não são uma moda, são também história.",
    "nl": "De kilt werd in de bergen gedragen lang voordat het in de steden bekend werd, en de stof van"
    " de wevers is voor ons niet zomaar een patroon maar ook een verhaal.",
}


@pytest.mark.parametrize("code", TEXTS)
@pytest.mark.parametrize("written", TEXTS)
def test_a_language_is_told_from_the_others(code: str, written: str) -> None:
    assert (reads_like_another(TEXTS[written], code) is None) == (code == written)


@pytest.mark.parametrize(
    "text", ["Das Tuch und der Kilt", "Kilt, tartan, plaid, sporran", "1707: 12 %", "", "Ёж"]
)
def test_too_little_to_tell_is_let_through(text: str) -> None:
    assert reads_like_another(text, "en") is None


@pytest.mark.parametrize(
    "text", ["Килт носили в горах задолго до того", "苏格兰短裙在城市接受它之前很久就已经在山区流行了"]
)
def test_another_script_needs_no_words(text: str) -> None:
    assert reads_like_another(text, "en") == "a language in another script"


def test_the_rule_says_both_languages() -> None:
    output = parse_output_type("text", None, [{"rule": "language", "code": "en"}])

    result = check(TEXTS["fr"], output, Inputs())

    assert result == Failed(problems=("The reply reads like French; English was asked for.",))
