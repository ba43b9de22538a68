"""Runs for a field of a post: where posts and llm meet. Ends in a suggestion and never writes to a field."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from blog.app import db, jobs
from blog.app.auth import matrix
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check as check_permission
from blog.app.auth.reach import seen
from blog.app.automation import batch_store, passages, splits, statistics_store, store
from blog.app.automation.models import Automation, AutomationListItem, Passage
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.llm import assemble
from blog.app.llm.inputs import Inputs, Reference
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.rules import WISH
from blog.app.llm.runs import execution, sight, snapshot
from blog.app.llm.runs import services as runs
from blog.app.llm.runs.models import Run
from blog.app.llm.runs.services import Idempotency, Prepared
from blog.app.posts import services as posts
from blog.app.posts.models import Post, Revision
from blog.app.translation import gettext as _
from blog.app.workflow import bindings, trees, workspaces
from blog.app.workflow.models import Field
from blog.app.workflow.permissions import AUTOMATE

SELECTED = Reference(scope="selection", field="text")
TASK = "automation.execute_run"
ADVANCE = "automation.advance_batch"
SETTLE = "automation.settle_suggestion"


# --- starting ------------------------------------------------------------------------------------


def start(
    conn: db.Connection,
    actor: Actor,
    *,
    post_id: int,
    field_name: str,
    section_id: int | None = None,
    action_id: int | None = None,
    model_id: int | None = None,
    base_revision_id: int | Literal["current"] | None = "current",
    passage: Passage | None = None,
    wish: str = "",
    idempotency: Idempotency | None = None,
    retry_of_id: int | None = None,
    batch_step_id: int | None = None,
    fence: str | None = None,
) -> Run:
    """Queues a run of an action for a field: run, target, audit and job exist together or not at all.

    With a `passage`, which must stand in the base, the run is about that alone. `wish` answers what the
    action asks. `fence` is that of a preview; None: a new one. Conflict when the field moved on from
    `base_revision_id`, or the same action and model is at it already.
    """
    check_permission(actor, AUTOMATE)
    with conn.transaction():
        post = posts.get_post(conn, actor, post_id)
        posts.check_may_edit(actor, post)
        field = _target_field(conn, actor, post, field_name, section_id)
        matrix.check(conn, actor, "run", field.sub_stage_id)
        current = posts.find_current(conn, post_id=post_id, section_id=section_id, field_id=field.id)
        current_id = current.id if current else None
        if base_revision_id not in {"current", current_id}:
            raise _moved_on(current_id)
        passage = passage and passages.checked(field, _value(current), passage)
        chosen_action_id = _offered(conn, field, action_id, passage)
        chosen = splits.choose(conn, chosen_action_id, post.id)
        prepared = runs.prepare(
            conn,
            action_id=chosen_action_id,
            model_id=model_id,
            vocabulary=trees.vocabulary(conn),
            inputs=gather_inputs(conn, actor, post.id, section_id, current=current, passage=passage),
            version_id=chosen.version_id,
            wish=wish,
        )
        check_reads_passage(prepared)
        store.lock_target(conn, post_id, section_id, field.id)
        if idempotency is None:
            _refuse_second(
                conn,
                prepared,
                post_id=post_id,
                section_id=section_id,
                field_id=field.id,
                passage=passage,
            )
        created = runs.create_run(
            conn,
            actor,
            prepared,
            idempotency=idempotency,
            retry_of_id=retry_of_id,
            post_id=post.id,
            field_id=field.id,
            split_id=chosen.split_id,
            fence=fence,
        )
        if created.is_new:
            store.insert_automation(
                conn,
                run_id=created.run_id,
                post_id=post_id,
                section_id=section_id,
                field_id=field.id,
                base_revision_id=current_id,
                passage=passage,
                batch_step_id=batch_step_id,
            )
            jobs.defer(conn, TASK, run_id=created.run_id)
    return runs.get_run(conn, created.run_id)


def refine(
    conn: db.Connection, actor: Actor, run_id: int, instruction: str, model_id: int | None = None
) -> Run:
    """Goes on from a run's answer with the editor's words: for the same field, on the same base."""
    sight.check(conn, actor, run_id)
    with conn.transaction():
        automation = store.find_automation(conn, run_id)
        if automation is not None:
            check_may_run(conn, actor, automation)
        child_id = runs.create_refinement(conn, actor, run_id, instruction, model_id)
        if automation is not None:
            store.copy_automation(conn, run_id, child_id)
            jobs.defer(conn, TASK, run_id=child_id)
        else:
            jobs.defer(conn, "llm.execute_run", run_id=child_id)
    return runs.get_run(conn, child_id)


def check_may_run(conn: db.Connection, actor: Actor, automation: Automation) -> None:
    """For the field of a run that is there: whose post it is, and the stage the field is in."""
    check_permission(actor, AUTOMATE)
    post = posts.get_post(conn, actor, automation.post_id)
    posts.check_may_edit(actor, post)
    field = trees.find_field(conn, actor, post.workflow_id, automation.field_name)
    matrix.check(conn, actor, "run", field.sub_stage_id)


def retry_with(
    conn: db.Connection, actor: Actor, run_id: int, *, model_ids: Sequence[int], note: str = ""
) -> list[Run]:
    """The same action by several models at once, or with a note their turns at going on from its answer.

    A model that is at it already is not asked twice: its run is among those answered.
    """
    with conn.transaction():
        return [
            refine(conn, actor, run_id, note, model_id)
            if note.strip()
            else _retry_or_join(conn, actor, run_id, model_id)
            for model_id in dict.fromkeys(model_ids or [None])
        ]


def _retry_or_join(conn: db.Connection, actor: Actor, run_id: int, model_id: int | None) -> Run:
    try:
        return retry(conn, actor, run_id, model_id)
    except Conflict as conflict:
        match conflict.details.get("run_id"):
            case int(active_id):
                return runs.get_run(conn, active_id)
            case _:
                raise


def retry(conn: db.Connection, actor: Actor, run_id: int, model_id: int | None = None) -> Run:
    """Runs the same action again: for the same field as it is now, or with the same values for a bare run."""
    run = runs.get_seen_run(conn, actor, run_id)
    if run.is_active:
        raise Conflict(_("This run has not ended yet. Stop it first."), run_id=run_id)
    if run.refines_id is not None:
        runs.check_messages_kept(run)
        return refine(conn, actor, run.refines_id, run.messages[-1]["content"], model_id or run.model_id)
    automation = store.find_automation(conn, run_id)
    if automation is not None:
        return start(
            conn,
            actor,
            post_id=automation.post_id,
            field_name=automation.field_name,
            section_id=automation.section_id,
            action_id=automation.action_id,
            model_id=model_id or automation.model_id,
            passage=_passage_now(conn, automation),
            wish=_wish(conn, run_id),
            retry_of_id=run_id,
            batch_step_id=automation.batch_step_id,
        )
    runs.check_messages_kept(run)
    prepared = runs.prepare(
        conn,
        action_id=run.action_id,
        model_id=model_id or run.model_id,
        vocabulary=trees.vocabulary(conn),
        inputs=snapshot.restore(runs.get_exchange(conn, run_id).inputs),
    )
    return runs.enqueue_run(conn, actor, prepared, retry_of_id=run_id, purpose=run.purpose)


def _target_field(
    conn: db.Connection, actor: Actor, post: Post, field_name: str, section_id: int | None
) -> Field:
    field = trees.find_field(conn, actor, post.workflow_id, field_name)
    trees.check_scope(conn, post.id, field, section_id)
    return field


def gather_inputs(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    section_id: int | None,
    *,
    current: Revision | None,
    passage: Passage | None,
) -> Inputs:
    """What a run's prompt may read: the post as it is now, and the passage of the field."""
    inputs = workspaces.gather_inputs(conn, actor, post_id, section_id)
    if passage is None:
        return inputs
    return replace(inputs, selection=passages.read_as(_value(current), passage))


def check_reads_passage(prepared: Prepared) -> None:
    """A part may have been reworded since the action was saved."""
    read = assemble.read_inputs(prepared.parts, prepared.vocabulary)
    if prepared.inputs.selection is not None and SELECTED not in read:
        raise Invalid(
            _(
                "No part of “%(action_label)s” reads %(selected)s, so a model would not see the "
                "passage. Add one that does on the action's page.",
                action_label=prepared.version.action_label,
                selected=SELECTED,
            )
        )


def _value(revision: Revision | None) -> str:
    return revision.value if revision else ""


def _passage_now(conn: db.Connection, automation: Automation) -> Passage | None:
    """The passage of a run in the field as it is now."""
    if automation.passage is None:
        return None
    current = posts.find_current(
        conn, post_id=automation.post_id, section_id=automation.section_id, field_id=automation.field_id
    )
    found = passages.found_again(_value(current), automation.passage)
    if found is None:
        raise Conflict(
            _("The field was changed: the passage is gone, or there more than once. Select it again."),
            current_revision_id=current.id if current else None,
        )
    return found


def _wish(conn: db.Connection, run_id: int) -> str:
    """What was answered when the run was started, if it read that."""
    wish = snapshot.restore(runs.get_exchange(conn, run_id).inputs).input.get(WISH.field)
    return wish if isinstance(wish, str) else ""


def _offered(conn: db.Connection, field: Field, action_id: int | None, passage: Passage | None) -> int:
    return _offered_by_field(field, action_id) if passage is None else _offered_for_passage(conn, action_id)


def _offered_for_passage(conn: db.Connection, action_id: int | None) -> int:
    """Every text offers the same ones, so a field need not name them."""
    offered = [action.id for action in prompts.list_selection_actions(conn)]
    if action_id is None or action_id not in offered:
        raise Invalid(_("Choose an action that works on a selected passage."), offered=offered)
    return action_id


def _offered_by_field(field: Field, action_id: int | None) -> int:
    offered = [action.action_id for action in field.actions]
    if not offered:
        raise Invalid(
            _("No action is bound to “%(field)s”. Bind one on the action's page first.", field=field.label)
        )
    if action_id is not None and action_id not in offered:
        raise Invalid(_("“%(field)s” does not offer this action.", field=field.label), offered=offered)
    return action_id or offered[0]


def _moved_on(current_id: int | None) -> Conflict:
    return Conflict(
        _("Someone changed this field meanwhile. Look at what is there now, then start again."),
        current_revision_id=current_id,
    )


def _refuse_second(
    conn: db.Connection,
    prepared: Prepared,
    *,
    post_id: int,
    section_id: int | None,
    field_id: int,
    passage: Passage | None,
) -> None:
    active = store.find_active_run(
        conn,
        post_id=post_id,
        section_id=section_id,
        field_id=field_id,
        passage=passage,
        action_id=prepared.version.action_id,
        model_id=prepared.model.id,
    )
    if active is not None:
        raise Conflict(
            _("“%(action_label)s” is already at work here.", action_label=prepared.version.action_label),
            run_id=active,
        )


# --- finishing -----------------------------------------------------------------------------------


def adopt_repair(conn: db.Connection, run_id: int, child_id: int) -> None:
    """A repair goes on for the same field, on the same base."""
    store.copy_automation(conn, run_id, child_id)


def save_output(conn: db.Connection, run_id: int, checked_output: str) -> None:
    """Keeps a run's checked output as a suggestion, in the transaction that ends the run.

    A suggestion is always for the whole field: what was written for a passage is put in its place.
    """
    automation = store.find_automation(conn, run_id)
    if automation is None:
        raise NotFound(_("Run %(run_id)s has no target.", run_id=run_id))
    value = checked_output
    if automation.passage is not None:
        base = store.find_base_value(conn, automation.id)
        value = passages.replaced(base, automation.passage, checked_output)
    suggestion_id = store.insert_suggestion(conn, automation.id, value)
    if suggestion_id is not None:
        statistics_store.add_suggestion(conn, suggestion_id, 1)
    # A field's binding speaks of its whole text; a person decides on a passage.
    is_settled = automation.passage is None and _needs_no_review(conn, automation)
    if suggestion_id is not None and is_settled:
        jobs.defer(conn, SETTLE, suggestion_id=suggestion_id)
    take_batch_further(conn, run_id)


def _needs_no_review(conn: db.Connection, automation: Automation) -> bool:
    """In a batch it is the batch that says whether somebody looks at each answer."""
    return automation.batch_step_id is None and bindings.is_saved_unseen(
        conn, automation.field_id, automation.action_id
    )


def take_batch_further(conn: db.Connection, run_id: int) -> None:
    """What follows a run of a batch, in the transaction in which it ended well or was decided on."""
    batch_id = batch_store.find_batch_of_run(conn, run_id)
    if batch_id is not None:
        jobs.defer(conn, ADVANCE, batch_id=batch_id)


def check_still_allowed(conn: db.Connection, run_id: int) -> None:
    """Nothing of a post is sent anywhere in the name of somebody who may not run this there by now."""
    automation = store.find_automation(conn, run_id)
    user_id = runs.get_run(conn, run_id).user_id
    if automation is None or user_id is None:
        return
    try:
        check_may_run(conn, auth.actor_of_user(conn, user_id), automation)
    except (Forbidden, NotFound) as refusal:
        raise Forbidden(
            _(
                "Whoever began this run may not do so any more, so nothing was sent: %(refusal)s",
                refusal=refusal.message,
            )
        ) from refusal


TARGET = execution.Target(task=TASK, save=save_output, adopt=adopt_repair, check=check_still_allowed)


# --- looking -------------------------------------------------------------------------------------


def list_automations(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    *,
    field_id: int | None = None,
    only_active: bool = False,
    limit: int = 50,
) -> list[AutomationListItem]:
    post = posts.get_post(conn, actor, post_id)
    return automations_of(conn, actor, post, field_id=field_id, only_active=only_active, limit=limit)


def automations_of(
    conn: db.Connection,
    actor: Actor,
    post: Post,
    *,
    field_id: int | None = None,
    only_active: bool = False,
    limit: int = 50,
) -> list[AutomationListItem]:
    """The same of a post in hand."""
    return store.list_automations(
        conn, post.id, seen=seen(actor), field_id=field_id, only_active=only_active, limit=limit
    )
