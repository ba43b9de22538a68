"""Measures the pages that find posts, at 10,000 and at 100,000 posts of three fields with 10 revisions each.

`python -m bench.finding`. Server time: the whole request, in one process, with a database of its own next to
it. A page must be quick, and as quick with ten times the posts, also for somebody who sees two stages of
three, for whom every question is narrowed.
"""

import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from flask.testing import FlaskClient

from bench.figures import Figure, show
from blog.app import create_app, db, garbage, schema
from blog.app.config import Config
from blog.app.embedded import postgres
from blog.app.security import SESSION_COOKIE, digest

SIZES = (10_000, 100_000)
TIMES = 60
BOUND_MS = 50
FLAT = 2.0  # the larger may take so many times what the smaller takes, beyond a few milliseconds of chance
CHANCE_MS = 8

# Every current text has “lighthouse”; every second post “keeper”, every 10th “lamp”, every 50th “fog”, every
# 500th “whale”, every 5,000th “kraken”; 200 have “seal”, of how many posts whatever.
FILL_POSTS = """
    INSERT INTO post (id, workflow_id, workflow_sub_stage_id, title, app_user_id, status, assignee_id, due_on,
                      created_at, updated_at, planned_on, scheduled_for)
    OVERRIDING SYSTEM VALUE
    SELECT n, place.workflow_id, place.id, 'Post ' || n || ' of the lighthouse', 1 + n %% 20,
           CASE WHEN n %% 2 = 0
                THEN (ARRAY['not_started', 'in_work', 'ready', 'done', 'blocked'])[1 + n %% 5]
                ELSE 'not_started' END,
           CASE WHEN n %% 4 = 0 THEN 1 + n %% 20 END,
           CASE WHEN n %% 10 = 0 THEN current_date - 60 + n %% 300 END,
           now() - n * interval '1 minute', now() - (n * 7919 %% 100003) * interval '1 minute',
           CASE WHEN n %% 3 = 0 THEN current_date - 180 + n * 31 %% 365 END,
           CASE WHEN n %% 9 = 0 THEN current_date - 180 + (n * 31 + n %% 2) %% 365 END
    FROM generate_series(%(first)s::int, %(last)s::int) AS n
    JOIN (SELECT workflow_id, id, row_number() OVER (ORDER BY id) - 1 AS number
          FROM workflow_sub_stage) AS place ON place.number = n %% 9
"""
FILL_STANDINGS = """
    INSERT INTO post_sub_stage (workflow_id, post_id, workflow_sub_stage_id, status, assignee_id, due_on)
    SELECT workflow_id, id, workflow_sub_stage_id, status, assignee_id, due_on
    FROM post WHERE id BETWEEN %(first)s::int AND %(last)s::int AND id %% 2 = 0
"""
FILL_REVISIONS = """
    INSERT INTO field_revision (post_id, workflow_field_id, number, value, origin, app_user_id,
                                base_revision_id, superseded_at)
    SELECT post.id, field.id, number,
           CASE WHEN number < 10 THEN 'An earlier wording of no consequence, number ' || number
                ELSE 'The lighthouse '
                     || repeat('stands where the coast is dark and the rocks are many. ', 10)
                     || 'This is number ' || post.id
                     || CASE WHEN post.id %% 2 = 0 THEN ' keeper' ELSE '' END
                     || CASE WHEN post.id %% 10 = 0 THEN ' lamp' ELSE '' END
                     || CASE WHEN post.id %% 50 = 0 THEN ' fog' ELSE '' END
                     || CASE WHEN post.id %% 500 = 0 THEN ' whale' ELSE '' END
                     || CASE WHEN post.id %% 5000 = 0 THEN ' kraken' ELSE '' END
                     || CASE WHEN post.id %% 50 = 7 AND post.id <= 10000 THEN ' seal' ELSE '' END END,
           'person', 1, CASE WHEN number > 1 THEN 1 END, CASE WHEN number < 10 THEN now() END
    FROM post
    CROSS JOIN (SELECT id FROM workflow_field WHERE scope = 'post' AND kind IN ('text', 'markdown')
                ORDER BY id LIMIT 3) AS field
    CROSS JOIN generate_series(1, 10) AS number
    WHERE post.id BETWEEN %(first)s::int AND %(last)s::int
"""
PAGES: dict[str, str] = {
    "Workspace": "/posts/5000/idea",
    "List": "/posts",
    "List, blocked and mine": "/posts?status=blocked&assignee=me",
    "List, one stage by title": "/posts?sub_stage_id=3&sort=title",
    "List, due first": "/posts?sort=due&due=overdue",
    "Board": "/board",
    "Board, assigned to me": "/board?assignee=me",
    "Board, by me": "/board?author=me",
    "Board, ready for review": "/board?status=ready",
    "Board, late": "/board?due=overdue",
    "Board, a word in every post": "/board?search=lighthouse",
    "Board, a word in 1 of 500": "/board?search=whale",
    "Board, a word in 200 posts": "/board?search=seal",
    "Calendar": "/calendar",
    "Search, a word in every post": "/posts?search=lighthouse",
    "Search, two words in every post": "/posts?search=lighthouse+coa",
    "Search, a word in 1 of 2": "/posts?search=keeper",
    "Search, a word in 1 of 10": "/posts?search=lamp",
    "Search, a word in 1 of 50": "/posts?search=fog",
    "Search, a word in 1 of 500": "/posts?search=whale",
    "Search, a word in 1 of 5,000": "/posts?search=kraken",
    "Search, a word nobody wrote": "/posts?search=zeppelin",
    "Jump to, a word in every title": "/find?q=lighthou",
    "Jump to, a word in few texts": "/find?q=krak",
}

NARROWED = (
    "List",
    "List, due first",
    "Board",
    "Board, a word in 1 of 500",
    "Board, a word in 200 posts",
    "Calendar",
    "Search, a word in every post",
    "Search, a word in 1 of 50",
    "Search, a word in 1 of 500",
    "Search, a word nobody wrote",
    "Jump to, a word in every title",
)
# A board shows up to twenty of these a column: 20 of the fewer posts, 180 of the many. Such a page is bounded
# but not compared; the one with as many at either size is.
GROWING = "Board, a word in 1 of 500"


def main() -> None:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="blogforge-bench-") as data:
        Path(data).chmod(0o755)  # the database's own user must be able to reach its folder
        with postgres.running(Path(data) / "database") as url:
            figures = measure(url, Path(data))
    sys.exit(show(figures))


def measure(url: str, data: Path) -> list[Figure]:
    """Every page at every size, then how the sizes compare."""
    with psycopg.connect(url, autocommit=True) as conn:
        schema.init_db(conn)
        _people(conn)
        with db.open_pool(url, max_size=4, name="bench") as pool:
            app = create_app(Config(data_dir=data, secret=secrets.token_hex()), pool)
            clients = [app.test_client() for _ in ("bench", "narrow")]
            for client, token in zip(clients, ("bench", "narrow"), strict=True):
                client.set_cookie(SESSION_COOKIE, token)
            garbage.pass_over_loaded()  # as the web process does
            taken = {size: _at(conn, clients[0], clients[1], size) for size in SIZES}
    small, large = (taken[size] for size in SIZES)
    return [
        *(figure for size in SIZES for figure in _bounded(size, taken[size])),
        *(_flat(name, small[name], large[name]) for name in small if not name.startswith(GROWING)),
    ]


def _at(conn: db.Connection, client: FlaskClient, narrow: FlaskClient, size: int) -> dict[str, list[float]]:
    started = time.perf_counter()
    fill(conn, size)
    print(f"{size:,} posts in {time.perf_counter() - started:.0f} s", file=sys.stderr)  # noqa: T201
    asked = [(name, client, path) for name, path in PAGES.items()]
    asked += [(f"{name}, in two stages of three", narrow, PAGES[name]) for name in NARROWED]
    return {name: sorted(_timed(who, path) for _ in range(TIMES)) for name, who, path in asked}


def fill(conn: db.Connection, size: int) -> None:
    """Up to `size` posts. Their keys are right by construction, so nobody checks them one by one."""
    first = 1 + (db.scalar(conn, "SELECT max(id) FROM post") or 0)
    with conn.transaction():
        conn.execute("SET LOCAL session_replication_role = replica")
        for statement in (FILL_POSTS, FILL_STANDINGS, FILL_REVISIONS):
            conn.execute(statement, {"first": first, "last": size})
    conn.execute("VACUUM ANALYZE")


def _people(conn: db.Connection) -> None:
    """Twenty, all editors, and one who sees two stages; the first and that one are signed in."""
    conn.execute(
        """
        INSERT INTO app_user (email, name, password_hash)
        SELECT 'p' || n || '@example.org', 'Person ' || n, '!' FROM generate_series(1, 20) AS n
        """
    )
    conn.execute(
        "INSERT INTO user_role SELECT app_user.id, role.id FROM app_user, role WHERE role.name = 'editor'"
    )
    conn.execute(
        """
        INSERT INTO user_session (app_user_id, token_hash, expires_at)
        VALUES (1, %s, clock_timestamp() + interval '1 hour')
        """,
        [digest("bench")],
    )
    conn.execute(
        """
        WITH person AS (
            INSERT INTO app_user (email, name, password_hash) VALUES ('n@example.org', 'Narrow', '!')
            RETURNING id
        ), narrow AS (
            INSERT INTO role (name, label) VALUES ('narrow', 'Narrow') RETURNING id
        ), permitted AS (
            INSERT INTO role_permission (role_id, permission)
            SELECT narrow.id, permission FROM narrow, role_permission
            JOIN role ON role.id = role_permission.role_id AND role.name = 'editor'
        ), granted AS (
            INSERT INTO stage_grant (role_id, workflow_stage_id, verb)
            SELECT narrow.id, workflow_stage.id, 'see' FROM narrow, workflow_stage
            WHERE workflow_stage.name IN ('planning', 'publishing')
        ), had AS (
            INSERT INTO user_role (app_user_id, role_id) SELECT person.id, narrow.id FROM person, narrow
        )
        INSERT INTO user_session (app_user_id, token_hash, expires_at)
        SELECT id, %s, clock_timestamp() + interval '1 hour' FROM person
        """,
        [digest("narrow")],
    )


def _timed(client: FlaskClient, path: str) -> float:
    started = time.perf_counter()
    answer = client.get(path)
    taken = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        sys.exit(f"{path}: {answer.status_code} {answer.text[:400]}")
    return taken


def _bounded(size: int, taken: dict[str, list[float]]) -> list[Figure]:
    at = _percentile(0.95)
    return [
        Figure(name=f"{name}, {size:,} posts, p95", value=at(times), unit="ms", bound=BOUND_MS)
        for name, times in taken.items()
    ]


def _flat(name: str, small: list[float], large: list[float]) -> Figure:
    at = _percentile(0.5)
    bound = round(at(small) * FLAT + CHANCE_MS, 1)
    return Figure(name=f"{name}, p50 at the larger size", value=at(large), unit="ms", bound=bound)


def _percentile(share: float) -> Callable[[list[float]], float]:
    return lambda times: times[int(len(times) * share)]


if __name__ == "__main__":
    main()
