"""A gate before going live: only what was run on this very version and passed opens it, or a reason."""

import pytest

from blog.app import db
from blog.app.errors import Conflict, Invalid
from blog.app.llm.cases import batches, overview, services
from blog.app.llm.cases.schemas import CaseChange, GateChange
from blog.app.llm.prompts import going_live, parts
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import Action
from blog.app.llm.prompts.schemas import ActionGoLive, GoLive, PromptPartChange
from tests.conftest import OneConnection
from tests.factories import make_model
from tests.llm.cases.bench import VOCABULARY, Bench, make_bench
from tests.llm.providers.scripted import Reply, openai_reply, serve

CONTAINS = {"rule": "contains", "texts": ["blanket"]}
GOOD, BAD = openai_reply(["A blanket."]), openai_reply(["A skirt."])


def go_live(bench: Bench, version_id: int, **said: object) -> Action:
    live = prompts.get_action_head(bench.conn, bench.action_id).live_version_id
    ask = ActionGoLive.model_validate({"version_id": version_id, "live_version_id": live, **said})
    return going_live.make_action_live(
        bench.conn, bench.actor, bench.action_id, ask, VOCABULARY, gate=services.object_to
    )


def objections(bench: Bench, version_id: int) -> list[str]:
    return services.get_gate_state(bench.conn, bench.action_id, version_id).objections


def gated(conn: db.Connection, pool: OneConnection, base_url: str) -> tuple[Bench, int]:
    """A bench with a required case, and a draft of its action."""
    bench = make_bench(conn, pool, base_url)
    bench.case(is_required=True, checks=[CONTAINS])
    return bench, bench.draft(params={"temperature": 0.1}).version.id


@pytest.mark.parametrize(("reply", "opens"), [(GOOD, True), (BAD, False)], ids=["passed", "failed"])
def test_a_version_goes_live_when_its_required_case_has_passed(
    conn: db.Connection, pool: OneConnection, reply: Reply, opens: bool
) -> None:
    with serve(reply) as server:
        bench, draft = gated(conn, pool, server.url)
        bench.finish(bench.start(version_id=draft))
    if opens:
        assert go_live(bench, draft).live_version_id == draft
        return
    with pytest.raises(Conflict, match="does not pass its gate") as refused:
        go_live(bench, draft)
    assert "“Kilts” did not pass" in str(refused.value.details["objections"])
    assert prompts.get_action_head(conn, bench.action_id).live_version_id != draft


def test_not_run_on_this_version_is_not_a_pass(conn: db.Connection, pool: OneConnection) -> None:
    with serve(GOOD) as server:
        bench, draft = gated(conn, pool, server.url)
        bench.finish(bench.start())  # on the live version
        bench.finish(bench.start(version_id=draft, llm_model_id=make_model(conn, server.url)))
        bench.start(version_id=draft)  # and not finished with the draft's own model
        assert "has not been run on this version" in objections(bench, draft)[0]
        with pytest.raises(Conflict):
            go_live(bench, draft)


def test_an_override_needs_a_reason_and_is_logged(conn: db.Connection, pool: OneConnection) -> None:
    bench, draft = gated(conn, pool, "http://127.0.0.1:9")
    with pytest.raises(Invalid, match="Say why"):
        go_live(bench, draft, override=True)
    go_live(bench, draft, override=True, reason="The editor in chief asked for it.")
    release = prompts.list_action_releases(conn, bench.action_id)[0]
    assert (release.version_id, release.reason) == (draft, "The editor in chief asked for it.")
    assert "“Kilts” has not been run" in str(release.overruled)


def test_a_case_or_a_wording_that_changes_must_be_run_anew(conn: db.Connection, pool: OneConnection) -> None:
    with serve(GOOD) as server:
        bench, draft = gated(conn, pool, server.url)
        bench.finish(bench.start(version_id=draft))
        assert objections(bench, draft) == []
        [case] = services.list_cases(conn, bench.actor, bench.action_id)
        change = {"base_version_id": case.version_id, "name": case.name, "inputs": case.inputs}
        services.update_case(
            conn, bench.actor, case.id, CaseChange.model_validate({**change, "is_required": True})
        )
        assert "has not been run" in objections(bench, draft)[0]
        batch = bench.start(version_id=draft)
        bench.finish(batch)
        assert objections(bench, draft) == []
        _reword(bench)
        assert "has not been run" in objections(bench, draft)[0]
        assert not batches.get_batch(conn, bench.actor, batch.id).is_current
        with pytest.raises(Conflict, match="nothing to go on"):
            bench.go_on(batch)


def _reword(bench: Bench, *, override: bool = True) -> int:
    """The first part of the action says something else from now on, whatever gates say."""
    part = prompts.get_part(bench.conn, prompts.get_live_action(bench.conn, bench.action_id).part_ids[0])
    change = PromptPartChange(
        base_version_id=part.version_id,
        name=part.name,
        role=part.role,
        kind=part.kind,
        template="You are another editor.",
    )
    saved = parts.update_part(bench.conn, bench.actor, part.id, change, VOCABULARY)
    ask = GoLive(
        version_id=saved.version_id, live_version_id=part.version_id, override=override, reason="Because."
    )
    going_live.make_part_live(bench.conn, bench.actor, part.id, ask, VOCABULARY, gate=services.object_to)
    return saved.version_id


def test_a_wording_goes_live_only_where_the_actions_gates_agree(
    conn: db.Connection, pool: OneConnection
) -> None:
    bench, _ = gated(conn, pool, "http://127.0.0.1:9")
    with conn.transaction(), pytest.raises(Conflict, match="does not pass its gate"):
        _reword(bench, override=False)


def test_a_draft_is_run_with_the_drafts_of_its_parts(conn: db.Connection, pool: OneConnection) -> None:
    with serve(GOOD) as server:
        bench, draft = gated(conn, pool, server.url)
        part = prompts.get_part(conn, prompts.get_live_action(conn, bench.action_id).part_ids[0])
        change = PromptPartChange(
            base_version_id=part.version_id,
            name=part.name,
            role=part.role,
            kind=part.kind,
            template="You are a strict editor.",
        )
        wording = parts.update_part(conn, bench.actor, part.id, change, VOCABULARY).version_id
        bench.finish(bench.start(version_id=draft, part_version_ids=[wording]))
        said = server.received[0].json["messages"][0]["content"]
    assert said == "You are a strict editor."
    with conn.transaction(), pytest.raises(Conflict):
        go_live(bench, draft)
    live = go_live(bench, draft, part_version_ids=[wording])
    assert live.version.id == draft


def test_a_share_of_all_cases_can_be_asked_for(conn: db.Connection, pool: OneConnection) -> None:
    with serve(GOOD) as server:
        bench = make_bench(conn, pool, server.url)
        bench.case("One", checks=[CONTAINS])
        bench.case("Two", checks=[{"rule": "lacks", "texts": ["blanket"]}])
        services.update_gate(conn, bench.actor, bench.action_id, GateChange(least_percent=60))
        draft = bench.draft(params={"temperature": 0.1}).version.id
        bench.finish(bench.start(version_id=draft))
    assert "1 of 2 cases has passed, at least 60% must: “Two” did not pass" in objections(bench, draft)[0]
    services.update_gate(conn, bench.actor, bench.action_id, GateChange(least_percent=50))
    assert objections(bench, draft) == []
    services.update_gate(conn, bench.actor, bench.action_id, GateChange(least_percent=None))
    assert not services.get_gate(conn, bench.action_id).is_set


def test_a_case_that_is_put_away_is_not_asked_for(conn: db.Connection, pool: OneConnection) -> None:
    bench, draft = gated(conn, pool, "http://127.0.0.1:9")
    [case] = services.list_cases(conn, bench.actor, bench.action_id)
    services.archive_case(conn, bench.actor, case.id)
    assert go_live(bench, draft).live_version_id == draft
    services.bring_back_case(conn, bench.actor, case.id)
    assert "has not been run" in objections(bench, draft)[0]


def test_the_overview_shows_each_case_on_each_version(conn: db.Connection, pool: OneConnection) -> None:
    with serve([GOOD, BAD]) as server:
        bench, draft = gated(conn, pool, server.url)
        bench.finish(bench.start())
        bench.finish(bench.start(version_id=draft))
    seen = overview.get_overview(conn, bench.actor, bench.action_id)
    assert [(column.version_number, column.mark) for column in seen.columns] == [(2, "draft"), (1, "live")]
    cells = [cell for cell in seen.rows[0].cells if cell is not None]
    assert [(cell.state, cell.is_current) for cell in cells] == [("failed", True), ("passed", True)]
    assert [bool(column.gate and column.gate.objections) for column in seen.columns] == [True, False]
    _reword(bench)
    again = overview.get_overview(conn, bench.actor, bench.action_id)
    assert [cell.is_current for cell in again.rows[0].cells if cell is not None] == [False, False]
