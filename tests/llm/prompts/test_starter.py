"""The rows a new installation starts with: every template reads, every promise can be kept."""

import pytest

from blog.app import db
from blog.app.llm import assemble
from blog.app.llm.cases.verdict import check_judge
from blog.app.llm.check import Checked, Failed, check
from blog.app.llm.inputs import Inputs, Vocabulary
from blog.app.llm.prompts import rules, services
from blog.app.llm.prompts.models import Action


@pytest.fixture
def vocabulary(conn: db.Connection) -> Vocabulary:
    rows = conn.execute("SELECT scope, name FROM workflow_field").fetchall()
    return Vocabulary(
        post=frozenset(name for scope, name in rows if scope == "post"),
        section=frozenset(name for scope, name in rows if scope == "section"),
        input=rules.JUDGE_VOCABULARY.input | {rules.WISH.field},
    )


def _action(conn: db.Connection, name: str) -> Action:
    ids = {item.name: item.id for item in services.list_actions(conn)}
    return services.get_live_action(conn, ids[name])


FACTS = [f"Fact number {number}." for number in range(1, 5)]
SECTION = {
    "heading": "Beginnings",
    "position": 1,
    "section_description": "How it began.",
    "ideas_to_include": ["An idea"],
    "facts_to_include": FACTS[:1],
    "draft": "A draft.",
    "polished": "",
    "image_concepts": "A heron in the fog.",
}
FULL = Inputs(
    post={
        "title": "Herons",
        "idea_seed": "Herons in cities",
        "basic_idea": "A brief.",
        "topics_to_cover": ["One", "Two"],
        "interesting_facts": FACTS,
        "section_planning": [{"heading": "Beginnings", "facts": FACTS}],
    },
    sections=[SECTION, {**SECTION, "heading": "Today", "position": 2, "facts_to_include": FACTS[1:]}],
    section=SECTION,
    selection={"text": "stand still", "before": "Herons", "after": "for hours."},
    input={
        "answer": "An answer.",
        "request": "Write about herons.",
        "reference": "",
        "criteria": "",
        "wish": "French",
    },
)


def test_the_workflow_has_its_stages_sub_stages_and_fields(conn: db.Connection) -> None:
    def names(table: str) -> int:
        return db.scalar(conn, f"SELECT count(*) FROM {table}")  # pyright: ignore[reportArgumentType]

    assert (names("workflow"), names("workflow_stage"), names("workflow_sub_stage")) == (1, 3, 9)
    fields = conn.execute(
        """
        SELECT ss.name, array_agg(f.name ORDER BY f.position)
          FROM workflow_field f JOIN workflow_sub_stage ss ON ss.id = f.workflow_sub_stage_id
         GROUP BY ss.name
        """
    ).fetchall()
    by_sub_stage = dict(fields)
    assert by_sub_stage["idea"] == ["idea_seed", "basic_idea", "provisional_title", "idea_scope"]
    assert by_sub_stage["research"] == ["topics_to_cover", "interesting_facts"]
    assert by_sub_stage["structure"] == ["section_planning", "section_headings", "section_order"]
    assert by_sub_stage["meta_info"] == ["summary", "basic_metadata", "tags", "categories"]
    assert len(by_sub_stage["content"]) == 10
    assert len(by_sub_stage["syndication"]) == 6


def test_every_field_says_what_it_is_for(conn: db.Connection) -> None:
    assert not conn.execute("SELECT name FROM workflow_field WHERE help = ''").fetchall()


def test_the_main_title_names_the_post_before_the_provisional_one_and_the_idea(conn: db.Connection) -> None:
    ranked = conn.execute(
        "SELECT name FROM workflow_field WHERE title_rank IS NOT NULL AND scope = 'post' ORDER BY title_rank"
    ).fetchall()
    assert [name for (name,) in ranked] == ["main_title", "provisional_title", "idea_seed"]


def test_every_starter_part_parses_against_the_starter_fields(
    conn: db.Connection, vocabulary: Vocabulary
) -> None:
    for item in services.list_actions(conn):
        action = services.get_live_action(conn, item.id)
        for part in services.load_parts(conn, action.version.id):
            assemble.parse_part(part, vocabulary)


def test_every_part_is_used_by_an_action(conn: db.Connection) -> None:
    assert [part.name for part in services.list_parts(conn) if part.action_count == 0] == []


def test_every_starter_output_type_parses(conn: db.Connection) -> None:
    for item in services.list_actions(conn):
        services.output_type(services.get_live_action(conn, item.id).version)


def test_every_action_is_offered_at_a_field_of_the_same_kind(conn: db.Connection) -> None:
    kinds = {item.id: item.output_kind for item in services.list_actions(conn)}
    places = services.list_action_places(conn)
    judge = _action(conn, "judge_answer").id
    for_passages = {action.id for action in services.list_selection_actions(conn)}
    assert {place.action_id for place in places} == set(kinds) - {judge} - for_passages
    assert [(p.field_name, p.field_kind) for p in places if kinds[p.action_id] != p.field_kind] == []


def test_words_of_the_post_come_in_through_data_parts_only(
    conn: db.Connection, vocabulary: Vocabulary
) -> None:
    for item in services.list_actions(conn):
        version = services.get_live_action(conn, item.id).version
        for part in services.load_parts(conn, version.id):
            if part.kind != "data":  # an editor's wish is asked, not quoted
                assert assemble.read_inputs([part], vocabulary) <= {rules.WISH}, part.name


def test_the_judge_can_judge(conn: db.Connection) -> None:
    judge = _action(conn, "judge_answer")
    check_judge(judge.label, judge.version.output_kind, judge.version.output_schema)
    for part in services.load_parts(conn, judge.version.id):
        assemble.parse_part(part, rules.JUDGE_VOCABULARY)


def test_every_action_tells_what_the_fence_means_before_its_data(conn: db.Connection) -> None:
    for item in services.list_actions(conn):
        version = services.get_live_action(conn, item.id).version
        parts = services.load_parts(conn, version.id)
        fence = next(place for place, part in enumerate(parts) if "fence.open" in part.template)
        data = [place for place, part in enumerate(parts) if part.kind == "data"]
        assert data
        assert fence < min(data)


def test_role_and_style_come_first_and_never_change(conn: db.Connection, vocabulary: Vocabulary) -> None:
    for item in services.list_actions(conn):
        version = services.get_live_action(conn, item.id).version
        parts = services.load_parts(conn, version.id)
        if item.wish_label is None:
            assert [part.kind for part in parts[:3]] == ["role", "style", "task"]
            assert assemble.leading_constant(parts, vocabulary).messages >= 3
        else:
            assert assemble.leading_constant(parts, vocabulary).messages >= 2


def test_six_actions_are_there_for_a_passage_and_two_of_them_ask_how(conn: db.Connection) -> None:
    offered = services.list_selection_actions(conn)
    assert [action.label for action in offered] == [
        "Shorten",
        "Expand",
        "Rephrase",
        "Fix language",
        "Change tone",
        "Translate",
    ]
    assert [action.wish_label for action in offered if action.wish_choices] == ["Tone", "Language"]


def test_every_action_can_be_assembled_from_a_post_that_is_far_enough(
    conn: db.Connection, vocabulary: Vocabulary
) -> None:
    for item in services.list_actions(conn):
        version = services.get_live_action(conn, item.id).version
        made = assemble.assemble(services.load_parts(conn, version.id), vocabulary, FULL, fence="data-x")
        assert all(message.content.strip() for message in made.messages)
        assert any(message.content.startswith("<data-x>") for message in made.messages)


def test_the_first_actions_need_nothing_but_the_idea(conn: db.Connection, vocabulary: Vocabulary) -> None:
    for name in (
        "expand_idea",
        "propose_title",
        "define_scope",
        "list_topics",
        "fifty_facts",
        "plan_sections",
    ):
        parts = services.load_parts(conn, _action(conn, name).version.id)
        assert {str(each) for each in assemble.required_inputs(parts, vocabulary)} == {"post.idea_seed"}


def test_lists_json_and_short_texts_are_sent_back_once(conn: db.Connection) -> None:
    for item in services.list_actions(conn):
        version = services.get_live_action(conn, item.id).version
        assert version.max_repairs == (0 if version.output_kind == "markdown" else 1), item.name
        assert (version.repair_part_id is None) == (version.max_repairs == 0)


def test_what_is_said_with_a_failed_reply_names_every_problem(conn: db.Connection) -> None:
    [mend] = services.list_repair_parts(conn)
    part = services.load_part(conn, mend.id)
    problems = Inputs(input={"problems": ["Too long.", "A twin."]})
    made = assemble.assemble([part], rules.REPAIR_VOCABULARY, problems, fence="data-x")
    assert "\n\n- Too long.\n- A twin.\n\n" in made.messages[0].content


def _judge(conn: db.Connection, name: str, reply: str) -> Checked | Failed:
    return check(reply, services.output_type(_action(conn, name).version), FULL)


def test_forty_nine_facts_are_not_fifty(conn: db.Connection) -> None:
    facts = [f'"Fact {number} of the list."' for number in range(50)]
    assert isinstance(_judge(conn, "fifty_facts", f"[{', '.join(facts)}]"), Checked)
    assert isinstance(_judge(conn, "fifty_facts", f"[{', '.join(facts[:49])}]"), Failed)


def test_a_fact_given_to_two_sections_fails(conn: db.Connection) -> None:
    def plan(first: list[str], second: list[str]) -> str:
        texts = [", ".join(f'"{fact}"' for fact in facts) for facts in (first, second)]
        return f'[{{"heading": "A", "facts": [{texts[0]}]}}, {{"heading": "B", "facts": [{texts[1]}]}}]'

    assert isinstance(_judge(conn, "allocate_facts", plan(FACTS[:2], FACTS[2:])), Checked)
    assert isinstance(_judge(conn, "allocate_facts", plan(FACTS[:2], FACTS[1:])), Failed)
    assert isinstance(_judge(conn, "allocate_facts", plan(FACTS[:2], FACTS[3:])), Failed)


def test_a_section_plan_has_headings_and_descriptions_and_nothing_else(conn: db.Connection) -> None:
    good = '[{"heading": "A", "description": "a"}, {"heading": "B", "description": "b"}]'
    assert isinstance(_judge(conn, "plan_sections", good), Checked)
    assert isinstance(_judge(conn, "plan_sections", good.replace("description", "about", 1)), Failed)


def test_seo_lengths_are_kept_in_code(conn: db.Connection) -> None:
    assert isinstance(_judge(conn, "seo_metadata", '{"title": "Herons", "description": "Why."}'), Checked)
    long = f'{{"title": "{"x" * 61}", "description": "Why."}}'
    assert isinstance(_judge(conn, "seo_metadata", long), Failed)


@pytest.mark.parametrize(
    ("name", "limit"),
    [("post_for_mastodon", 500), ("post_for_bluesky", 300), ("post_for_linkedin", 3000), ("post_for_x", 280)],
)
def test_a_channel_s_length_is_a_validator_and_leaves_room_for_the_link(
    conn: db.Connection, name: str, limit: int
) -> None:
    room = 23
    assert isinstance(_judge(conn, name, "a" * (limit - room)), Failed) or limit == 3000
    assert isinstance(_judge(conn, name, "a" * (limit + 1)), Failed)
    assert isinstance(_judge(conn, name, "A heron waits."), Checked)
    assert isinstance(_judge(conn, name, "A heron. https://example.org/heron"), Failed)
    assert isinstance(_judge(conn, name, "#a1 #b2 #c3 #d4 #e5"), Failed)
