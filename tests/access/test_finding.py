"""What is out of sight is in no list, search, export, comparison or history."""

from datetime import UTC, date, datetime

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import services as automation
from blog.app.errors import NotFound
from blog.app.finding import services as finding
from blog.app.finding.schemas import BoardQuery, PostQuery
from blog.app.insight import history
from blog.app.insight.schemas import RunQuery
from blog.app.reading import services as reading
from blog.app.review import dates
from blog.app.workflow import services as workflow
from tests.access.people import ALL, make_narrow
from tests.factories import all_powerful, bind, make_action, make_actor, make_model, make_post

HIDDEN = "quixotry"


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


@pytest.fixture
def nora(conn: db.Connection) -> Actor:
    return make_narrow(conn, {"planning": ALL})


def titles(conn: db.Connection, actor: Actor, **asked: object) -> list[str]:
    query = PostQuery.model_validate(asked)
    return [post.title for post in finding.list_posts(conn, actor, query).items]


def test_lists_board_and_calendar_have_what_is_in_sight(
    conn: db.Connection, carol: Actor, nora: Actor
) -> None:
    near, far = make_post(conn, carol, idea="Near"), make_post(conn, carol, idea="Far")
    workflow.move_post(conn, carol, far, "content")
    for post_id in (near, far):
        dates.plan(conn, carol, post_id, date(2026, 3, 1), None)
    assert titles(conn, carol) == ["Far", "Near"]
    assert titles(conn, nora) == titles(conn, nora, search="Near") == ["Near"]
    assert titles(conn, nora, search="Far") == []
    board = finding.get_board(conn, nora, BoardQuery())
    assert [column.name for column in board.columns] == ["idea", "research", "structure"]
    month = finding.get_calendar(conn, nora, "2026-03", date(2026, 3, 1))
    assert {entry.post_id for week in month.weeks for day in week for entry in day.entries} == {near}


def test_words_of_a_field_out_of_sight_find_nothing(conn: db.Connection, carol: Actor, nora: Actor) -> None:
    post_id = make_post(conn, carol, idea="Near", conclusion=HIDDEN)
    assert titles(conn, carol, search=HIDDEN) == ["Near"]
    assert titles(conn, nora, search=HIDDEN) == []
    asked = BoardQuery(search=HIDDEN)
    assert sum(column.count or 0 for column in finding.get_board(conn, carol, asked).columns) == 1
    assert sum(column.count or 0 for column in finding.get_board(conn, nora, asked).columns) == 0
    assert [hit.kind for hit in finding.find(conn, carol, HIDDEN).items] == ["post"]
    assert finding.find(conn, nora, HIDDEN).items == []
    fields = [hit.label for hit in finding.find(conn, nora, "conclusion", post_id=post_id).items]
    assert "Conclusion" not in fields


def test_preview_exports_and_history_are_without_it(conn: db.Connection, carol: Actor, nora: Actor) -> None:
    post_id = make_post(conn, carol, idea="Near", conclusion=HIDDEN, basic_idea="Here")
    first, second = (
        revision.revision
        for revision in reading.get_post_history(conn, carol, post_id).items
        if revision.revision.field_name in {"conclusion", "basic_idea"}
    )
    for form in ("markdown", "html", "json"):
        assert HIDDEN in reading.export_post(conn, carol, post_id, form).text
        assert HIDDEN not in reading.export_post(conn, nora, post_id, form).text
    assert HIDDEN not in repr(reading.get_article(conn, nora, post_id))
    assert HIDDEN not in repr(reading.get_post_history(conn, nora, post_id))
    assert HIDDEN not in repr(reading.get_snapshot(conn, nora, post_id, datetime.now(UTC)))
    assert HIDDEN in repr(reading.get_snapshot(conn, carol, post_id, datetime.now(UTC)))
    assert "Conclusion" not in repr(reading.list_history_choices(conn, nora, post_id))
    hidden = first if first.field_name == "conclusion" else second
    with pytest.raises(NotFound):
        reading.compare_revisions(conn, nora, post_id, hidden.id, hidden.id)
    with pytest.raises(NotFound):
        reading.restore_in_history(conn, nora, post_id, hidden.id, base_revision_id=hidden.id)


def test_runs_out_of_sight_are_neither_listed_nor_found(
    conn: db.Connection, carol: Actor, nora: Actor
) -> None:
    post_id = make_post(conn, carol, idea="Near", conclusion=HIDDEN)
    model_id = make_model(conn)
    db.run(conn, "DELETE FROM workflow_field_action")
    for name, template in (
        ("basic_idea", "{{ post.idea_seed }}"),  # seen
        ("idea_scope", "{{ post.conclusion }}"),  # it read what is not
        ("subtitle", "{{ post.idea_seed }}"),  # its field is not
    ):
        field_id = db.scalar(conn, "SELECT id FROM workflow_field WHERE name = %s", (name,))
        bind(conn, field_id, make_action(conn, [("user", "data", template)], model_id=model_id))
    seen, *hidden = (
        automation.start(conn, carol, post_id=post_id, field_name=name).id
        for name in ("basic_idea", "idea_scope", "subtitle")
    )
    listed = {item.id for item in history.list_runs(conn, nora, RunQuery(after=None)).items}
    assert listed == {seen}
    assert {item.id for item in history.list_runs(conn, carol, RunQuery(after=None)).items} == {seen, *hidden}
    found = {hit.url for each in hidden for hit in finding.find(conn, nora, str(each)).items}
    assert found.isdisjoint(f"/llm/runs/{each}" for each in hidden)  # its number may be in an action's name
    with pytest.raises(NotFound):
        history.compare(conn, nora, seen, hidden[0])
    assert len(history.list_runs(conn, make_actor(conn, "vera", "viewer"), RunQuery(after=None)).items) == 3
