"""Decisions about actions: which parameters and wordings make sense, which part stands where. Pure."""

from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

from blog.app.errors import Invalid
from blog.app.llm import assemble
from blog.app.llm.assemble import PartText
from blog.app.llm.inputs import Reference, Vocabulary
from blog.app.llm.output_type import OutputKind
from blog.app.translation import gettext as _

# What was wrong with a reply. The wording of a repair may read nothing else: the reply itself stands before
# it as the assistant's message, and no other prompt is ever given problems.
PROBLEMS = Reference(scope="input", field="problems")
# What the editor answered when the run was started: a tone, a language, a note.
WISH = Reference(scope="input", field="wish")
REPAIR_VOCABULARY = Vocabulary(input=frozenset({PROBLEMS.field}))

# What an action that judges an answer is told of it; see llm/cases/judging.py.
JUDGE_VOCABULARY = Vocabulary(input=frozenset({"answer", "request", "reference", "criteria"}))

# Parameters with a meaning of our own; anything else is for the provider to accept or to drop.
RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "max_output": (1, 10_000_000),
    "seed": (0, 2**63 - 1),
}
WHOLE = frozenset({"max_output", "seed"})

# Which kinds of field can hold what an action writes. A date or an address is a text until a field reads it.
FITS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text", "markdown", "date", "url"}),
    "markdown": frozenset({"text", "markdown"}),
    "list": frozenset({"list", "json"}),
    "json": frozenset({"json"}),
    "choice": frozenset({"choice", "text", "markdown"}),
    "number": frozenset({"number", "text", "markdown"}),
}

T = TypeVar("T")


def check_params(params: Mapping[str, object]) -> None:
    """Refuses what no model could take; what one model refuses is dropped by its adapter and reported."""
    for name, value in params.items():
        if name in RANGES:
            _check_number(name, value)
        elif name == "think" and not isinstance(value, bool | str):
            raise Invalid(_("think must be true, false or a level such as low."), param=name)
        elif name == "stop" and not _is_texts(value):
            raise Invalid(_("stop must be a list of texts."), param=name)


def _check_number(name: str, value: object) -> None:
    low, high = RANGES[name]
    match value:
        case int() | float() if not isinstance(value, bool) and (name not in WHOLE or isinstance(value, int)):
            if not low <= value <= high:
                raise Invalid(
                    _(
                        "%(name)s must be from %(low)s to %(high)s.",
                        name=name,
                        low=f"{low:g}",
                        high=f"{high:g}",
                    ),
                    param=name,
                )
        case _:
            words = "a whole number" if name in WHOLE else "a number"
            raise Invalid(_("%(name)s must be %(words)s.", name=name, words=words), param=name)


def _is_texts(value: object) -> bool:
    texts = cast("list[object]", value) if isinstance(value, list) else [None]
    return all(isinstance(text, str) and text for text in texts)


def check_fits(output_kind: str, *, field_label: str, field_kind: str) -> None:
    if field_kind not in FITS[output_kind]:
        raise Invalid(
            _(
                "“%(field_label)s” is a %(field_kind)s field and cannot hold what is written "
                "as %(output_kind)s. Bind the action to another field, or let it write what "
                "this one holds.",
                field_label=field_label,
                field_kind=field_kind,
                output_kind=output_kind,
            ),
            field="output_kind",
            field_label=field_label,
            field_kind=field_kind,
        )


# --- when a call or a reply fails ----------------------------------------------------------------


def check_fallback(model_id: int | None, fallback_model_id: int | None) -> None:
    """The default model is not compared: it is another one tomorrow, and a run leaves out asking it twice."""
    if fallback_model_id is not None and fallback_model_id == model_id:
        raise Invalid(
            _("The model to ask instead is the one that failed. Choose another one, or nobody."),
            field="fallback_model_id",
        )


def check_repairs(max_repairs: int, repair_part_id: int | None) -> None:
    if max_repairs > 0 and repair_part_id is None:
        raise Invalid(
            _(
                "To send a failed reply back, something must be said with it. Choose a part, "
                "or send none back."
            ),
            field="repair_part_id",
        )


def check_repair_wording(part: PartText) -> None:
    """May this be said with a reply that failed its checks?"""
    if part.role != "user":
        raise Invalid(
            _(
                "“%(name)s” speaks as %(role)s; what is said with a failed reply is said as user.",
                name=part.name,
                role=part.role,
            ),
            field="repair_part_id",
        )
    try:
        others = assemble.parse_part(part, REPAIR_VOCABULARY).reads - {PROBLEMS}
    except Invalid as exc:
        raise _reads_more(part, exc.message) from exc
    # A post's title and a section's heading and position are in every vocabulary.
    if others:
        raise _reads_more(part, f"It reads {', '.join(map(str, sorted(others)))}.")


def _reads_more(part: PartText, what: str) -> Invalid:
    return Invalid(
        _(
            "“%(name)s” cannot be sent with a failed reply: it may read %(problems)s and "
            "nothing else. %(what)s",
            name=part.name,
            problems=PROBLEMS,
            what=what,
        ),
        field="repair_part_id",
    )


def is_repair_wording(part: PartText) -> bool:
    """Whether a part is made to be sent with a failed reply: it reads the problems, and only those."""
    return part.role == "user" and _reads(part, REPAIR_VOCABULARY) == frozenset({PROBLEMS})


def needs_problems(part: PartText, vocabulary: Vocabulary) -> bool:
    """Whether a part can be sent with a failed reply only."""
    return PROBLEMS in _needed(part, vocabulary)


def _needed(part: PartText, vocabulary: Vocabulary) -> frozenset[Reference]:
    """Of a part that cannot be read the page says so."""
    try:
        return assemble.parse_part(part, vocabulary).required
    except Invalid:
        return frozenset()


def _reads(part: PartText, vocabulary: Vocabulary) -> frozenset[Reference]:
    try:
        return assemble.parse_part(part, vocabulary).reads
    except Invalid:
        return frozenset()


# --- what a run is given besides the post --------------------------------------------------------


def check_selection(output_kind: OutputKind, *, takes_selection: bool) -> None:
    if takes_selection and output_kind not in {"text", "markdown"}:
        raise Invalid(
            _(
                "A passage is replaced by text or Markdown, and this action writes %(output_kind)s.",
                output_kind=output_kind,
            ),
            field="takes_selection",
        )


def check_wish(label: str | None, choices: Sequence[str]) -> None:
    if choices and label is None:
        raise Invalid(_("Say what the choices are of, such as Tone."), field="wish_label")
    if len(set(choices)) < len(choices):
        raise Invalid(_("Every choice may be there once."), field="wish_choices")


def checked_wish(label: str | None, choices: Sequence[str], wish: str) -> str | None:
    """What a run's parts read as input.wish; None: nothing was wished."""
    wish = wish.strip()
    if not wish:
        return None
    if label is None:
        raise Invalid(_("This action asks for nothing when it is started, so there is nothing to tell it."))
    if choices and wish not in choices:
        raise Invalid(
            _("%(label)s must be one of: %(choices)s.", label=label, choices=", ".join(choices)),
            field="wish",
            choices=list(choices),
        )
    return wish


def needs_selection(part: PartText, vocabulary: Vocabulary) -> bool:
    return any(needed.scope == "selection" for needed in _needed(part, vocabulary))


def needs_wish(part: PartText, vocabulary: Vocabulary) -> bool:
    return WISH in _needed(part, vocabulary)


# --- the parts of an action, in their order ------------------------------------------------------


def check_off(part_ids: Sequence[int], off_positions: Sequence[int]) -> None:
    if not set(off_positions) <= set(range(1, len(part_ids) + 1)):
        raise Invalid(_("Only a place that has a part can be switched off."), field="off_positions")
    if len(set(off_positions)) == len(part_ids):
        raise Invalid(
            _("With every part switched off nothing would be sent. Switch one on."), field="off_positions"
        )


def without_part(places: Sequence[T], *, position: int) -> list[T]:
    _check_place(places, position)
    if len(places) == 1:
        raise Invalid(_("An action needs at least one part. Add another one first."))
    return [*places[: position - 1], *places[position:]]


def moved(places: Sequence[T], *, position: int, by: int) -> list[T]:
    """The part moves as far as it can."""
    _check_place(places, position)
    others = [*places[: position - 1], *places[position:]]
    at = min(max(position - 1 + by, 0), len(others))
    return [*others[:at], places[position - 1], *others[at:]]


def _check_place(places: Sequence[object], position: int) -> None:
    if not 1 <= position <= len(places):
        raise Invalid(_("The action has no part at this place any more. Reload the page."))
