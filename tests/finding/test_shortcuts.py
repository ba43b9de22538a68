"""What `?` lists is what there is: every module that listens for keys has told keys.js."""

import re

import pytest

from tests.house.source import own_static

LISTENING = [path for path in own_static(".js") if 'addEventListener("keydown"' in path.read_text()]


@pytest.mark.parametrize("path", LISTENING, ids=lambda path: path.name)
def test_a_module_that_listens_for_keys_tells_of_them(path) -> None:
    text = path.read_text()
    only_escape = set(re.findall(r'event\.key [!=]== "(\w+)"', text)) == {"Escape"}
    assert path.name == "keys.js" or only_escape or 'from "./keys.js"' in text
