"""Sections split, joined and put back: through the services and over REST, losing no word."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid
from blog.app.posts import services as posts
from blog.app.posts.models import Post
from blog.app.workflow import outline, planning, services, workspaces
from blog.app.workflow.models import SectionChange
from tests.factories import all_powerful, make_actor
from tests.workflow.test_api import Api, alice, workflow
from tests.workflow.workflows import make_workflow

__all__ = ["alice", "workflow"]  # fixtures
TEXT = "Wool is warm.\n\n## Pleats\n\nThere are many."


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn, "carol")


@pytest.fixture
def post(conn: db.Connection, carol: Actor) -> Post:
    return services.create_post_with_idea(conn, carol, "Kilts", make_workflow(conn).name)


def add(conn: db.Connection, actor: Actor, post: Post, heading: str, draft: str = "") -> int:
    section = outline.add_section(conn, actor, post.id, heading)
    if draft:
        write(conn, actor, post, section.id, draft)
    return section.id


def write(conn: db.Connection, actor: Actor, post: Post, section_id: int, draft: str) -> None:
    base = workspaces.get_field_state(conn, actor, post.id, "draft", section_id).revision
    services.save_field(
        conn,
        actor,
        post_id=post.id,
        field_name="draft",
        section_id=section_id,
        text=draft,
        base_revision_id=base.id if base else None,
    )


def read(conn: db.Connection, actor: Actor, post: Post) -> list[tuple[str, str]]:
    """Heading and draft of every section, in order."""
    return [
        (
            workspaces.get_field_state(conn, actor, post.id, "section_heading", section.id).shown,
            workspaces.get_field_state(conn, actor, post.id, "draft", section.id).shown,
        )
        for section in posts.list_sections(conn, post.id)
    ]


def split(conn: db.Connection, actor: Actor, post: Post, section_id: int, at: str) -> SectionChange:
    revision = workspaces.get_field_state(conn, actor, post.id, "draft", section_id).revision
    assert revision is not None
    return outline.split_section(
        conn,
        actor,
        post.id,
        section_id,
        field_name="draft",
        offset=revision.value.index(at),
        base_revision_id=revision.id,
    )


def test_a_split_makes_a_section_behind_named_by_its_heading(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    first = add(conn, carol, post, "Cloth", TEXT)
    add(conn, carol, post, "Last", "Words.")
    change = split(conn, carol, post, first, "## Pleats")
    assert read(conn, carol, post) == [
        ("Cloth", "Wool is warm."),
        ("Pleats", "There are many."),
        ("Last", "Words."),
    ]
    outline.undo_change(
        conn,
        carol,
        post.id,
        first,
        other_section_id=change.other.id,
        revision_ids=change.revision_ids,
    )
    assert read(conn, carol, post) == [("Cloth", TEXT), ("Last", "Words.")]


def test_a_text_that_changed_meanwhile_is_not_divided(conn: db.Connection, carol: Actor, post: Post) -> None:
    first = add(conn, carol, post, "Cloth", TEXT)
    seen = workspaces.get_field_state(conn, carol, post.id, "draft", first).revision
    assert seen is not None
    write(conn, carol, post, first, "Other words. And more.")
    with pytest.raises(Conflict):
        outline.split_section(
            conn, carol, post.id, first, field_name="draft", offset=5, base_revision_id=seen.id
        )
    assert len(posts.list_sections(conn, post.id)) == 1


def test_what_names_a_section_is_not_divided(conn: db.Connection, carol: Actor, post: Post) -> None:
    first = add(conn, carol, post, "Cloth and more")
    named = workspaces.get_field_state(conn, carol, post.id, "section_heading", first).revision
    assert named is not None
    with pytest.raises(Invalid):
        outline.split_section(
            conn, carol, post.id, first, field_name="section_heading", offset=5, base_revision_id=named.id
        )


def test_joining_takes_in_the_next_and_can_be_undone(conn: db.Connection, carol: Actor, post: Post) -> None:
    first, second = add(conn, carol, post, "Cloth", "One."), add(conn, carol, post, "Pleats", "Two.")
    change = outline.merge_section(conn, carol, post.id, first, next_section_id=second)
    assert read(conn, carol, post) == [("Cloth", "One.\n\nTwo.")]
    outline.undo_change(
        conn, carol, post.id, first, other_section_id=second, revision_ids=change.revision_ids
    )
    assert read(conn, carol, post) == [("Cloth", "One."), ("Pleats", "Two.")]


def test_an_empty_section_takes_all_and_gives_it_back(conn: db.Connection, carol: Actor, post: Post) -> None:
    first, second = add(conn, carol, post, ""), add(conn, carol, post, "Pleats", "Two.")
    change = outline.merge_section(conn, carol, post.id, first, next_section_id=second)
    assert read(conn, carol, post) == [("Pleats", "Two.")]
    outline.undo_change(
        conn, carol, post.id, first, other_section_id=second, revision_ids=change.revision_ids
    )
    assert read(conn, carol, post) == [("", ""), ("Pleats", "Two.")]


def test_words_written_since_are_not_undone(conn: db.Connection, carol: Actor, post: Post) -> None:
    first, second = add(conn, carol, post, "Cloth", "One."), add(conn, carol, post, "Pleats", "Two.")
    change = outline.merge_section(conn, carol, post.id, first, next_section_id=second)
    write(conn, carol, post, first, "New words.")
    with pytest.raises(Conflict):
        outline.undo_change(
            conn, carol, post.id, first, other_section_id=second, revision_ids=change.revision_ids
        )
    assert read(conn, carol, post) == [("Cloth", "New words.")]


def test_only_the_next_section_is_joined_and_only_by_an_editor(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    first, second, third = (add(conn, carol, post, name, "Words.") for name in ("a", "b", "c"))
    for base, other in ((first, third), (third, first), (second, first)):
        with pytest.raises(Conflict):
            outline.merge_section(conn, carol, post.id, base, next_section_id=other)
    with pytest.raises(Forbidden):
        outline.merge_section(
            conn, make_actor(conn, "dave", "author"), post.id, first, next_section_id=second
        )


def test_over_rest(alice: Api, workflow: Any) -> None:
    post_id = alice("POST", "/posts", {"idea": "Kilts", "workflow": workflow.name}, 201)["id"]
    section = alice("POST", f"/posts/{post_id}/sections", {}, 201)["id"]
    address = f"/posts/{post_id}/sections/{section}"
    written = alice("PUT", f"{address}/fields/draft", {"value": TEXT, "base_revision_id": None})
    wanted = {"field": "draft", "offset": 13, "base_revision_id": written["revision_id"]}
    change = alice("POST", f"{address}/split", wanted, 201)
    other = change["other"]["id"]
    assert [each["id"] for each in alice("GET", f"/posts/{post_id}/sections")] == [section, other]
    joined = alice("POST", f"{address}/merge", {"next_section_id": other})
    assert alice("GET", f"{address}/fields/draft")["value"] == "Wool is warm.\n\nThere are many."
    undo = {"other_section_id": other, "revision_ids": joined["revision_ids"]}
    alice("POST", f"{address}/reversal", undo)
    assert [each["id"] for each in alice("GET", f"/posts/{post_id}/sections")] == [section, other]
    assert alice("GET", f"{address}/fields/draft")["value"] == "Wool is warm."


HEADING = st.text(alphabet="aB ß", min_size=1, max_size=3).filter(str.strip)
PLAN = st.lists(HEADING, min_size=1, max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans=st.lists(PLAN, min_size=1, max_size=3))
def test_no_plan_loses_a_section_or_a_person_s_words(
    conn: db.Connection, carol: Actor, post: Post, plans: list[list[str]]
) -> None:
    """Examples share the post, so each plan meets the sections of those before it."""
    mine = add(conn, carol, post, plans[0][0], "My words.")
    for headings in plans:
        before = {section.id for section in posts.list_sections(conn, post.id)}
        plan: JsonValue = [{"heading": heading, "description": "d"} for heading in headings]
        planning.apply_section_plan(conn, carol, post.id, plan)
        after = [section.id for section in posts.list_sections(conn, post.id)]
        assert before <= set(after)
        assert len(after) == len(set(after))
        there = [heading for heading, _ in read(conn, carol, post)]
        assert [" ".join(heading.split()).casefold() for heading in headings] == [
            heading.casefold() for heading in there[: len(headings)]
        ]
    assert workspaces.get_field_state(conn, carol, post.id, "draft", mine).shown == "My words."
    for section in posts.list_sections(conn, post.id)[25:]:
        posts.remove_section(conn, carol, post.id, section.id)
