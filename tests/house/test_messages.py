"""What a person reads can be translated: no template says anything that no catalogue could replace."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes

from blog.app.errors import AppError
from tests.house.source import APP, TEMPLATES, modules, templates
from tests.house.source import nodes as source_nodes

# Not converted yet: whole folders, or single templates. What is finished must leave this list.
NOT_YET: tuple[str, ...] = ()
# Packages whose refusals are not converted yet.
PYTHON_NOT_YET: tuple[str, ...] = ()
# What an operator reads in the console and the log is English; so is what an adapter says of a server.
CONSOLE = (
    "backup",
    "key_rotation",
    "cli",
    "config",
    "embedded",
    "greeting",
    "mail",
    "registry_command",
    "run_command",
    "schema",
    "supervisor",
    "worker",
    "wsgi",
)
# The page with the API's description is in English, as the API is.
ENGLISH = ("api_docs.html",)

SPOKEN = {"title", "aria-label", "placeholder", "alt", "data-label"}
SILENT = {"code", "kbd", "script", "style"}
NAMES = re.compile(r"\b(?:BlogForge|Markdown|HTML|JSON|CSV|API|URL|LLM|POST|https)\b")
LETTERS = re.compile(r"[A-Za-z]{2}|^\W*[A-Za-z]\W*$")
ATTRIBUTE = re.compile(r"[\w:-]+=(?:\"[^\"]*\"|'[^']*')|\bdata-[\w-]+")
GETTEXT = {"_", "gettext", "ngettext"}
LIKE_WORDS = re.compile(r"^\W*[A-Z][a-z]+|^[^/#.{]*[a-z,]+ [^{]*[a-z]+")


def _named(path: Path) -> str:
    return str(path.relative_to(TEMPLATES))


def _is_gettext(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in GETTEXT


def _shown(node: nodes.Node) -> Iterator[str]:  # noqa: C901  a case per kind of node
    """The literal text a part of a template puts on the page, in its order."""
    match node:
        case nodes.Block(name="main_class"):
            return  # names of style sheets, which no translator may touch
        case nodes.TemplateData(data=data):
            yield data
        case nodes.Const(value=str(value)):
            yield value
        case nodes.CondExpr(expr1=first, expr2=second):
            yield from _shown(first)
            yield from _shown(second) if second else ()
        case nodes.Or(left=left, right=right) | nodes.And(left=left, right=right):
            yield from _shown(left)
            yield from _shown(right)
        case nodes.Concat() | nodes.Output():
            for part in node.nodes:
                yield from _shown(part)
        case nodes.Filter(node=inner) if inner is not None:
            yield from _shown(inner)
        case nodes.Expr() | nodes.Block(name="main_class"):
            return
        case _:
            for part in node.iter_child_nodes():
                if not isinstance(part, nodes.Expr):
                    yield from _shown(part)


class _Reader(HTMLParser):
    """What a reader sees or hears of a page: its text and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        self.said += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data)


def _said(html: str) -> list[str]:
    reader = _Reader()
    reader.feed(html)
    texts = [NAMES.sub("", ATTRIBUTE.sub("", text)).strip() for text in reader.said]
    return [text for text in texts if LETTERS.search(text)]


def _handed_on(node: nodes.Node, key: str = "") -> Iterator[str]:  # noqa: C901  a case per kind of node
    """Literals that look like words and are handed to a macro or kept under a name."""
    match node:
        case nodes.Const(value=str(value)):
            if not key.startswith(("class", "hx-")) and LIKE_WORDS.search(NAMES.sub("", value)):
                yield value
        case nodes.Compare() | nodes.Getitem() | nodes.Test() | nodes.Getattr():
            return
        case nodes.Keyword(key=name, value=value):
            yield from _handed_on(value, name)
        case nodes.Assign(target=nodes.Name(name="class")):
            return
        case nodes.Pair(key=nodes.Const(value=str(name)), value=value):
            yield from _handed_on(value, name)
        case nodes.Call(node=nodes.Getattr(attr="strftime")):
            return
        case nodes.Call() if _is_gettext(node):
            for keyword in node.kwargs:
                yield from _handed_on(keyword)
        case _:
            for part in node.iter_child_nodes():
                yield from _handed_on(part, key)


def _problems(app: Flask, path: Path) -> list[str]:
    tree = app.jinja_env.parse(path.read_text())
    said = _said("".join(_shown(tree)))
    return list(dict.fromkeys([*said, *_handed_on(tree)]))


@pytest.mark.parametrize("path", templates(), ids=_named)
def test_a_template_says_nothing_past_the_catalogues(path: Path, wired: Flask) -> None:
    if _named(path).startswith(NOT_YET + ENGLISH):
        pytest.skip("not converted yet")
    assert _problems(wired, path) == [], (
        "say it with _() or {% trans %}: docs/frontend.md, Languages; or add it to NOT_YET"
    )


@pytest.mark.parametrize("path", templates(), ids=_named)
def test_only_literals_are_called_messages(path: Path, wired: Flask) -> None:
    """A message is markup; what comes in a variable is said with the filter `said`, which leaves it text."""
    calls = [
        node for node in wired.jinja_env.parse(path.read_text()).find_all(nodes.Call) if _is_gettext(node)
    ]
    literal = [all(isinstance(text, nodes.Const) for text in node.args[:1]) for node in calls]
    assert all(literal)


@pytest.mark.parametrize("name", NOT_YET)
def test_what_is_converted_is_not_listed_as_outstanding(name: str, wired: Flask) -> None:
    paths = [path for path in templates() if _named(path).startswith(name)]
    assert any(_problems(wired, path) for path in paths)


REFUSALS = {"must_touch", "invalid"} | {
    node.name
    for path in modules()
    for node in source_nodes(path)
    if isinstance(node, ast.ClassDef)
    and AppError.__name__ in {base.id for base in node.bases if isinstance(base, ast.Name)}
}


def _refusals(path: Path) -> list[str]:
    """The sentences a module refuses with that no catalogue could replace."""
    return [
        f"{path.relative_to(APP)}:{argument.lineno}"
        for node in source_nodes(path)
        if isinstance(node, ast.Call) and REFUSALS & {_called(node)}
        for argument in node.args
        if isinstance(argument, ast.JoinedStr)
        or (isinstance(argument, ast.Constant) and LIKE_WORDS.search(str(argument.value)))
    ]


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _package(path: Path) -> str:
    return path.relative_to(APP).parts[0].removesuffix(".py")


@pytest.mark.parametrize("package", sorted({_package(path) for path in modules() if APP in path.parents}))
def test_a_refusal_is_said_in_the_readers_language(package: str) -> None:
    found = [
        where
        for path in modules()
        if APP in path.parents and _package(path) == package
        for where in _refusals(path)
    ]
    if package in PYTHON_NOT_YET:
        assert found, "it is converted: take it out of PYTHON_NOT_YET"
    elif package not in CONSOLE:
        assert found == [], 'say it with _("…", name=…): docs/frontend.md, Languages'
