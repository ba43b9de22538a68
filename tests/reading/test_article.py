"""The article: which field fills which part, what is a gap, how much there is to read."""

import pytest

from blog.app.posts import services as posts
from blog.app.reading import services, words
from blog.app.reading.models import Article
from tests.reading.conftest import Desk


def article(desk: Desk) -> Article:
    return services.get_article(desk.conn, desk.actor, desk.post_id)


def test_an_empty_post_is_all_gaps_that_name_their_fields(desk: Desk) -> None:
    found = article(desk)
    assert {piece.field_name for piece in found.gaps} >= {"main_title", "intro_blurb", "conclusion", "tags"}
    assert found.words == found.minutes == 0


def test_the_polished_text_is_read_and_without_it_the_draft(desk: Desk) -> None:
    section_id = desk.add("Lamps", draft="The *draft*.")
    body = article(desk).sections[0].piece("section_body")
    assert body is not None
    assert (body.text, body.instead_of, body.section_id) == ("The *draft*.", "Polished text", section_id)
    desk.write("polished", "The polished text.", section_id)
    body = article(desk).sections[0].piece("section_body")
    assert body is not None
    assert (body.text, body.instead_of) == ("The polished text.", None)


def test_which_field_is_which_part_is_data(desk: Desk) -> None:
    desk.write("self_review", "Read by all.")
    desk.conn.execute("UPDATE workflow_field SET part = NULL, part_rank = NULL WHERE name = 'conclusion'")
    desk.conn.execute(
        "UPDATE workflow_field SET part = 'conclusion', part_rank = 1 WHERE name = 'self_review'"
    )
    conclusion = article(desk).piece("conclusion")
    assert conclusion is not None
    assert conclusion.text == "Read by all."


def test_a_part_without_a_field_is_no_gap(desk: Desk) -> None:
    desk.conn.execute("UPDATE workflow_field SET part = NULL, part_rank = NULL WHERE part = 'subtitle'")
    assert article(desk).piece("subtitle") is None
    assert "subtitle" not in {piece.part for piece in article(desk).gaps}


def test_sections_are_in_their_order_and_removed_ones_are_not_read(desk: Desk) -> None:
    first, second = desk.add("One"), desk.add("Two")
    assert [section.section_id for section in article(desk).sections] == [first, second]
    posts.remove_section(desk.conn, desk.actor, desk.post_id, first)
    assert [section.section_id for section in article(desk).sections] == [second]


def test_headings_in_the_words_stand_below_those_of_the_article(desk: Desk) -> None:
    desk.write("intro_blurb", "# Loud\n\ntext")
    section_id = desk.add("One", draft="# Loud\n\n###### deep")
    assert section_id
    intro, body = article(desk).piece("introduction"), article(desk).sections[0].piece("section_body")
    assert intro is not None
    assert body is not None
    assert "<h2>Loud</h2>" in intro.html
    assert "<h3>Loud</h3>" in body.html
    assert "<h6>deep</h6>" in body.html


def test_what_readers_see_is_counted_and_not_its_marks(desk: Desk) -> None:
    desk.write("intro_blurb", "Two **bold** words-joined [here](https://example.org/a/b/c) <b>&amp;")
    desk.write("summary", "Not read in the article.")
    assert article(desk).words == 5  # Two bold words-joined here b
    desk.add("A heading", draft="word " * 476)
    assert article(desk).words == 5 + 2 + 476
    assert article(desk).minutes == 2


@pytest.mark.parametrize(("count", "minutes"), [(0, 0), (1, 1), (356, 1), (357, 2), (594, 2), (595, 3)])
def test_reading_time_is_rounded_to_the_nearest_minute(count: int, minutes: int) -> None:
    assert words.minutes(count) == minutes
