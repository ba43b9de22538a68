"""/healthz: is the database there, does a worker live, which providers answer. Open to all; no secrets."""

from dataclasses import dataclass

import psycopg
from flask import Blueprint, Response
from psycopg_pool import PoolTimeout

from blog.app import db, web
from blog.app.auth.permissions import public

bp = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderHealth:
    """`error` None: all was well when it was last asked, or it was never asked."""

    name: str
    label: str
    is_rehearsal: bool
    models: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`status` is ok when database and worker are; providers may fail on their own."""

    status: str
    database: str
    worker: str
    providers: list[ProviderHealth]


@bp.get("/healthz")
@public
def healthz() -> Response:
    """The state of database, worker and providers."""
    try:
        found = look(web.conn())
    except (psycopg.OperationalError, PoolTimeout):
        found = Health(status="unavailable", database="unreachable", worker="unknown", providers=[])
    return web.answer(found, status=200 if found.status == "ok" else 503)


def look(conn: db.Connection) -> Health:
    seen = db.scalar(
        conn, "SELECT max(last_heartbeat) > now() - interval '20 seconds' FROM procrastinate_workers"
    )
    return Health(
        status="ok" if seen else "degraded",
        database="ok",
        worker="ok" if seen else "not running",
        providers=db.many(
            conn,
            ProviderHealth,
            """
            SELECT provider.name, provider.label, is_rehearsal, check_error AS error,
                   count(model.id) FILTER (WHERE model.is_enabled)::int AS models
            FROM llm_provider AS provider LEFT JOIN llm_model AS model ON model.llm_provider_id = provider.id
            WHERE provider.is_enabled GROUP BY provider.id ORDER BY provider.id
            """,
        ),
    )
