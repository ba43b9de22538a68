"""Which cases somebody may see, as a condition on `llm_case AS tried`.

A case whose values came from a post is seen by who may see that post and every field whose value it ever
held. For everybody else it has a name, and whether a version passed it: the gate goes by that.
"""

from typing import LiteralString

from blog.app.auth import reach
from blog.app.auth.models import Actor
from blog.app.llm.runs import sight


def condition(actor: Actor) -> LiteralString:
    """Of the parameters that runs.sight.params() gives."""
    if reach.seen(actor) is None:
        return "true"
    return f"""
        (tried.post_id IS NULL OR NOT EXISTS (
            SELECT FROM llm_case_version AS held
            WHERE held.llm_case_id = tried.id AND NOT {sight.may_read_sql("tried.post_id", "held.inputs")}))
    """
