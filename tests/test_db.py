"""The pool of connections, when the database goes away and comes back."""

import psycopg

from blog.app import db


def test_connections_that_the_server_closed_are_not_handed_out(committed_db: str) -> None:
    with db.open_pool(committed_db, max_size=3, name="test") as pool:
        with pool.connection(), pool.connection(), pool.connection():
            pass  # three are open
        with psycopg.connect(committed_db, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        for _ in range(3):
            with pool.connection() as conn:
                assert db.scalar(conn, "SELECT 1") == 1
