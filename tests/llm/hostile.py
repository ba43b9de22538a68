"""A grammar of prompt parts, honest and hostile, and values that notice who touches them."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

from blog.app.llm.inputs import Inputs, Vocabulary

VOCABULARY = Vocabulary(
    post=frozenset({"basic_idea", "facts", "rating"}),
    section=frozenset({"draft", "facts_to_include"}),
    input=frozenset({"channel"}),
)

# --- values that notice who touches them ---------------------------------------------------------


class Touched(BaseException):
    """Something was called or read that no template may. Not an Exception: nothing swallows it."""


def _wary(base: type, *allowed: str) -> type:
    """A kind of `base` with no attributes but those that rendering itself asks for."""

    def get(self: object, name: str) -> object:
        if name not in allowed:
            raise Touched(f"the attribute {name} of a {base.__name__}")
        return cast("Any", base).__getattribute__(self, name)

    def call(_self: object, *_args: object, **_named: object) -> NoReturn:
        raise Touched(f"a call of a {base.__name__}")

    return type(f"Wary{base.__name__}", (base,), {"__getattribute__": get, "__call__": call})


Text = cast("Callable[[str], str]", _wary(str, "__class__", "strip", "upper", "lower"))
Items = cast("Callable[[list[str]], list[str]]", _wary(list, "__class__"))


class Fields(Mapping[str, Any]):
    """Answers for its own names, notes which were asked for, and trips over every other one."""

    def __init__(self, asked: set[str], scope: str, values: Mapping[str, object]) -> None:
        self.asked, self.scope, self.values_ = asked, scope, values

    def get(self, key: str, default: object = None) -> Any:
        del default  # a field that was never written is not what is tried here
        return self[key]

    def __getitem__(self, key: str) -> Any:
        if key not in self.values_:
            raise Touched(f"{self.scope}.{key}, which nobody declared")
        self.asked.add(f"{self.scope}.{key}")
        return self.values_[key]

    def __iter__(self) -> Iterator[str]:
        raise Touched(f"every name of {self.scope}")

    def __len__(self) -> int:
        return len(self.values_)


def inputs(asked: set[str]) -> Inputs:
    """Everything that is declared, filled; the texts look like templates, which must not matter."""

    def section(scope: str, number: int) -> Fields:
        return Fields(
            asked,
            scope,
            {
                "heading": Text(f"Section {number}"),
                "position": number,
                "draft": Text("{{ post.secret }}{% include 'secrets' %}"),
                "facts_to_include": Items([Text("one"), Text("{{ self }}")]),
            },
        )

    post = {
        "title": Text("Herons"),
        "basic_idea": Text("{% set x = 1 %}{{ ''.__class__.__mro__ }}"),
        "facts": Items([Text("a"), Text("b")]),
        "rating": 3,
    }
    return Inputs(
        post=Fields(asked, "post", post),
        sections=[section("post.sections[]", number) for number in (1, 2)],
        section=section("section", 1),
        input=Fields(asked, "input", {"channel": Text("email")}),
    )


# --- the grammar ---------------------------------------------------------------------------------

TEXTS = (
    "Write about herons.",
    " ",
    "\n",
    "é – “x” { x",
    "} %",
    "100 %",
    "a # b",
    "__class__",
    "{ { post } }",
)
READS = ("post.title", "post.basic_idea", "post.facts", "post.rating", "section.draft", "section.heading")
MORE_READS = ("section.position", "section.facts_to_include", "input.channel", "fence.open", "fence.close")
LISTS = ("post.facts", "section.facts_to_include", "post.sections")
FILTERS = ("join('; ')", "length", "upper", "lower", "trim", "first", "last", "json")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in")

DUNDERS = (
    "__class__",
    "__init__",
    "__globals__",
    "__mro__",
    "__subclasses__",
    "__dict__",
    "__getattribute__",
)
ROOTS = ("post", "post.title", "post.facts", "section", "section.draft", "input", "fence", "loop", "''", "x")
STRANGERS = (
    *("self", "cycler", "namespace", "range", "dict", "lipsum", "joiner", "config", "request", "g"),
    *("caller", "varargs", "kwargs", "context", "environment", "_", "__builtins__", "os", "True.x", "super"),
    *(
        "ｐｏｓｔ.title",
        "pοst.title",
        "post.tit\u200dle",
        "post.ｔｉｔｌｅ",
        "ｓelf",
        "post.secret",
        "section.key",
    ),
    *("post.basic_idea.format", "post.sections.append", "post.__ｃlass__", "input.problems", "post.secret"),
)
BAD_FILTERS = (
    *("attr('__class__')", "map('upper')", "map(attribute='__class__')", "format(post)", "safe", "string"),
    *("default('')", "list", "sort", "groupby('x')", "pprint", "xmlattr", "tojson", "replace('a', 'b')"),
    *("join(post.title)", "join(attribute='__class__')", "upper(1)", "first(*post.facts)", "ｕpper", "sum"),
)
BAD_STATEMENTS = (
    *("{% set x = post.title %}", "{% set x %}a{% endset %}", "{% set post = 1 %}", "{% set ns.x = 1 %}"),
    *("{% include 'secrets' %}", "{% include post.title %}", "{% import 'os' as os %}", "{% extends 'a' %}"),
    *("{% from 'os' import system %}", "{% macro m(a=post) %}{{ a }}{% endmacro %}", "{% do post.clear() %}"),
    *("{% call post.title() %}x{% endcall %}", "{% filter upper %}x{% endfilter %}", "{% debug %}"),
    *("{% block b %}{{ self.b() }}{% endblock %}", "{% with x = post %}{{ x }}{% endwith %}"),
    *("{% autoescape false %}{{ post.title }}{% endautoescape %}", "{% trans %}x{% endtrans %}"),
    *("{% for s in post.sections recursive %}{{ loop(s) }}{% endfor %}", "{% break %}", "{% include %}"),
    *("{% for a, b in post.facts %}{% endfor %}", "{% for post in post.facts %}{% endfor %}"),
    *("{% for f in post.facts if f %}{{ f }}{% endfor %}", "{% for x in range(9) %}{% endfor %}"),
    *("{% for x in post %}{{ x }}{% endfor %}", "{% for x in 'abc' %}{% endfor %}", "{% if post.title"),
    *("{{ post.title", "{% endif %}", "{% if %}{% endif %}", "{{ }}", "{{ 'a }}", "{% for %}", "{{ \\ }}"),
)
SWEET = "{%- set x = 1 -%}{{ ''.__class__ }}{% include 'secrets' %}"


@dataclass(slots=True)
class Writer:
    """One random part. `armed`: something in it that is alive must get it refused."""

    chance: random.Random
    hostility: float
    armed: bool = False
    loops: int = 0
    items: list[str] = field(default_factory=list)

    def part(self) -> str:
        return "".join(self.statement(0) for _ in range(self.chance.randint(1, 5)))

    def statement(self, depth: int) -> str:
        if self.hostile():
            return self.chance.choice(BAD_STATEMENTS)
        kinds = [self.text, self.output, self.output, self.asleep]
        kinds += [self.choice, self.loop] if depth < 3 else []
        return self.chance.choice(kinds)(depth)

    def text(self, _depth: int) -> str:
        return self.chance.choice(TEXTS)

    def asleep(self, _depth: int) -> str:
        """An attack that is only words: in a comment or a raw block."""
        return self.chance.choice([f"{{# {SWEET} #}}", f"{{% raw %}}{SWEET}{{% endraw %}}"])

    def output(self, _depth: int) -> str:
        return f"{{{{ {self.filtered()} }}}}"

    def choice(self, depth: int) -> str:
        middle = (
            f"{{% elif {self.test(0)} %}}{self.statement(depth + 1)}" if self.chance.random() < 0.3 else ""
        )
        return (
            f"{{% if {self.test(0)} %}}{self.statement(depth + 1)}{middle}"
            f"{{% else %}}{self.statement(depth + 1)}{{% endif %}}"
        )

    def loop(self, depth: int) -> str:
        over, name = self.chance.choice(LISTS), f"v{self.loops}"
        item = f"{name}.{self.chance.choice(['heading', 'draft'])}" if over == "post.sections" else name
        self.loops += 1
        self.items.append(item)
        body = f"{{{{ loop.index }}}}. {{{{ {item} }}}} {self.statement(depth + 1)}"
        self.items.pop()
        return f"{{% for {name} in {over} %}}{body}{{% else %}}{self.text(0)}{{% endfor %}}"

    def test(self, depth: int) -> str:
        match self.chance.randrange(5 if depth < 3 else 2):
            case 0:
                return self.filtered()
            case 1:
                return f"{self.filtered()} {self.chance.choice(COMPARISONS)} {self.filtered()}"
            case 2:
                return f"not ({self.test(depth + 1)})"
            case 3:
                return f"({self.test(depth + 1)}) and ({self.test(depth + 1)})"
            case _:
                return f"({self.test(depth + 1)}) or ({self.test(depth + 1)})"

    def filtered(self) -> str:
        pipes = [f" | {self.filter()}" for _ in range(self.chance.choice([0, 0, 0, 1, 2]))]
        return self.read() + "".join(pipes)

    def filter(self) -> str:
        return self.chance.choice(BAD_FILTERS) if self.hostile() else self.chance.choice(FILTERS)

    def read(self) -> str:
        if self.hostile():
            return self.attack()
        return self.chance.choice([*READS, *MORE_READS, *self.items, "'a text'", "7", "'{{ x }}'"])

    def attack(self) -> str:
        root, dunder = self.chance.choice(ROOTS), self.chance.choice(DUNDERS)
        return self.chance.choice(
            [
                f"{root}.{dunder}",
                f"{root}.{dunder}.{self.chance.choice(DUNDERS)}()",
                f"{root}['{dunder}']",
                f"{root}[0]",
                f"{root}[1:2]",
                f"{root}()",
                f"post.title.{self.chance.choice(['upper', 'format', 'encode'])}({root})",
                f"({root})|attr('{dunder}')",
                f"{root} ~ {root}",
                f"{root} * 99999",
                f"[{root}]",
                f"{{'a': {root}}}",
                f"({root}, {root})",
                f"{root} if {root} else {root}",
                f"{root} is defined",
                self.chance.choice(STRANGERS),
                f"{self.chance.choice(STRANGERS)}()",
            ]
        )

    def hostile(self) -> bool:
        does = self.chance.random() < self.hostility
        self.armed = self.armed or does
        return does


def write_part(number: int) -> tuple[str, bool]:
    """The part of this number, always the same, and whether it must be refused."""
    chance = random.Random(number)
    writer = Writer(chance, hostility=0.0 if number % 3 == 0 else 0.08)
    return writer.part(), writer.armed
