"""Spans for OpenTelemetry, when its own OTEL_… variables name an endpoint; else nothing at all.

Names and attributes follow its semantic conventions for HTTP and generative AI; no text is in them.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

Value = str | int | float | bool | None


class Span(Protocol):
    def tell(self, **attributes: Value) -> None: ...


class _NoSpan:
    def tell(self, **attributes: Value) -> None:
        """Nobody listens."""


_tracer: Any = None


def configure(process: str) -> None:
    """For a process of its own, once. The exporter reads its endpoint and headers from OTEL_… by itself."""
    global _tracer  # noqa: PLW0603 - one per process, as the library has it
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"blogforge-{process}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _tracer = provider.get_tracer("blogforge")


def flush() -> None:
    """Sends what waits, before a process ends."""
    if _tracer is not None:
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider

        provider = trace.get_tracer_provider()
        if isinstance(provider, TracerProvider):
            provider.shutdown()


@contextmanager
def span(name: str, *, carrier: Mapping[str, str] | None = None, server: bool = False) -> Generator[Span]:
    """A span around what is done inside; an exception makes it an error. `carrier` may hold a traceparent."""
    if _tracer is None:
        yield _NoSpan()
        return
    from opentelemetry import propagate
    from opentelemetry.trace import SpanKind

    kind = SpanKind.SERVER if server else SpanKind.CLIENT
    context = propagate.extract(carrier) if carrier else None
    with _tracer.start_as_current_span(name, context=context, kind=kind, record_exception=False) as begun:
        yield _Told(begun)


class _Told:
    def __init__(self, begun: Any) -> None:
        self._begun = begun

    def tell(self, **attributes: Value) -> None:
        """`http_route` is told as http.route: a dot for each double underscore."""
        for name, value in attributes.items():
            if value is not None:
                self._begun.set_attribute(name.replace("__", "."), value)
