"""What the scripts of a page say, in the page's language; the English stands in the scripts themselves."""

import json
import re
from functools import cache
from pathlib import Path

from blog.app import translation

_TEXT = r'"(?:[^"\\\n]|\\.)*"'
_ONE = re.compile(rf"\b_\(\s*({_TEXT})")
_COUNTED = re.compile(rf"\bngettext\(\s*({_TEXT}),\s*({_TEXT})")


def script_words(scripts: Path) -> dict[str, object]:
    """Source text to translation, as words.js looks it up; a counted one to its forms and which when."""
    return _script_words(scripts, translation.spoken())


@cache
def _script_words(scripts: Path, _language: str) -> dict[str, object]:
    source = "\n".join(path.read_text() for path in sorted(scripts.rglob("*.js")))
    words: dict[str, object] = {
        text: translation.gettext(text) for text in map(json.loads, _ONE.findall(source))
    }
    for one, several in _COUNTED.findall(source):
        words[json.loads(one)] = _forms(json.loads(one), json.loads(several))
    return words


def _forms(one: str, several: str) -> dict[str, object]:
    """Every rule of gettext's repeats after 100, but may make exceptions below: 200 numbers tell all."""
    said = [translation.ngettext(one, several, n) for n in range(200)]
    forms = list(dict.fromkeys(said))
    return {"forms": forms, "of": [forms.index(text) for text in said]}
