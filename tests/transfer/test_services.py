"""A registry goes out and comes back the same; an import does what was shown, or nothing."""

import json
from typing import Any

import pytest

from blog.app import db, security
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid
from blog.app.llm.prompts import parts, schemas
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.going_live import Objection, no_gate
from blog.app.transfer import services
from blog.app.transfer.models import Item
from blog.app.workflow import trees
from tests.factories import bind, make_action, make_actor, make_field, make_model, make_part, make_post
from tests.transfer.registry_files import (
    action_of,
    empty,
    field_of,
    imported,
    part_of,
    planned,
    source,
    sub_stage_of,
    taken,
)

EDITOR = "Role: editor"
LOST = "Posts have words in this field"


def names(plan: Any) -> list[tuple[str, str, str]]:
    return [(change.what, change.item.kind, change.item.name) for change in plan.changes]


def told(plan: Any) -> str:
    return "\n".join(f"{problem.where}: {problem.message}" for problem in plan.problems)


# --- out and back --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["yaml", "json"])
def test_an_empty_database_exports_what_it_imported_byte_by_byte(
    conn: db.Connection, admin: Actor, how: Any
) -> None:
    make_action(conn, [("user", "task", "Ünï  “x”\n\n  {{ post.title }}\t\n\n")], params={"top_k": 1e-7})
    before = services.export(conn, admin, how)
    empty(conn)

    plan = services.import_file(conn, admin, before.encode(), "refuse", no_gate)

    assert services.export(conn, admin, how) == before
    assert {change.what for change in plan.changes} == {"new"}
    assert conn.execute("SELECT DISTINCT number FROM llm_action_version").fetchall() == [(1,)]


def test_what_is_here_already_is_imported_as_nothing(conn: db.Connection, admin: Actor) -> None:
    versions = conn.execute("SELECT count(*) FROM llm_action_version").fetchall()
    plan = imported(conn, admin, taken(conn, admin))
    assert (plan.changes, plan.left_alone, plan.is_imported) == ([], [], True)
    assert plan.same["action"] == len(prompts.list_actions(conn))
    assert conn.execute("SELECT count(*) FROM llm_action_version").fetchall() == versions


def test_no_secret_is_in_it(conn: db.Connection, admin: Actor) -> None:
    model_id = make_model(conn, "https://address.example/v1")
    sealed = security.seal(("a secret for the tests only",), "sk-sealed")
    db.run(
        conn,
        """
        UPDATE llm_provider SET sealed_key = %s, options = '{"extra_headers": {"X-Team": "header-secret"}}'
        """,
        (sealed,),
    )
    make_action(conn, [("user", "task", "Go.")], model_id=model_id)
    text = services.export(conn, admin, "yaml") + services.export(conn, admin, "json")
    assert "provider-" in text
    for secret in ("sk-sealed", "header-secret", "extra_headers", "sealed", "address.example"):
        assert secret not in text


def test_archived_things_and_drafts_are_not_in_it(conn: db.Connection, admin: Actor) -> None:
    part_id = make_part(conn, "user", "task", "Old words")
    part = prompts.get_part(conn, part_id)
    words = {"name": part.name, "role": "user", "kind": "task", "template": "Draft words"}
    change = schemas.PromptPartChange.model_validate({**words, "base_version_id": part.version_id})
    parts.update_part(conn, admin, part_id, change, trees.vocabulary(conn))
    assert part_of(taken(conn, admin), part.name)["template"] == "Old words"

    parts.archive_part(conn, admin, part_id)
    make_field(conn, "put_away")
    db.run(conn, "UPDATE workflow_field SET archived_at = now() WHERE name = 'put_away'")
    assert "Old words" not in (text := services.export(conn, admin, "yaml"))
    assert "put_away" not in text


# --- what changes --------------------------------------------------------------------------------


def test_a_change_is_shown_and_then_made_as_new_live_versions(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    part_of(data, EDITOR)["template"] = "You edit.\r\nBriefly."
    action_of(data, "expand_idea")["params"] = {"temperature": 0.3}
    shown = planned(conn, admin, data)
    assert names(shown) == [("changed", "part", EDITOR), ("changed", "action", "expand_idea")]
    assert [each.name for each in shown.changes[0].differences] == ["template"]
    assert taken(conn, admin) != data

    done = services.import_file(conn, admin, source(data), "refuse", no_gate, digest=shown.digest)

    assert done.changes == shown.changes
    part = next(part for part in prompts.list_parts(conn) if part.name == EDITOR)
    assert (part.number, part.template, part.draft_version_id) == (2, "You edit.\nBriefly.", None)
    assert services.list_past_imports(conn)[0].changed == 2


def test_a_dry_run_leaves_nothing_behind(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    data["parts"].append({"name": "New", "role": "user", "kind": "task", "template": "Go."})
    before = services.export(conn, admin, "yaml")
    assert names(planned(conn, admin, data)) == [("new", "part", "New")]
    assert services.export(conn, admin, "yaml") == before
    assert services.list_past_imports(conn) == []


def test_what_was_shown_is_not_done_once_anything_else_changed(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    part_of(data, EDITOR)["template"] = "You edit."
    shown = planned(conn, admin, data)
    make_part(conn, "user", "task", "Somebody's")
    with pytest.raises(Conflict, match="has changed since"):
        services.import_file(conn, admin, source(data), "refuse", no_gate, digest=shown.digest)
    other = planned(conn, admin, data)
    part_of(data, EDITOR)["template"] = "You write."
    with pytest.raises(Conflict, match="has changed since"):
        services.import_file(conn, admin, source(data), "refuse", no_gate, digest=other.digest)


def test_an_action_that_saves_without_review_goes_on_doing_so(conn: db.Connection, admin: Actor) -> None:
    db.run(
        conn,
        """
        UPDATE workflow_field_action SET on_success = 'save'
         WHERE llm_action_id = (SELECT id FROM llm_action WHERE name = 'expand_idea')
        """,
    )
    data = taken(conn, admin)
    assert field_of(data, "idea", "basic_idea")["unreviewed"] == ["expand_idea"]
    field_of(data, "idea", "basic_idea")["label"] = "The idea"
    imported(conn, admin, data)
    assert field_of(taken(conn, admin), "idea", "basic_idea")["unreviewed"] == ["expand_idea"]


def test_what_only_is_here_stays_where_it_is(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    own_id = make_action(conn, [("user", "task", "Mine.")], output_kind="markdown")
    own = conn.execute("SELECT name FROM llm_action WHERE id = %s", (own_id,)).fetchone()
    assert own is not None
    field_id = db.scalar(conn, "SELECT id FROM workflow_field WHERE name = 'basic_idea'")
    bind(conn, field_id, own_id)
    make_field(conn, "mine")
    db.run(
        conn,
        """
        UPDATE workflow_field SET workflow_sub_stage_id = other.workflow_sub_stage_id
          FROM workflow_field other WHERE workflow_field.name = 'mine' AND other.name = 'idea_seed'
        """,
    )
    sub_stage_of(data, "idea")["fields"].reverse()
    field_of(data, "idea", "basic_idea")["label"] = "The idea"

    plan = imported(conn, admin, data)

    assert Item(kind="field", name="mine", within="post") in plan.left_alone
    assert Item(kind="action", name=own[0]) in plan.left_alone
    after = taken(conn, admin)
    assert [field["name"] for field in sub_stage_of(after, "idea")["fields"]] == [
        *("idea_scope", "mine", "provisional_title", "basic_idea", "idea_seed"),
    ]
    assert field_of(after, "idea", "basic_idea")["actions"] == ["expand_idea", own[0]]
    assert field_of(after, "idea", "basic_idea")["label"] == "The idea"
    assert action_of(after, own[0])


def test_a_used_workflow_may_gain_move_and_rename(conn: db.Connection, admin: Actor) -> None:
    post_id = make_post(conn, admin, basic_idea="Herons")
    data = taken(conn, admin)
    stages = data["workflows"][0]["stages"]
    basic = field_of(data, "idea", "basic_idea")
    sub_stage_of(data, "idea")["fields"].remove(basic)
    sub_stage_of(data, "research")["fields"].insert(0, {**basic, "max_chars": 10, "label": "Brief"})
    field_of(data, "content", "main_title")["title_rank"] = 2
    field_of(data, "idea", "provisional_title")["title_rank"] = 1
    field_of(data, "content", "main_title")["part_rank"] = 2
    field_of(data, "idea", "provisional_title")["part_rank"] = 1
    stages.append(
        {"name": "after", "label": "After", "sub_stages": [sub_stage_of(data, "syndication")]},
    )
    stages[2]["sub_stages"] = [each for each in stages[2]["sub_stages"] if each["name"] != "syndication"]
    stages.insert(0, stages.pop())
    stages[0]["sub_stages"][0]["requirements"].append({"field": "basic_idea", "kind": "filled"})

    plan = imported(conn, admin, data)

    assert ("new", "stage", "after") in names(plan)
    after = taken(conn, admin)
    assert after["workflows"][0]["stages"][0]["name"] == "after"
    assert field_of(after, "research", "basic_idea")["max_chars"] == 10
    held = conn.execute(
        "SELECT value FROM field_revision r JOIN workflow_field f ON f.id = r.workflow_field_id "
        "WHERE f.name = 'basic_idea' AND post_id = %s",
        (post_id,),
    ).fetchall()
    assert held == [("Herons",)]


def test_a_section_that_the_file_has_not_is_left_alone(conn: db.Connection, admin: Actor) -> None:
    before = taken(conn, admin)
    part = {"name": "New", "role": "user", "kind": "task", "template": "Go."}
    imported(conn, admin, {"format": before["format"], "version": 1, "parts": [part]})
    after = taken(conn, admin)
    assert (after["workflows"], after["actions"]) == (before["workflows"], before["actions"])
    assert len(after["parts"]) == len(before["parts"]) + 1


def test_an_archived_part_is_brought_back(conn: db.Connection, admin: Actor) -> None:
    part_id = make_part(conn, "user", "task", "Old words")
    name = prompts.get_part(conn, part_id).name
    data = taken(conn, admin)
    parts.archive_part(conn, admin, part_id)
    part_of(data, name)["template"] = "New words"
    assert names(imported(conn, admin, data)) == [("brought_back", "part", name)]
    part = prompts.get_part(conn, part_id)
    assert (part.archived_at, part.template) == (None, "New words")


def test_changes_that_need_one_another_are_made_whichever_comes_first(
    conn: db.Connection, admin: Actor
) -> None:
    """What is sent is to be said with a failed reply instead, so its action must let go of it first."""
    action_id = make_action(conn, [("user", "task", "One."), ("user", "task", "Two.")])
    action = prompts.get_live_action(conn, action_id)
    first, second = (prompts.get_part(conn, part_id).name for part_id in action.part_ids)
    data = taken(conn, admin)
    action_of(data, action.name)["parts"] = [second]
    part_of(data, first)["template"] = "Mend this: {{ input.problems }}"
    assert len(imported(conn, admin, data).changes) == 2


def test_a_draft_is_told_and_kept(conn: db.Connection, admin: Actor) -> None:
    part_id = make_part(conn, "user", "task", "Live")
    part = prompts.get_part(conn, part_id)
    data = taken(conn, admin)
    words = {"name": part.name, "role": "user", "kind": "task", "template": "Draft"}
    change = schemas.PromptPartChange.model_validate({**words, "base_version_id": part.version_id})
    parts.update_part(conn, admin, part_id, change, trees.vocabulary(conn))
    assert planned(conn, admin, data).notes == []
    part_of(data, part.name)["template"] = "Imported"
    assert "has a draft" in imported(conn, admin, data).notes[0]
    assert [each.template for each in prompts.list_part_versions(conn, part_id)] == [
        *("Imported", "Draft", "Live"),
    ]


# --- models --------------------------------------------------------------------------------------


def test_a_model_that_is_not_connected_is_a_problem_until_another_one_is_asked_for(
    conn: db.Connection, admin: Actor
) -> None:
    data = taken(conn, admin)
    action_of(data, "expand_idea")["model"] = {"provider": "elsewhere", "name": "large"}
    action_of(data, "expand_idea")["fallback_model"] = {"provider": "elsewhere", "name": "small"}
    wrong = taken(conn, admin)
    action_of(wrong, "expand_idea")["model"] = {"provider": "elsewhere", "name": "large"}
    part_of(wrong, EDITOR)["template"] = "{{ post.nowhere }}"
    assert len(planned(conn, admin, wrong).problems) == 2
    refused = planned(conn, admin, data)
    assert "elsewhere/large is not connected here" in told(refused)
    assert "elsewhere/small is not connected here" in told(refused)
    assert refused.digest is None
    with pytest.raises(Invalid, match="2 problems"):
        imported(conn, admin, data)

    plan = imported(conn, admin, data, "default")
    assert [(each.model, each.instead) for each in plan.missing_models] == [
        ("elsewhere/large", "default model"),
        ("elsewhere/small", "nobody"),
    ]
    assert action_of(taken(conn, admin), "expand_idea")["model"] is None


def test_a_model_is_found_by_its_names(conn: db.Connection, admin: Actor) -> None:
    model_id = make_model(conn)
    make_action(conn, [("user", "task", "Go.")], model_id=model_id)
    data = taken(conn, admin)
    named = next(action["model"] for action in data["actions"] if action["model"])
    action_of(data, "expand_idea")["model"] = named
    imported(conn, admin, data)
    (item,) = [each for each in prompts.list_actions(conn) if each.name == "expand_idea"]
    assert prompts.get_live_action(conn, item.id).version.model_id == model_id


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "no registry file"),
        ({"format": "other", "version": 1}, "no registry file"),
        ({"format": "blogforge-registry", "version": 2, "parts": []}, "version 2 of the format"),
        ({"format": "blogforge-registry", "version": True, "parts": []}, "does not say its version"),
        ({"format": "blogforge-registry", "version": 1}, "nothing to import"),
        ({"format": "blogforge-registry", "version": 1, "people": []}, "has people"),
        ({"format": "blogforge-registry", "version": 1, "parts": {}}, "parts must be lists"),
    ],
)
def test_another_file_and_a_newer_one_are_refused(
    conn: db.Connection, admin: Actor, data: Any, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        services.plan_import(conn, admin, json.dumps(data).encode(), "refuse", no_gate)


def test_every_problem_is_named_and_nothing_is_done(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    part_of(data, EDITOR)["kind"] = "poem"
    part_of(data, "House style: British English")["name"] = "Task: expand the idea"
    field_of(data, "idea", "basic_idea")["choices"] = ["a"]
    action_of(data, "expand_idea")["model_id"] = 7
    action_of(data, "propose_title")["max_retries"] = 99
    data["actions"].append("not an action")
    before = services.export(conn, admin, "json")

    problems = told(planned(conn, admin, data))

    assert "“Role: editor”, kind: Input should be" in problems
    assert "parts: “Task: expand the idea” is there 2 times" in problems
    assert "“post”, stages 1 “planning”, sub_stages 1 “idea”, fields 2 “basic_idea”" in problems
    assert "model_id: There is no such property." in problems
    assert "“propose_title”, max_retries" in problems
    assert f"actions, {len(data['actions'])}: An action is an object." in problems
    with pytest.raises(Invalid) as caught:
        imported(conn, admin, data)
    assert len(caught.value.details["problems"]) == problems.count("\n") + 1  # pyright: ignore[reportArgumentType]
    assert services.export(conn, admin, "json") == before


def test_names_that_lead_nowhere_and_places_taken_twice(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    action_of(data, "expand_idea")["parts"].append("Nobody")
    action_of(data, "expand_idea")["repair_part"] = "Nothing"
    field_of(data, "idea", "idea_scope")["actions"] = ["unheard_of"]
    field_of(data, "idea", "basic_idea")["title_rank"] = 1
    field_of(data, "content", "subtitle").update(part="title", part_rank=1)
    sub_stage_of(data, "idea")["requirements"].append({"kind": "filled", "field": "elsewhere"})
    problems = told(planned(conn, admin, data))
    for words in (
        "The prompt part “Nobody” is neither in the file nor here",
        "The prompt part “Nothing” is neither in the file nor here",
        "The action “unheard_of” is neither in the file nor here",
        "title_rank 1 belongs to “basic_idea” and “main_title”",
        "“main_title” and “subtitle” are each part_rank 1 of title",
        "A requirement is about “elsewhere”",
    ):
        assert words in problems


def test_what_a_save_refuses_an_import_refuses(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    part_of(data, EDITOR)["template"] = "Hello\n{{ post.nowhere }}"
    action_of(data, "propose_title")["params"] = {"temperature": 9}
    action_of(data, "list_topics")["max_repairs"] = 1
    action_of(data, "list_topics")["repair_part"] = None
    field_of(data, "idea", "idea_seed")["actions"] = ["list_topics"]
    problems = told(planned(conn, admin, data))
    assert "parts “Role: editor”: Line 2, column 4: there is no “post.nowhere”" in problems
    assert "actions “propose_title”: temperature must be from 0 to 2." in problems
    assert "something must be said with it" in problems


def test_a_field_cannot_offer_what_it_cannot_hold(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    field_of(data, "idea", "idea_seed")["actions"] = ["list_topics"]
    assert "cannot hold what is written as list" in told(planned(conn, admin, data))


def test_words_are_neither_lost_nor_read_as_something_else(conn: db.Connection, admin: Actor) -> None:
    make_post(conn, admin, basic_idea="Herons", final_check="Ready to publish")
    data = taken(conn, admin)
    field_of(data, "idea", "idea_scope")["kind"] = "text"
    field_of(data, "content", "conclusion").update(scope="section", part=None, part_rank=None)
    idea = sub_stage_of(data, "idea")
    idea["fields"] = [field for field in idea["fields"] if field["name"] != "basic_idea"]
    idea["requirements"] = []
    field_of(data, "preflight", "final_check")["choices"] = ["Fine"]
    problems = told(planned(conn, admin, data))
    for words in (
        "field “idea_scope”: It is markdown here and text in the file",
        "field “conclusion”: It belongs to the post here and to the section",
        f"field “basic_idea”: {LOST}",
        "field “final_check”: Posts have chosen “Ready to publish”",
    ):
        assert words in problems


def test_an_unused_workflow_may_change_altogether(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    field_of(data, "idea", "idea_scope").update(kind="text", actions=[])
    field_of(data, "content", "conclusion").update(scope="section", part=None, part_rank=None)
    assert len(imported(conn, admin, data).changes) == 2


def test_an_import_does_not_pass_by_a_gate(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    action_of(data, "expand_idea")["params"] = {}

    def gate(_conn: object, candidate: Any) -> list[Objection]:
        return [Objection(action_id=candidate.action_id, title="Case 1", message="It is too short.")]

    plan = services.plan_import(conn, admin, source(data), "refuse", gate)
    assert "Case 1: It is too short." in told(plan)


def test_who_may(conn: db.Connection, admin: Actor) -> None:
    data = taken(conn, admin)
    field_of(data, "idea", "idea_scope")["label"] = "Range"
    with pytest.raises(Forbidden):
        planned(conn, make_actor(conn, "dora", "author"), data)
    editor = make_actor(conn, "eve", "editor")
    assert "You may not do this: change stages and fields" in told(planned(conn, editor, data))
    del data["workflows"]
    assert imported(conn, editor, data).is_imported
