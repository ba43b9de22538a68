"""What becomes of a suggestion: accepted, edited, discarded, brought back.

Nothing here overwrites a field: accepting appends a revision on the base the editor compared with.
"""

import logging
from collections.abc import Collection

from blog.app import audit, db
from blog.app.auth import matrix
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check as check_permission
from blog.app.auth.reach import seen
from blog.app.automation import services as automation
from blog.app.automation import statistics_store, store
from blog.app.automation.models import Suggestion, SuggestionStatus
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.llm.runs import services as runs
from blog.app.posts import services as posts
from blog.app.posts.models import Post, Revision
from blog.app.translation import N_
from blog.app.translation import gettext as _
from blog.app.workflow import compare, planning, trees, values
from blog.app.workflow import services as workflow
from blog.app.workflow.permissions import AUTOMATE

log = logging.getLogger(__name__)
DECIDED = {
    "accepted": N_("accepted"),
    "accepted_in_part": N_("accepted in part"),
    "discarded": N_("discarded"),
}


def accept(
    conn: db.Connection,
    actor: Actor,
    suggestion_id: int,
    *,
    base_revision_id: int | None,
    value: str | None = None,
    hunks: Collection[int] | None = None,
) -> Revision:
    """Makes a suggestion, `value` in its place, or only some of its changes the field's next revision.

    `base_revision_id` is what the editor compared it with and what `hunks` are numbered against; if that is
    not current any more: Conflict. The revision names the run.
    """
    with conn.transaction():
        suggestion = _waiting(conn, actor, suggestion_id)
        text = suggestion.value if value is None else value
        if hunks is not None:
            text = _taken(conn, actor, suggestion, base_revision_id, hunks)
        revision = workflow.save_field(
            conn,
            actor,
            post_id=suggestion.post_id,
            field_name=suggestion.field_name,
            section_id=suggestion.section_id,
            text=text,
            base_revision_id=base_revision_id,
            origin="run",
            llm_run_id=suggestion.run_id,
            verb="accept",
        )
        _follow_up(conn, actor, suggestion, revision)
        whole = revision.value == suggestion.value
        _decide(conn, actor, suggestion, "accepted" if whole else "accepted_in_part", revision_id=revision.id)
    return revision


def accept_unseen(conn: db.Connection, actor: Actor, suggestion_id: int) -> bool:
    """Only on the base it was written for, only whole, and only by who may; else it waits for a person."""
    suggestion = get_suggestion(conn, actor, suggestion_id)
    if suggestion.is_stale or suggestion.is_cut_off:
        return False
    try:
        accept(conn, actor, suggestion.id, base_revision_id=suggestion.base_revision_id)
    except (Conflict, Invalid):
        return False  # it does not fit the field, or somebody was faster: a person decides
    except Forbidden as refusal:
        log.info("Suggestion %s waits for a person: %s", suggestion_id, refusal.message)
        return False
    return True


def settle(conn: db.Connection, suggestion_id: int) -> None:
    """Saves what its field wants saved without a review, as the person who started the run may by now."""
    found = store.find_suggestion(conn, suggestion_id, None)
    user_id = None if found is None else runs.get_run(conn, found.run_id).user_id
    if user_id is None:
        return
    try:
        accept_unseen(conn, auth.actor_of_user(conn, user_id), suggestion_id)
    except (Forbidden, NotFound) as refusal:  # deactivated since, or it is out of their sight
        log.info("Suggestion %s waits for a person: %s", suggestion_id, refusal.message)


def _taken(
    conn: db.Connection,
    actor: Actor,
    suggestion: Suggestion,
    base_revision_id: int | None,
    hunks: Collection[int],
) -> str:
    if not hunks:
        raise Invalid(_("Take at least one change, or discard the suggestion."))
    post = posts.get_post(conn, actor, suggestion.post_id)
    field = trees.find_field(conn, actor, post.workflow_id, suggestion.field_name)
    base = "" if base_revision_id is None else posts.get_revision(conn, actor, base_revision_id).value
    is_base = base_revision_id == suggestion.base_revision_id
    return compare.taken(field, base, suggestion.value, hunks, within=suggestion.span if is_base else None)


def discard(conn: db.Connection, actor: Actor, suggestion_id: int, reason: str = "") -> Suggestion:
    with conn.transaction():
        suggestion = _waiting(conn, actor, suggestion_id)
        _decide(conn, actor, suggestion, "discarded", reason=reason)
    return get_suggestion(conn, actor, suggestion_id)


def bring_back(conn: db.Connection, actor: Actor, suggestion_id: int) -> Suggestion:
    """Undoes a discard."""
    with conn.transaction():
        store.lock_suggestion(conn, suggestion_id)
        suggestion = _editable(conn, actor, suggestion_id)
        if suggestion.status != "discarded":
            raise Conflict(
                _("Only a discarded suggestion can be brought back."), status_now=suggestion.status
            )
        _decide(conn, actor, suggestion, "waiting")
    return get_suggestion(conn, actor, suggestion_id)


def get_suggestion(conn: db.Connection, actor: Actor, suggestion_id: int) -> Suggestion:
    suggestion = store.find_suggestion(conn, suggestion_id, seen(actor))
    if suggestion is None:
        raise NotFound(_("There is no such suggestion."))
    posts.get_post(conn, actor, suggestion.post_id)
    return suggestion


def list_suggestions(
    conn: db.Connection, actor: Actor, post_id: int, status: SuggestionStatus | None = "waiting"
) -> list[Suggestion]:
    return suggestions_for(conn, actor, posts.get_post(conn, actor, post_id), status)


def suggestions_for(
    conn: db.Connection, actor: Actor, post: Post, status: SuggestionStatus | None = "waiting"
) -> list[Suggestion]:
    """The same of a post in hand."""
    return store.list_suggestions(conn, post.id, status, seen(actor))


def _editable(conn: db.Connection, actor: Actor, suggestion_id: int) -> Suggestion:
    check_permission(actor, AUTOMATE)
    suggestion = get_suggestion(conn, actor, suggestion_id)
    post = posts.get_post(conn, actor, suggestion.post_id)
    posts.check_may_edit(actor, post)
    field = trees.find_field(conn, actor, post.workflow_id, suggestion.field_name)
    matrix.check(conn, actor, "accept", field.sub_stage_id)
    return suggestion


def _waiting(conn: db.Connection, actor: Actor, suggestion_id: int) -> Suggestion:
    store.lock_suggestion(conn, suggestion_id)
    suggestion = _editable(conn, actor, suggestion_id)
    if suggestion.status != "waiting":
        raise Conflict(
            _("This suggestion was already %(decided)s.", decided=_(DECIDED[suggestion.status])),
            suggestion_status=suggestion.status,
        )
    return suggestion


def _follow_up(conn: db.Connection, actor: Actor, suggestion: Suggestion, revision: Revision) -> None:
    """What accepting does beyond the field itself, as the field says."""
    post = posts.get_post(conn, actor, suggestion.post_id)
    field = trees.find_field(conn, actor, post.workflow_id, suggestion.field_name)
    if field.on_accept == "plan_sections":
        plan = values.parsed(field.kind, revision.value)
        planning.apply_section_plan(conn, actor, post.id, plan, llm_run_id=suggestion.run_id)


def _decide(
    conn: db.Connection,
    actor: Actor,
    suggestion: Suggestion,
    status: SuggestionStatus,
    *,
    revision_id: int | None = None,
    reason: str = "",
) -> None:
    statistics_store.add_suggestion(conn, suggestion.id, -1)
    store.update_suggestion(
        conn,
        suggestion.id,
        status=status,
        user_id=None if status == "waiting" else actor.user_id,
        revision_id=revision_id,
        reason=reason,
    )
    statistics_store.add_suggestion(conn, suggestion.id, 1)
    audit.record(conn, actor, f"suggestion.{status}", "suggestion", suggestion.id, run_id=suggestion.run_id)
    if status != "waiting":
        automation.take_batch_further(conn, suggestion.run_id)
