"""An action on a passage of a field: what the model reads, and that nothing else of the field is touched."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.automation import preview, suggestions
from blog.app.automation import services as automation
from blog.app.automation.models import Passage, PreviewOf, Suggestion
from blog.app.errors import Conflict, Invalid
from blog.app.llm.runs import services as runs
from blog.app.llm.runs.models import Run
from blog.app.posts.models import Revision
from tests.automation.desk import SECRETS, Desk
from tests.factories import make_action, make_actor, make_field, make_model
from tests.llm.providers.scripted import openai_reply, serve

TEXT = "🧶 Wool is warm. Kilts are very, very old. Rain is wet."
PASSAGE = "Kilts are very, very old."
READS = (
    "{% if selection.before %}{{ selection.before }}{% endif %}|{{ selection.text }}|"
    "{% if selection.after %}{{ selection.after }}{% endif %}"
)
Make = Callable[..., Desk]


def at(words: str, text: str = TEXT) -> Passage:
    start = text.index(words)
    return Passage(start=start, end=start + len(words), text=words)


def for_passages(desk: Desk, base_url: str = "http://127.0.0.1:9", **action: object) -> int:
    parts = [("system", "task", "Shorten."), ("user", "data", READS)]
    model_id = make_model(desk.conn, base_url)
    return make_action(desk.conn, parts, model_id=model_id, takes_selection=True, **action)  # type: ignore[arg-type]


def started(desk: Desk, action_id: int, passage: Passage | None = None, **options: object) -> Run:
    return desk.start(action_id=action_id, passage=passage or at(PASSAGE), **options)


def suggested(make: Make, *replies: str, **action: object) -> tuple[Desk, Revision, Suggestion]:
    """A field with TEXT, and a suggestion for PASSAGE by the last of as many calls."""
    with serve([openai_reply([reply]) for reply in replies]) as server:
        made = make()
        base = made.write(TEXT, None)
        run = made.work(started(made, for_passages(made, server.url, **action)))
        while run.repaired_by_id is not None:
            run = made.work(runs.get_run(made.conn, run.repaired_by_id))
    [suggestion] = made.waiting()
    return made, base, suggestion


def test_the_model_reads_the_passage_and_what_stands_around_it(desk: Make) -> None:
    made = desk()
    made.write(TEXT, None)
    run = started(made, for_passages(made))
    content = run.messages[-1]["content"]
    assert content.splitlines()[1] == f"🧶 Wool is warm. |{PASSAGE}| Rain is wet."
    kept = runs.get_exchange(made.conn, run.id).inputs["selection"]
    assert kept == {"before": "🧶 Wool is warm. ", "text": PASSAGE, "after": " Rain is wet."}


def test_the_suggestion_is_the_field_with_only_the_passage_replaced(desk: Make) -> None:
    made, base, suggestion = suggested(desk, " Kilts are old.\n")
    assert suggestion.value == TEXT.replace(PASSAGE, "Kilts are old.")
    assert suggestion.passage == at(PASSAGE)
    assert (suggestion.base_revision_id, suggestion.is_stale) == (base.id, False)
    revision = suggestions.accept(made.conn, made.actor, suggestion.id, base_revision_id=base.id)
    assert revision.value == suggestion.value


def test_changes_of_a_passage_are_taken_one_by_one(desk: Make) -> None:
    made, base, suggestion = suggested(desk, "All kilts that I know of are very, very long.")
    revision = suggestions.accept(made.conn, made.actor, suggestion.id, base_revision_id=base.id, hunks=[2])
    assert revision.value == TEXT.replace(PASSAGE, "Kilts are very, very long.")


def test_white_space_at_the_ends_of_a_selection_stays_where_it_is(desk: Make) -> None:
    made = desk()
    made.write(TEXT, None)
    run = started(made, for_passages(made), at(f" {PASSAGE} "))
    found = db.scalar(
        made.conn, "SELECT selection_text FROM workflow_automation WHERE llm_run_id = %s", (run.id,)
    )
    assert found == PASSAGE


def test_the_checks_of_an_action_hold_for_what_it_wrote_alone(desk: Make) -> None:
    made, _, suggestion = suggested(
        desk,
        "Kilts are old and long and woollen.",
        "Kilts are old.",
        validators=[{"rule": "max_chars", "n": 20}],
        repair="Mend: {{ input.problems | join }}",
    )
    assert suggestion.value == TEXT.replace(PASSAGE, "Kilts are old.")
    assert len(automation.list_automations(made.conn, made.actor, made.post_id)) == 2


def test_a_refinement_keeps_the_passage(desk: Make) -> None:
    with serve([openai_reply(["Kilts are old."]), openai_reply(["Old kilts."])]) as server:
        made = desk()
        made.write(TEXT, None)
        first = made.work(started(made, for_passages(made, server.url)))
        child = made.work(automation.refine(made.conn, made.actor, first.id, "Even shorter"))
    [refined, _] = made.waiting()
    assert (refined.refines_id, child.status) == (first.id, "succeeded")
    assert refined.value == TEXT.replace(PASSAGE, "Old kilts.")
    assert refined.passage == at(PASSAGE)


def test_a_retry_finds_the_passage_where_it_is_now(desk: Make) -> None:
    made, base, suggestion = suggested(desk, "Kilts are old.")
    now = made.write("Before. " + TEXT, base.id)
    again = automation.retry(made.conn, made.actor, suggestion.run_id)
    assert f". |{PASSAGE}| Rain" in again.messages[-1]["content"]
    runs.cancel_run(made.conn, made.actor, again.id)
    made.write("Before. Rain is wet.", now.id)
    with pytest.raises(Conflict, match="Select it again"):
        automation.retry(made.conn, made.actor, suggestion.run_id)


def test_a_field_that_moved_on_is_compared_and_never_overwritten(desk: Make) -> None:
    made, base, suggestion = suggested(desk, "Kilts are old.")
    mine = TEXT.replace("wet", "grey")
    now = made.write(mine, base.id)
    [stale] = made.waiting()
    assert stale.is_stale
    with pytest.raises(Conflict):
        suggestions.accept(made.conn, made.actor, suggestion.id, base_revision_id=base.id)
    revision = suggestions.accept(made.conn, made.actor, suggestion.id, base_revision_id=now.id, hunks=[1])
    assert revision.value == mine.replace(PASSAGE, "Kilts are old.")


def test_two_passages_are_worked_on_at_once_and_one_not_twice(desk: Make) -> None:
    made = desk()
    made.write(TEXT, None)
    action_id = for_passages(made)
    first = started(made, action_id)
    assert started(made, action_id, at("Rain is wet.")).id != first.id
    with pytest.raises(Conflict) as refused:
        started(made, action_id)
    assert refused.value.details["run_id"] == first.id


def test_what_cannot_be_worked_on_is_refused_with_a_sentence(desk: Make) -> None:
    made = desk()
    base = made.write(TEXT, None)
    action_id = for_passages(made)
    with pytest.raises(Invalid, match="do not stand at this place"):
        started(made, action_id, Passage(start=0, end=4, text="Wool"))
    with pytest.raises(Invalid, match="Choose an action that works on a selected passage"):
        started(made, made.action_id)
    with pytest.raises(Invalid, match="does not offer this action"):
        made.start(action_id=action_id)
    make_field(made.conn, "notes", kind="list")
    with pytest.raises(Invalid, match="is no running text"):
        started(made, action_id, field_name="notes")
    made.write("Other words.", base.id)
    with pytest.raises(Conflict):
        started(made, action_id, base_revision_id=base.id)


def test_an_action_whose_parts_lost_the_passage_is_refused(desk: Make) -> None:
    made = desk()
    made.write(TEXT, None)
    action_id = for_passages(made)
    db.run(made.conn, "UPDATE llm_prompt_part_version SET template = 'Write.' WHERE template = %s", (READS,))
    with pytest.raises(Invalid, match=r"reads selection\.text"):
        started(made, action_id)


def test_a_wish_is_one_of_the_choices_and_kept_with_the_run(desk: Make) -> None:
    made = desk()
    made.write(TEXT, None)
    parts = [("user", "task", "Say it {{ input.wish }}."), ("user", "data", "{{ selection.text }}")]
    action_id = make_action(
        made.conn,
        parts,
        model_id=make_model(made.conn),
        takes_selection=True,
        wish_label="Tone",
        wish_choices=["drily", "warmly"],
    )
    with pytest.raises(Invalid) as missing:
        started(made, action_id)
    assert missing.value.details["missing"] == ["input.wish"]
    with pytest.raises(Invalid, match="Tone must be one of: drily, warmly"):
        started(made, action_id, wish="loudly")
    run = started(made, action_id, wish="drily")
    assert run.messages[0]["content"] == "Say it drily."
    assert runs.get_exchange(made.conn, run.id).inputs["input"] == {"wish": "drily"}
    runs.cancel_run(made.conn, made.actor, run.id)
    again = automation.retry(made.conn, made.actor, run.id)
    assert again.messages[0]["content"] == "Say it drily."


def test_a_wish_that_nobody_asked_for_is_refused(desk: Make) -> None:
    made = desk()
    made.write(TEXT, None)
    with pytest.raises(Invalid, match="asks for nothing"):
        started(made, for_passages(made), wish="loudly")


def test_a_preview_of_a_passage_is_what_a_run_then_sends(desk: Make) -> None:
    with serve(openai_reply(["Kilts are old."])) as server:
        made = desk()
        made.write(TEXT, None)
        action_id = for_passages(made, server.url)
        of = PreviewOf(action_id=action_id, post_id=made.post_id, field_name="answer", passage=at(PASSAGE))
        seen = preview.preview(made.conn, made.actor, SECRETS, of)
        run = made.work(started(made, action_id))
    assert [row["tokens"] for row in seen.messages] == [row["tokens"] for row in run.messages]
    assert seen.messages[-1]["content"].splitlines()[1] == run.messages[-1]["content"].splitlines()[1]
    without = preview.preview(
        made.conn, made.actor, SECRETS, PreviewOf(action_id=action_id, post_id=made.post_id)
    )
    assert without.missing == ["selection.text"]


def test_a_program_works_on_a_passage(desk: Make, client: FlaskClient) -> None:
    made = desk()
    base = made.write(TEXT, None)
    action_id = for_passages(made)
    token = auth.create_token(made.conn, make_actor(made.conn, "bob", "editor"), name="script").token
    bearer = {"Authorization": f"Bearer {token}"}
    listed = client.get(f"/api/v1/llm/actions?after={action_id - 1}", headers=bearer).get_json()["items"]
    assert [item["takes_selection"] for item in listed] == [True]
    passage = at(PASSAGE)
    body = {
        "llm_action_id": action_id,
        "base_revision_id": base.id,
        "selection": {"start": passage.start, "end": passage.end, "text": passage.text},
    }
    address = f"/api/v1/posts/{made.post_id}/fields/answer/runs"
    answer = client.post(address, json=body, headers=bearer)
    assert answer.status_code == 202, answer.text
    assert PASSAGE in json.dumps(answer.get_json()["messages"], ensure_ascii=False)
    body["selection"] = {"start": passage.start + 1, "end": passage.end + 1, "text": passage.text}
    refused = client.post(address, json=body, headers=bearer)
    assert (refused.status_code, refused.get_json()["field"]) == (422, "answer")
    assert "Select them again" in refused.get_json()["title"]
