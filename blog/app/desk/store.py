"""SQL of the desk: who wrote a revision by way of a run."""

from collections.abc import Sequence

from blog.app import db
from blog.app.desk.models import Authorship


def list_authorships(conn: db.Connection, run_ids: Sequence[int]) -> list[Authorship]:
    return db.many(
        conn,
        Authorship,
        """
        SELECT run.id AS run_id, action.label AS action_label, model.name AS model_name, provider.is_rehearsal
        FROM llm_run AS run
        JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
        JOIN llm_action AS action ON action.id = version.llm_action_id
        JOIN llm_model AS model ON model.id = run.llm_model_id
        JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
        WHERE run.id = ANY(%s)
        """,
        (list(run_ids),),
    )
