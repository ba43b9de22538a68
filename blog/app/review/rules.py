"""Which change of a sub-stage follows which, and whom it concerns. Reads and writes nothing."""

from collections.abc import Mapping

from blog.app.errors import Conflict, Invalid
from blog.app.review.models import Change, EventKind, Status, SubStageEvent, SubStageState
from blog.app.translation import N_
from blog.app.translation import gettext as _

WORDS: dict[Status, str] = {
    "not_started": N_("not started"),
    "in_work": N_("in work"),
    "ready": N_("ready for review"),
    "done": N_("done"),
    "blocked": N_("blocked"),
}
STEPS: Mapping[tuple[Status, Status], EventKind] = {
    ("not_started", "in_work"): "started",
    ("not_started", "ready"): "ready",
    ("not_started", "done"): "done",
    ("not_started", "blocked"): "blocked",
    ("in_work", "ready"): "ready",
    ("in_work", "done"): "done",
    ("in_work", "blocked"): "blocked",
    ("ready", "in_work"): "reopened",
    ("ready", "done"): "done",
    ("ready", "blocked"): "blocked",
    ("done", "in_work"): "reopened",
    ("blocked", "in_work"): "unblocked",
}
NEEDS_MET_REQUIREMENTS = frozenset({"ready", "done"})
TOLD = frozenset({"assigned", "handed_over", "sent_back", "ready", "done", "blocked"})


def step(state: SubStageState, status: Status, *, actor_id: int | None, note: str = "") -> Change:
    """From the present status to `status`. Who starts what is nobody's has it from then on."""
    kind = STEPS.get((state.status, status))
    if kind is None:
        raise Conflict(
            _(
                "%(state)s is %(status)s; from there it cannot become %(wanted)s.",
                state=state.label,
                status=_(WORDS[state.status]),
                wanted=_(WORDS[status]),
            ),
            status=state.status,
        )
    if kind == "blocked" and not note:
        raise Invalid(_("Say why it is blocked, so that somebody can help."), field="note")
    return Change(
        kind=kind,
        status=status,
        note=note,
        assignee_id=actor_id if kind == "started" and state.assignee_id is None else state.assignee_id,
        due_on=state.due_on,
    )


def check_seen(state: SubStageState, seen: Status | None) -> None:
    """Refuses a change made while looking at another status than the present one."""
    if seen is not None and seen != state.status:
        raise Conflict(
            _(
                "%(person)s set %(state)s to %(status)s meanwhile. Nothing was changed.",
                person=state.updated_by_name or _("Somebody"),
                state=state.label,
                status=_(WORDS[state.status]),
            ),
            status=state.status,
        )


def handed_over(state: SubStageState, person_id: int, note: str, *, to_id: int) -> Change:
    """What becomes of the sub-stage it is handed over from: done, unless it stays there."""
    if to_id == state.sub_stage_id:
        if state.assignee_id == person_id:
            raise Conflict(
                _(
                    "%(person)s has %(state)s already.",
                    person=state.assignee_name,
                    state=state.label,
                )
            )
        status: Status = "in_work" if state.status == "not_started" else state.status
        return Change(
            kind="handed_over", status=status, assignee_id=person_id, due_on=state.due_on, note=note
        )
    if state.status == "blocked":
        raise Conflict(
            _("%(state)s is blocked; go on with it before it is handed over.", state=state.label),
            status=state.status,
        )
    return Change(
        kind="handed_over",
        status="done",
        assignee_id=state.assignee_id,
        due_on=state.due_on,
        note=note,
        other_id=to_id,
    )


def received(
    state: SubStageState, cause: Change, event_id: int, *, from_id: int, person_id: int | None
) -> Change:
    """What becomes of the sub-stage that work comes to, handed over or sent back."""
    came_back = cause.kind == "sent_back"
    return Change(
        kind=cause.kind,
        status="in_work" if came_back else _received_status(state.status),
        assignee_id=person_id,
        due_on=state.due_on,
        note=cause.note,
        other_id=from_id,
        caused_by_id=event_id,
    )


def _received_status(status: Status) -> Status:
    """What was done and is handed over again is to be looked at again."""
    return "in_work" if status == "done" else status


def undoing(event: SubStageEvent, before: SubStageEvent | None) -> Change:
    """Back to how it was before `event`; `before` is the event that had led there."""
    return Change(
        kind="undone",
        status=event.status_before,
        assignee_id=before.assignee_id if before else None,
        due_on=before.due_on if before else None,
        note=before.note if before and before.status_after == event.status_before else "",
        caused_by_id=event.id,
    )


def told(
    change: Change, state: SubStageState, *, author_id: int | None, actor_id: int | None
) -> dict[int, EventKind]:
    """Who is told of a change, and as what: who has it now, and the post's author of how it goes on."""
    if change.kind not in TOLD:
        return {}
    concerned = {change.assignee_id, state.assignee_id}
    if change.kind in {"ready", "done", "blocked", "sent_back"}:
        concerned.add(author_id)
    if change.kind == "assigned":
        concerned = {change.assignee_id}
    return {person: change.kind for person in concerned if person is not None and person != actor_id}
