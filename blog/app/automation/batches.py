"""Many runs at one press: a field in every section at once, or a sub-stage's fields one after the other.

How far a batch is, is never stored but read from its runs, so whatever dies, it can be taken further.
"""

from collections.abc import Sequence

from blog.app import audit, db
from blog.app.auth import matrix, reach
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check as check_permission
from blog.app.automation import batch_store as store
from blog.app.automation import services as automation
from blog.app.automation import suggestions
from blog.app.automation.batch_models import (
    Acceptance,
    Batch,
    BatchChoice,
    BatchPlace,
    BatchRow,
    BatchState,
    BatchStep,
)
from blog.app.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from blog.app.llm.runs import services as runs
from blog.app.posts import services as posts
from blog.app.posts.models import Post
from blog.app.posts.permissions import check_may_edit, may_edit
from blog.app.translation import gettext as _
from blog.app.workflow import rules, trees, values, workspaces
from blog.app.workflow.models import Field, SubStage
from blog.app.workflow.permissions import AUTOMATE

LISTED = 20
Target = tuple[int | None, Field]


# --- beginning -----------------------------------------------------------------------------------


def start_for_sections(
    conn: db.Connection,
    actor: Actor,
    *,
    post_id: int,
    field_name: str,
    action_id: int | None = None,
    model_id: int | None = None,
) -> Batch:
    """A run for the field in every section, all queued in one transaction.

    A section where no run can be started, for want of an input, is left out with the reason.
    """
    with conn.transaction():
        post = _lock(conn, actor, post_id)
        field = trees.find_field(conn, actor, post.workflow_id, field_name)
        matrix.check(conn, actor, "run", field.sub_stage_id)
        if field.scope != "section":
            raise Invalid(
                _("%(field)s belongs to the post, not to its sections.", field=field.label), field=field.name
            )
        targets: list[Target] = [(section.id, field) for section in posts.list_sections(conn, post_id)]
        if not targets:
            raise Invalid(_("The post has no sections yet."))
        batch_id = _insert(conn, actor, post, targets, field_id=field.id, model_id=model_id)
        for step in store.list_steps(conn, batch_id):
            _start(conn, actor, post_id, step, action_id=action_id, model_id=model_id)
        return _batch(conn, _row(conn, batch_id))


def start_stage(
    conn: db.Connection,
    actor: Actor,
    *,
    post_id: int,
    sub_stage_name: str,
    acceptance: Acceptance = "review",
    model_id: int | None = None,
) -> Batch:
    """The first action of each of the sub-stage's fields that is empty, one after the other."""
    with conn.transaction():
        post = _lock(conn, actor, post_id)
        place = rules.place(trees.get_seen_workflow(conn, actor, post.workflow_id), sub_stage_name)
        matrix.check(conn, actor, "run", place.sub_stage.id)
        for batch in _list(conn, post_id):
            if batch.sub_stage_id == place.sub_stage.id and batch.state not in {"finished", "stopped"}:
                raise Conflict(
                    _("%(batch)s is being automated already.", batch=batch.label), batch_id=batch.id
                )
        targets = _empty_targets(conn, post_id, place.sub_stage)
        if not targets:
            raise Invalid(_("In %(label)s no empty field offers an action.", label=place.sub_stage.label))
        batch_id = _insert(
            conn,
            actor,
            post,
            targets,
            sub_stage_id=place.sub_stage.id,
            acceptance=acceptance,
            model_id=model_id,
        )
        advance(conn, batch_id)
        return _batch(conn, _row(conn, batch_id))


def _lock(conn: db.Connection, actor: Actor, post_id: int) -> Post:
    check_permission(actor, AUTOMATE)
    return posts.lock_to_edit(conn, actor, post_id)


def _empty_targets(conn: db.Connection, post_id: int, sub_stage: SubStage) -> list[Target]:
    sections = [section.id for section in posts.list_sections(conn, post_id)]
    current = workspaces.current_values(conn, post_id)
    filled = {target for target, revision in current.items() if values.is_filled(revision.value)}
    return [
        (section_id, field)
        for field in sub_stage.fields
        if field.actions
        for section_id in (sections if field.scope == "section" else [None])
        if (section_id, field.id) not in filled
    ]


def _insert(
    conn: db.Connection,
    actor: Actor,
    post: Post,
    targets: Sequence[Target],
    *,
    field_id: int | None = None,
    sub_stage_id: int | None = None,
    acceptance: Acceptance = "review",
    model_id: int | None = None,
) -> int:
    batch_id = store.insert_batch(
        conn,
        post_id=post.id,
        field_id=field_id,
        sub_stage_id=sub_stage_id,
        acceptance=acceptance,
        model_id=model_id,
        user_id=actor.user_id,
    )
    for section_id, field in targets:
        store.insert_step(conn, batch_id, post_id=post.id, section_id=section_id, field_id=field.id)
    audit.record(conn, actor, "batch.started", "automation_batch", batch_id, post_id=post.id)
    return batch_id


def _start(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    step: BatchStep,
    *,
    action_id: int | None = None,
    model_id: int | None,
) -> bool:
    """False: it cannot be started, and the step now says why."""
    try:
        automation.start(
            conn,
            actor,
            post_id=post_id,
            field_name=step.field_name,
            section_id=step.section_id,
            action_id=action_id,
            model_id=model_id,
            batch_step_id=step.id,
        )
    except AppError as refusal:
        store.update_step_problem(conn, step.id, refusal.message)
        return False
    return True


# --- going on ------------------------------------------------------------------------------------


def advance(conn: db.Connection, batch_id: int) -> None:
    """Takes a batch as far as it goes by itself, as the person who began it may by now.

    Doing it twice does no harm. If they may not any more, what is left is left out, and each step says so.
    """
    with conn.transaction():
        store.lock_batch(conn, batch_id)
        row = _row(conn, batch_id)
        if row.sub_stage_id is None or row.stopped_at is not None:
            return
        steps = store.list_steps(conn, batch_id)
        try:
            actor = _still_allowed(conn, row, row.sub_stage_id)
        except (Forbidden, NotFound) as refusal:
            _give_up(conn, steps, _ended(row, refusal))
            return
        for step in steps:
            if not _is_passed(conn, actor, row, step):
                return


def _still_allowed(conn: db.Connection, row: BatchRow, sub_stage_id: int) -> Actor:
    """Whoever began it, as they are now."""
    actor = auth.actor_of_user(conn, row.user_id)
    check_permission(actor, AUTOMATE)
    check_may_edit(actor, posts.get_post(conn, actor, row.post_id))
    matrix.check(conn, actor, "run", sub_stage_id)
    return actor


def _ended(row: BatchRow, refusal: AppError) -> str:
    return _(
        "Stopped, because %(person)s, in whose name it ran, may not do this any more: %(refusal)s",
        person=row.user_name,
        refusal=refusal.message,
    )


def _give_up(conn: db.Connection, steps: Sequence[BatchStep], problem: str) -> None:
    for step in steps:
        if step.state == "later":
            store.update_step_problem(conn, step.id, problem)


def _is_passed(conn: db.Connection, actor: Actor, row: BatchRow, step: BatchStep) -> bool:
    """Nothing is left to do at this step, so the next one may begin."""
    match step.state:
        case "done" | "left_out":
            return True
        case "later":
            return not _start(conn, actor, row.post_id, step, model_id=row.model_id)
        case "waiting":
            return row.acceptance == "checks" and _is_accepted(conn, actor, step)
        case "working" | "failed":
            return False


def _is_accepted(conn: db.Connection, actor: Actor, step: BatchStep) -> bool:
    return step.suggestion_id is not None and suggestions.accept_unseen(conn, actor, step.suggestion_id)


def go_on(conn: db.Connection, actor: Actor, batch_id: int) -> Batch:
    """For a person who sees it stand still."""
    _editable(conn, actor, batch_id)
    advance(conn, batch_id)
    return get_batch(conn, actor, batch_id)


def leave_out(conn: db.Connection, actor: Actor, batch_id: int, step_id: int) -> Batch:
    """Goes on without a step that failed."""
    with conn.transaction():
        store.lock_batch(conn, batch_id)
        batch = _editable(conn, actor, batch_id)
        step = next((step for step in batch.steps if step.id == step_id), None)
        if step is None:
            raise NotFound(_("There is no such step."))
        if step.state != "failed":
            raise Conflict(_("Only a step that failed can be left out."), step_state=step.state)
        store.update_step_problem(conn, step.id, f"Left out by {actor.name}.")
        audit.record(conn, actor, "batch.step_left_out", "automation_batch", batch_id, step_id=step_id)
        advance(conn, batch_id)
    return get_batch(conn, actor, batch_id)


def stop(conn: db.Connection, actor: Actor, batch_id: int) -> Batch:
    """Ends a batch and all of its runs that have not ended. What is there already stays."""
    with conn.transaction():
        store.lock_batch(conn, batch_id)
        batch = _editable(conn, actor, batch_id)
        if batch.state == "finished" or not store.update_stopped(conn, batch_id):
            raise Conflict(_("This has ended already."), batch_state=batch.state)
        for step in batch.steps:
            if step.state == "working" and step.run_id is not None:
                _cancel(conn, actor, step.run_id)
        audit.record(conn, actor, "batch.stopped", "automation_batch", batch_id)
    return get_batch(conn, actor, batch_id)


def _cancel(conn: db.Connection, actor: Actor, run_id: int) -> None:
    try:
        runs.cancel_run(conn, actor, run_id)
    except Conflict:
        return  # it ended just now, which is what was wanted


# --- looking -------------------------------------------------------------------------------------


def get_batch(conn: db.Connection, actor: Actor, batch_id: int) -> Batch:
    row = _row(conn, batch_id, seen=reach.seen(actor))
    posts.get_post(conn, actor, row.post_id)
    return _batch(conn, row)


def list_batches(conn: db.Connection, actor: Actor, post_id: int) -> list[Batch]:
    """The latest ones, newest first."""
    posts.get_post(conn, actor, post_id)
    return _list(conn, post_id, seen=reach.seen(actor))


def get_place(conn: db.Connection, actor: Actor, post_id: int, sub_stage_name: str) -> BatchPlace:
    """What the page of a sub-stage offers and tells of batches: those at work, and the latest that ended."""
    post = posts.get_post(conn, actor, post_id)
    sub_stage = rules.place(trees.get_workflow(conn, post.workflow_id), sub_stage_name).sub_stage
    if not reach.may_see(actor, sub_stage.id):
        raise NotFound(_("There is no such stage in this workflow."))
    found = _list(conn, post_id, seen=reach.seen(actor))
    ended = [batch for batch in found if batch.state in {"finished", "stopped"}]
    return BatchPlace(
        post_id=post_id,
        sub_stage_id=sub_stage.id,
        sub_stage_name=sub_stage.name,
        sub_stage_label=sub_stage.label,
        choices=_choices(sub_stage) if posts.list_sections(conn, post_id) else [],
        stage_steps=len(_empty_targets(conn, post_id, sub_stage)),
        batches=[batch for batch in found if batch not in ended[1:]],
        may_automate=actor.may(AUTOMATE) and may_edit(actor, post) and reach.may(actor, "run", sub_stage.id),
    )


def _choices(sub_stage: SubStage) -> list[BatchChoice]:
    return [
        BatchChoice(
            field_name=field.name,
            field_label=field.label,
            action_id=action.action_id,
            action_label=action.label,
        )
        for field in sub_stage.fields
        if field.scope == "section"
        for action in field.actions[:1]
    ]


def _editable(conn: db.Connection, actor: Actor, batch_id: int) -> Batch:
    check_permission(actor, AUTOMATE)
    row = _row(conn, batch_id, seen=reach.seen(actor))
    batch = get_batch(conn, actor, batch_id)
    check_may_edit(actor, posts.get_post(conn, actor, batch.post_id))
    matrix.check(conn, actor, "run", row.place_id)
    return batch


def _row(conn: db.Connection, batch_id: int, seen: Sequence[int] | None = None) -> BatchRow:
    row = store.find_batch(conn, batch_id, seen)
    if row is None:
        raise NotFound(_("There is no such batch."))
    return row


def _list(conn: db.Connection, post_id: int, seen: Sequence[int] | None = None) -> list[Batch]:
    return [_batch(conn, row) for row in store.list_batches(conn, post_id, seen, limit=LISTED)]


def _batch(conn: db.Connection, row: BatchRow) -> Batch:
    steps = store.list_steps(conn, row.id)
    return Batch(
        id=row.id,
        post_id=row.post_id,
        sub_stage_id=row.sub_stage_id,
        label=row.label,
        acceptance=row.acceptance,
        user_id=row.user_id,
        user_name=row.user_name,
        created_at=row.created_at,
        stopped_at=row.stopped_at,
        state=_state(row, steps),
        done=sum(step.state in {"done", "left_out"} for step in steps),
        steps=steps,
    )


def _state(row: BatchRow, steps: Sequence[BatchStep]) -> BatchState:
    states = {step.state for step in steps}
    if row.stopped_at is not None:
        return "stopped"
    if "working" in states:
        return "working"
    if "failed" in states:
        return "halted"
    if "waiting" in states:
        return "waiting"
    return "working" if "later" in states else "finished"
