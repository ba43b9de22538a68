"""History: every revision with who and what changed, any two compared, and the post as it was."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.posts import services as posts
from blog.app.reading import services
from blog.app.reading.models import PostHistoryEntry
from tests.factories import make_actor, make_post
from tests.reading.conftest import Desk


def listed(desk: Desk, **how: int | None) -> list[PostHistoryEntry]:
    return list(services.get_post_history(desk.conn, desk.actor, desk.post_id, **how).items)  # type: ignore[arg-type]


def brief(entries: list[PostHistoryEntry]) -> list[tuple[str, str, int]]:
    return [(entry.revision.field_name, entry.heading, entry.revision.number) for entry in entries]


def test_every_revision_of_every_field_is_listed_newest_first(desk: Desk) -> None:
    desk.write("main_title", "One")
    desk.write("main_title", "Two")
    section_id = desk.add("Lamps", draft="Words")
    assert brief(listed(desk)) == [
        ("draft", "Lamps", 1),
        ("section_heading", "Lamps", 1),
        ("main_title", "", 2),
        ("main_title", "", 1),
        ("idea_seed", "", 1),
    ]
    assert brief(listed(desk, section_id=section_id))[0] == ("draft", "Lamps", 1)
    changed = listed(desk)[2]
    assert [(segment.kind, segment.text) for segment in changed.segments or []] == [
        ("removed", "One"),
        ("added", "Two"),
    ]
    assert changed.revision.is_current
    assert not listed(desk)[3].revision.is_current


def test_a_history_is_narrowed_by_field_person_and_run(desk: Desk, conn: db.Connection) -> None:
    field_id = desk.write("main_title", "One").field_id
    other = make_actor(conn, "bob", "editor")
    bobs = Desk(conn=conn, actor=other, post_id=desk.post_id)
    bobs.write("main_title", "Two")
    assert brief(listed(desk, field_id=field_id)) == [("main_title", "", 2), ("main_title", "", 1)]
    assert brief(listed(desk, person_id=other.user_id)) == [("main_title", "", 2)]
    assert listed(desk, run_id=1) == []
    choices = services.list_history_choices(conn, desk.actor, desk.post_id)
    assert {choice.label for choice in choices.people} == {"nora", "bob"}
    assert [choice.label for choice in choices.fields] == ["Idea seed", "Main title"]
    assert choices.runs == []


def test_pages_follow_each_other_without_a_gap(desk: Desk) -> None:
    for number in range(7):
        desk.write("main_title", f"Title {number}")
    seen: list[int] = []
    after: int | None = None
    while True:
        page = services.get_post_history(desk.conn, desk.actor, desk.post_id, after=after, limit=3)
        seen += [entry.revision.id for entry in page.items]
        if page.next is None:
            break
        after = int(page.next)
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 8


def test_a_long_text_is_not_compared_in_the_list(desk: Desk) -> None:
    desk.write("intro_blurb", "a " * 1000)
    desk.write("basic_idea", "word " * 1500)
    by_name = {entry.revision.field_name: entry for entry in listed(desk)}
    assert by_name["basic_idea"].segments is None
    assert by_name["basic_idea"].revision.length == 7500
    assert by_name["intro_blurb"].segments is not None


def test_any_two_revisions_of_a_field_are_compared(desk: Desk) -> None:
    one = desk.write("main_title", "The lamp is lit")
    desk.write("main_title", "Something else")
    three = desk.write("main_title", "The lamp is out")
    found = services.compare_revisions(desk.conn, desk.actor, desk.post_id, one.id, three.id)
    assert "".join(segment.text for segment in found.segments if segment.kind != "added") == "The lamp is lit"
    assert (
        "".join(segment.text for segment in found.segments if segment.kind != "removed") == "The lamp is out"
    )


def test_two_fields_are_not_compared(desk: Desk) -> None:
    one, two = desk.write("main_title", "x"), desk.write("subtitle", "x")
    with pytest.raises(Invalid):
        services.compare_revisions(desk.conn, desk.actor, desk.post_id, one.id, two.id)


def test_a_revision_of_another_post_is_not_found(desk: Desk, conn: db.Connection) -> None:
    other = make_post(conn, desk.actor)
    one = desk.write("main_title", "x")
    with pytest.raises(NotFound):
        services.compare_revisions(conn, desk.actor, other, one.id, one.id)
    with pytest.raises(NotFound):
        services.restore_in_history(conn, desk.actor, other, one.id, base_revision_id=one.id)


def test_restoring_appends_and_names_what_it_restored(desk: Desk) -> None:
    one, two = desk.write("main_title", "One"), desk.write("main_title", "Two")
    entry = listed(desk)[1]
    assert (entry.revision.id, entry.revision.current_id) == (one.id, two.id)
    made = services.restore_in_history(desk.conn, desk.actor, desk.post_id, one.id, base_revision_id=two.id)
    assert (made.value, made.number, made.restored_from_id) == ("One", 3, one.id)
    with pytest.raises(Conflict):
        services.restore_in_history(desk.conn, desk.actor, desk.post_id, two.id, base_revision_id=two.id)


def test_somebody_who_may_only_read_restores_nothing(desk: Desk, conn: db.Connection) -> None:
    one, two = desk.write("main_title", "One"), desk.write("main_title", "Two")
    viewer = make_actor(conn, "vic", "viewer")
    assert services.get_post_history(conn, viewer, desk.post_id).items
    with pytest.raises(Forbidden):
        services.restore_in_history(conn, viewer, desk.post_id, one.id, base_revision_id=two.id)


# --- the post as it was --------------------------------------------------------------------------


def test_the_post_is_shown_as_it_was_at_every_moment(desk: Desk) -> None:
    """Each state is noted with the moment right after it; later each moment shows just that state."""
    noted = []

    def note() -> None:
        at = db.scalar(desk.conn, "SELECT clock_timestamp()")
        noted.append((at, state(desk, at=None)))

    note()
    desk.write("main_title", "One")
    note()
    first, second = desk.add("First", draft="a"), desk.add("Second", draft="b")
    note()
    posts.reorder_sections(desk.conn, desk.actor, desk.post_id, [second, first])
    note()
    posts.remove_section(desk.conn, desk.actor, desk.post_id, first)
    note()
    desk.write("draft", "b changed", second)
    third = posts.add_section(desk.conn, desk.actor, desk.post_id, second).id
    note()
    posts.bring_back_section(desk.conn, desk.actor, desk.post_id, first)
    desk.write("section_heading", "", second)
    note()
    posts.reorder_sections(desk.conn, desk.actor, desk.post_id, [first, third, second])
    desk.write("main_title", "Two")
    note()
    assert [state(desk, at=at) for at, _ in noted] == [then for _, then in noted]
    assert noted[3][1][1] == [(second, "Second", "b"), (first, "First", "a")]
    assert noted[4][1][1] == [(second, "Second", "b")]


def state(desk: Desk, *, at: object) -> tuple[str, list[tuple[int, str, str]]]:
    if at is None:
        article = services.get_article(desk.conn, desk.actor, desk.post_id)
    else:
        article = services.get_snapshot(desk.conn, desk.actor, desk.post_id, at).article  # type: ignore[arg-type]
    return article.title, [
        (
            section.section_id,
            piece.text if (piece := section.piece("section_heading")) else "",
            body.text if (body := section.piece("section_body")) else "",
        )
        for section in article.sections
    ]


def test_the_moment_of_a_revision_shows_it(desk: Desk) -> None:
    one, two = desk.write("main_title", "One"), desk.write("main_title", "Two")
    for revision in (one, two):
        shown = services.get_snapshot(desk.conn, desk.actor, desk.post_id, revision.created_at)
        assert shown.article.title == revision.value
    fields = {field.field_name: field for field in shown.fields}
    assert fields["main_title"].is_current


def test_a_moment_before_the_post_is_refused(desk: Desk) -> None:
    begun = posts.get_post(desk.conn, desk.actor, desk.post_id).created_at
    with pytest.raises(NotFound):
        services.get_snapshot(desk.conn, desk.actor, desk.post_id, begun - timedelta(days=1))


# --- pages ---------------------------------------------------------------------------------------


def test_the_pages_lead_to_each_other(desk: Desk, browser: FlaskClient) -> None:
    one, two = desk.write("main_title", "One <lamp>"), desk.write("main_title", "Two lamps")
    base = f"/posts/{desk.post_id}"
    page = browser.get(f"{base}/history?field={one.field_id}").text
    assert f"old={one.id}&amp;new={two.id}" in page
    assert 'form="compare-two"' in page
    shown = browser.get(f"{base}/history/comparison?old={one.id}&new={two.id}").text
    assert "<del>One &lt;lamp&gt;</del>" in shown
    at = one.created_at.isoformat().replace("+", "%2B")
    then = browser.get(f"{base}/history?at={at}").text
    assert "One &lt;lamp&gt;" in then
    assert "Two lamps" not in then.partition("<main")[2]


def test_a_restoration_leads_back_to_the_field_s_history(
    desk: Desk, browser: FlaskClient, conn: db.Connection
) -> None:
    one, two = desk.write("main_title", "One"), desk.write("main_title", "Two")
    page = browser.get(f"/posts/{desk.post_id}/history").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"csrf_token": token, "base_revision_id": str(two.id)}
    address = f"/posts/{desk.post_id}/history/{one.id}/restoration"
    answer = browser.post(address, data=form)
    assert answer.status_code == 303
    assert "restored as revision 3" in browser.get(answer.headers["Location"]).text
    address = f"/posts/{desk.post_id}/history/{two.id}/restoration"
    assert browser.post(address, data=form).status_code == 409


@pytest.mark.parametrize("query", ["at=yesterday", "field=x", "after=-1", "nonsense=1"])
def test_a_wrong_question_is_refused_in_words(desk: Desk, browser: FlaskClient, query: str) -> None:
    assert browser.get(f"/posts/{desk.post_id}/history?{query}").status_code == 422


def test_the_preview_follows_in_part(desk: Desk, browser: FlaskClient) -> None:
    page = browser.get(f"/posts/{desk.post_id}/preview", headers={"HX-Request": "true"}).text
    assert page.lstrip().startswith('<div id="reading"')
    assert f"/posts/{desk.post_id}/fields/main_title" in page


def test_the_api_answers_with_the_same(desk: Desk, client: FlaskClient, bearer: dict[str, str]) -> None:
    one, two = desk.write("main_title", "One"), desk.write("main_title", "Two")
    base = f"/api/v1/posts/{desk.post_id}"
    article = client.get(f"{base}/preview", headers=bearer).get_json()
    assert article["pieces"][0]["part"] in {"title", "header_image", "introduction"}
    history = client.get(f"{base}/history?limit=1", headers=bearer).get_json()
    assert history["items"][0]["revision"]["id"] == two.id
    assert history["next"] == str(two.id)
    compared = client.get(f"{base}/history/comparison?old={one.id}&new={two.id}", headers=bearer).get_json()
    assert compared["segments"][0]["text"] == "One"
    at = one.created_at.isoformat().replace("+00:00", "Z")
    assert client.get(f"{base}/snapshot?at={at}", headers=bearer).get_json()["article"]["pieces"]
    assert client.get(f"{base}/snapshot", headers=bearer).status_code == 422
