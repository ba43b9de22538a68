"""SQL of the words that a search among runs looks for. The worker gathers them, apart from any stream."""

from blog.app import db

WORDS = """
    to_tsvector('simple', left(concat_ws(E'\\n', run.output, (
        SELECT string_agg(message->>'content', E'\\n') FROM jsonb_array_elements(run.messages) AS message)),
        200000))
"""


def insert_waiting(conn: db.Connection, run_id: int) -> None:
    """A promise that the words of a run which has just ended will be gathered."""
    db.run(conn, "INSERT INTO llm_run_words (llm_run_id) VALUES (%s)", (run_id,))


def update_waiting(conn: db.Connection, limit: int) -> int:
    """Gathers the words of runs that wait for it, the oldest first; answers how many."""
    return db.run(
        conn,
        f"""
        UPDATE llm_run_words SET words = {WORDS}
        FROM llm_run AS run
        WHERE run.id = llm_run_id AND llm_run_id IN (
            SELECT llm_run_id FROM llm_run_words WHERE words IS NULL
            ORDER BY llm_run_id LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (limit,),
    )
