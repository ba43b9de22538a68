"""Turns a part's source into nodes that can only read the declared inputs; refuses every other
construct of Jinja2 by name and place, and renders nothing.

Jinja2 only reads the syntax. What it understood is rebuilt, node by node, from an allow-list; its
compiler and its run time never see a prompt, so what is not rebuilt here cannot happen.

Filters, and why these: `join`, `first`, `last` and `length` because lists are fields; `upper`,
`lower` and `trim` because a title lands in the middle of a sentence; `json` because a model reads
structured data best as JSON. There is no `default` (it would hide a missing input) and no
`truncate` (it would hide that words were left out).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal, TypeAlias, cast, get_args

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, nodes

from blog.app.errors import Invalid
from blog.app.llm.inputs import (
    SECTIONS,
    SELECTION,
    Reference,
    Scope,
    Vocabulary,
    post_fields,
    section_fields,
)
from blog.app.llm.prompt_nodes import (
    Both,
    Choice,
    Compared,
    Comparison,
    Constant,
    Either,
    Expression,
    FenceMark,
    Filtered,
    FilterName,
    Item,
    Iterable,
    Loop,
    LoopState,
    Not,
    Output,
    Read,
    SectionRead,
    Sections,
    Statement,
    Text,
)
from blog.app.llm.prompt_place import Place, Source, find_place, read_source, syntax_place
from blog.app.llm.prompt_reads import fences, reads, required
from blog.app.translation import gettext as _

MAX_SOURCE = 100_000
MAX_DEPTH = 60  # of nested tags and expressions; keeps both walks far from Python's own limit
MAX_LOOPS = 3  # inside one another; more would multiply the data with itself

_FILTERS: frozenset[str] = frozenset(get_args(FilterName))
_COMPARISONS: frozenset[str] = frozenset(get_args(Comparison))
_FENCE_SIDES = frozenset({"open", "close"})
_LOOP_STATES = frozenset({"index", "first", "last"})
_RESERVED = frozenset({"post", "selection", "input", "fence", "loop"})

# What the person wrote, and the words of the source that show where.
_REFUSED: Mapping[type[nodes.Node], tuple[str, str]] = {
    nodes.Call: ("a call", "("),
    nodes.Getitem: ("a subscript", "["),
    nodes.Slice: ("a slice", "["),
    nodes.Assign: ("“set”", "set"),
    nodes.AssignBlock: ("“set”", "set"),
    nodes.Macro: ("a macro", "macro"),
    nodes.CallBlock: ("a “call” block", "call"),
    nodes.FilterBlock: ("a “filter” block", "filter"),
    nodes.With: ("“with”", "with"),
    nodes.Block: ("a block", "block"),
    nodes.Include: ("“include”", "include"),
    nodes.Import: ("“import”", "import"),
    nodes.FromImport: ("“import”", "import"),
    nodes.Extends: ("“extends”", "extends"),
    nodes.Scope: ("“autoescape”", "autoescape"),
    nodes.ScopedEvalContextModifier: ("“autoescape”", "autoescape"),
    nodes.Test: ("a test with “is”", "is"),
    nodes.CondExpr: ("an “if” inside an expression", "if"),
    nodes.Concat: ("joining with “~”", "~"),
    nodes.Add: ("arithmetic", "+"),
    nodes.Pos: ("arithmetic", "+"),
    nodes.Sub: ("arithmetic", "-"),
    nodes.Neg: ("arithmetic", "-"),
    nodes.Mul: ("arithmetic", "*"),
    nodes.Div: ("arithmetic", "/"),
    nodes.FloorDiv: ("arithmetic", "//"),
    nodes.Mod: ("arithmetic", "%"),
    nodes.Pow: ("arithmetic", "**"),
    nodes.List: ("a list written out", "["),
    nodes.Dict: ("a dictionary", "{"),
    nodes.Tuple: ("a tuple", ","),
}

_environment = Environment(
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - nothing is rendered with it, and a prompt is not HTML
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedTemplate:
    """`required` are the inputs that are read outside any `if` about them: they may not be empty."""

    body: tuple[Statement, ...]
    reads: frozenset[Reference]
    required: frozenset[Reference]
    names_fence: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _SectionVariable:
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _ItemVariable:
    slot: int
    of: Reference


_Variable: TypeAlias = _SectionVariable | _ItemVariable


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """Where the walk stands: what may be named, and how deep it is."""

    source: Source
    vocabulary: Vocabulary
    variables: Mapping[str, _Variable]
    depth: int = 0
    loops: int = 0


@lru_cache(maxsize=1024)
def parse(source: str, vocabulary: Vocabulary) -> ParsedTemplate:
    if len(source) > MAX_SOURCE:
        raise Invalid(
            _(
                "A prompt part may have %(max_source)s characters; this one has %(source)s.",
                max_source=f"{MAX_SOURCE:,}",
                source=f"{len(source):,}",
            )
        )
    text = re.sub(r"\r\n?", "\n", source)
    body = _parse_body(text, vocabulary)
    return ParsedTemplate(body=body, reads=reads(body), required=required(body), names_fence=fences(body))


def _parse_body(text: str, vocabulary: Vocabulary) -> tuple[Statement, ...]:
    try:
        template = _environment.parse(text)
        tokens = read_source(_environment, text)
    except TemplateSyntaxError as exc:
        place = syntax_place(_environment, text, exc)
        raise _invalid(place, f"this cannot be read: {exc.message}") from exc
    except RecursionError as exc:
        raise _invalid(Place(line=1, column=1), "the tags are nested too deeply") from exc
    except ValueError as exc:
        # Python refuses to read a whole number of thousands of digits.
        raise _invalid(Place(line=1, column=1), "a number is too long") from exc
    return _body(template.body, _Here(source=tokens, vocabulary=vocabulary, variables={}))


def _body(body: list[nodes.Node], here: _Here) -> tuple[Statement, ...]:
    deeper = replace(here, depth=here.depth + 1)
    return tuple(piece for node in body for piece in _statement(node, deeper))


def _statement(node: nodes.Node, here: _Here) -> Iterator[Statement]:
    _check_depth(node, here)
    match node:
        case nodes.Output(nodes=children):
            for child in children:
                yield _output(child, here)
        case nodes.If():
            yield _choice(node, here)
        case nodes.For():
            yield _loop(node, here)
        case _:
            raise _refused(node, here)


def _output(node: nodes.Expr, here: _Here) -> Text | Output:
    if isinstance(node, nodes.TemplateData):
        return Text(text=node.data)
    expression = _expression(node, here)
    match expression:
        case Sections():
            raise _error(node, here, "“post.sections” is a list: loop over it", "post", ".", SECTIONS)
        case Not() | Both() | Either() | Compared():
            raise _error(node, here, "a comparison belongs in an “if”", "{{")
        case Constant(value=None):
            raise _error(node, here, "“none” is not a text", "none", "None")
        case _:
            return Output(of=expression)


def _choice(node: nodes.If, here: _Here) -> Choice:
    branches = [node, *node.elif_]
    return Choice(
        branches=tuple((_expression(branch.test, here), _body(branch.body, here)) for branch in branches),
        otherwise=_body(node.else_, here),
    )


def _loop(node: nodes.For, here: _Here) -> Loop:
    if node.test is not None:
        raise _error(node, here, "a condition in “for” is not allowed: put an “if” inside", "if")
    if node.recursive:
        raise _error(node, here, "a recursive loop is not allowed", "recursive")
    if here.loops == MAX_LOOPS:
        raise _error(node, here, f"more than {MAX_LOOPS} loops inside one another", "for")
    over = _iterable(node.iter, here)
    name = _loop_variable(node.target, here)
    inside = replace(
        here,
        loops=here.loops + 1,
        variables={**here.variables, name: _variable(over, here.loops)},
    )
    return Loop(
        slot=here.loops,
        over=over,
        body=_body(node.body, inside),
        otherwise=_body(node.else_, here),
    )


def _iterable(node: nodes.Node, here: _Here) -> Iterable:
    expression = _expression(node, here)
    match expression:
        case Read() | Sections() | SectionRead() | Item():
            return expression
        case _:
            raise _error(node, here, "a loop goes over post.sections or over a list field", "in")


def _variable(over: Iterable, slot: int) -> _Variable:
    match over:
        case Sections():
            return _SectionVariable(slot=slot)
        case Read(of=of) | SectionRead(of=of) | Item(of=of):
            return _ItemVariable(slot=slot, of=of)


def _loop_variable(target: nodes.Node, here: _Here) -> str:
    match target:
        case nodes.Name(name=name) if name not in _RESERVED:
            return name
        case nodes.Name(name=name):
            raise _error(target, here, f"“{name}” already has a meaning: name it otherwise", "for", name)
        case _:
            raise _error(target, here, "a loop has one variable", "for")


def _expression(node: nodes.Node, here: _Here) -> Expression:  # noqa: PLR0911 - one for each kind
    _check_depth(node, here)
    deeper = replace(here, depth=here.depth + 1)
    match node:
        case nodes.Const(value=str() | int() | float() | None as value):
            return Constant(value=value)
        case nodes.Name(name=name):
            return _name(node, name, here)
        case nodes.Getattr(node=nodes.Name(name=root), attr=attr):
            return _attribute(node, root, attr, here)
        case nodes.Getattr(attr=attr):
            raise _error(node, here, f"“{attr}” goes deeper than a field", ".", attr)
        case nodes.Filter():
            return _filter(node, deeper)
        case nodes.Not(node=of):
            return Not(of=_expression(of, deeper))
        case nodes.And(left=left, right=right):
            return Both(left=_expression(left, deeper), right=_expression(right, deeper))
        case nodes.Or(left=left, right=right):
            return Either(left=_expression(left, deeper), right=_expression(right, deeper))
        case nodes.Compare(expr=first, ops=operands):
            rest = tuple(_operand(operand, deeper) for operand in operands)
            return Compared(first=_expression(first, deeper), rest=rest)
        case _:
            raise _refused(node, here)


def _operand(node: nodes.Operand, here: _Here) -> tuple[Comparison, Expression]:
    if node.op not in _COMPARISONS:
        raise _refused(node, here)
    return cast("Comparison", node.op), _expression(node.expr, here)


def _name(node: nodes.Node, name: str, here: _Here) -> Expression:
    match here.variables.get(name):
        case _ItemVariable(slot=slot, of=of):
            return Item(slot=slot, of=of)
        case _SectionVariable():
            raise _error(node, here, f"“{name}” is a whole section: name one of its fields", name)
        case None if name in _RESERVED | {"section"}:
            raise _error(node, here, f"“{name}” alone is not a text: name one of its fields", name)
        case None:
            raise _unknown(node, here, name, (name,))


def _attribute(node: nodes.Node, root: str, attr: str, here: _Here) -> Expression:
    written = (root, ".", attr)
    match here.variables.get(root), root:
        case _SectionVariable(slot=slot), _:
            of = _declared(node, here, "sections", attr, written)
            return SectionRead(slot=slot, of=of)
        case _ItemVariable(), _:
            raise _error(node, here, f"“{root}” is an item of a list and has no fields", *written)
        case None, "post":
            of = _declared(node, here, "post", attr, written)
            return Sections() if attr == SECTIONS else Read(of=of)
        case None, ("section" | "selection" | "input") as scope:
            return Read(of=_declared(node, here, scope, attr, written))
        case None, "fence" if attr in _FENCE_SIDES:
            return FenceMark(side=cast("Literal['open', 'close']", attr))
        case None, "loop" if attr in _LOOP_STATES and here.loops:
            what = cast("Literal['index', 'first', 'last']", attr)
            return LoopState(slot=here.loops - 1, what=what)
        case _:
            raise _unknown(node, here, f"{root}.{attr}", written)


def _declared(node: nodes.Node, here: _Here, scope: Scope, name: str, written: tuple[str, ...]) -> Reference:
    if name not in _fields(here.vocabulary, scope):
        raise _unknown(node, here, f"{written[0]}.{name}", written)
    return Reference(scope=scope, field=name)


def _filter(node: nodes.Filter, here: _Here) -> Filtered:
    if node.name not in _FILTERS:
        near = get_close_matches(node.name, _FILTERS, n=1)
        hint = f"did you mean “{near[0]}”?" if near else f"there are {_listed(_FILTERS)}"
        raise _error(node, here, f"there is no filter “{node.name}”; {hint}", "|", node.name)
    if node.node is None:
        raise _refused(node, here)
    of = _expression(node.node, here)
    if isinstance(of, Sections) and node.name != "length":
        raise _error(node, here, "“post.sections” can only be counted or looped over", "post", ".", SECTIONS)
    return Filtered(name=cast("FilterName", node.name), of=of, separator=_separator(node, here))


def _separator(node: nodes.Filter, here: _Here) -> str:
    match node:
        case nodes.Filter(args=[], kwargs=[], dyn_args=None, dyn_kwargs=None):
            return ""
        case nodes.Filter(
            name="join",
            args=[nodes.Const(value=str() as separator)],
            kwargs=[],
            dyn_args=None,
            dyn_kwargs=None,
        ):
            return separator
        case nodes.Filter(name="join"):
            raise _error(node, here, "“join” takes one text in quotes", "|", "join")
        case _:
            raise _error(node, here, f"“{node.name}” takes nothing in brackets", "|", node.name)


def _fields(vocabulary: Vocabulary, scope: Scope) -> frozenset[str]:
    match scope:
        case "post":
            return post_fields(vocabulary)
        case "section" | "sections":
            return section_fields(vocabulary)
        case "selection":
            return SELECTION
        case "input":
            return vocabulary.input


def _names(here: _Here) -> Iterator[str]:
    """Everything that may be written here, the way it is written."""
    yield from (f"post.{name}" for name in post_fields(here.vocabulary))
    yield from (f"selection.{name}" for name in SELECTION)
    yield from (f"input.{name}" for name in here.vocabulary.input)
    yield from (f"fence.{name}" for name in _FENCE_SIDES)
    if here.loops:
        yield from (f"loop.{name}" for name in _LOOP_STATES)
    for root, variable in {"section": _SectionVariable(slot=-1), **here.variables}.items():
        match variable:
            case _SectionVariable():
                yield from (f"{root}.{name}" for name in section_fields(here.vocabulary))
            case _ItemVariable():
                yield root


def _unknown(node: nodes.Node, here: _Here, name: str, written: tuple[str, ...]) -> Invalid:
    known = sorted(_names(here))
    same_field = [other for other in known if other.endswith(f".{name}")]
    near = same_field[:1] or get_close_matches(name, known, n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    place = find_place(here.source, _line(node), *written)
    return Invalid(
        _("%(where)s: there is no “%(name)s” to read.%(hint)s", where=_where(place), name=name, hint=hint),
        name=name,
        nearest=near[0] if near else None,
        line=place.line,
        column=place.column,
    )


def _check_depth(node: nodes.Node, here: _Here) -> None:
    if here.depth > MAX_DEPTH:
        raise _invalid(find_place(here.source, _line(node)), "the tags are nested too deeply")


def _refused(node: nodes.Node, here: _Here) -> Invalid:
    words, written = _REFUSED.get(type(node), (f"“{type(node).__name__}”", ""))
    return _error(node, here, f"{words} is not allowed in a prompt part", written)


def _error(node: nodes.Node, here: _Here, sentence: str, *written: str) -> Invalid:
    return _invalid(find_place(here.source, _line(node), *written), sentence)


def _line(node: nodes.Node) -> int:
    return getattr(node, "lineno", None) or 1  # "autoescape" becomes a node without a line


def _invalid(place: Place, sentence: str) -> Invalid:
    ending = "" if sentence.endswith((".", "?")) else "."
    return Invalid(
        _("%(where)s: %(sentence)s%(ending)s", where=_where(place), sentence=sentence, ending=ending),
        line=place.line,
        column=place.column,
    )


def _where(place: Place) -> str:
    return f"Line {place.line}, column {place.column}"


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
