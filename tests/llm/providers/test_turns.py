"""Messages keep their words and their order, whatever a protocol makes of their roles."""

from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.llm.providers.base import Message, ModelTraits, ProviderError, Role
from blog.app.llm.providers.turns import BETWEEN, Turns, as_they_are, merged, strict, system_apart
from tests.llm.providers.asking import ask

ROLES = st.sampled_from(get_args(Role))
SAID = st.lists(st.tuples(ROLES, st.text(max_size=6)), max_size=8)
TOLD = SAID.filter(lambda said: any(text.strip() for _, text in said))
# Texts that cannot be mistaken for two that were joined.
PLAIN = st.lists(st.tuples(ROLES, st.text("abc", min_size=1, max_size=3)), min_size=1, max_size=8)


def by_role(said: list[tuple[Role, str]]) -> tuple[list[str], list[tuple[Role, str]]]:
    return [text for role, text in said if role == "system"], [each for each in said if each[0] != "system"]


def apart(turns: Turns) -> list[tuple[Role, str]]:
    return [(each.role, text) for each in turns.messages for text in each.content.split(BETWEEN)]


@given(TOLD)
def test_what_says_something_is_sent_as_it_is_and_what_does_not_is_named(said: list[tuple[Role, str]]):
    turns = as_they_are(ask("http://h", *said))
    assert [(each.role, each.content) for each in turns.messages] == [
        each for each in said if each[1].strip()
    ]
    left_out = {f"message {n}" for n, (_, text) in enumerate(said, 1) if not text.strip()}
    assert {each.name for each in turns.dropped} == left_out


@given(PLAIN)
def test_system_text_apart_keeps_every_text_in_its_order(said: list[tuple[Role, str]]):
    system, others = by_role(said)
    turns = system_apart(ask("http://h", *said))
    if not others:
        assert (turns.system, turns.messages) == (None, [Message(role="user", content=BETWEEN.join(system))])
        return
    assert turns.system == (BETWEEN.join(system) or None)
    assert apart(turns) == others


@given(PLAIN)
def test_only_system_text_after_a_turn_counts_as_moved(said: list[tuple[Role, str]]):
    _, others = by_role(said)
    if others:
        first = next(n for n, (role, _) in enumerate(said, 1) if role != "system")
        moved = {f"message {n}" for n, (role, _) in enumerate(said, 1) if role == "system" and n > first}
        assert {each.name for each in system_apart(ask("http://h", *said)).dropped} == moved


@given(PLAIN)
def test_strict_turns_alternate_after_one_system_text(said: list[tuple[Role, str]]):
    system, others = by_role(said)
    turns = strict(ask("http://h", *said))
    roles = [each.role for each in turns.messages]
    assert all(one != other for one, other in pairwise(roles))
    assert "system" not in roles[1:]
    assert apart(turns) == [*(("system", text) for text in system), *others]


@given(PLAIN)
def test_merging_twice_changes_nothing_more(said: list[tuple[Role, str]]):
    once = merged([Message(role=role, content=text) for role, text in said])
    assert merged(once) == once


@pytest.mark.parametrize("arrange", [as_they_are, strict, system_apart])
def test_a_call_of_nothing_but_empty_messages_fails(arrange):
    with pytest.raises(ProviderError, match="every message is empty"):
        arrange(ask("http://h", ("system", " "), ("user", "\n")))


def test_a_reply_that_comes_to_be_the_last_turn_is_a_prefill_too():
    refusing = ModelTraits(refused=frozenset({"prefill"}))
    with pytest.raises(ProviderError, match="must not be the assistant's"):
        system_apart(ask("http://h", ("user", "a"), ("assistant", "b"), ("system", "c"), traits=refusing))
