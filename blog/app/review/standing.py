"""How a post stands in its sub-stages: states, what is still asked of them, what was done. Reads only."""

from dataclasses import replace

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.auth.reach import may, may_see, seen
from blog.app.errors import NotFound
from blog.app.posts import services as posts
from blog.app.posts.models import Post
from blog.app.posts.permissions import POST_READ, may_edit
from blog.app.review import comment_store, requirements, store
from blog.app.review.models import (
    Colleague,
    Receiver,
    RequirementCheck,
    ReviewPlace,
    SubStageEvent,
    SubStageEventPage,
    SubStageReview,
    SubStageState,
)
from blog.app.review.permissions import may_work
from blog.app.translation import gettext as _
from blog.app.workflow import rules as workflow_rules
from blog.app.workflow import trees, workspaces


def list_states(conn: db.Connection, actor: Actor, post_id: int) -> list[SubStageState]:
    """Every sub-stage of the post's workflow that the actor may see, in order."""
    posts.get_post(conn, actor, post_id)
    return _seen(actor, store.list_states(conn, post_id))


def _seen(actor: Actor, states: list[SubStageState]) -> list[SubStageState]:
    return [state for state in states if may_see(actor, state.sub_stage_id)]


def list_places(conn: db.Connection, actor: Actor, post_id: int) -> list[ReviewPlace]:
    """Every sub-stage by name alone: work can be handed over to where one may not look."""
    posts.get_post(conn, actor, post_id)
    return [
        ReviewPlace(name=state.name, label=state.label, stage=state.stage)
        for state in store.list_states(conn, post_id)
    ]


def get_review(conn: db.Connection, actor: Actor, post_id: int, sub_stage: str) -> SubStageReview:
    post = posts.get_post(conn, actor, post_id)
    states = store.list_states(conn, post_id)
    state = named(_seen(actor, states), sub_stage)
    finishes = behind(states, state) is None
    latest = store.find_latest_of(conn, post_id, actor.user_id) if actor.user_id else None
    return SubStageReview(
        state=state,
        checks=_checks(conn, actor, post, state.sub_stage_id),
        open_comments=comment_store.count_open(conn, post_id, state.sub_stage_id),
        may_work=may_work(actor, post, state),
        may_assign=may_edit(actor, post) and may(actor, "edit", state.sub_stage_id),
        may_plan=may_edit(actor, post) and may(actor, "edit", post.sub_stage_id),
        may_schedule=may_edit(actor, post) and may(actor, "publish", post.sub_stage_id),
        may_finish=not finishes or may(actor, "publish", state.sub_stage_id),
        undo=latest,
    )


def get_event(conn: db.Connection, actor: Actor, event_id: int) -> SubStageEvent:
    check(actor, POST_READ)
    event = store.find_event(conn, event_id)
    if event is None or not may_see(actor, event.sub_stage_id):
        raise NotFound(_("There is no such change."))
    posts.get_post(conn, actor, event.post_id)
    return event


def list_events(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    sub_stage: str | None = None,
    *,
    after: int | None = None,
    limit: int = 50,
) -> SubStageEventPage:
    """What was done in a sub-stage, or in all of them, newest first."""
    states = list_states(conn, actor, post_id)
    sub_stage_id = named(states, sub_stage).sub_stage_id if sub_stage else None
    found = store.list_events(conn, post_id, sub_stage_id, seen=seen(actor), after=after, limit=limit + 1)
    items = found[:limit]
    return SubStageEventPage(items=items, next=str(items[-1].id) if len(found) > limit else None)


def list_colleagues(conn: db.Connection, actor: Actor) -> list[Colleague]:
    """Who can be given work and mentioned, where they may see it."""
    check(actor, POST_READ)
    return store.list_colleagues(conn)


def list_receivers(conn: db.Connection, actor: Actor, post_id: int, sub_stage: str) -> list[Receiver]:
    """To whom work can be handed over: who may see this sub-stage or a later one, each with those."""
    post = posts.get_post(conn, actor, post_id)
    names = [state.name for state in store.list_states(conn, post_id)]
    onward = set(names[names.index(sub_stage) :]) if sub_stage in names else set[str]()
    found = [
        replace(each, sees=[name for name in each.sees if name in onward])
        for each in store.list_receivers(conn, post.workflow_id)
    ]
    return [each for each in found if each.sees]


def named(states: list[SubStageState], name: str) -> SubStageState:
    for state in states:
        if state.name == name:
            return state
    raise NotFound(_("There is no such stage in this workflow."))


def behind(states: list[SubStageState], state: SubStageState) -> SubStageState | None:
    """The next one; None: to call this one done finishes the workflow."""
    return next(iter(states[states.index(state) + 1 :]), None)


def with_id(states: list[SubStageState], sub_stage_id: int) -> SubStageState:
    return next(state for state in states if state.sub_stage_id == sub_stage_id)


# --- requirements --------------------------------------------------------------------------------


def _checks(conn: db.Connection, actor: Actor, post: Post, sub_stage_id: int) -> list[RequirementCheck]:
    asked = store.list_requirements(conn, sub_stage_id)
    if not asked:
        return []
    tree = trees.get_workflow(conn, post.workflow_id)
    current = workspaces.current_values(conn, post.id)
    shown = workflow_rules.narrowed(tree, seen(actor))
    words = requirements.Words(
        fields={field.id: field for field in workflow_rules.fields(tree)},
        values={place: revision.value for place, revision in current.items()},
        headings={
            section.id: workspaces.heading_of(shown, section.id, current)
            for section in posts.list_sections(conn, post.id)
        },
        open_comments=comment_store.count_open(conn, post.id, sub_stage_id),
    )
    return requirements.check(asked, words)


def refuse_unmet(conn: db.Connection, actor: Actor, post: Post, state: SubStageState) -> None:
    failing = [found for found in _checks(conn, actor, post, state.sub_stage_id) if not found.is_met]
    if failing:
        raise requirements.Unmet(state.label, failing)
