"""What `?` lists is what there is: every module that listens for keys has told keys.js."""

import re
from pathlib import Path

import pytest

from tests.house.source import STATIC, own_static

LISTENING = [path for path in own_static(".js") if 'addEventListener("keydown"' in path.read_text()]
# The parts of an editor, whose keys are told where they are loaded.
TOLD_BY = {"entries.js": "editor.js", "line-entry.js": "editor.js"}
# Arrows inside a toolbar, as in every toolbar; Enter kept from sending a form; what is kept for others.
NO_SHORTCUTS = {"toolbar.js", "bench.js", "early.js"}


@pytest.mark.parametrize("path", LISTENING, ids=lambda path: path.name)
def test_a_module_that_listens_for_keys_tells_of_them(path: Path) -> None:
    text = path.read_text()
    only_escape = set(re.findall(r'event\.key [!=]== "(\w+)"', text)) == {"Escape"}
    telling = (STATIC / "js" / TOLD_BY[path.name]).read_text() if path.name in TOLD_BY else text
    quiet = path.name == "keys.js" or path.name in NO_SHORTCUTS
    assert quiet or only_escape or 'from "./keys.js"' in telling
