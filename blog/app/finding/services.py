"""The use cases of finding. Who may read posts finds them; moving one is the workflow's to permit and do.

Every question is answered with a bounded amount of looking, so that ten times the posts cost the same.
"""

from collections.abc import Sequence
from datetime import date
from math import ceil
from urllib.parse import urlencode

from blog.app import audit, db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.auth.reach import seen
from blog.app.errors import Conflict, Forbidden, NotFound
from blog.app.finding import board_store, jump_store, rules, store, view_store
from blog.app.finding.models import (
    Board,
    BoardColumn,
    CalendarMonth,
    FoundPage,
    FoundPost,
    Hit,
    Hits,
    PersonChoice,
    SavedView,
    Sort,
    StageChoice,
)
from blog.app.finding.rules import Cursor, Wanted
from blog.app.finding.schemas import BoardQuery, PostQuery, ViewChange, ViewCreate
from blog.app.llm.permissions import LLM_READ
from blog.app.posts.permissions import POST_EDIT, POST_READ
from blog.app.translation import gettext as _
from blog.app.workflow import trees

# A search first looks into the posts that come first. A word that several of them have is looked for further
# on in the same order, which soon fills a page; a rarer one is looked up in the index, whose cost is that
# of its places. Each way is quick where the other is slow.
PROBE = 100
COMMON = 0.05
WALK = 2_000
COLUMN_WALK = 400
TITLES = 500

PER_COLUMN = 20
COUNTED = 1_000
PEOPLE = 500
VIEWS = 200
HITS = 6
RECENT_RUNS = 500


# --- the list ------------------------------------------------------------------------------------


def list_posts(conn: db.Connection, actor: Actor, query: PostQuery) -> FoundPage:
    check(actor, POST_READ)
    wanted = rules.wanted(actor, query, removed=query.removed)
    after = rules.parse_cursor(query.sort, query.after) if query.after else None
    return _page(_found(conn, wanted, query.sort, after, query.limit + 1), query.sort, query.limit)


def _page(found: Sequence[FoundPost], sort: Sort, limit: int) -> FoundPage:
    items = list(found[:limit])
    return FoundPage(items=items, next=rules.cursor_text(sort, items[-1]) if len(found) > limit else None)


def _found(
    conn: db.Connection, wanted: Wanted, sort: Sort, after: Cursor | None, limit: int
) -> list[FoundPost]:
    if wanted.search is None:
        return store.list_posts(conn, wanted, sort, after, limit)
    near = store.list_posts_in_order(conn, wanted, sort, after, limit, walk=PROBE)
    if COMMON * PROBE <= len(near) < limit:
        near = store.list_posts_in_order(conn, wanted, sort, after, limit, walk=WALK)
    if len(near) == limit or store.count_posts(conn, wanted, sort, after, PROBE) < PROBE:
        return near  # a full page, or there were no more posts to look into
    return store.list_posts(conn, wanted, sort, after, limit)


def list_stage_choices(conn: db.Connection, actor: Actor) -> list[StageChoice]:
    """Those that the actor may see."""
    return store.list_stage_choices(conn, seen(actor))


def list_people(conn: db.Connection) -> list[PersonChoice]:
    """Whom a post can be by or with; of very many, the first by name."""
    return store.list_people(conn, PEOPLE)


# --- the board -----------------------------------------------------------------------------------


def get_board(conn: db.Connection, actor: Actor, query: BoardQuery) -> Board:
    check(actor, POST_READ)
    workflow_id = query.workflow_id or trees.default_workflow_id(conn, actor)
    stages = [stage for stage in list_stage_choices(conn, actor) if stage.workflow_id == workflow_id]
    if not stages:
        raise NotFound(_("There is no such workflow."))
    wanted = rules.wanted(actor, query.model_copy(update={"sub_stage_id": None}))
    shown = [stage for stage in stages if query.sub_stage_id in {None, stage.id}]
    return Board(workflow_id=workflow_id, columns=_columns(conn, wanted, shown))


def _columns(conn: db.Connection, wanted: Wanted, stages: Sequence[StageChoice]) -> list[BoardColumn]:
    ids = [stage.id for stage in stages]
    if wanted.search is not None:
        return _columns_with_words(conn, wanted, stages, ids)
    posts = board_store.list_column_posts(conn, wanted, ids, PER_COLUMN + 1)
    counted = board_store.list_column_counts(conn, wanted, ids, COUNTED + 1)
    counts = {column.sub_stage_id: column.count for column in counted}
    return [_column(stage, posts, counts[stage.id]) for stage in stages]


def _columns_with_words(
    conn: db.Connection,
    wanted: Wanted,
    stages: Sequence[StageChoice],
    ids: Sequence[int],
) -> list[BoardColumn]:
    near = board_store.list_column_posts(conn, wanted, ids, PER_COLUMN + 1, walk=ceil(PROBE / len(ids)))
    if len(near) >= COMMON * PROBE:
        # Too many to count: of each column, those of its first posts that have the words.
        posts = board_store.list_column_posts(conn, wanted, ids, PER_COLUMN + 1, walk=COLUMN_WALK)
        return [_column(stage, posts, None) for stage in stages]
    matching = store.list_matching(conn, wanted)
    posts = board_store.list_counted_columns(conn, wanted, ids, PER_COLUMN + 1, post_ids=matching)
    counts = {post.sub_stage_id: post.in_column for post in posts}
    return [_column(stage, posts, counts.get(stage.id, 0)) for stage in stages]


def _column(stage: StageChoice, posts: Sequence[FoundPost], count: int | None) -> BoardColumn:
    own = [post for post in posts if post.sub_stage_id == stage.id]
    page = _page(own, "changed", PER_COLUMN)
    return BoardColumn(
        sub_stage_id=stage.id,
        name=stage.name,
        stage=stage.stage,
        label=stage.label,
        count=None if count is None else min(count, COUNTED),
        is_more=count is not None and count > COUNTED,
        posts=page.items,
        next=page.next,
    )


# --- the calendar --------------------------------------------------------------------------------


def get_calendar(conn: db.Connection, actor: Actor, month: str | None, today: date) -> CalendarMonth:
    """`month` as 2026-03; None: that of `today`."""
    check(actor, POST_READ)
    first = rules.month_of(month, today)
    entries = store.list_calendar(conn, rules.shown_days(first), rules.SHOWN_PER_DAY + 1, seen(actor))
    return rules.calendar_month(first, entries)


# --- saved views ---------------------------------------------------------------------------------


def list_views(conn: db.Connection, actor: Actor) -> list[SavedView]:
    """One's own, then those that others share."""
    check(actor, POST_READ)
    return view_store.list_views(conn, actor.user_id, VIEWS)


def get_view(conn: db.Connection, actor: Actor, view_id: int) -> SavedView:
    check(actor, POST_READ)
    view = view_store.find_view(conn, actor.user_id, view_id)
    if view is None:
        raise NotFound(_("There is no such view, or it is not shared."))
    return view


def create_view(conn: db.Connection, actor: Actor, new: ViewCreate) -> SavedView:
    """Sharing asks for more than reading: everybody sees it."""
    check(actor, POST_READ)
    if new.is_shared:
        check(actor, POST_EDIT)
    if actor.user_id is None:
        raise Forbidden(_("A view belongs to a person."))
    with conn.transaction(), db.constraints(saved_view_name_key=_name_taken(new.name)):
        view_id = view_store.insert_view(
            conn,
            actor.user_id,
            name=new.name.strip(),
            place=new.place,
            query=urlencode(rules.kept_query(new.query)),
            is_shared=new.is_shared,
        )
        audit.record(conn, actor, "view.saved", "saved_view", view_id)
        return get_view(conn, actor, view_id)


def change_view(conn: db.Connection, actor: Actor, view_id: int, change: ViewChange) -> SavedView:
    with conn.transaction(), db.constraints(saved_view_name_key=_name_taken(change.name or "")):
        _check_owner(actor, get_view(conn, actor, view_id))
        if change.is_shared:
            check(actor, POST_EDIT)
        view_store.update_view(conn, view_id, name=change.name, is_shared=change.is_shared)
        audit.record(conn, actor, "view.changed", "saved_view", view_id)
        return get_view(conn, actor, view_id)


def remove_view(conn: db.Connection, actor: Actor, view_id: int) -> SavedView:
    """What it was, so that it can be saved again."""
    with conn.transaction():
        view = get_view(conn, actor, view_id)
        _check_owner(actor, view)
        view_store.delete_view(conn, view_id)
        audit.record(conn, actor, "view.removed", "saved_view", view_id)
        return view


def _check_owner(actor: Actor, view: SavedView) -> None:
    if view.owner_id != actor.user_id:
        raise Forbidden(
            _("This view is %(owner_name)s's; save one of your own instead.", owner_name=view.owner_name)
        )


def _name_taken(name: str) -> Conflict:
    return Conflict(
        _("You have a view named “%(name)s” already. Nothing was saved.", name=name), field="name"
    )


# --- jump to -------------------------------------------------------------------------------------


def find(conn: db.Connection, actor: Actor, text: str, *, post_id: int | None = None) -> Hits:
    """A few of each kind this person may see. `post_id`: the post that is open, whose fields count too."""
    pattern = rules.like(text)
    items: list[Hit] = []
    if actor.may(POST_READ):
        if post_id is not None and text.strip():
            items += jump_store.list_fields(conn, post_id, pattern, seen(actor), HITS)
        items += _find_posts(conn, actor, text)
    items += [
        Hit(kind="page", label=page.label, detail=page.detail, url=page.url)
        for page in rules.pages(actor, text)
    ]
    if actor.may(LLM_READ) and text.strip():
        items += jump_store.list_llm(conn, pattern, HITS)
        items += jump_store.list_runs(
            conn, actor, pattern, rules.number(text), recent=RECENT_RUNS, limit=HITS
        )
    return Hits(query=text, items=items)


def _find_posts(conn: db.Connection, actor: Actor, text: str) -> list[Hit]:
    """By their titles, then by any of their words; without a text, those changed last."""
    if not text.strip():
        latest = store.list_posts(conn, Wanted(seen=seen(actor)), "changed", None, HITS)
        return [_post_hit(post) for post in latest]
    search = rules.search_words(text)
    wanted = Wanted(seen=seen(actor), search=search)
    titled = jump_store.list_titled(conn, search, wanted.seen, walk=TITLES, limit=HITS)
    known = {post.id for post in titled}
    others = [] if len(titled) == HITS else _found(conn, wanted, "changed", None, HITS * 2)
    return [_post_hit(post) for post in [*titled, *(post for post in others if post.id not in known)][:HITS]]


def _post_hit(post: FoundPost) -> Hit:
    label = post.title or _("Not named yet")
    return Hit(kind="post", label=label, detail=f"{post.stage} · {post.sub_stage}", url=f"/posts/{post.id}")
