"""What a start tells whoever started it: the models it found, and once how to become the administrator.

A process of its own (`python -m blog.app.greeting`), so that the supervisor, which stays, need not carry
all that this imports.
"""

import os

import psycopg

from blog.app import db, installation_secret, supervisor
from blog.app.auth import first_administrator
from blog.app.config import Config, load_config
from blog.app.errors import Unavailable
from blog.app.llm.registry import discovery


def main() -> None:
    config = load_config(os.environ)
    if config.database_url is None:
        raise Unavailable("BLOG_DATABASE_URL names no database; `blogforge serve` sets it.")
    with psycopg.connect(config.database_url, autocommit=True, connect_timeout=5) as conn:
        for line in (*_models(conn, config), *_first_steps(conn, config)):
            supervisor.say(f"  {line}")


def _models(conn: db.Connection, config: Config) -> list[str]:
    return [str(found) for found in discovery.discover(conn, config, installation_secret.load(config))]


def _first_steps(conn: db.Connection, config: Config) -> list[str]:
    token = first_administrator.create_setup_link(conn)
    if token is None:
        return []
    return [
        "Nobody administers it yet. Create the first administrator here, once:",
        f"{config.public_url}/setup/{token}",
    ]


if __name__ == "__main__":
    main()
