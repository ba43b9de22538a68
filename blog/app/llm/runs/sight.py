"""Which runs somebody may see, as a condition on `llm_run AS run`: in the WHERE of every question about runs.

A run for a field of a post is seen by who may see that post, that field, and all that its prompt read. A run
by itself is seen by who began it and by who configures, the runs of an action's cases by everybody who reads
actions; and where its values came from a post, by those of them who may see that post and those values.
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


def may_read_sql(post_id: LiteralString, inputs: LiteralString) -> LiteralString:
    """Whether one may see a post and all of its fields that some inputs name; of the names of two columns."""
    return f"""
        EXISTS (
            SELECT FROM post
            WHERE post.id = {post_id} AND post.workflow_sub_stage_id = ANY(%(sight_places)s)
                AND NOT EXISTS (
                    SELECT FROM workflow_field AS hidden,
                        LATERAL (SELECT ARRAY[
                            hidden.name, CASE WHEN hidden.title_rank IS NOT NULL THEN 'heading' END]
                        ) AS names (of_section)
                    WHERE hidden.workflow_id = post.workflow_id
                        AND NOT hidden.workflow_sub_stage_id = ANY(%(sight_places)s)
                        AND (hidden.scope = 'post' AND jsonb_exists({inputs}->'post', hidden.name)
                            OR hidden.scope = 'section' AND (
                                jsonb_exists_any({inputs}->'section', names.of_section)
                                OR EXISTS (
                                    SELECT FROM jsonb_array_elements({inputs}->'sections') AS section
                                    WHERE jsonb_exists_any(section, names.of_section))))))
    """


IS_OPEN = f"""
    (run.post_id IS NULL AND run.workflow_field_id IS NULL
     OR {may_read_sql("run.post_id", "run.inputs")}
        AND (run.workflow_field_id IS NULL OR EXISTS (
            SELECT FROM workflow_field AS aim
            WHERE aim.id = run.workflow_field_id AND aim.workflow_sub_stage_id = ANY(%(sight_places)s))))
"""


def condition(actor: Actor) -> LiteralString:
    """Of the parameters that params() gives."""
    whose = "true" if actor.may(LLM_CONFIGURE) else f"(run.workflow_field_id IS NOT NULL OR {BY_ITSELF})"
    return whose if reach.seen(actor) is None else f"({whose} AND {IS_OPEN})"


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
