"""Which inputs a template reads and which it cannot do without; looks at no value.

An input is required where it is put out or looped over outside any `if` that says it is there. A
loop with an `else` has said what happens when there is nothing to loop over, so its list is optional.
"""

from collections.abc import Iterator

from blog.app.llm.inputs import Reference
from blog.app.llm.prompt_nodes import (
    Both,
    Choice,
    Compared,
    Either,
    Expression,
    FenceMark,
    Filtered,
    Item,
    Loop,
    Not,
    Output,
    Statement,
    Text,
    reference_of,
)

Body = tuple[Statement, ...]
Known = frozenset[Expression]


def reads(body: Body) -> frozenset[Reference]:
    found = (reference_of(expression) for expression in _leaves(body))
    return frozenset(reference for reference in found if reference is not None)


def fences(body: Body) -> bool:
    return any(isinstance(expression, FenceMark) for expression in _leaves(body))


def required(body: Body) -> frozenset[Reference]:
    return frozenset(_required(body, frozenset()))


def _leaves(body: Body) -> Iterator[Expression]:
    for statement in body:
        match statement:
            case Text():
                pass
            case Output(of=of):
                yield from _parts(of)
            case Choice(branches=branches, otherwise=otherwise):
                for test, inner in branches:
                    yield from _parts(test)
                    yield from _leaves(inner)
                yield from _leaves(otherwise)
            case Loop(over=over, body=inner, otherwise=otherwise):
                yield over
                yield from _leaves(inner)
                yield from _leaves(otherwise)


def _parts(expression: Expression) -> Iterator[Expression]:
    match expression:
        case Filtered(of=of) | Not(of=of):
            yield from _parts(of)
        case Both(left=left, right=right) | Either(left=left, right=right):
            yield from _parts(left)
            yield from _parts(right)
        case Compared(first=first, rest=rest):
            yield from _parts(first)
            for _, other in rest:
                yield from _parts(other)
        case _:
            yield expression


def _required(body: Body, known: Known) -> Iterator[Reference]:
    for statement in body:
        match statement:
            case Text():
                pass
            case Output(of=of):
                yield from _needs(of, known)
            case Choice():
                yield from _required_by_choice(statement, known)
            case Loop(over=over, body=inner, otherwise=otherwise):
                if not otherwise:
                    yield from _needs(over, known)
                yield from _required(inner, known | {over} | _items_of(statement))
                yield from _required(otherwise, known)


def _items_of(loop: Loop) -> Known:
    """The items of a list say nothing about it that the loop over it has not said."""
    of = reference_of(loop.over)
    return frozenset() if of is None else frozenset({Item(slot=loop.slot, of=of)})


def _required_by_choice(choice: Choice, known: Known) -> Iterator[Reference]:
    for test, inner in choice.branches:
        yield from _required(inner, known | _given(test, outcome=True))
        known = known | _given(test, outcome=False)
    yield from _required(choice.otherwise, known)


def _needs(expression: Expression, known: Known) -> Iterator[Reference]:
    source = _source(expression)
    reference = reference_of(source)
    if reference is not None and source not in known:
        yield reference


def _given(test: Expression, *, outcome: bool) -> Known:  # noqa: PLR0911 - one for each kind
    """What is certainly not empty once the test came out so."""
    match test:
        case Not(of=of):
            return _given(of, outcome=not outcome)
        case Both(left=left, right=right) if outcome:
            return _given(left, outcome=True) | _given(right, outcome=True)
        case Both(left=left, right=right):
            return _given(left, outcome=False) & _given(right, outcome=False)
        case Either(left=left, right=right) if outcome:
            return _given(left, outcome=True) & _given(right, outcome=True)
        case Either(left=left, right=right):
            return _given(left, outcome=False) | _given(right, outcome=False)
        case Compared() | Filtered(name="json"):
            return frozenset()  # the JSON of nothing is still a text
        case _:
            return frozenset({_source(test)}) if outcome else frozenset()


def _source(expression: Expression) -> Expression:
    match expression:
        case Filtered(of=of):
            return _source(of)
        case _:
            return expression
