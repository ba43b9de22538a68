import pytest
from pydantic import JsonValue

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.posts import services as posts
from blog.app.posts.models import Post, Revision
from blog.app.workflow import planning, rules, services, trees, workspaces
from blog.app.workflow.models import Progress, Workflow
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
    return services.create_post_with_idea(conn, carol, "Hedges in winter", workflow.name)


def save(
    conn: db.Connection,
    actor: Actor,
    post: Post,
    name: str,
    text: str,
    *,
    base: Revision | None = None,
    section_id: int | None = None,
) -> Revision:
    return services.save_field(
        conn,
        actor,
        post_id=post.id,
        field_name=name,
        section_id=section_id,
        text=text,
        base_revision_id=base.id if base else None,
    )


def current(conn: db.Connection, post: Post, name: str, section_id: int | None = None) -> Revision:
    field = trees.find_field(conn, all_powerful(conn), post.workflow_id, name)
    found = posts.find_current(conn, post_id=post.id, section_id=section_id, field_id=field.id)
    assert found is not None
    return found


def title(conn: db.Connection, actor: Actor, post: Post) -> str:
    return posts.get_post(conn, actor, post.id).title


# --- the registry --------------------------------------------------------------------------------


def test_the_tree_has_everything_in_its_order(conn: db.Connection, workflow: Workflow) -> None:
    assert [
        (stage.label, [(sub_stage.name, len(sub_stage.fields)) for sub_stage in stage.sub_stages])
        for stage in workflow.stages
    ] == [("Planning", [("idea", 2), ("shape", 1)]), ("Writing", [("words", 4), ("extras", 4)])]


def test_archived_fields_and_actions_are_left_out(conn: db.Connection, workflow: Workflow) -> None:
    seed = rules.first_field(workflow)
    for name, archived in (("kept", None), ("gone", "now()")):
        db.run(
            conn,
            f"""
            WITH action AS (
                INSERT INTO llm_action (name, label, archived_at)
                VALUES ('{name}_of_this_test', '{name}', {archived or "NULL"}) RETURNING id)
            INSERT INTO workflow_field_action SELECT {seed.id}, id, 1 FROM action
            """,  # type: ignore[arg-type]
        )
    db.run(conn, "UPDATE workflow_field SET archived_at = now() WHERE name = 'facts'")
    [only] = trees.get_workflow(conn, workflow.id).stages[0].sub_stages[0].fields
    assert only.name == "seed"
    assert [action.label for action in only.actions] == ["kept"]
    with pytest.raises(NotFound):
        trees.find_field(conn, all_powerful(conn), workflow.id, "facts")


def test_the_vocabulary_has_the_fields_of_both_scopes(conn: db.Connection, workflow: Workflow) -> None:
    vocabulary = trees.vocabulary(conn)
    assert {"seed", "facts", "words_wanted"} <= vocabulary.post
    assert {"draft", "section_heading"} <= vocabulary.section
    assert "draft" not in vocabulary.post


# --- writing -------------------------------------------------------------------------------------


def test_a_post_begins_with_its_idea_at_the_first_sub_stage(
    conn: db.Connection, workflow: Workflow, post: Post
) -> None:
    assert post.title == "Hedges in winter"
    assert post.sub_stage_id == workflow.stages[0].sub_stages[0].id
    assert current(conn, post, "seed").value == "Hedges in winter"


def test_a_post_without_an_idea_is_refused(conn: db.Connection, workflow: Workflow, carol: Actor) -> None:
    with pytest.raises(Invalid, match="Write down the idea"):
        services.create_post_with_idea(conn, carol, " \n", workflow.name)
    with pytest.raises(Invalid, match="no workflow named"):
        services.create_post_with_idea(conn, carol, "idea", "nowhere")


def test_a_viewer_begins_no_post(conn: db.Connection, workflow: Workflow) -> None:
    with pytest.raises(Forbidden):
        services.create_post_with_idea(conn, make_actor(conn, "vera", "viewer"), "idea", workflow.name)


def test_a_value_is_stored_in_its_fields_form(conn: db.Connection, carol: Actor, post: Post) -> None:
    assert save(conn, carol, post, "facts", "one\r\n two\r\n").value == '["one", "two"]'


def test_a_value_its_field_cannot_hold_is_refused_and_nothing_is_saved(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    with pytest.raises(Invalid, match="Headline has 101 characters; at most 100"):
        save(conn, carol, post, "headline", "x" * 101)
    assert len(posts.current_values(conn, post.id)) == 1


def test_the_post_is_renamed_by_the_first_filled_naming_field(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    first = save(conn, carol, post, "headline", "The Hedge")
    assert title(conn, carol, post) == "The Hedge"
    save(conn, carol, post, "seed", "Another idea", base=current(conn, post, "seed"))
    assert title(conn, carol, post) == "The Hedge"
    save(conn, carol, post, "headline", "", base=first)
    assert title(conn, carol, post) == "Another idea"


def test_a_conflict_shows_the_value_there_is_now(conn: db.Connection, carol: Actor, post: Post) -> None:
    first = save(conn, carol, post, "facts", "one")
    second = save(conn, carol, post, "facts", "two\nthree", base=first)
    with pytest.raises(Conflict, match="carol saved another version") as refused:
        save(conn, carol, post, "facts", "four", base=first)
    assert refused.value.details == {
        "field": "facts",
        "current_revision_id": second.id,
        "current_value": ["two", "three"],
    }


def test_a_field_of_sections_wants_a_section_of_this_post(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    other = services.create_post_with_idea(conn, carol, "other", workflow.name)
    foreign = posts.add_section(conn, carol, other.id)
    own = posts.add_section(conn, carol, post.id)
    with pytest.raises(Invalid, match="belongs to a section"):
        save(conn, carol, post, "draft", "x")
    with pytest.raises(Invalid, match="belongs to the post"):
        save(conn, carol, post, "facts", "x", section_id=own.id)
    with pytest.raises(NotFound):
        save(conn, carol, post, "draft", "x", section_id=foreign.id)
    assert save(conn, carol, post, "draft", "x", section_id=own.id).section_id == own.id


def test_an_old_revision_is_restored_as_a_new_one(conn: db.Connection, carol: Actor, post: Post) -> None:
    first = current(conn, post, "seed")
    second = save(conn, carol, post, "seed", "Something else", base=first)
    restored = services.restore_revision(conn, carol, first.id, base_revision_id=second.id)
    assert (restored.number, restored.value, restored.origin) == (3, "Hedges in winter", "restore")
    assert restored.restored_from_id == first.id
    assert title(conn, carol, post) == "Hedges in winter"
    with pytest.raises(Conflict):
        services.restore_revision(conn, carol, second.id, base_revision_id=second.id)


def test_a_post_moves_forward_and_back(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    words = workflow.stages[1].sub_stages[0]
    assert services.move_post(conn, carol, post.id, "words").sub_stage_id == words.id
    assert services.move_post(conn, carol, post.id, post.sub_stage_id).sub_stage_id == post.sub_stage_id
    with pytest.raises(NotFound):
        services.move_post(conn, carol, post.id, "nowhere")
    with pytest.raises(Forbidden):
        services.move_post(conn, make_actor(conn, "vera", "viewer"), post.id, "words")


# --- reading -------------------------------------------------------------------------------------


def test_a_prompt_reads_each_field_as_its_kind_and_sections_in_order(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    a, b = (posts.add_section(conn, carol, post.id) for _ in range(2))
    gone = posts.add_section(conn, carol, post.id)
    save(conn, carol, post, "facts", "one\ntwo")
    save(conn, carol, post, "words_wanted", "800")
    save(conn, carol, post, "section_heading", "Water", section_id=a.id)
    save(conn, carol, post, "draft", "It flows.", section_id=a.id)
    save(conn, carol, post, "draft", "never read", section_id=gone.id)
    posts.remove_section(conn, carol, post.id, gone.id)
    posts.reorder_sections(conn, carol, post.id, [b.id, a.id])
    inputs = workspaces.gather_inputs(conn, carol, post.id, a.id)
    assert inputs.post["facts"] == ["one", "two"]
    assert inputs.post["words_wanted"] == 800
    assert inputs.post["headline"] == ""
    assert inputs.post["title"] == "Hedges in winter"
    assert [(section["heading"], section["position"]) for section in inputs.sections] == [
        ("", 1),
        ("Water", 2),
    ]
    assert inputs.section is inputs.sections[1]
    assert inputs.sections[1]["draft"] == "It flows."
    assert workspaces.gather_inputs(conn, carol, post.id, None).section is None
    with pytest.raises(NotFound):
        workspaces.gather_inputs(conn, carol, post.id, gone.id)


def test_the_workspace_shows_a_sub_stage_and_the_progress_of_all(
    conn: db.Connection, workflow: Workflow, carol: Actor, post: Post
) -> None:
    a, b = (posts.add_section(conn, carol, post.id) for _ in range(2))
    save(conn, carol, post, "section_heading", "Water", section_id=a.id)
    second = save(conn, carol, post, "headline", "New", base=save(conn, carol, post, "headline", "The Hedge"))
    workspace = workspaces.get_workspace(conn, carol, post.id, "words")
    [headline] = workspace.fields
    assert (headline.shown, headline.revision, headline.revisions) == ("New", second, 2)
    assert [(section.section.id, section.heading) for section in workspace.sections] == [
        (a.id, "Water"),
        (b.id, ""),
    ]
    assert [state.field.name for state in workspace.sections[1].fields] == [
        "section_heading",
        "section_description",
        "draft",
    ]
    assert workspace.sections[1].fields[0].revisions == 0
    words = workspace.sub_stage.id
    assert workspace.progress[words] == Progress(sub_stage_id=words, filled=2, total=7)
    assert workspace.progress[post.sub_stage_id].filled == 1
    assert (workspace.previous and workspace.previous.name, workspace.next and workspace.next.name) == (
        "shape",
        "extras",
    )
    assert workspace.may_edit
    assert workspaces.get_workspace(conn, carol, post.id).sub_stage.name == "idea"


def test_a_viewer_sees_the_workspace_and_that_she_may_not_edit(conn: db.Connection, post: Post) -> None:
    vera = make_actor(conn, "vera", "viewer")
    assert not workspaces.get_workspace(conn, vera, post.id).may_edit


def test_the_workspace_takes_the_same_statements_for_a_large_post(
    conn: db.Connection, carol: Actor, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        section = posts.add_section(conn, carol, post.id)
        save(conn, carol, post, "draft", f"draft {number}", section_id=section.id)
    statements: list[object] = []
    for name in ("one", "many", "scalar", "run"):
        real = getattr(db, name)
        monkeypatch.setattr(
            db, name, lambda *args, real=real, **options: (statements.append(args), real(*args, **options))[1]
        )
    workspaces.get_workspace(conn, carol, post.id)
    assert len(statements) == 4


# --- planning sections ---------------------------------------------------------------------------


PLAN: list[JsonValue] = [
    {"heading": "Water", "description": "Where it comes from."},
    {"heading": "Stone", "description": "What it meets."},
]


def headings(conn: db.Connection, post: Post) -> list[str]:
    inputs = workspaces.gather_inputs(conn, all_powerful(conn), post.id, None)
    return [str(section["heading"]) for section in inputs.sections]


def test_a_plan_creates_sections_with_headings_and_descriptions(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    made = planning.apply_section_plan(conn, carol, post.id, PLAN)
    assert headings(conn, post) == ["Water", "Stone"]
    assert current(conn, post, "section_description", made[0].id).value == "Where it comes from."


def test_a_plan_applied_twice_does_nothing_the_second_time(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    first = planning.apply_section_plan(conn, carol, post.id, PLAN)
    before = db.scalar(conn, "SELECT count(*) FROM field_revision")
    assert planning.apply_section_plan(conn, carol, post.id, PLAN) == first
    assert db.scalar(conn, "SELECT count(*) FROM field_revision") == before


def test_a_plan_reorders_and_loses_no_section_and_no_word(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    old = posts.add_section(conn, carol, post.id)
    save(conn, carol, post, "section_heading", "Old thoughts", section_id=old.id)
    stone = posts.add_section(conn, carol, post.id)
    save(conn, carol, post, "section_heading", "  stone", section_id=stone.id)
    save(conn, carol, post, "draft", "kept", section_id=stone.id)
    made = planning.apply_section_plan(conn, carol, post.id, PLAN)
    assert [section.id for section in made[1:]] == [stone.id, old.id]
    assert headings(conn, post) == ["Water", "stone", "Old thoughts"]
    assert current(conn, post, "draft", stone.id).value == "kept"


def test_a_plan_never_replaces_a_description_a_person_wrote(
    conn: db.Connection, carol: Actor, post: Post
) -> None:
    water = posts.add_section(conn, carol, post.id)
    save(conn, carol, post, "section_heading", "Water", section_id=water.id)
    save(conn, carol, post, "section_description", "Mine.", section_id=water.id)
    planning.apply_section_plan(conn, carol, post.id, PLAN)
    assert current(conn, post, "section_description", water.id).value == "Mine."


def test_what_is_no_plan_changes_nothing(conn: db.Connection, carol: Actor, post: Post) -> None:
    with pytest.raises(Invalid):
        planning.apply_section_plan(conn, carol, post.id, [{"heading": "Water"}, {"heading": ""}])
    assert headings(conn, post) == []


def test_a_plan_is_not_applied_to_anothers_post(conn: db.Connection, post: Post) -> None:
    with pytest.raises(Forbidden):
        planning.apply_section_plan(conn, make_actor(conn, "alice", "author"), post.id, PLAN)
