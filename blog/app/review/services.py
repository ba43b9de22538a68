"""How a post is worked through its sub-stages: begun, ready, done, blocked, handed over, sent back, assigned.

Each change is one short transaction and one event, tells those it concerns, and can be undone until the
next one. A sub-stage is called ready or done only when its requirements are met.
"""

from datetime import date

from blog.app import audit, db
from blog.app.auth import matrix, reach
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.posts import services as posts
from blog.app.posts.models import Post
from blog.app.review import notification_store, rules, store
from blog.app.review.models import Change, Status, SubStageEvent, SubStageState
from blog.app.review.permissions import check_may_work
from blog.app.review.standing import behind, get_event, named, refuse_unmet, with_id
from blog.app.text import clean
from blog.app.translation import gettext as _

NOTE_CHARS = 2000


def change_status(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    sub_stage: str,
    status: Status,
    *,
    note: str = "",
    seen: Status | None = None,
) -> SubStageState:
    """`seen`: the status the actor was looking at. Done moves a post that stands here on.

    What is so already, by a second press or another tab, is no change and no conflict.
    """
    with conn.transaction():
        post = posts.lock_to_read(conn, actor, post_id)
        states = store.list_states(conn, post_id)
        state = _seen(actor, named(states, sub_stage))
        check_may_work(conn, actor, post, state)
        said = _note(note)
        if status == state.status and not said:
            return state
        rules.check_seen(state, seen)
        change = rules.step(state, status, actor_id=actor.user_id, note=said)
        if status == "done" and behind(states, state) is None:
            matrix.check(conn, actor, "publish", state.sub_stage_id)
        if status in rules.NEEDS_MET_REQUIREMENTS:
            refuse_unmet(conn, actor, post, state)
        _write(conn, actor, post, state, change)
        if status == "done" and (following := behind(states, state)) is not None and state.is_here:
            posts.stand_at(conn, actor, post, following.sub_stage_id)
        return _now(conn, post_id, sub_stage)


def hand_over(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    sub_stage: str,
    *,
    person_id: int,
    to: str | None = None,
    note: str = "",
) -> SubStageState:
    """Gives the work to somebody: this sub-stage, or a later one (`to`), when this one is done with it."""
    with conn.transaction():
        post = posts.lock_to_read(conn, actor, post_id)
        states = store.list_states(conn, post_id)
        state = _seen(actor, named(states, sub_stage))
        target = named(states, to or sub_stage)
        check_may_work(conn, actor, post, state)
        _check_colleague(conn, person_id, target)
        if states.index(target) < states.index(state):
            raise Invalid(
                _(
                    "%(target)s comes before %(state)s: send it back instead.",
                    target=target.label,
                    state=state.label,
                ),
                field="to",
            )
        change = rules.handed_over(state, person_id, _note(note), to_id=target.sub_stage_id)
        if change.status == "done":
            refuse_unmet(conn, actor, post, state)
        event_id = _write(conn, actor, post, state, change, tell=target is state)
        if target is not state:
            _receive(
                conn,
                actor,
                post,
                target,
                cause=change,
                event_id=event_id,
                from_id=state.sub_stage_id,
                person_id=person_id,
            )
        return _now(conn, post_id, sub_stage)


def send_back(
    conn: db.Connection, actor: Actor, post_id: int, sub_stage: str, *, to: str, reason: str
) -> SubStageState:
    """To an earlier sub-stage, whose work begins anew; this one waits as not started."""
    with conn.transaction():
        post = posts.lock_to_read(conn, actor, post_id)
        states = store.list_states(conn, post_id)
        state = _seen(actor, named(states, sub_stage))
        target = named(states, to)
        check_may_work(conn, actor, post, state)
        if states.index(target) >= states.index(state):
            raise Invalid(
                _("%(target)s does not come before %(state)s.", target=target.label, state=state.label),
                field="to",
            )
        change = Change(
            kind="sent_back",
            status="not_started",
            assignee_id=state.assignee_id,
            due_on=state.due_on,
            note=_needed(reason, _("Say what is to be done, so that it can be."), "reason"),
            other_id=target.sub_stage_id,
        )
        event_id = _write(conn, actor, post, state, change, tell=False)
        _receive(
            conn,
            actor,
            post,
            target,
            cause=change,
            event_id=event_id,
            from_id=state.sub_stage_id,
            person_id=target.assignee_id,
        )
        return _now(conn, post_id, sub_stage)


def _receive(
    conn: db.Connection,
    actor: Actor,
    post: Post,
    target: SubStageState,
    *,
    cause: Change,
    event_id: int,
    from_id: int,
    person_id: int | None,
) -> None:
    received = rules.received(target, cause, event_id, from_id=from_id, person_id=person_id)
    _write(conn, actor, post, target, received)
    posts.stand_at(conn, actor, post, target.sub_stage_id)


def assign(
    conn: db.Connection, actor: Actor, post_id: int, sub_stage: str, person_id: int | None
) -> SubStageState:
    """None: to nobody in particular."""
    with conn.transaction():
        post = posts.lock_to_edit(conn, actor, post_id)
        state = _seen(actor, named(store.list_states(conn, post_id), sub_stage))
        matrix.check(conn, actor, "edit", state.sub_stage_id)
        if person_id == state.assignee_id:
            return state
        if person_id is not None:
            _check_colleague(conn, person_id, state)
        _write(
            conn,
            actor,
            post,
            state,
            Change(
                kind="assigned",
                status=state.status,
                assignee_id=person_id,
                due_on=state.due_on,
                note=state.note,
            ),
        )
        return _now(conn, post_id, sub_stage)


def set_due(
    conn: db.Connection, actor: Actor, post_id: int, sub_stage: str, due_on: date | None
) -> SubStageState:
    """None: without a due date."""
    with conn.transaction():
        post = posts.lock_to_edit(conn, actor, post_id)
        state = _seen(actor, named(store.list_states(conn, post_id), sub_stage))
        matrix.check(conn, actor, "edit", state.sub_stage_id)
        if due_on == state.due_on:
            return state
        _write(
            conn,
            actor,
            post,
            state,
            Change(
                kind="due",
                status=state.status,
                assignee_id=state.assignee_id,
                due_on=due_on,
                note=state.note,
            ),
        )
        return _now(conn, post_id, sub_stage)


def undo(conn: db.Connection, actor: Actor, event_id: int) -> SubStageState:
    """Takes a change of one's own back, with what came along with it, unless something followed."""
    with conn.transaction():
        event = get_event(conn, actor, event_id)
        post = posts.lock_to_read(conn, actor, event.post_id)
        _check_undoable(actor, event)
        matrix.check(conn, actor, "move", event.sub_stage_id)
        along = store.list_caused(conn, event.id)
        _refuse_followed(conn, event, along)
        states = store.list_states(conn, post.id)
        for each in [*reversed(along), event]:
            _undo_one(conn, actor, post, with_id(states, each.sub_stage_id), each)
        _stand_back(conn, actor, post, states, event)
        return _now(conn, post.id, event.name)


def _check_undoable(actor: Actor, event: SubStageEvent) -> None:
    if event.author_id is None or event.author_id != actor.user_id:
        raise Forbidden(_("Only the person who made a change can take it back."))
    if event.kind == "undone" or event.caused_by_id is not None:
        raise Conflict(_("This came along with another change; take that one back."))


def _refuse_followed(conn: db.Connection, event: SubStageEvent, along: list[SubStageEvent]) -> None:
    """An event that was undone already was followed, too."""
    places = [event.sub_stage_id, *(each.sub_stage_id for each in along)]
    newest = store.find_newest_event_id(conn, event.post_id, places)
    if newest != max([event.id, *(each.id for each in along)]) or any(e.kind == "undone" for e in along):
        raise Conflict(_("Something was changed after this; it cannot be taken back any more."))


def _undo_one(
    conn: db.Connection, actor: Actor, post: Post, state: SubStageState, event: SubStageEvent
) -> None:
    before = store.find_event_before(conn, post.id, event.sub_stage_id, event.id)
    _write(conn, actor, post, state, rules.undoing(event, before))
    notification_store.delete_unread_of_event(conn, event.id)


def _stand_back(
    conn: db.Connection, actor: Actor, post: Post, states: list[SubStageState], event: SubStageEvent
) -> None:
    """To where the change was made, if the post has not gone on from where that put it."""
    state = with_id(states, event.sub_stage_id)
    following = behind(states, state)
    put = following.name if event.kind == "done" and following else event.other_name
    if any(each.is_here and each.name == put for each in states):
        posts.stand_at(conn, actor, post, state.sub_stage_id)


def _write(
    conn: db.Connection,
    actor: Actor,
    post: Post,
    state: SubStageState,
    change: Change,
    *,
    tell: bool = True,
) -> int:
    event_id = store.insert_event(conn, actor, post, state, change)
    store.save_state(conn, actor, post, state.sub_stage_id, change)
    posts.keep_standing(conn, post.id)
    audit.record(
        conn,
        actor,
        f"sub_stage.{change.kind}",
        "post",
        post.id,
        sub_stage_id=state.sub_stage_id,
        event_id=event_id,
    )
    told = rules.told(change, state, author_id=post.author_id, actor_id=actor.user_id) if tell else {}
    notification_store.insert_for_event(conn, actor, post.id, event_id, told)
    return event_id


def _now(conn: db.Connection, post_id: int, sub_stage: str) -> SubStageState:
    return named(store.list_states(conn, post_id), sub_stage)


def _check_colleague(conn: db.Connection, person_id: int, target: SubStageState) -> None:
    if any(person.id == person_id for person in store.list_colleagues(conn, target.sub_stage_id)):
        return
    person = next((each for each in store.list_colleagues(conn) if each.id == person_id), None)
    if person is None:
        raise Invalid(_("This person is not here, or reads no posts."), field="person_id")
    raise Invalid(
        _(
            "%(person)s may not see %(stage)s, so the work would be out of their sight. "
            "Choose somebody who may, or another stage.",
            person=person.name,
            stage=target.label,
        ),
        field="person_id",
    )


def _seen(actor: Actor, state: SubStageState) -> SubStageState:
    if not reach.may_see(actor, state.sub_stage_id):
        raise NotFound(_("There is no such stage in this workflow."))
    return state


def _note(text: str) -> str:
    note = clean(text).strip()
    if len(note) > NOTE_CHARS:
        raise Invalid(
            _(
                "That has %(length)s characters; at most %(note_chars)s are kept.",
                length=f"{len(note):,}",
                note_chars=f"{NOTE_CHARS:,}",
            ),
            field="note",
        )
    return note


def _needed(text: str, problem: str, field: str) -> str:
    if not (note := _note(text)):
        raise Invalid(problem, field=field)
    return note
