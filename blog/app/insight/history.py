"""The use cases of the run history: list, search, compare, export. Whose runs: see llm/runs/sight.py."""

from collections.abc import Iterator

from blog.app import db
from blog.app.auth import whom
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.finding.rules import search_words
from blog.app.insight import comparing, run_store
from blog.app.insight.models import Choice, ExportedRun, RunChoices, RunComparison, RunListItem, RunPage
from blog.app.insight.run_store import Wanted
from blog.app.insight.schemas import RunFilter, RunQuery
from blog.app.llm.permissions import LLM_READ
from blog.app.llm.runs import services as runs

# As in finding: a search first looks into the newest runs. A word that several of them have is looked for
# further on in the same order, which soon fills a page; a rarer one is looked up in the index of words.
PROBE = 200
COMMON = 0.02
WALK = 4_000

PEOPLE = 500
EXPORTED_AT_ONCE = 200


def list_runs(conn: db.Connection, actor: Actor, query: RunQuery) -> RunPage:
    """Newest first, one page."""
    check(actor, LLM_READ)
    found = _found(conn, wanted(actor, query), query.after, query.limit + 1)
    shown = found[: query.limit]
    return RunPage(items=shown, next=str(shown[-1].id) if len(found) > query.limit else None)


def _found(conn: db.Connection, asked: Wanted, before_id: int | None, limit: int) -> list[RunListItem]:
    if asked.search is None:
        return run_store.list_runs(conn, asked, before_id=before_id, limit=limit)
    near = run_store.list_runs_in_order(conn, asked, before_id=before_id, walk=PROBE, limit=limit)
    if COMMON * PROBE <= len(near) < limit:
        near = run_store.list_runs_in_order(conn, asked, before_id=before_id, walk=WALK, limit=limit)
    if len(near) == limit or run_store.count_runs(conn, asked, before_id=before_id, at_most=PROBE) < PROBE:
        return near  # a full page, or there were no more runs to look into
    return run_store.list_runs(conn, asked, before_id=before_id, limit=limit)


def wanted(actor: Actor, asked: RunFilter) -> Wanted:
    return Wanted(
        actor=actor,
        search=search_words(asked.search) if asked.search.strip() else None,
        status=asked.status,
        error_kind=asked.error_kind,
        purpose=asked.purpose,
        action_id=asked.llm_action_id,
        action_version_id=asked.action_version_id,
        model_id=asked.llm_model_id,
        provider_id=asked.llm_provider_id,
        person_id=whom.meant(actor, asked.person),
        post_id=asked.post_id,
        sub_stage_id=asked.sub_stage_id,
        since=asked.since,
        until=asked.until,
    )


def settled(conn: db.Connection, query: RunQuery) -> RunQuery:
    """Without the version of another action, which stays in an address when one chooses an action anew."""
    if query.llm_action_id is None or query.action_version_id is None:
        return query
    own = {version.id for version in run_store.list_versions(conn, query.llm_action_id)}
    return query if query.action_version_id in own else query.model_copy(update={"action_version_id": None})


def list_choices(conn: db.Connection, action_id: int | None) -> RunChoices:
    """What the list can be narrowed to; the versions are those of the chosen action."""
    versions: list[Choice] = [] if action_id is None else run_store.list_versions(conn, action_id)
    return RunChoices(
        actions=run_store.list_actions(conn),
        versions=versions,
        models=run_store.list_models(conn),
        providers=run_store.list_providers(conn),
        people=list_people(conn),
        stages=run_store.list_stages(conn),
    )


def list_people(conn: db.Connection) -> list[Choice]:
    return run_store.list_people(conn, PEOPLE)


def compare(conn: db.Connection, actor: Actor, run_id: int, other_id: int) -> RunComparison:
    check(actor, LLM_READ)
    one, other = runs.get_seen_run(conn, actor, run_id), runs.get_seen_run(conn, actor, other_id)
    return comparing.compare(
        one,
        other,
        runs.get_exchange(conn, run_id).request_body,
        runs.get_exchange(conn, other_id).request_body,
    )


def export(pool: db.Pool, actor: Actor, asked: RunFilter) -> Iterator[ExportedRun]:
    """Every run that is wanted, newest first. Holds a connection only while it reads the next few."""
    check(actor, LLM_READ)
    filtered, before_id = wanted(actor, asked), None
    while True:
        with pool.connection() as conn:
            rows = run_store.list_exported(conn, filtered, before_id=before_id, limit=EXPORTED_AT_ONCE)
        yield from rows
        if len(rows) < EXPORTED_AT_ONCE:
            return
        before_id = rows[-1].id
