from blog.app import db
from blog.app.auth.models import Actor
from blog.app.finding import services as finding
from blog.app.finding.models import FoundPage
from blog.app.finding.schemas import PostQuery
from blog.app.posts import services as posts
from blog.app.workflow import services as workflows
from blog.app.workflow.models import Workflow


def begin(conn: db.Connection, actor: Actor, idea: str) -> int:
    return workflows.create_post_with_idea(conn, actor, idea, "test").id


def found(conn: db.Connection, actor: Actor, search: str) -> list[int]:
    return [item.id for item in listed(conn, actor, search=search).items]


def listed(conn: db.Connection, actor: Actor, **asked: object) -> FoundPage:
    return finding.list_posts(conn, actor, PostQuery.model_validate(asked))


def test_the_latest_change_comes_first(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    first, second = begin(conn, carol, "one"), begin(conn, carol, "two")
    assert [item.id for item in listed(conn, carol).items] == [second, first]
    posts.add_section(conn, carol, first)
    assert [item.id for item in listed(conn, carol).items] == [first, second]


def test_a_list_says_what_and_where_and_who(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    begin(conn, carol, "Hedges in winter")
    [item] = listed(conn, carol).items
    assert (item.title, item.stage, item.sub_stage) == ("Hedges in winter", "Planning", "Idea")
    assert item.author_name == "carol"


def test_pages_join_to_the_whole_list(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    ids = [begin(conn, carol, f"idea {number}") for number in range(7)]
    seen: list[int] = []
    after: str | None = None
    while True:
        page = listed(conn, carol, after=after, limit=3)
        seen += [item.id for item in page.items]
        if page.next is None:
            break
        after = page.next
    assert seen == ids[::-1]


def test_a_list_can_be_narrowed_to_a_stage(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    begin(conn, carol, "one")
    moved = begin(conn, carol, "two")
    target = workflow.stages[1].sub_stages[0].id
    posts.move_to_sub_stage(conn, carol, moved, target)
    assert [item.id for item in listed(conn, carol, sub_stage_id=target).items] == [moved]


def test_a_search_finds_words_and_the_beginning_of_the_last(
    conn: db.Connection, workflow: Workflow, carol: Actor
) -> None:
    post_id = begin(conn, carol, "Blackberry Hedges along the canal")
    begin(conn, carol, "Something else")
    for search in ("hedges", "BLACKBERRY hed", "hedges canal", '"the canal"', "canal -sea", "sea or canal"):
        assert found(conn, carol, search) == [post_id], search
    for search in ("hed canal", "canals", '"canal the"', "canal -hedges", "!!", "' : & |", "\x00"):
        assert found(conn, carol, search) == [], search


def test_a_search_reads_the_words_there_are_now(
    conn: db.Connection, workflow: Workflow, carol: Actor
) -> None:
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
    assert found(conn, carol, "brambles") == []
    assert found(conn, carol, "nettles") == [post_id]


def test_a_search_reads_sections_too(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    post_id = begin(conn, carol, "one")
    section = posts.add_section(conn, carol, post_id)
    workflows.save_field(
        conn,
        carol,
        post_id=post_id,
        field_name="draft",
        section_id=section.id,
        text="Kingfishers dive.",
        base_revision_id=None,
    )
    assert found(conn, carol, "kingf") == [post_id]


def test_removed_posts_have_a_list_of_their_own(
    conn: db.Connection, workflow: Workflow, carol: Actor
) -> None:
    kept, removed = begin(conn, carol, "hedges one"), begin(conn, carol, "hedges two")
    posts.remove_post(conn, carol, removed)
    assert found(conn, carol, "hedges") == [kept]
    assert [item.id for item in listed(conn, carol, removed=True).items] == [removed]
