"""The statements of the run history: they read runs, where they were for, and their words.

A page of runs is found first, as ids, newest first, and only then dressed with names. Filters are left out
rather than switched off by a parameter: only then do the indexes serve.
"""

from dataclasses import dataclass
from datetime import date
from typing import LiteralString

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.auth.whom import NOBODY
from blog.app.finding.conditions import QUERY
from blog.app.finding.rules import SearchWords
from blog.app.insight.models import Choice, ExportedRun, RunListItem
from blog.app.llm.runs import sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A filter with its words understood and its people known. None: whatever; person 0: BlogForge itself.

    `actor` asks, and runs that they may not see are not among what is found.
    """

    actor: Actor
    search: SearchWords | None = None
    status: str | None = None
    error_kind: str | None = None
    purpose: str | None = None
    action_id: int | None = None
    action_version_id: int | None = None
    model_id: int | None = None
    provider_id: int | None = None
    person_id: int | None = None
    post_id: int | None = None
    sub_stage_id: int | None = None
    since: date | None = None
    until: date | None = None


# Ids follow the time of creation but for runs that were begun at the same moment; the exact comparison stands
# beside these bounds, which let a page of last year begin there.
SINCE = """
    run.created_at >= %(since)s::timestamp AT TIME ZONE 'UTC'
    AND run.id >= (SELECT id FROM llm_run WHERE created_at >= %(since)s::timestamp AT TIME ZONE 'UTC'
                   ORDER BY created_at LIMIT 1) - 1000
"""
UNTIL = """
    run.created_at < (%(until)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND run.id <= (SELECT id FROM llm_run
                   WHERE created_at < (%(until)s::date + 1)::timestamp AT TIME ZONE 'UTC'
                   ORDER BY created_at DESC LIMIT 1) + 1000
"""
# Materialized, because the planner cannot know how rare a word is.
IS_MATCHING = f"""
    run.id IN (
        WITH matching AS MATERIALIZED (SELECT llm_run_id FROM llm_run_words WHERE words @@ {QUERY})
        SELECT llm_run_id FROM matching)
"""


def _filters(wanted: Wanted) -> LiteralString:
    said: list[LiteralString] = [
        "(%(before_id)s::bigint IS NULL OR run.id < %(before_id)s)",
        sight.condition(wanted.actor),
    ]
    if wanted.status is not None:
        said.append("run.status = %(status)s")
    if wanted.error_kind is not None:
        said.append("run.error_kind = %(error_kind)s")
    if wanted.purpose is not None:
        said.append("run.purpose = %(purpose)s")
    if wanted.person_id == NOBODY:
        said.append("run.app_user_id IS NULL")
    elif wanted.person_id is not None:
        said.append("run.app_user_id = %(person_id)s")
    if wanted.post_id is not None:
        said.append("run.id IN (SELECT llm_run_id FROM workflow_automation WHERE post_id = %(post_id)s)")
    if wanted.sub_stage_id is not None:
        said.append(
            "run.workflow_field_id IN "
            "(SELECT id FROM workflow_field WHERE workflow_sub_stage_id = %(sub_stage_id)s)"
        )
    if wanted.since is not None:
        said.append(SINCE)
    if wanted.until is not None:
        said.append(UNTIL)
    return " AND ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Runs that an index has in order: those where `column` is one of `keys`."""

    column: LiteralString
    keys: LiteralString


def _lanes(wanted: Wanted) -> list[Lane]:
    """What runs are looked up by rather than filtered by: a version or a model may have few, long ago."""
    lanes: list[Lane] = []
    if wanted.action_version_id is not None:
        lanes.append(Lane(column="run.llm_action_version_id", keys="SELECT %(action_version_id)s::bigint"))
    elif wanted.action_id is not None:
        versions = "SELECT id FROM llm_action_version WHERE llm_action_id = %(action_id)s"
        lanes.append(Lane(column="run.llm_action_version_id", keys=versions))
    if wanted.model_id is not None:
        lanes.append(Lane(column="run.llm_model_id", keys="SELECT %(model_id)s::bigint"))
    elif wanted.provider_id is not None:
        models = "SELECT id FROM llm_model WHERE llm_provider_id = %(provider_id)s"
        lanes.append(Lane(column="run.llm_model_id", keys=models))
    return lanes


def _chosen(wanted: Wanted, among: LiteralString = "true") -> LiteralString:
    """The ids of the newest runs that are wanted, at most %(limit)s of them."""
    first, *others = [*_lanes(wanted), Lane(column="1", keys="SELECT 1")]
    narrowed = " AND ".join(
        [_filters(wanted), among, *[f"{each.column} IN ({each.keys})" for each in others]]
    )
    return f"""
        SELECT newest.id FROM ({first.keys}) AS lane (key)
        CROSS JOIN LATERAL (
            SELECT run.id FROM llm_run AS run
            WHERE {first.column} = lane.key AND {narrowed}
            ORDER BY run.id DESC LIMIT %(limit)s) AS newest
        ORDER BY newest.id DESC LIMIT %(limit)s
    """


DRESSED = """
    SELECT run.id, version.llm_action_id AS action_id, action.label AS action_label,
           version.number AS action_version, model.id AS model_id, model.name AS model_name,
           provider.is_rehearsal, run.status, run.purpose, person.id AS user_id, person.name AS user_name,
           automation.post_id, field.label AS field_label, suggestion.status AS suggestion_status,
           run.error_kind, run.usage_input, run.usage_output, run.cost, run.cost_currency,
           run.created_at, run.started_at, run.finished_at
    FROM chosen
    JOIN llm_run AS run ON run.id = chosen.id
    JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
    JOIN llm_action AS action ON action.id = version.llm_action_id
    JOIN llm_model AS model ON model.id = run.llm_model_id
    JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
    LEFT JOIN app_user AS person ON person.id = run.app_user_id
    LEFT JOIN workflow_automation AS automation ON automation.llm_run_id = run.id
    LEFT JOIN workflow_field AS field ON field.id = run.workflow_field_id
    LEFT JOIN suggestion ON suggestion.workflow_automation_id = automation.id
"""


def list_runs(conn: db.Connection, wanted: Wanted, *, before_id: int | None, limit: int) -> list[RunListItem]:
    """Newest first. With words: looked up in the index of words."""
    among = "true" if wanted.search is None else IS_MATCHING
    return db.many(
        conn,
        RunListItem,
        f"WITH chosen AS ({_chosen(wanted, among)}) {DRESSED} ORDER BY run.id DESC",
        _params(wanted, before_id=before_id, limit=limit),
    )


def list_runs_in_order(
    conn: db.Connection, wanted: Wanted, *, before_id: int | None, walk: int, limit: int
) -> list[RunListItem]:
    """Those of the `walk` newest that have the words, newest first."""
    return db.many(
        conn,
        RunListItem,
        f"""
        WITH walked AS MATERIALIZED ({_chosen(wanted)}), chosen AS (
            SELECT walked.id FROM walked JOIN llm_run_words ON llm_run_id = walked.id
            WHERE words @@ {QUERY}
            ORDER BY walked.id DESC LIMIT %(shown)s)
        {DRESSED} ORDER BY run.id DESC
        """,
        _params(wanted, before_id=before_id, limit=walk, shown=limit),
    )


def count_runs(conn: db.Connection, wanted: Wanted, *, before_id: int | None, at_most: int) -> int:
    """How many there are without regard to words, as far as `at_most`."""
    return db.scalar(
        conn,
        f"SELECT count(*) FROM ({_chosen(wanted)}) AS chosen",
        _params(wanted, before_id=before_id, limit=at_most),
    )


def _params(wanted: Wanted, **more: object) -> dict[str, object]:
    return {
        "words": wanted.search and wanted.search.words,
        "prefix": wanted.search and wanted.search.prefix,
        "status": wanted.status,
        "error_kind": wanted.error_kind,
        "purpose": wanted.purpose,
        "action_id": wanted.action_id,
        "action_version_id": wanted.action_version_id,
        "model_id": wanted.model_id,
        "provider_id": wanted.provider_id,
        "person_id": wanted.person_id,
        "post_id": wanted.post_id,
        "sub_stage_id": wanted.sub_stage_id,
        "since": wanted.since,
        "until": wanted.until,
        **sight.params(wanted.actor),
        **more,
    }


def list_exported(
    conn: db.Connection, wanted: Wanted, *, before_id: int | None, limit: int
) -> list[ExportedRun]:
    """The next runs of an export, newest first."""
    among = "true" if wanted.search is None else IS_MATCHING
    return db.many(
        conn,
        ExportedRun,
        f"""
        WITH chosen AS ({_chosen(wanted, among)})
        SELECT run.id, action.name AS action, version.number AS action_version,
               provider.name AS provider, model.name AS model, run.status, run.purpose, run.attempt,
               run.retry_of_id, run.refines_id, run.replay_of_id, run.repair_of_id,
               person.name AS user_name, automation.post_id, automation.post_section_id AS section_id,
               field.name AS field, suggestion.status AS suggestion_status,
               run.created_at, run.started_at, run.first_text_at, run.finished_at, run.finish,
               run.error_kind, run.error_message, run.usage_input, run.usage_output, run.usage_cached,
               run.usage_cache_write, run.usage_reasoning, run.cost, run.cost_currency,
               run.check_problems, run.output, run.checked_output, run.reasoning,
               run.messages, run.inputs, run.dropped, run.request_url, run.request_body
        FROM chosen
        JOIN llm_run AS run ON run.id = chosen.id
        JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
        JOIN llm_action AS action ON action.id = version.llm_action_id
        JOIN llm_model AS model ON model.id = run.llm_model_id
        JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
        LEFT JOIN app_user AS person ON person.id = run.app_user_id
        LEFT JOIN workflow_automation AS automation ON automation.llm_run_id = run.id
        LEFT JOIN workflow_field AS field ON field.id = run.workflow_field_id
        LEFT JOIN suggestion ON suggestion.workflow_automation_id = automation.id
        ORDER BY run.id DESC
        """,
        _params(wanted, before_id=before_id, limit=limit),
    )


# --- what a list can be narrowed to --------------------------------------------------------------


def list_actions(conn: db.Connection) -> list[Choice]:
    return db.many(
        conn, Choice, "SELECT id, label, '' AS \"group\" FROM llm_action ORDER BY lower(label), id"
    )


def list_versions(conn: db.Connection, action_id: int) -> list[Choice]:
    return db.many(
        conn,
        Choice,
        """
        SELECT id, 'v' || number AS label, '' AS "group" FROM llm_action_version
        WHERE llm_action_id = %s ORDER BY number DESC
        """,
        (action_id,),
    )


def list_models(conn: db.Connection) -> list[Choice]:
    return db.many(
        conn,
        Choice,
        """
        SELECT model.id, model.label, provider.label AS "group"
        FROM llm_model AS model JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
        ORDER BY lower(provider.label), provider.id, lower(model.label), model.id
        """,
    )


def list_providers(conn: db.Connection) -> list[Choice]:
    return db.many(
        conn, Choice, "SELECT id, label, '' AS \"group\" FROM llm_provider ORDER BY lower(label), id"
    )


def list_people(conn: db.Connection, limit: int) -> list[Choice]:
    return db.many(
        conn,
        Choice,
        "SELECT id, name AS label, '' AS \"group\" FROM app_user ORDER BY lower(name), id LIMIT %s",
        (limit,),
    )


def list_stages(conn: db.Connection) -> list[Choice]:
    return db.many(
        conn,
        Choice,
        """
        SELECT sub.id, sub.label, stage.label AS "group"
        FROM workflow_sub_stage AS sub JOIN workflow_stage AS stage ON stage.id = sub.workflow_stage_id
        ORDER BY stage.workflow_id, stage.position, sub.position
        """,
    )
