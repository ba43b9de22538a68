"""Each request as a line in the log, as a measurement and, when it is configured, as a span.

Addresses are told as their rule, `/posts/<int:post_id>`, so that nothing anybody typed is in them.
"""

import logging
import time
from typing import cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram

from blog.app import logs, tracing

log = logging.getLogger(__name__)
CARRIED = {"traceparent", "tracestate"}
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def register(app: Flask) -> None:
    registry = CollectorRegistry()
    app.extensions["metrics"] = registry
    seconds = Histogram(
        "blogforge_http_request_seconds",
        "From a request to the first byte of its answer.",
        ("method", "route", "status"),
        registry=registry,
        buckets=BOUNDS,
    )

    @app.before_request
    def begin() -> None:  # pyright: ignore[reportUnusedFunction]
        g.begun = time.perf_counter()
        logs.begin_request(g.request_id)
        g.span = tracing.span(f"{request.method} {_route()}", carrier=_carrier(), server=True)
        g.told = g.span.__enter__()

    @app.after_request
    def end(response: Response) -> Response:  # pyright: ignore[reportUnusedFunction]
        if "begun" in g:
            took = time.perf_counter() - g.begun
            seconds.labels(request.method, _route(), response.status_code).observe(took)
            log.info("%s %s %s %.0f ms", request.method, _route(), response.status_code, 1000 * took)
            g.told.tell(
                http__request__method=request.method,
                http__route=_route(),
                http__response__status_code=response.status_code,
                blogforge__request_id=g.request_id,
            )
        return response

    @app.teardown_request
    def close(exc: BaseException | None) -> None:  # pyright: ignore[reportUnusedFunction]
        begun = g.pop("span", None)
        if begun is not None:
            begun.__exit__(type(exc) if exc else None, exc, exc.__traceback__ if exc else None)


def _carrier() -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers if name.lower() in CARRIED}


def registry() -> CollectorRegistry:
    return cast(CollectorRegistry, current_app.extensions["metrics"])


def _route() -> str:
    return str(request.url_rule) if request.url_rule else "(none)"
