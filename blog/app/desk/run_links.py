"""What a run was for, as its own page says it: a field of a post, a test, a batch of cases. Reads only."""

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import services as automation
from blog.app.automation import store as automations
from blog.app.desk.models import RunLink, Tried
from blog.app.errors import Forbidden, NotFound
from blog.app.llm.cases import batches as case_batches
from blog.app.llm.trials import services as trials
from blog.app.posts import services as posts


def find_link(conn: db.Connection, actor: Actor, run_id: int) -> RunLink | None:
    """Where a run's words were meant to go, for its own page; None: for no post, or one that is gone."""
    target = automations.find_automation(conn, run_id)
    if target is None:
        return None
    try:
        post = posts.get_post(conn, actor, target.post_id)
    except (Forbidden, NotFound):
        return None
    items = automation.automations_of(conn, actor, post, field_id=target.field_id, limit=500)
    item = next((item for item in items if item.run_id == run_id), None)
    return RunLink(target=target, post=post, status=item.suggestion_status if item else None)


def find_tried(conn: db.Connection, run_id: int) -> Tried | None:
    """The test or the batch of cases that a run belongs to; None: neither."""
    if (trial_id := trials.find_trial_id(conn, run_id)) is not None:
        return Tried(kind="trial", id=trial_id, address=f"/llm/trials/{trial_id}")
    if (batch_id := case_batches.find_batch_id(conn, run_id)) is not None:
        return Tried(
            kind="cases",
            id=batch_id,
            address=f"/llm/case-batches/{batch_id}",
        )
    return None
