"""Usage: what was counted by day, added up without adding what cannot be added."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Forbidden, Invalid, NotFound
from blog.app.insight import figures, shown, usage, usage_store
from blog.app.insight.schemas import UsageQuery
from blog.app.insight.usage_models import Counted, UsageReport
from blog.app.llm.runs import execution, histogram, services
from blog.app.llm.runs import usage_store as counting
from blog.app.llm.runs.models import Run
from tests.conftest import OneConnection
from tests.factories import all_powerful, make_actor
from tests.llm.callers import Browser, Program, SignIn
from tests.llm.providers.scripted import openai_reply, serve
from tests.llm.runs.test_execution import SECRETS, queue


def counted(key: str = "1", currency: str = "", runs: int = 1, cost: str = "0") -> Counted:
    return Counted(
        key=key,
        cost_currency=currency,
        runs=runs,
        succeeded=runs,
        invalid=0,
        failed=0,
        cancelled=0,
        cost=Decimal(cost),
        usage_input=10,
        usage_output=1,
        usage_cached=0,
        usage_reasoning=0,
        untold=0,
        seconds=[0, runs, *[0] * (histogram.BUCKETS - 2)],
        first_text=[0] * histogram.BUCKETS,
    )


# --- adding up -----------------------------------------------------------------------------------


def test_two_currencies_are_never_added_and_an_unknown_cost_is_not_nothing() -> None:
    found = figures.usage(
        [counted(currency="USD", cost="1.5"), counted(currency="EUR", cost="2"), counted(runs=3)]
    )
    assert [(cost.currency, cost.amount) for cost in found.costs] == [("EUR", 2), ("USD", Decimal("1.5"))]
    assert (found.runs, found.cost_unknown) == (5, 3)
    assert figures.table_row(counted(), "day", "")["cost"] is None


def test_of_no_runs_nothing_is_known() -> None:
    found = figures.usage([])
    assert (found.runs, list(found.costs), found.seconds_p50, found.failed_share) == (0, [], None, None)


rows = st.lists(
    st.builds(
        counted,
        key=st.sampled_from(["1", "2", "3"]),
        currency=st.sampled_from(["", "USD", "EUR"]),
        runs=st.integers(1, 50),
        cost=st.decimals(0, 9, places=4).map(str),
    ),
    max_size=12,
)


@given(rows=rows)
def test_parts_add_up_to_the_whole(rows: Sequence[Counted]) -> None:
    whole, parts = figures.usage(rows), figures.by_key(rows).values()
    assert whole.runs == sum(part.runs for part in parts) == sum(row.runs for row in rows)
    assert whole.cost_unknown == sum(part.cost_unknown for part in parts)
    for cost in whole.costs:
        assert cost.amount == sum(
            each.amount for part in parts for each in part.costs if each.currency == cost.currency
        )


def test_every_day_of_a_period_is_there() -> None:
    since = date(2031, 5, 1)
    days = figures.steps([counted(key="2031-05-03")], since, since + timedelta(days=3), "day")
    assert [(str(step.since), step.usage.runs) for step in days] == [
        ("2031-05-01", 0),
        ("2031-05-02", 0),
        ("2031-05-03", 1),
        ("2031-05-04", 0),
    ]
    assert all(step.since == step.until for step in days)


def test_weeks_begin_on_a_monday_but_for_the_first_and_end_with_the_period() -> None:
    weeks = figures.steps([counted(key="2031-05-05")], date(2031, 5, 1), date(2031, 5, 14), "week")
    assert [(str(step.since), str(step.until), step.usage.runs) for step in weeks] == [
        ("2031-05-01", "2031-05-04", 0),
        ("2031-05-05", "2031-05-11", 1),
        ("2031-05-12", "2031-05-14", 0),
    ]


@pytest.mark.parametrize(
    ("value", "said"), [(None, "–"), (0.25, "250 ms"), (3.21, "3.2 s"), (409.6, "over 410 s")]
)
def test_a_time_is_said_as_exactly_as_it_is_known(value: float | None, said: str) -> None:
    assert shown.seconds(value) == said


# --- reports -------------------------------------------------------------------------------------


@pytest.fixture
def actor(conn: db.Connection) -> Actor:
    return all_powerful(conn)


@pytest.fixture
def run(conn: db.Connection, pool: OneConnection) -> Run:
    """One run that ended well and had a price; before it, one that could not reach anybody."""
    execution.execute_run(pool, SECRETS, queue(conn).id, 1)
    with serve(openai_reply(["Yes."], usage=(1_000_000, 500_000))) as server:
        made = queue(conn, server.url)
        db.run(
            conn,
            "UPDATE llm_model SET price_input = 2, price_output = 10, price_currency = 'USD' WHERE id = %s",
            (made.model_id,),
        )
        execution.execute_run(pool, SECRETS, made.id, 1)
    return services.get_run(conn, made.id)


def report(conn: db.Connection, actor: Actor, **asked: object) -> UsageReport:
    return usage.get_report(conn, actor, UsageQuery.model_validate(asked))


def test_a_report_says_what_was_used(conn: db.Connection, actor: Actor, run: Run) -> None:
    found = report(conn, actor)
    assert (found.total.runs, found.total.failed, found.total.cost_unknown) == (2, 1, 1)
    assert [(cost.amount, cost.currency) for cost in found.total.costs] == [(7, "USD")]
    assert (found.step, len(found.steps)) == ("day", 30)
    assert found.steps[-1].usage == found.total
    assert [(failure.error_kind, failure.runs) for failure in found.failures] == [("unreachable", 1)]


@pytest.mark.parametrize("by", ["model", "action", "person"])
def test_a_report_by_what_runs_have(conn: db.Connection, actor: Actor, run: Run, by: str) -> None:
    found = report(conn, actor, by=by)
    assert [row.usage.runs for row in found.rows] == [1, 1]
    own = {"model": run.model_id, "action": run.action_id, "person": run.user_id}[by]
    assert own in {row.id for row in found.rows}


@pytest.mark.parametrize("days", [0, 1, 31, 400])
def test_until_today_each_run_counts_once(conn: db.Connection, actor: Actor, run: Run, days: int) -> None:
    until = usage.today()
    for since in (until - timedelta(days=days), (until - timedelta(days=days)).replace(day=1)):
        found = report(conn, actor, by="model", since=since, until=until)
        assert sum(row.usage.runs for row in found.rows) == found.total.runs == 2


def test_a_report_of_one_thing(conn: db.Connection, actor: Actor, run: Run) -> None:
    assert report(conn, actor, llm_action_id=run.action_id).total.runs == 1
    assert report(conn, actor, llm_model_id=run.model_id).failures == []
    assert report(conn, actor, person_id=actor.user_id).total.runs == 0
    with pytest.raises(NotFound):
        report(conn, actor, llm_model_id=10**9)


def test_runs_for_no_field_are_said_to_be_so(conn: db.Connection, actor: Actor, run: Run) -> None:
    [row] = report(conn, actor, by="stage").rows
    assert (row.id, row.label, row.usage.runs) == (None, "For no field", 2)


def test_days_are_asked_for_in_order_and_not_too_many(conn: db.Connection, actor: Actor) -> None:
    for asked in ({"since": "2031-05-02", "until": "2031-05-01"}, {"since": "2001-01-01"}):
        with pytest.raises(Invalid, match="1 to 1,100 days"):
            report(conn, actor, **asked)
    with pytest.raises(Forbidden):
        report(conn, make_actor(conn, "eve"))


FIRST, LAST = date(2019, 11, 15), date(2020, 4, 15)


@pytest.fixture
def a_run_a_day(conn: db.Connection) -> None:
    """From FIRST to LAST, of BlogForge itself and in total, also counted by month."""
    db.run(
        conn,
        """
        INSERT INTO llm_usage
        SELECT 'day', day, facet, NULL, NULL, NULL, NULL, NULL, 'use', '', 1, 1, 0, 0, 0, 0, 10, 1, 0, 0,
               0, one, one
        FROM generate_series(%s::date, %s::date, interval '1 day') AS day
        CROSS JOIN unnest(ARRAY['person', 'total']) AS facet
        CROSS JOIN (SELECT array_append(array_fill(0, ARRAY[23]), 1) AS one) AS histogram
        """,
        (FIRST, LAST),
    )
    for month in counting.list_months(conn):
        counting.add_month(conn, month)


edges = st.dates(FIRST - timedelta(days=40), LAST + timedelta(days=40)) | st.sampled_from(
    [date(2019, 12, 1), date(2019, 12, 31), date(2020, 1, 1), date(2020, 2, 29), date.min, date.max]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=edges, other=edges)
def test_months_and_the_days_around_them_are_the_period(
    conn: db.Connection, a_run_a_day: None, one: date, other: date
) -> None:
    since, until = min(one, other), max(one, other)
    found = usage_store.list_counted(conn, "person", since, until, purpose=None)
    days = max(0, (min(until, LAST) - max(since, FIRST)).days + 1)
    counts = [(row.runs, row.usage_input, sum(row.seconds)) for row in found]
    assert counts == ([(days, days * 10, days)] if days else [])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=edges, other=edges)
def test_weeks_are_the_sums_of_their_days(
    conn: db.Connection, a_run_a_day: None, one: date, other: date
) -> None:
    one, other = (min(max(day, FIRST), LAST) for day in (one, other))
    since, until = min(one, other), max(one, other)
    found = usage_store.list_counted_steps(conn, since, until, step="week", purpose=None, of=None)
    days = [day for day in (FIRST + timedelta(days=n) for n in range(153)) if since <= day <= until]
    for week in figures.steps(found, since, until, "week"):
        assert week.usage.runs == sum(week.since <= day <= week.until for day in days)
    assert sum(row.runs for row in found) == len(days)


def test_a_long_period_is_shown_by_week(conn: db.Connection, actor: Actor, run: Run) -> None:
    until = usage.today()
    found = report(conn, actor, since=until - timedelta(days=364), until=until)
    assert found.step == "week"
    assert len(found.steps) in {53, 54}
    assert (found.steps[-1].until, found.steps[-1].usage) == (until, found.total)
    assert report(conn, actor, since=until - timedelta(days=99), until=until).step == "day"


# --- the edges -----------------------------------------------------------------------------------


def test_the_page_and_its_table(conn: db.Connection, client: FlaskClient, as_user: SignIn, run: Run) -> None:
    browser = Browser(as_user(client, make_actor(conn, "vera", "viewer").user_id or 0))
    page = browser.get("/llm/usage")
    assert "7.00 USD" in page
    assert "unknown of 1 run" in page
    assert "The provider could not be reached" in page
    assert f'data-day="{usage.today()}" data-runs="2"' in page
    assert f"llm_model_id={run.model_id}" in browser.get("/llm/usage?by=model")
    assert "Nothing ran in these days" in browser.get("/llm/usage?since=2020-01-01&until=2020-01-02")
    assert "one of a model" in browser.get("/llm/usage?llm_model_id=1&person_id=1", 422)
    table = list(csv.DictReader(io.StringIO(browser.get("/llm/usage/export"))))
    assert [(row["cost_currency"], row["cost"], row["runs"]) for row in table] == [
        ("", "", "1"),
        ("USD", "7.000000", "1"),
    ]


def test_the_same_over_rest(conn: db.Connection, client: FlaskClient, run: Run) -> None:
    program = Program(conn, client, make_actor(conn, "ed", "editor"))
    found = program.call("GET", "/usage?by=action")
    assert found["total"]["costs"] == [{"currency": "USD", "amount": "7.000000", "runs": 1}]
    assert found["total"]["cost_unknown"] == 1
    assert len(found["rows"]) == 2
    program.call("GET", "/usage?by=nothing", status=422)
