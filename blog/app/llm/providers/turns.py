"""Messages as a protocol takes them: none empty, merged where it wants one of a role. Pure.

It never changes the order of turns nor a word in them; what it moves or leaves out it reports.
"""

from dataclasses import dataclass

from blog.app.llm.providers.base import ChatRequest, Dropped, Message, ProviderError
from blog.app.llm.providers.profile import refused

BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """`system` None: there is none apart from the messages."""

    messages: list[Message]
    system: str | None = None
    dropped: tuple[Dropped, ...] = ()


def as_they_are(request: ChatRequest) -> Turns:
    """Only without the messages that say nothing; several providers refuse a call for one of them."""
    kept = [each for each in request.messages if each.content.strip()]
    if not kept:
        raise ProviderError("bad_request", "There is nothing to send: every message is empty.")
    _check_end(request, kept[-1])
    return Turns(messages=kept, dropped=_empty(request))


def strict(request: ChatRequest) -> Turns:
    """For servers whose chat template is strict: one system text in front, then turns in alternation."""
    kept = [each for each in request.messages if each.content.strip()]
    turns = merged(sorted(kept, key=lambda each: each.role != "system"))
    if not turns:
        return as_they_are(request)
    _check_end(request, turns[-1])
    if turns == kept:
        return Turns(messages=turns, dropped=_empty(request))
    reason = f"the server takes one system text and turns in alternation: {len(turns)} were made"
    return Turns(
        messages=turns,
        dropped=(*_empty(request), Dropped(name=f"{len(kept)} messages", reason=reason)),
    )


def system_apart(request: ChatRequest) -> Turns:
    """For protocols that have a place of its own for system text, outside the turns."""
    kept = [each for each in request.messages if each.content.strip()]
    system = [each for each in kept if each.role == "system"]
    turns = merged([each for each in kept if each.role != "system"])
    if not turns:
        return _only_system(request)
    _check_end(request, turns[-1])
    return Turns(
        messages=turns,
        system=BETWEEN.join(each.content for each in system) or None,
        dropped=(*_empty(request), *_moved(request)),
    )


def merged(messages: list[Message]) -> list[Message]:
    turns: list[Message] = []
    for each in messages:
        if turns and turns[-1].role == each.role:
            turns[-1] = Message(role=each.role, content=f"{turns[-1].content}{BETWEEN}{each.content}")
        else:
            turns.append(each)
    return turns


def _only_system(request: ChatRequest) -> Turns:
    """Without a turn there is nothing to answer, and the call would be refused."""
    turns = as_they_are(request)
    text = BETWEEN.join(each.content for each in turns.messages)
    reason = "nothing but system text: it is sent as the user's, since there must be something to answer"
    return Turns(
        messages=[Message(role="user", content=text)],
        dropped=(*turns.dropped, Dropped(name=f"{len(turns.messages)} messages", reason=reason)),
    )


def _empty(request: ChatRequest) -> tuple[Dropped, ...]:
    return tuple(
        Dropped(name=f"message {position}", reason="it is empty")
        for position, each in enumerate(request.messages, 1)
        if not each.content.strip()
    )


def _moved(request: ChatRequest) -> tuple[Dropped, ...]:
    places = [(at, each.role) for at, each in enumerate(request.messages, 1) if each.content.strip()]
    first_turn = next(at for at, role in places if role != "system")
    reason = "system text has its place before all turns: it was moved there"
    return tuple(
        Dropped(name=f"message {at}", reason=reason)
        for at, role in places
        if role == "system" and at > first_turn
    )


def _check_end(request: ChatRequest, last: Message) -> None:
    if last.role == "assistant" and "prefill" in refused(request):
        raise ProviderError(
            "bad_request",
            "The model does not continue a reply: the last message must not be the assistant's.",
        )
