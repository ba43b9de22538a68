"""The outline's forms, as a browser without JavaScript uses them."""

import re

from tests.desk.test_views import Desk, desk, make_desk

__all__ = ["desk", "make_desk"]  # fixtures
TEXT = "Wool is warm.\n\n## Pleats\n\nThere are <many>."


def draft(desk: Desk, section_id: int) -> str:
    path = f"sections/{section_id}/fields/draft"
    return desk.client.get(desk.address(path), follow_redirects=True).text


def with_sections(desk: Desk, *texts: str) -> list[int]:
    for text in texts:
        desk.post("sections?at=content", {"heading": text.split()[0]})
        desk.post(f"sections/{desk.sections()[-1]}/fields/draft", {"value": text, "base_revision_id": ""})
    return desk.sections()


def test_a_section_is_split_at_a_chosen_place_and_put_back(desk: Desk) -> None:
    [one] = with_sections(desk, TEXT)
    page = desk.get(f"sections/{one}/split?at=content&field=draft&offset=4")
    assert page.index("Split at the cursor") < page.index("Split here")
    assert "There are &lt;many&gt;." in page
    base = re.search(r'name="base_revision_id" value="(\d+)"', page)
    assert base is not None
    form = {"field": "draft", "offset": str(TEXT.index("##")), "base_revision_id": base[1]}
    done = desk.post(f"sections/{one}/split?at=content", form)
    assert done.status_code == 303
    _, other = desk.sections()
    page = desk.get(done.location)
    assert "The section was split." in page
    revisions = re.search(r'name="revision_ids" value="([\d,]+)"', page)
    assert revisions is not None
    undo = {"other_section_id": str(other), "revision_ids": revisions[1]}
    desk.post(f"sections/{one}/reversal?at=content", undo)
    assert desk.sections() == [one]
    assert "Pleats" in draft(desk, one)


def test_sections_are_joined(desk: Desk) -> None:
    one, two = with_sections(desk, "One words", "Two words")
    done = desk.post(f"sections/{one}/merge?at=content", {"next_section_id": str(two)})
    assert desk.sections() == [one]
    assert "The sections were joined" in desk.get(done.location)
    assert "One words\n\nTwo words" in draft(desk, one)


def test_sections_get_the_order_they_were_dragged_into_and_the_one_before(desk: Desk) -> None:
    one, two, three = with_sections(desk, "One", "Two", "Three")
    done = desk.post("sections/order?at=content", {"section_ids": [three, one, two]})
    assert desk.sections() == [three, one, two]
    page = desk.get(done.location)
    was = page[page.index("another order") :]
    ids = re.findall(r'name="section_ids" value="(\d+)"', was[: was.index("</form>")])
    assert ids == [str(one), str(two), str(three)]
    assert desk.post("sections/order?at=content", {"section_ids": [one, two]}).status_code == 409


def test_a_section_without_paragraphs_has_nothing_to_divide(desk: Desk) -> None:
    [one] = with_sections(desk, "One")
    assert "Nothing to divide" in desk.get(f"sections/{one}/split?at=content")


def test_only_who_may_edit_may_split(desk: Desk) -> None:
    [one] = with_sections(desk, "One")
    assert desk.post(f"sections/{one}/split?at=content", {"field": "draft"}).status_code == 422
