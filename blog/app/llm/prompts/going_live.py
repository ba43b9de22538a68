"""Which version counts: making a draft live, or an earlier version again, and what may stand in the way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from blog.app import audit, db
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.prompts import actions, make_up, parts, release_store
from blog.app.llm.prompts.models import Action, PromptPart
from blog.app.llm.prompts.schemas import (
    ActionChange,
    ActionGoLive,
    ActionMakeUp,
    GoLive,
    PromptPartChange,
)
from blog.app.llm.prompts.services import (
    get_action,
    get_action_head,
    get_live_action,
    get_part,
    get_part_version,
    get_version_of_part,
    list_action_places,
    list_part_uses,
    text_of,
)
from blog.app.translation import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An action as it would be from now on. `part_version_ids` replace the live wordings of their parts."""

    action_id: int
    version_id: int
    part_version_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What a gate has against a candidate. `case_id` None: it is not about one case."""

    action_id: int
    title: str
    message: str
    case_id: int | None = None


# Asked inside the transaction that makes a version live: it reads what is known and calls no model.
Gate = Callable[[db.Connection, Candidate], Sequence[Objection]]


def no_gate(_conn: db.Connection, _candidate: Candidate) -> Sequence[Objection]:
    return ()


# --- actions -------------------------------------------------------------------------------------


def make_action_live(
    conn: db.Connection,
    actor: Actor,
    action_id: int,
    ask: ActionGoLive,
    vocabulary: Vocabulary,
    *,
    gate: Gate,
) -> Action:
    """The version counts from the next run on, with the drafts of parts that were named. Conflict: a gate
    refuses, or another version went live meanwhile."""
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        part_ids = [get_part_version(conn, each).id for each in ask.part_version_ids]
        for part_id, version_id in zip(part_ids, ask.part_version_ids, strict=True):
            _release_part(
                conn,
                actor,
                part_id,
                _of_part(conn, part_id, version_id, ask),
                vocabulary=vocabulary,
                gate=gate,
                leaving_out=action_id,
            )
        action = get_action(conn, action_id, ask.version_id)
        make_up.check(conn, as_make_up(action), vocabulary)
        make_up.check_places(action.version.output_kind, list_action_places(conn, action_id))
        if not release_store.update_live_action(
            conn, action_id, version_id=ask.version_id, replaced_version_id=ask.live_version_id
        ):
            raise _other_action_live(conn, action_id)
        candidate = Candidate(
            action_id=action_id, version_id=ask.version_id, part_version_ids=tuple(ask.part_version_ids)
        )
        overruled = _ask_gates(conn, gate, [candidate], ask)
        release_store.insert_action_release(
            conn,
            action_id,
            version_id=ask.version_id,
            replaced_version_id=ask.live_version_id,
            user_id=actor.user_id,
            reason=ask.reason,
            overruled=overruled,
        )
        number = action.version.number
        audit.record(conn, actor, "llm_action.made_live", "llm_action", action_id, number=number)
        return get_live_action(conn, action_id)


def save_action(
    conn: db.Connection,
    actor: Actor,
    action_id: int,
    change: ActionChange,
    vocabulary: Vocabulary,
    *,
    gate: Gate,
) -> Action:
    """Saves a change and, where it says so, makes it live: both or neither."""
    with conn.transaction():
        live_version_id = get_action_head(conn, action_id).live_version_id
        action = actions.update_action(conn, actor, action_id, change, vocabulary)
        if not change.make_live:
            return action
        ask = ActionGoLive(
            version_id=action.version.id,
            live_version_id=live_version_id,
            reason=change.reason,
            override=change.override,
        )
        return make_action_live(conn, actor, action_id, ask, vocabulary, gate=gate)


def as_make_up(action: Action) -> ActionMakeUp:
    version = action.version
    return ActionMakeUp(
        label=action.label,
        description=action.description,
        model_id=version.model_id,
        params=dict(version.params),
        output_kind=version.output_kind,
        output_schema=None if version.output_schema is None else dict(version.output_schema),
        validators=[dict(validator) for validator in version.validators],
        deadline_seconds=version.deadline_seconds,
        max_retries=version.max_retries,
        fallback_model_id=version.fallback_model_id,
        max_repairs=version.max_repairs,
        repair_part_id=version.repair_part_id,
        takes_selection=version.takes_selection,
        wish_label=version.wish_label,
        wish_choices=version.wish_choices,
        part_ids=action.part_ids,
        off_positions=action.off_positions,
    )


def _other_action_live(conn: db.Connection, action_id: int) -> AppError:
    live = get_live_action(conn, action_id)
    return Conflict(
        _(
            "Version %(number)s of “%(label)s” went live meanwhile. Look at it first.",
            number=live.version.number,
            label=live.label,
        ),
        live_version_id=live.version.id,
    )


# --- prompt parts --------------------------------------------------------------------------------


def make_part_live(
    conn: db.Connection, actor: Actor, part_id: int, ask: GoLive, vocabulary: Vocabulary, *, gate: Gate
) -> PromptPart:
    """Every action that has the part uses the wording from the next run on, if all their gates agree."""
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        _release_part(conn, actor, part_id, ask, vocabulary=vocabulary, gate=gate)
        return get_part(conn, part_id)


def save_part(
    conn: db.Connection,
    actor: Actor,
    part_id: int,
    change: PromptPartChange,
    vocabulary: Vocabulary,
    *,
    gate: Gate,
) -> PromptPart:
    """Saves a change and, where it says so, makes it live: both or neither."""
    with conn.transaction():
        live_version_id = get_part(conn, part_id).live_version_id
        part = parts.update_part(conn, actor, part_id, change, vocabulary)
        if not change.make_live:
            return part
        ask = GoLive(
            version_id=part.version_id,
            live_version_id=live_version_id,
            reason=change.reason,
            override=change.override,
        )
        return make_part_live(conn, actor, part_id, ask, vocabulary, gate=gate)


def _of_part(conn: db.Connection, part_id: int, version_id: int, ask: GoLive) -> GoLive:
    return GoLive(
        version_id=version_id,
        live_version_id=get_part(conn, part_id).live_version_id,
        reason=ask.reason,
        override=ask.override,
    )


def _release_part(
    conn: db.Connection,
    actor: Actor,
    part_id: int,
    ask: GoLive,
    *,
    vocabulary: Vocabulary,
    gate: Gate,
    leaving_out: int | None = None,
) -> None:
    """`leaving_out`: an action that goes live with it, whose gate is asked about both together."""
    part = get_version_of_part(conn, part_id, ask.version_id)
    uses = list_part_uses(conn, part_id)
    make_up.check_uses(text_of(part), uses, vocabulary)
    if not release_store.update_live_part(
        conn, part_id, version_id=ask.version_id, replaced_version_id=ask.live_version_id
    ):
        raise _other_part_live(conn, part_id)
    touched = [use.action_id for use in uses if use.is_live and use.action_id != leaving_out]
    candidates = [
        Candidate(
            action_id=action_id,
            version_id=get_action_head(conn, action_id).live_version_id,
            part_version_ids=(ask.version_id,),
        )
        for action_id in touched
    ]
    release_store.insert_part_release(
        conn,
        part_id,
        version_id=ask.version_id,
        replaced_version_id=ask.live_version_id,
        user_id=actor.user_id,
        reason=ask.reason,
        overruled=_ask_gates(conn, gate, candidates, ask),
    )
    audit.record(conn, actor, "llm_prompt_part.made_live", "llm_prompt_part", part_id, number=part.number)


def _other_part_live(conn: db.Connection, part_id: int) -> AppError:
    live = get_part(conn, part_id)
    return Conflict(
        _(
            "Version %(number)s of “%(name)s” is live now. Look at it first.",
            number=live.number,
            name=live.name,
        ),
        live_version_id=live.version_id,
    )


# --- gates ---------------------------------------------------------------------------------------


def _ask_gates(
    conn: db.Connection, gate: Gate, candidates: Sequence[Candidate], ask: GoLive
) -> list[Mapping[str, object]] | None:
    """What was overruled, as it is kept with the release; None: nobody objected."""
    objections = [asdict(each) for candidate in candidates for each in gate(conn, candidate)]
    if not objections:
        return None
    if not ask.override:
        raise Conflict(
            _(
                "It does not pass its gate, so it was not made live. Mend it, or go on all "
                "the same and say why."
            ),
            objections=objections,
        )
    if not ask.reason:
        raise Invalid(_("Say why it is to go live in spite of its gate."), field="reason")
    return [*objections]
