"""Which runs somebody may see, as a condition on `llm_run AS run`: in the WHERE of every question about runs.

A run for a field of a post is seen by who may see that post, that field, and all that its prompt read. A run
by itself is seen by who began it and by who configures, if it was made of a post that they may see; the
runs of an action's cases by everybody who reads actions, because the cases are.
"""

from typing import LiteralString

from blog.app import db
from blog.app.auth import reach
from blog.app.auth.models import Actor
from blog.app.errors import NotFound
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.translation import N_
from blog.app.translation import gettext as _

MISSING = N_("There is no such run.")

BY_ITSELF = "(run.workflow_field_id IS NULL AND (run.app_user_id = %(sight_user)s OR run.purpose = 'case'))"
# The post it was for; of a test or of the same bytes once more, the one they were taken from.
OF_POST = """
    coalesce(
        (SELECT post_id FROM workflow_automation WHERE llm_run_id = run.id),
        (SELECT post_id FROM workflow_automation WHERE llm_run_id = run.replay_of_id),
        (SELECT llm_trial.post_id FROM llm_trial JOIN llm_trial_run ON llm_trial_id = llm_trial.id
         WHERE llm_run_id = run.id))
"""
IS_OPEN = f"""
    EXISTS (
        SELECT FROM (SELECT {OF_POST} AS id) AS origin
        LEFT JOIN post ON post.id = origin.id
        LEFT JOIN workflow_field AS aim ON aim.id = run.workflow_field_id
        WHERE origin.id IS NULL AND run.workflow_field_id IS NULL OR (
            post.workflow_sub_stage_id = ANY(%(sight_places)s)
            AND (aim.id IS NULL OR aim.workflow_sub_stage_id = ANY(%(sight_places)s))
            AND NOT EXISTS (
                SELECT FROM workflow_field AS hidden,
                    LATERAL (SELECT ARRAY[
                        hidden.name, CASE WHEN hidden.title_rank IS NOT NULL THEN 'heading' END]
                    ) AS names (of_section)
                WHERE hidden.workflow_id = post.workflow_id
                    AND NOT hidden.workflow_sub_stage_id = ANY(%(sight_places)s)
                    AND (hidden.scope = 'post' AND jsonb_exists(run.inputs->'post', hidden.name)
                        OR hidden.scope = 'section' AND (
                            jsonb_exists_any(run.inputs->'section', names.of_section)
                            OR EXISTS (
                                SELECT FROM jsonb_array_elements(run.inputs->'sections') AS section
                                WHERE jsonb_exists_any(section, names.of_section)))))))
"""


def condition(actor: Actor) -> LiteralString:
    """Of the parameters that params() gives."""
    configures = actor.may(LLM_CONFIGURE)
    if reach.seen(actor) is None:
        return "true" if configures else f"(run.workflow_field_id IS NOT NULL OR {BY_ITSELF})"
    others = "true" if configures else "run.workflow_field_id IS NOT NULL"
    return f"({BY_ITSELF} OR ({others} AND {IS_OPEN}))"


def params(actor: Actor) -> dict[str, object]:
    return {"sight_user": actor.user_id, "sight_places": reach.seen(actor)}


def check(conn: db.Connection, actor: Actor, run_id: int, missing: str = MISSING) -> None:
    """For whoever asks for one run: what they may not see is not there."""
    found = conn.execute(
        f"SELECT FROM llm_run AS run WHERE run.id = %(run_id)s AND {condition(actor)}",
        {"run_id": run_id, **params(actor)},
    ).fetchone()
    if found is None:
        raise NotFound(_(missing))
