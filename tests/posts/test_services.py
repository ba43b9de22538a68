from dataclasses import replace

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.posts import services
from blog.app.posts.models import Post, Revision
from blog.app.workflow import rules
from blog.app.workflow.models import Workflow
from tests.factories import all_powerful, make_actor
from tests.workflow.workflows import make_workflow


@pytest.fixture
def workflow(conn: db.Connection) -> Workflow:
    return make_workflow(conn)


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn, "carol")


@pytest.fixture
def post(conn: db.Connection, workflow: Workflow, carol: Actor) -> Post:
    return services.create_post(conn, carol, workflow.id, workflow.stages[0].sub_stages[0].id)


def field_id(workflow: Workflow, name: str) -> int:
    return next(field.id for field in rules.fields(workflow) if field.name == name)


def write(
    conn: db.Connection, actor: Actor, post: Post, field: int, value: str, base: Revision | None
) -> Revision:
    return services.revise(
        conn,
        actor,
        post_id=post.id,
        section_id=None,
        field_id=field,
        value=value,
        base_revision_id=base.id if base else None,
    )


def audited(conn: db.Connection, post: Post) -> list[str]:
    rows = conn.execute(
        "SELECT name FROM audit_event WHERE subject_kind = 'post' AND subject_id = %s ORDER BY id", (post.id,)
    ).fetchall()
    return [name for (name,) in rows]


# --- revisions -----------------------------------------------------------------------------------


def test_a_change_is_appended_and_the_old_words_stay(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    seed = field_id(workflow, "seed")
    first = write(conn, carol, post, seed, "one", None)
    second = write(conn, carol, post, seed, "two", first)
    assert (second.number, second.base_revision_id, second.author_name) == (2, first.id, "carol")
    old = services.get_revision(conn, carol, first.id)
    assert old.value == "one"
    assert old.superseded_at is not None
    assert [revision.value for revision in services.current_values(conn, post.id)] == ["two"]


def test_a_change_on_a_base_that_moved_on_is_refused_and_names_the_current_one(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    seed = field_id(workflow, "seed")
    first = write(conn, carol, post, seed, "one", None)
    second = write(conn, carol, post, seed, "two", first)
    for base in (first, None):
        with pytest.raises(Conflict) as refused:
            write(conn, carol, post, seed, "three", base)
        assert refused.value.details == {"current_revision_id": second.id}
    assert [revision.value for revision in services.current_values(conn, post.id)] == ["two"]


def test_a_base_of_another_field_is_refused(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    seed = write(conn, carol, post, field_id(workflow, "seed"), "one", None)
    with pytest.raises(Conflict) as refused:
        write(conn, carol, post, field_id(workflow, "headline"), "two", seed)
    assert refused.value.details == {"current_revision_id": None}


def test_the_same_words_again_make_no_revision(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    seed = field_id(workflow, "seed")
    first = write(conn, carol, post, seed, "one", None)
    before = services.get_post(conn, carol, post.id).updated_at
    assert write(conn, carol, post, seed, "one", first) == first
    assert write(conn, carol, post, seed, "one", None) == first, "a request sent twice is not a conflict"
    assert services.get_post(conn, carol, post.id).updated_at == before


def test_a_cleared_field_keeps_its_history(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    seed = field_id(workflow, "seed")
    first = write(conn, carol, post, seed, "one", None)
    cleared = write(conn, carol, post, seed, "", first)
    assert (cleared.number, cleared.value) == (2, "")


def test_what_cannot_be_stored_is_replaced(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    revision = write(conn, carol, post, field_id(workflow, "seed"), "a\x00b\ud800c", None)
    assert revision.value == "a\ufffdb\ufffdc"


def test_line_ends_and_spaces_are_kept_as_typed(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    typed = "  one\r\n\ttwo \n\n"
    assert write(conn, carol, post, field_id(workflow, "seed"), typed, None).value == typed


def test_a_text_over_two_million_characters_is_refused(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    with pytest.raises(Invalid, match="2,000,001"):
        write(conn, carol, post, field_id(workflow, "seed"), "x" * 2_000_001, None)
    assert write(conn, carol, post, field_id(workflow, "seed"), "é" * 2_000_000, None).number == 1


def test_a_field_that_does_not_exist_is_not_found(conn: db.Connection, carol: Actor, post: Post) -> None:
    with pytest.raises(NotFound, match="no such field"):
        write(conn, carol, post, 0, "x", None)


def test_a_history_is_paged_newest_first(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    seed = field_id(workflow, "seed")
    base = None
    for number in range(1, 6):
        base = write(conn, carol, post, seed, "x" * 300 + str(number), base)
    first = services.list_revisions(conn, carol, post.id, None, seed, limit=3)
    assert [item.number for item in first.items] == [5, 4, 3]
    assert (len(first.items[0].excerpt), first.items[0].length) == (200, 301)
    rest = services.list_revisions(conn, carol, post.id, None, seed, after=int(first.next or 0), limit=3)
    assert ([item.number for item in rest.items], rest.next) == ([2, 1], None)


def test_the_trail_names_the_revision_and_holds_no_words(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    revision = write(conn, carol, post, field_id(workflow, "seed"), "secret words", None)
    details = db.scalar(conn, "SELECT details FROM audit_event WHERE name = 'post.revised'")
    assert details == {"field_id": revision.field_id, "section_id": None, "revision_id": revision.id}


# --- who may -------------------------------------------------------------------------------------


def test_an_author_edits_her_own_post_and_not_anothers(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    alice = make_actor(conn, "alice", "author")
    own = services.create_post(conn, alice, workflow.id, post.sub_stage_id)
    assert write(conn, alice, own, field_id(workflow, "seed"), "mine", None).author_name == "alice"
    with pytest.raises(Forbidden, match="by carol"):
        write(conn, alice, post, field_id(workflow, "seed"), "hers", None)
    with pytest.raises(Forbidden):
        services.add_section(conn, alice, post.id)


def test_an_editor_edits_everybodys_post(conn: db.Connection, workflow: Workflow, post: Post) -> None:
    bob = make_actor(conn, "bob", "editor")
    assert write(conn, bob, post, field_id(workflow, "seed"), "reviewed", None).author_name == "bob"


def test_a_viewer_reads_and_writes_nothing(conn: db.Connection, workflow: Workflow, post: Post) -> None:
    vera = make_actor(conn, "vera", "viewer")
    assert services.get_post(conn, vera, post.id).id == post.id
    with pytest.raises(Forbidden):
        write(conn, vera, post, field_id(workflow, "seed"), "x", None)
    with pytest.raises(Forbidden):
        services.create_post(conn, vera, workflow.id, post.sub_stage_id)
    with pytest.raises(Forbidden):
        services.remove_post(conn, vera, post.id)


def test_nobody_without_a_role_sees_a_post(conn: db.Connection, post: Post) -> None:
    dave = make_actor(conn, "dave")
    with pytest.raises(Forbidden):
        services.get_post(conn, dave, post.id)
    with pytest.raises(Forbidden):
        services.list_latest(conn, dave, limit=1)


def test_a_token_is_named_next_to_its_person(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    token_id = db.scalar(
        conn,
        """
        INSERT INTO api_token (app_user_id, name, token_hash, hint)
        VALUES (%s, 'ci', 'x', 'x') RETURNING id
        """,
        (carol.user_id,),
    )
    revision = write(conn, replace(carol, api_token_id=token_id), post, field_id(workflow, "seed"), "x", None)
    stored = db.scalar(conn, "SELECT api_token_id FROM field_revision WHERE id = %s", (revision.id,))
    assert (revision.author_id, stored) == (carol.user_id, token_id)


# --- sections ------------------------------------------------------------------------------------


def test_sections_keep_their_ids_when_they_change_places(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    a, b, c = (services.add_section(conn, carol, post.id).id for _ in range(3))
    assert [s.id for s in services.reorder_sections(conn, carol, post.id, [c, a, b])] == [c, a, b]
    assert [s.id for s in services.list_sections(conn, post.id)] == [c, a, b]


def test_a_section_can_be_added_between_two(conn: db.Connection, carol: Actor, post: Post) -> None:
    a, b = (services.add_section(conn, carol, post.id).id for _ in range(2))
    between = services.add_section(conn, carol, post.id, a).id
    assert [s.id for s in services.list_sections(conn, post.id)] == [a, between, b]


def test_an_order_made_before_a_section_came_is_refused_and_moves_nothing(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    a, b, c = (services.add_section(conn, carol, post.id).id for _ in range(3))
    with pytest.raises(Conflict) as refused:
        services.reorder_sections(conn, carol, post.id, [b, a])
    assert refused.value.details["section_ids"] == [a, b, c]
    assert [s.id for s in services.list_sections(conn, post.id)] == [a, b, c]


def test_a_removed_section_comes_back_to_its_place_with_its_words(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    a, b, c = (services.add_section(conn, carol, post.id).id for _ in range(3))
    draft = field_id(workflow, "draft")
    services.revise(
        conn,
        carol,
        post_id=post.id,
        section_id=b,
        field_id=draft,
        value="kept",
        base_revision_id=None,
    )
    assert services.remove_section(conn, carol, post.id, b).removed_at is not None
    assert [s.id for s in services.list_sections(conn, post.id)] == [a, c]
    assert [s.id for s in services.list_removed_sections(conn, post.id)] == [b]
    services.bring_back_section(conn, carol, post.id, b)
    assert [s.id for s in services.list_sections(conn, post.id)] == [a, b, c]
    current = services.find_current(conn, post_id=post.id, section_id=b, field_id=draft)
    assert current is not None
    assert current.value == "kept"


def test_nothing_is_written_into_a_removed_section(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    section = services.add_section(conn, carol, post.id)
    services.remove_section(conn, carol, post.id, section.id)
    with pytest.raises(Conflict, match="Bring it back"):
        services.revise(
            conn,
            carol,
            post_id=post.id,
            section_id=section.id,
            field_id=field_id(workflow, "draft"),
            value="x",
            base_revision_id=None,
        )


def test_a_section_of_another_post_is_not_found(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    other = services.create_post(conn, carol, workflow.id, post.sub_stage_id)
    section = services.add_section(conn, carol, other.id)
    with pytest.raises(NotFound):
        services.remove_section(conn, carol, post.id, section.id)
    with pytest.raises(NotFound):
        services.add_section(conn, carol, post.id, section.id)
    assert services.list_sections(conn, post.id) == []


# --- removing, moving ----------------------------------------------------------------------------


def test_a_removed_post_is_out_of_sight_and_can_be_brought_back(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    write(conn, carol, post, field_id(workflow, "seed"), "kept", None)
    services.remove_post(conn, carol, post.id)
    with pytest.raises(NotFound, match="brought back"):
        services.get_post(conn, carol, post.id)
    with pytest.raises(NotFound):
        write(conn, carol, post, field_id(workflow, "headline"), "x", None)
    assert services.bring_back_post(conn, carol, post.id).removed_at is None
    assert [revision.value for revision in services.current_values(conn, post.id)] == ["kept"]


def test_removing_twice_is_removing_once(conn: db.Connection, carol: Actor, post: Post) -> None:
    first = services.remove_post(conn, carol, post.id)
    assert services.remove_post(conn, carol, post.id).removed_at == first.removed_at
    services.bring_back_post(conn, carol, post.id)
    services.bring_back_post(conn, carol, post.id)
    assert audited(conn, post) == ["post.created", "post.removed", "post.brought_back"]


def test_a_post_is_not_moved_into_another_workflow(conn: db.Connection, carol: Actor, post: Post) -> None:
    other = make_workflow(conn, "other")
    with pytest.raises(Invalid, match="no such stage"):
        services.move_to_sub_stage(conn, carol, post.id, other.stages[0].sub_stages[0].id)
    assert services.get_post(conn, carol, post.id).sub_stage_id == post.sub_stage_id


def test_every_write_leaves_a_trace(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    a, b = (services.add_section(conn, carol, post.id).id for _ in range(2))
    services.reorder_sections(conn, carol, post.id, [b, a])
    services.reorder_sections(conn, carol, post.id, [b, a])
    services.remove_section(conn, carol, post.id, a)
    services.bring_back_section(conn, carol, post.id, a)
    services.move_to_sub_stage(conn, carol, post.id, workflow.stages[1].sub_stages[0].id)
    assert audited(conn, post) == [
        "post.created",
        "section.added",
        "section.added",
        "sections.reordered",
        "section.removed",
        "section.brought_back",
        "post.moved",
    ]
