"""Dividing an action's runs by post between its live version and one that is tried."""

from blog.app import audit, db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.automation import split_store as store
from blog.app.automation.schemas import SplitCreate
from blog.app.automation.split_models import Chosen, Split
from blog.app.automation.splitting import gets_tried
from blog.app.errors import Conflict, Forbidden, NotFound
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.prompts import going_live, make_up
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.going_live import Candidate, Gate
from blog.app.translation import gettext as _


def choose(conn: db.Connection, action_id: int, post_id: int) -> Chosen:
    """Which version a run of the action for a post gets, and by which split."""
    split = store.find_choosing(conn, action_id)
    if split is None:
        return Chosen()
    is_tried = gets_tried(split.id, post_id, split.tried_percent)
    return Chosen(version_id=split.tried_version_id if is_tried else split.live_version_id, split_id=split.id)


def start_split(
    conn: db.Connection,
    actor: Actor,
    action_id: int,
    new: SplitCreate,
    vocabulary: Vocabulary,
    *,
    gate: Gate,
) -> Split:
    """Tries a version on some of the posts. It must be able to work, and no gate may be against it."""
    check(actor, LLM_CONFIGURE)
    if actor.user_id is None:
        raise Forbidden(_("A split is started by a person."))
    head = prompts.get_action_head(conn, action_id)
    if head.archived_at is not None:
        raise Conflict(_("This action is archived."))
    if new.version_id == head.live_version_id:
        raise Conflict(_("This version is live already. Choose another one to try beside it."))
    with conn.transaction(), db.constraints(llm_action_split_open_key=_other_open()):
        action = prompts.get_action(conn, action_id, new.version_id)
        make_up.check(conn, going_live.as_make_up(action), vocabulary)
        objections = gate(conn, Candidate(action_id=action_id, version_id=new.version_id))
        if objections:
            said = " ".join(f"{each.title}: {each.message}" for each in objections)
            raise Conflict(
                _(
                    "The gate has something against version %(number)s. %(said)s",
                    number=action.version.number,
                    said=said,
                )
            )
        store.end_void(conn, action_id, actor.user_id)
        split_id = store.insert_split(
            conn,
            action_id=action_id,
            live_version_id=head.live_version_id,
            tried_version_id=new.version_id,
            tried_percent=new.percent,
            user_id=actor.user_id,
        )
        audit.record(conn, actor, "split.started", "llm_action_split", split_id, action_id=action_id)
    return get_split(conn, actor, split_id)


def end_split(conn: db.Connection, actor: Actor, split_id: int) -> Split:
    check(actor, LLM_CONFIGURE)
    if actor.user_id is None:
        raise Forbidden(_("A split is ended by a person."))
    with conn.transaction():
        get_split(conn, actor, split_id)
        if not store.end_split(conn, split_id, actor.user_id):
            raise Conflict(_("This split was ended already."))
        audit.record(conn, actor, "split.ended", "llm_action_split", split_id)
    return get_split(conn, actor, split_id)


def get_split(conn: db.Connection, actor: Actor, split_id: int) -> Split:
    check(actor, LLM_READ)
    split = store.find_split(conn, split_id)
    if split is None:
        raise NotFound(_("There is no such split."))
    return split


def list_splits(conn: db.Connection, actor: Actor, action_id: int) -> list[Split]:
    check(actor, LLM_READ)
    return store.list_splits(conn, action_id)


def _other_open() -> Conflict:
    return Conflict(_("This action's runs are divided already. End that split first."))
