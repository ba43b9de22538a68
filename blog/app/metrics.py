"""/api/v1/metrics in Prometheus' text format: requests of this process, and what the database knows."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from blog.app import db, telemetry, web
from blog.app.auth.permissions import permission, requires
from blog.app.translation import N_

METRICS_READ = permission("metrics.read", N_("Read metrics over REST"))
OUTCOMES = ("succeeded", "invalid", "failed", "cancelled")

bp = Blueprint("metrics", __name__, url_prefix="/api/v1/metrics")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Everything that was ever counted of runs."""

    succeeded: int
    invalid: int
    failed: int
    cancelled: int
    usage_input: int
    usage_output: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`heartbeat_s` None: no worker was ever there."""

    queued: int
    running: int
    jobs: int
    unsealed: int
    heartbeat_s: float | None


@bp.get("")
@requires(METRICS_READ)
def show_metrics() -> Response:
    """Get metrics in Prometheus' text format.
    ---
    tags: [Description]
    responses:
      200:
        description: Requests of this web process by route; runs, tokens, jobs, workers.
        content: {text/plain: {schema: {type: string}}}
    """
    known = generate_latest(_Collected(list(collect(web.conn()))))
    return Response(known + generate_latest(telemetry.registry()), content_type=CONTENT_TYPE_LATEST)


@dataclass(frozen=True, slots=True)
class _Collected:
    """As much of a registry as the writer of the text asks for."""

    metrics: list[Metric]

    def collect(self) -> list[Metric]:
        return self.metrics


def collect(conn: db.Connection) -> Iterator[Metric]:
    ended, state = _ended(conn), _state(conn)
    runs = CounterMetricFamily("blogforge_runs", "Runs that ended, whatever for.", labels=["status"])
    for status in OUTCOMES:
        runs.add_metric([status], getattr(ended, status))
    yield runs
    tokens = CounterMetricFamily("blogforge_tokens", "As providers counted them.", labels=["direction"])
    tokens.add_metric(["input"], ended.usage_input)
    tokens.add_metric(["output"], ended.usage_output)
    yield tokens
    active = GaugeMetricFamily("blogforge_runs_active", "Runs that have not ended.", labels=["status"])
    active.add_metric(["queued"], state.queued)
    active.add_metric(["running"], state.running)
    yield active
    yield GaugeMetricFamily("blogforge_jobs_waiting", "Jobs no worker has taken yet.", value=state.jobs)
    yield GaugeMetricFamily("blogforge_audit_unsealed", "Events that wait for a seal.", value=state.unsealed)
    if state.heartbeat_s is not None:
        yield GaugeMetricFamily(
            "blogforge_worker_heartbeat_age_seconds",
            "Since any worker last said that it lives.",
            value=state.heartbeat_s,
        )


def _ended(conn: db.Connection) -> Ended:
    found = db.one(
        conn,
        Ended,
        """
        SELECT coalesce(sum(succeeded), 0)::bigint AS succeeded, coalesce(sum(invalid), 0)::bigint AS invalid,
               coalesce(sum(failed), 0)::bigint AS failed, coalesce(sum(cancelled), 0)::bigint AS cancelled,
               coalesce(sum(usage_input), 0)::bigint AS usage_input,
               coalesce(sum(usage_output), 0)::bigint AS usage_output
        FROM llm_usage WHERE facet = 'total' AND span = 'month'
        """,
    )
    return found or Ended(succeeded=0, invalid=0, failed=0, cancelled=0, usage_input=0, usage_output=0)


def _state(conn: db.Connection) -> State:
    found = db.one(
        conn,
        State,
        """
        SELECT (SELECT count(*) FROM llm_run WHERE status = 'queued') AS queued,
               (SELECT count(*) FROM llm_run WHERE status = 'running') AS running,
               (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo') AS jobs,
               (SELECT count(*) FROM audit_unsealed) AS unsealed,
               (SELECT extract(epoch FROM now() - max(last_heartbeat))::float8 FROM procrastinate_workers)
                   AS heartbeat_s
        """,
    )
    return found or State(queued=0, running=0, jobs=0, unsealed=0, heartbeat_s=None)
