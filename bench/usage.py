"""Measures dashboard, usage, run list and run search at 1,000,000 runs of a year. `python -m bench.usage`.

Server time: the whole request, in one process, with a database of its own next to it.
"""

import secrets
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from flask.testing import FlaskClient
from psycopg import sql

from bench.figures import Figure, show
from blog.app import create_app, db, garbage, schema
from blog.app.automation import statistics
from blog.app.config import Config
from blog.app.embedded import postgres
from blog.app.llm.runs import ending, search_store
from blog.app.security import SESSION_COOKIE, digest

RUNS = 1_000_000
POSTS = 20_000
PEOPLE = 20
MODELS = 10
TIMES = 60
BOUND_MS = 100

FILL_MODELS = """
    WITH provider AS (
        INSERT INTO llm_provider (name, label, protocol, base_url)
        SELECT 'provider-' || n, 'Provider ' || n, 'openai', 'http://127.0.0.1:9'
        FROM generate_series(1, 3) AS n
        RETURNING id)
    INSERT INTO llm_model (llm_provider_id, name, label, price_input, price_output, price_currency)
    SELECT id, 'model-' || n, 'Model ' || n,
           CASE WHEN n < 4 THEN 2 END, CASE WHEN n < 4 THEN 8 END, CASE n WHEN 3 THEN 'EUR' ELSE
           CASE WHEN n < 4 THEN 'USD' END END
    FROM provider CROSS JOIN generate_series(1, 4) AS n ORDER BY n, id LIMIT %(models)s
"""
FILL_POSTS = """
    INSERT INTO post (workflow_id, workflow_sub_stage_id, title, app_user_id)
    SELECT place.workflow_id, place.id, 'Post ' || n, 1 + n %% %(people)s
    FROM generate_series(1, %(posts)s) AS n
    CROSS JOIN (SELECT workflow_id, id FROM workflow_sub_stage ORDER BY id LIMIT 1) AS place
"""
# Evenly over a year, of a million one in 31 seconds. Every answer has “lighthouse”; every second “keeper”,
# every 10th “lamp”, every 50th “fog”, every 500th “whale”, every 5,000th “kraken”. Of 100 runs 90 succeeded,
# 4 failed, 3 were invalid, 3 stopped; one in 25,000 failed of “quota”. Of four runs three are for a field.
FILL_RUNS = """
    INSERT INTO llm_run (id, llm_action_version_id, llm_model_id, purpose, status, attempt, app_user_id,
                         post_id, workflow_field_id, inputs, fence, messages, request_url, request_body,
                         raw_reply, output, checked_output, usage_input, usage_output, cost, cost_currency,
                         error_kind, error_message, error_retryable,
                         created_at, started_at, first_text_at, finished_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, version.id, model.id, CASE WHEN n %% 40 = 0 THEN 'test' ELSE 'use' END, fate.status, 1,
           CASE WHEN n %% 30 > 0 THEN 1 + (n * 7 + n / 13) %% %(people)s END,
           CASE WHEN n %% 4 > 0 THEN 1 + n %% %(posts)s END,
           CASE WHEN n %% 4 > 0 THEN field.id END, '{}', 'fence',
           jsonb_build_array(
               jsonb_build_object('role', 'user', 'part_id', NULL, 'part_version', NULL, 'part_name', 'Task',
                                  'part_kind', 'task', 'marks', '[]'::jsonb, 'tokens', 9, 'content',
                                  'Ask for the facts of the coast.')),
           'http://127.0.0.1:9/v1/chat/completions', '{"model": "bench"}', '\\x7b7d',
           'The lighthouse stands where the coast is dark.'
               || CASE WHEN n %% 2 = 0 THEN ' keeper' ELSE '' END
               || CASE WHEN n %% 10 = 0 THEN ' lamp' ELSE '' END
               || CASE WHEN n %% 50 = 0 THEN ' fog' ELSE '' END
               || CASE WHEN n %% 500 = 0 THEN ' whale' ELSE '' END
               || CASE WHEN n %% 5000 = 0 THEN ' kraken' ELSE '' END,
           CASE fate.status WHEN 'succeeded' THEN 'The lighthouse.' END,
           CASE WHEN n %% 9 > 0 THEN 800 + (n * 31 %% 3000)::int END,
           CASE WHEN n %% 9 > 0 THEN 200 + (n * 17 %% 900)::int END,
           CASE WHEN n %% 9 > 0 AND model.price_currency IS NOT NULL THEN (n %% 977) / 10000.0 END,
           CASE WHEN n %% 9 > 0 THEN model.price_currency END,
           CASE fate.status WHEN 'failed' THEN CASE WHEN n %% 25000 = 91 THEN 'quota' ELSE
               (ARRAY['rate_limit', 'timeout', 'server', 'unreachable'])[1 + n / 100 %% 4] END END,
           CASE fate.status WHEN 'failed' THEN 'It broke.' END, CASE fate.status WHEN 'failed' THEN false END,
           moment.at, moment.at + interval '20 ms', moment.at + (300 + n * 37 %% 4000) * interval '1 ms',
           moment.at + (1500 + n * 91 %% 40000) * interval '1 ms'
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
    CROSS JOIN LATERAL (SELECT date_trunc('day', now()) + interval '12 hours'
                               - (%(runs)s - n) * (interval '365 days' / %(runs)s) AS at) AS moment
    CROSS JOIN LATERAL (SELECT CASE WHEN n %% 100 < 90 THEN 'succeeded' WHEN n %% 100 < 94 THEN 'failed'
                                    WHEN n %% 100 < 97 THEN 'invalid' ELSE 'cancelled' END AS status) AS fate
    JOIN (SELECT id, price_currency, row_number() OVER (ORDER BY id) - 1 AS number FROM llm_model) AS model
        ON model.number = (n * 13 + n / 7) %% (SELECT count(*) FROM llm_model)
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM llm_action_version) AS version
        ON version.number = (n * 3 + n / 11) %% (SELECT count(*) FROM llm_action_version)
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM workflow_field) AS field
        ON field.number = (n * 5 + n / 17) %% (SELECT count(*) FROM workflow_field)
"""
FILL_AUTOMATIONS = """
    INSERT INTO workflow_automation (llm_run_id, post_id, workflow_field_id)
    SELECT id, 1 + id %% %(posts)s, workflow_field_id FROM llm_run
    WHERE workflow_field_id IS NOT NULL AND purpose = 'use' AND id BETWEEN %(first)s AND %(last)s
"""
# Of ten suggestions five were accepted, one in part, two discarded; two wait.
FILL_SUGGESTIONS = """
    INSERT INTO suggestion (workflow_automation_id, value, status, field_revision_id, decided_at, kept_share)
    SELECT automation.id, 'The lighthouse.', fate.status,
           CASE WHEN fate.status LIKE 'accepted%%' THEN 1 END,
           CASE WHEN fate.status <> 'waiting' THEN now() END,
           CASE WHEN fate.status LIKE 'accepted%%' THEN (run.id %% 101) / 100.0 END
    FROM workflow_automation AS automation
    JOIN llm_run AS run ON run.id = automation.llm_run_id
    CROSS JOIN LATERAL (SELECT (ARRAY['accepted', 'accepted', 'discarded', 'accepted', 'waiting',
                                      'accepted_in_part', 'accepted', 'discarded', 'accepted', 'waiting']
                               )[1 + (run.id / 3 %% 10)::int] AS status) AS fate
    WHERE run.status = 'succeeded' AND run.id BETWEEN %(first)s AND %(last)s
"""
FILL_WORDS = f"""
    INSERT INTO llm_run_words (llm_run_id, words)
    SELECT id, {search_store.WORDS} FROM llm_run AS run WHERE id BETWEEN %(first)s AND %(last)s
"""
PAGES: dict[str, str] = {
    "Dashboard": "/llm/",
    "What editors keep": "/llm/editors",
    "What editors keep, a year": "/llm/editors?since={year}&until={today}",
    "What editors keep, one action": "/llm/editors/3",
    "Usage, 30 days": "/llm/usage",
    "Usage, a year by day": "/llm/usage?since={year}&until={today}",
    "Usage, a year by model": "/llm/usage?by=model&since={year}&until={today}",
    "Usage, a year by action": "/llm/usage?by=action&since={year}&until={today}",
    "Usage, a year by stage": "/llm/usage?by=stage&since={year}&until={today}",
    "Usage, a year by person": "/llm/usage?by=person&since={year}&until={today}",
    "Usage, a year of one action": "/llm/usage?llm_action_id=3&since={year}&until={today}",
    "Runs": "/llm/runs",
    "Runs, failed": "/llm/runs?status=failed",
    "Runs, a rare error": "/llm/runs?error_kind=quota",
    "Runs, an error nobody had": "/llm/runs?error_kind=refusal",
    "Runs, one action": "/llm/runs?llm_action_id=3",
    "Runs, one provider": "/llm/runs?llm_provider_id=2",
    "Runs, one person's failures": "/llm/runs?person=4&status=failed",
    "Runs, one post": "/llm/runs?post_id=77",
    "Runs, one stage": "/llm/runs?sub_stage_id=3",
    "Runs, a day half a year ago": "/llm/runs?since={half}&until={half}",
    "Runs, action and model and day": "/llm/runs?llm_action_id=3&llm_model_id=2&until={half}",
    "Search, a word in every run": "/llm/runs?search=lighthouse",
    "Search, a word in 1 of 10": "/llm/runs?search=lamp",
    "Search, a word in 1 of 50": "/llm/runs?search=fog",
    "Search, a word in 1 of 500": "/llm/runs?search=whale",
    "Search, a word in 1 of 5,000": "/llm/runs?search=kraken",
    "Search, a word nobody wrote": "/llm/runs?search=zeppelin",
    "Search, a common word of one action": "/llm/runs?search=keeper&llm_action_id=3",
    "One run": "/llm/runs/500001",
}
AT_ONCE = 100_000
LARGE = ["llm_run", "llm_run_words", "workflow_automation", "suggestion"]


def main() -> None:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="blogforge-bench-") as data:
        Path(data).chmod(0o755)  # the database's own user must be able to reach its folder
        server = postgres.start(Path(data) / "database", settings=postgres.THROWAWAY)
        try:
            figures = measure(server.url, Path(data))
        finally:
            postgres.stop(server)
    sys.exit(show(figures))


def measure(url: str, data: Path, runs: int = RUNS) -> list[Figure]:
    with psycopg.connect(url, autocommit=True) as conn:
        schema.init_db(conn)
        started = time.perf_counter()
        fill(conn, runs)
        print(f"{runs:,} runs in {time.perf_counter() - started:.0f} s", file=sys.stderr)  # noqa: T201
        started = time.perf_counter()
        conn.execute("SET session_replication_role = replica")  # keys are right, as below
        ending.recount(conn)
        statistics.recount(conn)
        conn.execute("VACUUM ANALYZE")
        print(f"counted and vacuumed in {time.perf_counter() - started:.0f} s", file=sys.stderr)  # noqa: T201
        days = _days(conn)
    with db.open_pool(url, max_size=4, name="bench") as pool:
        client = create_app(Config(data_dir=data, secret=secrets.token_hex()), pool).test_client()
        client.set_cookie(SESSION_COOKIE, "bench")
        garbage.pass_over_loaded()  # as the web process does
        return [figure for name, path in PAGES.items() for figure in _page(client, name, path.format(**days))]


def _days(conn: db.Connection) -> dict[str, str]:
    names = ("today", "half", "year")
    row = conn.execute(
        "SELECT current_date::text, (current_date - 182)::text, (current_date - 364)::text"
    ).fetchone()
    return dict(zip(names, row or (), strict=True))


def _page(client: FlaskClient, name: str, path: str) -> list[Figure]:
    times = sorted(_timed(client, path) for _ in range(TIMES))
    return [
        Figure(name=f"{name}, p50", value=times[len(times) // 2], unit="ms", bound=BOUND_MS),
        Figure(name=f"{name}, p95", value=times[int(len(times) * 0.95)], unit="ms", bound=BOUND_MS),
    ]


def _timed(client: FlaskClient, path: str) -> float:
    started = time.perf_counter()
    answer = client.get(path)
    taken = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        sys.exit(f"{path}: {answer.status_code} {answer.text[:400]}")
    return taken


# --- filling -------------------------------------------------------------------------------------


def fill(conn: db.Connection, runs: int) -> None:
    """Keys are right by construction, so nobody checks them one by one."""
    _people(conn)
    sizes = {"runs": runs, "posts": POSTS, "people": PEOPLE, "models": MODELS}
    with conn.transaction():
        conn.execute("SET LOCAL session_replication_role = replica")
        conn.execute("SET LOCAL maintenance_work_mem = '256MB'")
        conn.execute("SET LOCAL max_parallel_maintenance_workers = 0")
        indexes = _drop_indexes(conn)
        conn.execute(FILL_MODELS, sizes)
        conn.execute(FILL_POSTS, sizes)
        for first in range(1, runs + 1, AT_ONCE):
            part = {**sizes, "first": first, "last": min(first + AT_ONCE - 1, runs)}
            for statement in (FILL_RUNS, FILL_AUTOMATIONS, FILL_SUGGESTIONS, FILL_WORDS):
                conn.execute(statement, part)
        for index in indexes:
            conn.execute(index)
    conn.execute("SELECT setval(pg_get_serial_sequence('llm_run', 'id'), %s)", [runs])
    conn.execute("VACUUM ANALYZE")


def _drop_indexes(conn: db.Connection) -> list[bytes]:
    """Those of the large tables that no constraint needs; answers how to make them again, at once."""
    found = conn.execute(
        """
        SELECT index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid)
        FROM pg_index AS index
        WHERE index.indrelid = ANY (%s::regclass[])
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)
        """,
        [LARGE],
    ).fetchall()
    for name, _ in found:
        conn.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [definition.encode() for _, definition in found]


def _people(conn: db.Connection) -> None:
    """Twenty, all editors; the first is signed in."""
    conn.execute(
        """
        INSERT INTO app_user (email, name, password_hash)
        SELECT 'p' || n || '@example.org', 'Person ' || n, '!' FROM generate_series(1, %s) AS n
        """,
        [PEOPLE],
    )
    conn.execute(
        "INSERT INTO user_role SELECT app_user.id, role.id FROM app_user, role WHERE role.name = 'editor'"
    )
    conn.execute(
        """
        INSERT INTO user_session (app_user_id, token_hash, expires_at)
        VALUES (1, %s, clock_timestamp() + interval '1 day')
        """,
        [digest("bench")],
    )


if __name__ == "__main__":
    main()
