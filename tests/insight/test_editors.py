"""What editors made of answers, and what may be said of two versions: no more than the samples bear."""

from collections.abc import Callable
from random import Random

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from blog.app import db
from blog.app.automation import suggestions
from blog.app.insight import editors, evidence
from blog.app.insight.evidence import InPost
from blog.app.insight.schemas import EditorsQuery
from tests.automation.desk import Desk
from tests.automation.test_statistics import divide, draft
from tests.factories import make_actor
from tests.llm.callers import Browser, Program, SignIn
from tests.llm.providers.scripted import openai_reply, serve

MakeDesk = Callable[..., Desk]


def posts(share: float, count: int, per_post: int = 1) -> list[InPost]:
    """So many posts, of which this share took everything."""
    return [InPost(count=per_post, total=per_post if n < share * count else 0) for n in range(count)]


# --- evidence ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("live", "tried", "verdict"),
    [
        (posts(0.9, 19), posts(0.1, 500), "too few"),
        (posts(0.5, 20), posts(0.5, 20), "may be nothing"),
        (posts(1, 20), posts(0.9, 20), "may be nothing"),
        (posts(0.4, 200), posts(0.7, 200), "more"),
        (posts(0.7, 200), posts(0.4, 200), "less"),
        (posts(0.4, 20, 50), posts(0.7, 20, 50), "may be nothing"),  # many suggestions, but few posts
        ([], [], "too few"),
    ],
)
def test_no_more_is_said_than_the_samples_bear(live: list[InPost], tried: list[InPost], verdict: str) -> None:
    assert evidence.difference(live, tried).verdict == verdict


samples = st.lists(
    st.builds(
        lambda count, share: InPost(count=count, total=count * share), st.integers(0, 6), st.floats(0, 1)
    ),
    max_size=60,
)


@given(one=samples, other=samples)
def test_the_other_way_round_it_is_the_opposite(one: list[InPost], other: list[InPost]) -> None:
    there, back = evidence.difference(one, other), evidence.difference(other, one)
    opposite = {"more": "less", "less": "more"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)
    if there.low is not None and there.high is not None and back.low is not None:
        assert there.low <= there.high
        assert back.low == pytest.approx(-there.high)


def test_of_equal_versions_at_most_one_split_in_ten_seems_to_differ() -> None:
    chance = Random(7)

    def drawn() -> list[InPost]:
        return [
            InPost(count=count, total=sum(chance.random() < taste for _ in range(count)))
            for count, taste in ((chance.randint(1, 8), chance.choice([0.2, 0.9])) for _ in range(40))
        ]

    verdicts = [evidence.difference(drawn(), drawn()).verdict for _ in range(300)]
    assert sum(verdict in {"more", "less"} for verdict in verdicts) < 30


# --- reports -------------------------------------------------------------------------------------


@pytest.fixture
def worked(desk: MakeDesk) -> Desk:
    """Three answers with a price: one accepted, one discarded, one waiting."""
    with serve([openai_reply([text], usage=(1_000_000, 0)) for text in ("One.", "Two.", "Three.")]) as server:
        made = desk(server.url)
        db.run(made.conn, "UPDATE llm_model SET price_input = 2, price_output = 2, price_currency = 'EUR'")
        made.work(made.start())
        suggestions.accept(made.conn, made.actor, made.waiting()[0].id, base_revision_id=None)
        made.work(made.start())
        suggestions.discard(made.conn, made.actor, made.waiting()[0].id)
        made.work(made.start())
    return made


def test_a_report_says_what_became_of_answers_and_what_they_cost(worked: Desk) -> None:
    [row] = editors.get_report(worked.conn, worked.actor, EditorsQuery()).rows
    assert (row.runs, row.accepted, row.accepted_in_part, row.discarded, row.waiting) == (3, 1, 0, 1, 1)
    assert row.accepted_share == 0.5
    assert (row.kept_share, row.measured) == (None, 0)
    assert [(cost.amount, cost.currency) for cost in row.cost_accepted.known] == [(2, "EUR")]
    assert (row.cost_discarded.unknown, row.is_live) == (0, True)


def test_tests_and_cases_teach_nothing(worked: Desk) -> None:
    db.run(worked.conn, "UPDATE llm_run SET purpose = 'test'")
    from blog.app.automation import statistics
    from blog.app.llm.runs import ending

    ending.recount(worked.conn)
    statistics.recount(worked.conn)
    assert editors.get_report(worked.conn, worked.actor, EditorsQuery()).rows == []


def test_the_pages(worked: Desk, client: FlaskClient, as_user: SignIn) -> None:
    browser = Browser(as_user(client, make_actor(worked.conn, "ed", "editor").user_id or 0))
    assert f"/llm/editors/{worked.action_id}" in browser.get("/llm/editors")
    assert "Nothing to learn from yet" in browser.get("/llm/editors?since=2020-01-01&until=2020-01-02")
    address = f"/llm/editors/{worked.action_id}"
    assert "It has one version" in browser.get(address)
    version_id = draft(worked)
    assert "greater than or equal" in browser.post(f"{address}/splits", 422, version_id=version_id, percent=0)
    assert browser.post(f"{address}/splits", version_id=version_id, percent=30) == address
    page = browser.get(address)
    assert "30 of 100 posts get v2" in page
    assert page.count("not enough yet") == 2
    split_id = db.scalar(worked.conn, "SELECT id FROM llm_action_split")
    assert browser.post(f"/llm/editors/splits/{split_id}/end") == address
    browser.post(f"/llm/editors/splits/{split_id}/end", 409)
    browser.get("/llm/editors/999999", 404)


def test_the_same_over_rest(worked: Desk, client: FlaskClient) -> None:
    program = Program(worked.conn, client, make_actor(worked.conn, "ed", "editor"))
    assert program.call("GET", "/editors")["rows"][0]["accepted"] == 1
    body = {"version_id": draft(worked), "percent": 50}
    made = program.call("POST", f"/actions/{worked.action_id}/splits", body, status=201)
    assert made["accepted"]["verdict"] == "too few"
    program.call("POST", f"/actions/{worked.action_id}/splits", body, status=409)
    split_id = made["split"]["id"]
    assert program.call("GET", f"/actions/{worked.action_id}/editors")["splits"][0]["split"]["id"] == split_id
    assert program.call("POST", f"/splits/{split_id}/end")["split"]["ended_by"] == "ed"


def test_what_a_split_shows_is_by_version(worked: Desk) -> None:
    divide(worked, draft(worked))
    [report] = editors.get_action_report(worked.conn, worked.actor, worked.action_id, EditorsQuery()).splits
    assert (report.accepted.live.count, report.accepted.tried.count) == (0, 0)


def test_the_overview_takes_all_models_together(worked: Desk) -> None:
    [together] = editors.get_report(worked.conn, worked.actor, EditorsQuery()).rows
    [own] = editors.get_report(worked.conn, worked.actor, EditorsQuery(), worked.action_id).rows
    assert (together.model_id, together.model_label) == (None, "1 model")
    assert own.model_id is not None
    assert (together.runs, together.accepted, together.cost_accepted) == (
        own.runs,
        own.accepted,
        own.cost_accepted,
    )
