from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, NotFound
from blog.app.finding import planning, services
from blog.app.finding.models import Board, BoardColumn
from blog.app.finding.schemas import BoardQuery, PostQuery, ViewChange, ViewCreate
from blog.app.posts import services as posts
from blog.app.review import dates
from blog.app.review import services as review
from blog.app.workflow import services as workflows
from blog.app.workflow.models import Workflow
from tests.factories import make_actor

MARCH = date(2026, 3, 5)


def begin(conn: db.Connection, actor: Actor, idea: str) -> int:
    return workflows.create_post_with_idea(conn, actor, idea, "test").id


def found(conn: db.Connection, actor: Actor, **asked: Any) -> list[int]:
    return [post.id for post in services.list_posts(conn, actor, PostQuery(**asked)).items]


def column(board: Board, name: str) -> BoardColumn:
    return next(column for column in board.columns if column.name == name)


def board(conn: db.Connection, actor: Actor, workflow: Workflow, **asked: Any) -> Board:
    return services.get_board(conn, actor, BoardQuery(workflow_id=workflow.id, **asked))


# --- the list ------------------------------------------------------------------------------------


def test_posts_are_found_by_status_person_and_due_date(
    conn: db.Connection, workflow: Workflow, carol: Actor
) -> None:
    mine, other = begin(conn, carol, "one"), begin(conn, carol, "two")
    assert carol.user_id is not None
    eve = make_actor(conn, "eve", "editor")
    assert eve.user_id is not None
    review.assign(conn, carol, mine, "idea", eve.user_id)
    review.set_due(conn, carol, mine, "idea", datetime.now(UTC).date() - timedelta(days=1))
    assert found(conn, eve, assignee="me") == found(conn, carol, assignee=str(eve.user_id)) == [mine]
    assert found(conn, carol, assignee="nobody") == [other]
    assert found(conn, carol, due="overdue") == found(conn, carol, sort="due") == [mine]
    assert found(conn, carol, due="none") == [other]
    assert found(conn, carol, author="me") == [other, mine]
    assert found(conn, eve, author="me") == []
    assert found(conn, carol, status="not_started", assignee="nobody") == [other]


@pytest.mark.parametrize("sort", ["changed", "created", "title", "due", "planned"])
@pytest.mark.parametrize("search", ["", "same"])
def test_pages_of_any_order_join_to_the_whole_list(
    conn: db.Connection, workflow: Workflow, carol: Actor, sort: str, search: str
) -> None:
    ids = {begin(conn, carol, f"{name} same") for name in ("b", "a", "ä", "c", "a")}
    for number, post_id in enumerate(ids):
        dates.plan(conn, carol, post_id, MARCH + timedelta(days=number // 2), None)
        review.set_due(conn, carol, post_id, "idea", MARCH + timedelta(days=number // 3))
    whole = found(conn, carol, sort=sort, search=search)
    asked = {"sort": sort, "search": search, "limit": 2}
    seen: list[int] = []
    after: str | None = None
    while True:
        page = services.list_posts(
            conn,
            carol,
            PostQuery.model_validate({**asked, "after": after}),
        )
        seen += [post.id for post in page.items]
        after = page.next
        if after is None:
            break
    assert seen == whole
    assert set(seen) == ids


def test_a_common_word_and_a_rare_one_are_found_alike(
    conn: db.Connection, workflow: Workflow, carol: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever way is taken: by walking the list, or by the index."""
    rare = begin(conn, carol, "kraken tale")
    common = [begin(conn, carol, f"tale {number}") for number in range(12)]
    for probe, walk in ((100, 2000), (4, 8), (4, 2000), (1, 1)):
        monkeypatch.setattr(services, "PROBE", probe)
        monkeypatch.setattr(services, "WALK", walk)
        assert found(conn, carol, search="kraken") == [rare]
        assert found(conn, carol, search="tale", limit=5) == common[:-6:-1]
        assert found(conn, carol, search="tale") == [*common[::-1], rare]
        assert found(conn, carol, search="zeppelin") == []


def test_only_the_words_of_now_are_kept(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    post_id = begin(conn, carol, "brambles")
    [revision] = posts.current_values(conn, post_id)
    workflows.save_field(
        conn,
        carol,
        post_id=post_id,
        field_name="seed",
        section_id=None,
        text="nettles",
        base_revision_id=revision.id,
    )
    kept = conn.execute(
        "SELECT words::text FROM field_revision WHERE post_id = %s ORDER BY id", (post_id,)
    ).fetchall()
    assert kept == [(None,), ("'nettles':1",)]


# --- the board -----------------------------------------------------------------------------------


def test_a_board_shows_each_stage_with_its_first_posts_and_their_number(
    conn: db.Connection, workflow: Workflow, carol: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [begin(conn, carol, f"idea {number}") for number in range(5)]
    moved = begin(conn, carol, "moved")
    workflows.move_post(conn, carol, moved, "words")
    monkeypatch.setattr(services, "PER_COLUMN", 3)
    monkeypatch.setattr(services, "COUNTED", 4)
    shown = board(conn, carol, workflow)
    assert [each.name for each in shown.columns] == ["idea", "shape", "words", "extras"]
    idea = column(shown, "idea")
    assert [post.id for post in idea.posts] == ids[:1:-1]
    assert (idea.count, idea.is_more) == (4, True)
    below = services.list_posts(conn, carol, PostQuery(sub_stage_id=idea.sub_stage_id, after=idea.next))
    assert [post.id for post in below.items] == ids[1::-1]
    words = column(shown, "words")
    assert ([post.id for post in words.posts], words.count, words.next) == ([moved], 1, None)


def test_a_board_is_narrowed_by_words_common_and_rare(
    conn: db.Connection, workflow: Workflow, carol: Actor
) -> None:
    rare = begin(conn, carol, "kraken")
    for number in range(30):
        workflows.move_post(conn, carol, begin(conn, carol, f"tale {number}"), "words")
    shown = board(conn, carol, workflow, search="kraken")
    assert [post.id for post in column(shown, "idea").posts] == [rare]
    assert [each.count for each in shown.columns] == [1, 0, 0, 0]
    tales = column(board(conn, carol, workflow, search="tale"), "words")
    assert (len(tales.posts), tales.count) == (20, None)


def test_a_board_of_somebody_s_posts_shows_where_they_stand_now(
    conn: db.Connection, workflow: Workflow, carol: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve = make_actor(conn, "eve", "editor")
    assert eve.user_id is not None
    ids = [begin(conn, carol, f"idea {number}") for number in range(5)]
    for post_id in ids:
        review.assign(conn, carol, post_id, "idea", eve.user_id)
    begin(conn, carol, "nobody's")
    workflows.move_post(conn, carol, ids[0], "words")  # eve had it at its idea, and has it no more
    review.assign(conn, carol, ids[1], "words", eve.user_id)
    workflows.move_post(conn, carol, ids[1], "words")
    posts.remove_post(conn, carol, ids[2])
    monkeypatch.setattr(services, "PER_COLUMN", 1)
    shown = board(conn, eve, workflow, assignee="me")
    assert [each.count for each in shown.columns] == [2, 0, 1, 0]
    assert [post.id for each in shown.columns for post in each.posts] == [ids[4], ids[1]]
    assert column(shown, "idea").next is not None
    assert [each.count for each in board(conn, eve, workflow, assignee="me", search="idea 3").columns] == [
        1,
        0,
        0,
        0,
    ]


def test_an_unknown_workflow_has_no_board(conn: db.Connection, carol: Actor) -> None:
    with pytest.raises(NotFound):
        services.get_board(conn, carol, BoardQuery(workflow_id=10**9))


# --- the calendar --------------------------------------------------------------------------------


def test_a_post_whose_days_differ_is_on_both(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    post_id = begin(conn, carol, "one")
    assert planning.move_to_day(conn, carol, post_id, "planned_on", MARCH) is None
    planning.move_to_day(conn, carol, post_id, "scheduled_for", MARCH + timedelta(days=2))
    assert planning.move_to_day(conn, carol, post_id, "planned_on", MARCH + timedelta(days=1)) == MARCH
    month = services.get_calendar(conn, carol, "2026-03", MARCH)
    on = [entry for week in month.weeks for day in week for entry in day.entries]
    assert [(entry.day.day, entry.is_planned, entry.differs) for entry in on] == [
        (6, True, True),
        (7, False, True),
    ]


def test_a_viewer_moves_no_post_to_another_day(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    post_id = begin(conn, carol, "one")
    with pytest.raises(Forbidden):
        planning.move_to_day(conn, make_actor(conn, "vera", "viewer"), post_id, "planned_on", MARCH)


# --- saved views ---------------------------------------------------------------------------------


def test_a_view_is_its_owners_until_it_is_shared(conn: db.Connection, carol: Actor) -> None:
    vera = make_actor(conn, "vera", "viewer")
    view = services.create_view(conn, carol, ViewCreate(name="Blocked", query="status=blocked&after=x"))
    assert view.query == "status=blocked"
    with pytest.raises(NotFound):
        services.get_view(conn, vera, view.id)
    services.change_view(conn, carol, view.id, ViewChange(is_shared=True))
    assert [each.name for each in services.list_views(conn, vera)] == ["Blocked"]
    for refused in (
        services.remove_view,
        lambda c, a, i: services.change_view(c, a, i, ViewChange(name="x")),
    ):
        with pytest.raises(Forbidden):
            refused(conn, vera, view.id)
    assert services.remove_view(conn, carol, view.id).name == "Blocked"
    assert services.list_views(conn, vera) == []


def test_a_name_is_used_once_and_a_viewer_shares_nothing(conn: db.Connection, carol: Actor) -> None:
    vera = make_actor(conn, "vera", "viewer")
    services.create_view(conn, carol, ViewCreate(name="One"))
    with pytest.raises(Conflict):
        services.create_view(conn, carol, ViewCreate(name="One"))
    services.create_view(conn, vera, ViewCreate(name="One"))
    with pytest.raises(Forbidden):
        services.create_view(conn, vera, ViewCreate(name="Two", is_shared=True))


# --- jump to -------------------------------------------------------------------------------------


def kinds(conn: db.Connection, actor: Actor, text: str, post_id: int | None = None) -> dict[str, list[str]]:
    hits = services.find(conn, actor, text, post_id=post_id).items
    return {kind: [hit.label for hit in hits if hit.kind == kind] for kind in {hit.kind for hit in hits}}


def test_posts_are_found_by_title_before_text(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    titled = begin(conn, carol, "Kraken")
    other = begin(conn, carol, "Sea tales\nof a kraken")
    hits = [hit.url for hit in services.find(conn, carol, "krak").items if hit.kind == "post"]
    assert hits == [f"/posts/{titled}", f"/posts/{other}"]


def test_fields_are_found_of_the_open_post_only(
    conn: db.Connection, workflow: Workflow, carol: Actor
) -> None:
    post_id = begin(conn, carol, "one")
    assert "field" not in kinds(conn, carol, "headl")
    assert kinds(conn, carol, "headl", post_id)["field"] == ["Headline"]


def test_one_finds_only_what_one_may_see(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    begin(conn, carol, "Kraken")
    nobody = make_actor(conn, "dave")
    assert kinds(conn, nobody, "krak") == {}
    assert set(kinds(conn, nobody, "")) == {"page"}
    assert kinds(conn, nobody, "")["page"] == ["Account", "API"]
    assert "action" in kinds(conn, carol, "idea")
    assert "People" not in kinds(conn, make_actor(conn, "vera", "viewer"), "")["page"]


def test_what_is_typed_has_no_special_meaning(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    for text in ("%", "\\", "'", "' : & |", "\x00", "\ud800", "((", '"'):
        assert "action" not in kinds(conn, carol, text)


def test_a_removed_post_is_found_nowhere(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    post_id = begin(conn, carol, "kraken")
    dates.plan(conn, carol, post_id, MARCH, None)
    posts.remove_post(conn, carol, post_id)
    assert "post" not in kinds(conn, carol, "kraken")
    assert column(board(conn, carol, workflow), "idea").posts == []
    month = services.get_calendar(conn, carol, "2026-03", MARCH)
    assert [entry for week in month.weeks for day in week for entry in day.entries] == []
