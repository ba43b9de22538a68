"""SQL of tests on the bench."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from blog.app import db
from blog.app.auth import reach
from blog.app.auth.models import Actor
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.runs import sight
from blog.app.llm.trials.models import TrialListItem, TrialRow


def lock_start(conn: db.Connection, action_id: int, user_id: int | None) -> None:
    """Lets one start per person and action through at a time, so that a double press finds the first."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"trial {action_id} {user_id}",))


def insert_trial(
    conn: db.Connection,
    action_id: int,
    *,
    inputs: Mapping[str, Any],
    post_id: int | None,
    section_id: int | None,
    user_id: int | None,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO llm_trial (llm_action_id, inputs, post_id, post_section_id, app_user_id)
        VALUES (%s, %s, %s, %s, %s) RETURNING id
        """,
        (action_id, db.jsonb(inputs), post_id, section_id, user_id),
    )


def insert_trial_run(
    conn: db.Connection, trial_id: int, position: int, run_id: int, part_version_ids: Sequence[int]
) -> None:
    db.run(
        conn,
        """
        INSERT INTO llm_trial_run (llm_trial_id, position, llm_run_id, part_version_ids)
        VALUES (%s, %s, %s, %s)
        """,
        (trial_id, position, run_id, sorted(part_version_ids)),
    )


TRIAL = """
    SELECT trial.id, trial.llm_action_id AS action_id, action.label AS action_label, trial.inputs,
           trial.post_id, trial.post_section_id AS section_id, trial.app_user_id AS user_id,
           person.name AS user_name, trial.created_at,
           ARRAY(SELECT llm_run_id FROM llm_trial_run
                 WHERE llm_trial_id = trial.id ORDER BY position) AS run_ids,
           COALESCE((SELECT jsonb_agg(ARRAY(SELECT part.name
                                            FROM llm_prompt_part_version AS version
                                            JOIN llm_prompt_part AS part
                                              ON part.id = version.llm_prompt_part_id
                                            WHERE version.id = ANY (each.part_version_ids)
                                            ORDER BY part.name)
                                      ORDER BY each.position)
                     FROM llm_trial_run AS each WHERE each.llm_trial_id = trial.id), '[]') AS drafts
    FROM llm_trial AS trial
    JOIN llm_action AS action ON action.id = trial.llm_action_id
    LEFT JOIN app_user AS person ON person.id = trial.app_user_id
"""


def in_sight(actor: Actor) -> LiteralString:
    """Of the parameters that sight.params() gives. A trial holds more values than its runs have read."""
    whose = "true" if actor.may(LLM_CONFIGURE) else "trial.app_user_id = %(sight_user)s"
    if reach.seen(actor) is None:
        return whose
    return f"{whose} AND (trial.post_id IS NULL OR {sight.may_read_sql('trial.post_id', 'trial.inputs')})"


def find_trial(conn: db.Connection, trial_id: int) -> TrialRow | None:
    return db.one(conn, TrialRow, f"{TRIAL} WHERE trial.id = %s", (trial_id,))


def find_seen_trial(conn: db.Connection, actor: Actor, trial_id: int) -> TrialRow | None:
    return db.one(
        conn,
        TrialRow,
        f"{TRIAL} WHERE trial.id = %(trial_id)s AND {in_sight(actor)}",
        {"trial_id": trial_id, **sight.params(actor)},
    )


def find_open_trial(
    conn: db.Connection,
    action_id: int,
    *,
    inputs: Mapping[str, Any],
    wanted: Sequence[tuple[int, int, Sequence[int]]],
    user_id: int | None,
) -> int | None:
    """The same test by the same person that nothing has come of yet.

    `wanted`: (version, model, versions of parts) from left to right.
    """
    return db.scalar(
        conn,
        """
        SELECT trial.id FROM llm_trial AS trial
        WHERE trial.llm_action_id = %(action_id)s AND trial.app_user_id IS NOT DISTINCT FROM %(user_id)s
          AND trial.inputs = %(inputs)s AND trial.created_at > now() - interval '1 minute'
          AND (SELECT jsonb_agg(jsonb_build_array(run.llm_action_version_id, run.llm_model_id,
                                                  each.part_version_ids)
                                ORDER BY each.position)
               FROM llm_trial_run AS each JOIN llm_run AS run ON run.id = each.llm_run_id
               WHERE each.llm_trial_id = trial.id
                 AND run.status IN ('queued', 'running')) = %(wanted)s
        ORDER BY trial.id DESC LIMIT 1
        """,
        {
            "action_id": action_id,
            "user_id": user_id,
            "inputs": db.jsonb(inputs),
            "wanted": db.jsonb([[version, model, sorted(parts)] for version, model, parts in wanted]),
        },
    )


def find_trial_of_run(conn: db.Connection, run_id: int) -> int | None:
    return db.scalar(
        conn,
        """
        WITH RECURSIVE before AS (
            SELECT id, repair_of_id FROM llm_run WHERE id = %s
            UNION ALL
            SELECT run.id, run.repair_of_id FROM llm_run AS run JOIN before ON run.id = before.repair_of_id
        )
        SELECT llm_trial_id FROM llm_trial_run JOIN before ON before.id = llm_run_id
        """,
        (run_id,),
    )


def list_trials(conn: db.Connection, actor: Actor, action_id: int, *, limit: int) -> list[TrialListItem]:
    """Newest first; those that the actor may see."""
    return db.many(
        conn,
        TrialListItem,
        f"""
        SELECT trial.id, trial.llm_action_id AS action_id, trial.post_id, person.name AS user_name,
               trial.created_at,
               ARRAY(SELECT 'v' || version.number || ' · ' || model.label
                            || CASE WHEN each.part_version_ids = '{{}}' THEN '' ELSE ' · draft wording' END
                     FROM llm_trial_run AS each
                     JOIN llm_run AS run ON run.id = each.llm_run_id
                     JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
                     JOIN llm_model AS model ON model.id = run.llm_model_id
                     WHERE each.llm_trial_id = trial.id ORDER BY each.position) AS tried
        FROM llm_trial AS trial
        LEFT JOIN app_user AS person ON person.id = trial.app_user_id
        WHERE trial.llm_action_id = %(action_id)s AND {in_sight(actor)}
        ORDER BY trial.id DESC LIMIT %(limit)s
        """,
        {"action_id": action_id, "limit": limit, **sight.params(actor)},
    )
