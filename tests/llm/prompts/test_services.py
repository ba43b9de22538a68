"""Use cases of prompt parts and actions, through SQL."""

import threading

import psycopg
import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.prompts import actions, forms, parts, services
from blog.app.llm.prompts.schemas import ActionCreate, PromptPartChange, PromptPartCreate
from tests.factories import all_powerful, make_actor
from tests.llm.prompts.prompt_rows import VOCABULARY, make_action, make_part
from tests.llm.registry.registry_rows import make_model


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


def _change(part_version: int, template: str, name: str = "Part") -> PromptPartChange:
    return PromptPartChange(
        base_version_id=part_version, name=name, role="user", kind="task", template=template
    )


# --- prompt parts --------------------------------------------------------------------------------


def test_saving_a_part_appends_a_version_and_keeps_the_old_one(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol, "First.")
    changed = parts.update_part(conn, carol, part.id, _change(part.version_id, "Second."), VOCABULARY)
    assert (changed.number, changed.template) == (2, "Second.")
    assert [(v.number, v.template) for v in services.list_part_versions(conn, part.id)] == [
        (2, "Second."),
        (1, "First."),
    ]


def test_of_two_people_on_one_part_the_second_is_told_and_nothing_is_lost(
    conn: db.Connection, carol: Actor
) -> None:
    part = make_part(conn, carol, "First.")
    mine = parts.update_part(conn, carol, part.id, _change(part.version_id, "Mine."), VOCABULARY)
    with pytest.raises(Conflict) as refused:
        parts.update_part(conn, carol, part.id, _change(part.version_id, "Yours."), VOCABULARY)
    assert refused.value.details["current_version_id"] == mine.version_id
    assert services.get_newest_part(conn, part.id).template == "Mine."
    assert len(services.list_part_versions(conn, part.id)) == 2


def test_two_connections_that_race_for_one_part_have_one_winner(committed_db: str) -> None:
    with psycopg.connect(committed_db, autocommit=True) as conn:
        carol = all_powerful(conn)
        part = make_part(conn, carol, "First.")
    outcomes: list[str] = []
    ready = threading.Barrier(4)

    def save(text: str) -> None:
        with psycopg.connect(committed_db, autocommit=True) as mine:
            ready.wait()
            try:
                parts.update_part(mine, carol, part.id, _change(part.version_id, text), VOCABULARY)
                outcomes.append("saved")
            except Conflict:
                outcomes.append("conflict")

    threads = [threading.Thread(target=save, args=(f"Text {number}.",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "saved"]
    with psycopg.connect(committed_db, autocommit=True) as conn:
        assert [v.number for v in services.list_part_versions(conn, part.id)] == [2, 1]


def test_an_unknown_name_is_refused_with_its_place_and_the_nearest_one(
    conn: db.Connection, carol: Actor
) -> None:
    with pytest.raises(Invalid) as refused:
        make_part(conn, carol, "Idea:\n{{ post.basic_ide }}")
    assert refused.value.details["nearest"] == "post.basic_idea"
    assert refused.value.details["line"] == 2


def test_a_data_part_may_not_name_the_fence(conn: db.Connection, carol: Actor) -> None:
    with pytest.raises(Invalid):
        make_part(conn, carol, "{{ fence.open }}", kind="data")


def test_a_form_s_line_ends_are_stored_as_plain_ones(conn: db.Connection, carol: Actor) -> None:
    assert make_part(conn, carol, "One\r\nTwo").template == "One\nTwo"


def test_a_part_in_use_cannot_be_archived(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol)
    action = make_action(conn, carol, part)
    with pytest.raises(Conflict, match=action.label):
        parts.archive_part(conn, carol, part.id)


def test_an_unused_part_is_archived_and_brought_back(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol)
    parts.archive_part(conn, carol, part.id)
    assert part.id not in {each.id for each in services.list_parts(conn)}
    with pytest.raises(Invalid):
        make_action(conn, carol, services.get_part(conn, part.id))
    parts.bring_back_part(conn, carol, part.id)
    assert part.id in {each.id for each in services.list_parts(conn)}


def test_two_parts_cannot_have_one_name(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol)
    with pytest.raises(Conflict):
        make_part(conn, carol, name=part.name)


def test_parts_are_found_by_text_role_kind_and_tag(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol, "A heron stands.", role="assistant", kind="example", tags=["Birds"])
    for search in ("HERON", "birds", part.name):
        assert part.id in {each.id for each in services.list_parts(conn, search)}
    assert part.id not in {each.id for each in services.list_parts(conn, "50% of nothing_at_all")}


def test_an_author_cannot_change_a_part(conn: db.Connection, carol: Actor) -> None:
    alice = make_actor(conn, "alice", "author")
    part = make_part(conn, carol)
    with pytest.raises(Forbidden):
        parts.update_part(conn, alice, part.id, _change(part.version_id, "Mine."), VOCABULARY)
    with pytest.raises(Forbidden):
        parts.create_part(
            conn,
            alice,
            PromptPartCreate(name="New", role="user", kind="task", template="Text."),
            VOCABULARY,
        )


# --- actions -------------------------------------------------------------------------------------


def test_the_parts_of_an_action_stay_in_the_order_in_which_they_were_saved(
    conn: db.Connection, carol: Actor
) -> None:
    last = make_part(conn, carol, "Last.", role="system")
    first = make_part(conn, carol, "First.", role="user")
    action = make_action(conn, carol, first, last, first)
    assert [part.template for part in services.load_parts(conn, action.version.id)] == [
        "First.",
        "Last.",
        "First.",
    ]


def test_saving_an_action_makes_a_new_version_and_the_old_one_stays_readable(
    conn: db.Connection, carol: Actor
) -> None:
    action = make_action(conn, carol, params={"temperature": 0.7})
    changed = actions.update_action(
        conn, carol, action.id, forms.change_of(action, params={"temperature": 0.1}), VOCABULARY
    )
    assert (changed.version.number, changed.version.params) == (2, {"temperature": 0.1})
    assert services.get_action_version(conn, action.version.id).params == {"temperature": 0.7}


def test_of_two_people_on_one_action_the_second_is_told(conn: db.Connection, carol: Actor) -> None:
    action = make_action(conn, carol)
    actions.update_action(conn, carol, action.id, forms.change_of(action, label="Mine"), VOCABULARY)
    with pytest.raises(Conflict):
        actions.update_action(conn, carol, action.id, forms.change_of(action, label="Yours"), VOCABULARY)
    assert services.get_live_action(conn, action.id).label == "Mine"


@pytest.mark.parametrize(
    "wrong",
    [
        {"validators": [{"rule": "exactly_n", "n": 3}]},
        {"validators": [{"rule": "min_chars", "n": 9}, {"rule": "max_chars", "n": 3}]},
        {"output_kind": "json", "output_schema": {"type": "nothing"}},
        {"params": {"temperature": 9}},
        {"model_id": 999_999},
        {"part_ids": [999_999]},
    ],
)
def test_an_action_that_could_not_work_is_refused(
    conn: db.Connection, carol: Actor, wrong: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        make_action(conn, carol, **wrong)


def test_an_action_that_is_not_there_is_not_found(conn: db.Connection) -> None:
    with pytest.raises(NotFound):
        services.get_live_action(conn, 999_999)


def test_an_author_cannot_make_an_action(conn: db.Connection, carol: Actor) -> None:
    part = make_part(conn, carol)
    with pytest.raises(Forbidden):
        actions.create_action(
            conn,
            make_actor(conn, "alice", "author"),
            ActionCreate(name="mine", label="Mine", output_kind="text", part_ids=[part.id]),
            VOCABULARY,
        )


# --- when a call or a reply fails ----------------------------------------------------------------

MEND = "Mend: {{ input.problems | join('; ') }}"


def test_how_failures_are_met_is_part_of_every_version(conn: db.Connection, carol: Actor) -> None:
    model, other = make_model(conn, carol), make_model(conn, carol)
    mend = make_part(conn, carol, MEND)
    met = {
        "max_retries": 4,
        "fallback_model_id": other.id,
        "max_repairs": 2,
        "repair_part_id": mend.id,
    }
    action = make_action(conn, carol, model_id=model.id, **met)
    changed = actions.update_action(
        conn, carol, action.id, forms.change_of(action, part_ids=[*action.part_ids] * 2), VOCABULARY
    )
    version = changed.version
    assert version.number == 2
    assert {name: getattr(version, name) for name in met} == met


def test_a_fallback_that_is_not_there_or_is_the_model_itself_is_refused(
    conn: db.Connection, carol: Actor
) -> None:
    model = make_model(conn, carol)
    for model_id, fallback_model_id in ((model.id, model.id), (model.id, 999_999)):
        with pytest.raises(Invalid) as refused:
            make_action(conn, carol, model_id=model_id, fallback_model_id=fallback_model_id)
        assert refused.value.details["field"] == "fallback_model_id"


def test_a_repair_that_could_not_be_said_is_refused(conn: db.Connection, carol: Actor) -> None:
    archived = make_part(conn, carol, MEND)
    parts.archive_part(conn, carol, archived.id)
    reads_more = make_part(conn, carol, MEND + " {{ post.basic_idea }}")
    for repair_part_id in (None, 999_999, archived.id, reads_more.id):
        with pytest.raises(Invalid) as refused:
            make_action(conn, carol, max_repairs=1, repair_part_id=repair_part_id)
        assert refused.value.details["field"] == "repair_part_id"


def test_an_action_cannot_send_problems_before_there_are_any(conn: db.Connection, carol: Actor) -> None:
    mend = make_part(conn, carol, MEND)
    with pytest.raises(Invalid, match="only once a reply has failed"):
        make_action(conn, carol, mend)
    action = make_action(conn, carol, max_repairs=1, repair_part_id=mend.id)
    with pytest.raises(Invalid):
        actions.update_action(conn, carol, action.id, forms.change_of(action, part_ids=[mend.id]), VOCABULARY)


def test_an_action_can_lose_a_part_though_another_cannot_be_read(conn: db.Connection, carol: Actor) -> None:
    one, two = (make_part(conn, carol, "{{ post.facts }}") for _ in range(2))
    action = make_action(conn, carol, one, two)
    later = Vocabulary(input=VOCABULARY.input)
    changed = actions.update_action(conn, carol, action.id, forms.change_of(action, part_ids=[two.id]), later)
    assert changed.part_ids == [two.id]


def test_a_part_depends_on_nothing_that_no_run_would_be_given(conn: db.Connection, carol: Actor) -> None:
    passage = make_part(conn, carol, "{{ selection.text }}")
    wish = make_part(conn, carol, "In this tone: {{ input.wish }}")
    for part in (passage, wish):
        with pytest.raises(Invalid, match=part.name):
            make_action(conn, carol, part)
    action = make_action(
        conn, carol, passage, wish, takes_selection=True, wish_label="Tone", wish_choices=["dry", "warm"]
    )
    assert action.id in [offered.id for offered in services.list_selection_actions(conn)]
    for different in ({"takes_selection": False}, {"wish_label": None, "wish_choices": []}):
        change = forms.change_of(action, **different)
        with pytest.raises(Invalid):
            actions.update_action(conn, carol, action.id, change, VOCABULARY)


@pytest.mark.parametrize(
    ("different", "field"),
    [
        ({"output_kind": "list", "takes_selection": True}, "takes_selection"),
        ({"wish_choices": ["dry"]}, "wish_label"),
        ({"wish_label": "Tone", "wish_choices": ["dry", "dry"]}, "wish_choices"),
    ],
)
def test_a_promise_about_passages_or_wishes_that_makes_no_sense_is_refused(
    conn: db.Connection, carol: Actor, different: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make_action(conn, carol, **different)
    assert refused.value.details["field"] == field


def test_a_part_keeps_fitting_the_places_it_has(conn: db.Connection, carol: Actor) -> None:
    mend, sent = make_part(conn, carol, MEND), make_part(conn, carol, "Write.")
    make_action(conn, carol, sent, max_repairs=1, repair_part_id=mend.id)
    for part, template in ((mend, "About {{ post.basic_idea }}"), (sent, MEND)):
        change = _change(part.version_id, template, name=part.name)
        with pytest.raises(Invalid):
            parts.update_part(conn, carol, part.id, change, VOCABULARY)
        assert services.get_part(conn, part.id).number == 1
    better = _change(mend.version_id, "Better. " + MEND, name=mend.name)
    assert parts.update_part(conn, carol, mend.id, better, VOCABULARY).number == 2


def test_a_part_that_is_said_with_failed_replies_is_in_use(conn: db.Connection, carol: Actor) -> None:
    mend = make_part(conn, carol, MEND)
    assert mend.action_count == 0
    action = make_action(conn, carol, max_repairs=1, repair_part_id=mend.id)
    assert services.get_part(conn, mend.id).action_count == 1
    [use] = services.list_part_uses(conn, mend.id)
    assert (use.action_id, use.is_sent, use.is_repair) == (action.id, False, True)
    with pytest.raises(Conflict, match=action.label):
        parts.archive_part(conn, carol, mend.id)


# --- which model a run asks ----------------------------------------------------------------------


def test_a_run_asks_the_model_named_else_the_action_s_else_the_default(
    conn: db.Connection, carol: Actor
) -> None:
    default, own, named = (make_model(conn, carol) for _ in range(3))
    plain, particular = make_action(conn, carol), make_action(conn, carol, model_id=own.id)
    assert services.choose_model(conn, plain.version, None).id == default.id
    assert services.choose_model(conn, particular.version, None).id == own.id
    assert services.choose_model(conn, particular.version, named.id).id == named.id


def test_without_any_model_the_refusal_says_where_to_connect_one(conn: db.Connection, carol: Actor) -> None:
    with pytest.raises(Invalid, match="/llm/connect") as refused:
        services.choose_model(conn, make_action(conn, carol).version, None)
    assert refused.value.details["link"] == "/llm/connect"


def test_a_model_that_is_switched_off_is_never_replaced_silently(conn: db.Connection, carol: Actor) -> None:
    make_model(conn, carol)
    off = make_model(conn, carol, is_enabled=False)
    with pytest.raises(Invalid, match="switched off"):
        services.choose_model(conn, make_action(conn, carol, model_id=off.id).version, None)
