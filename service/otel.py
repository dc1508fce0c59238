"""Traces as OpenTelemetry has them; imported by `service.traces` only when they are wanted."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.traces import Headers

_PATH = "/v1/traces"
_SERVER_FAULT = 500


class _Said:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def say(self, name: str, **attributes: str | int) -> None:
        """Give the span the name that is known now; a status from 500 on is an error."""
        self._span.update_name(name)
        for key, value in attributes.items():
            self._span.set_attribute(key.replace("__", "."), value)
        if int(attributes.get("http__response__status_code", 0)) >= _SERVER_FAULT:
            self._span.set_status(StatusCode.ERROR)


class Tracing:
    """Makes spans and hands them to what sends them."""

    def __init__(self, processor: SpanProcessor, process: str) -> None:
        self._provider = TracerProvider(resource=Resource({"service.name": f"larder-{process}"}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("larder")
        self._propagator = TraceContextTextMapPropagator()

    @classmethod
    def to(cls, url: str, process: str) -> "Tracing":
        """Send to a collector by OTLP over HTTP, in the background."""
        exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}{_PATH}")
        return cls(BatchSpanProcessor(exporter), process)

    @contextmanager
    def span(self, name: str, headers: Headers | None = None) -> Iterator[_Said]:
        """A span around a piece of work; an exception is recorded by its type alone."""
        carrier = {key.decode("latin-1"): value.decode("latin-1") for key, value in headers or ()
                   if key in (b"traceparent", b"tracestate")}  # fmt: skip
        within = self._propagator.extract(carrier)
        kind = SpanKind.INTERNAL if headers is None else SpanKind.SERVER
        # Texts of exceptions may name codes or people.
        with self._tracer.start_as_current_span(
            name, context=None if headers is None else within, kind=kind, record_exception=False,
            set_status_on_exception=False,
        ) as span:  # fmt: skip
            try:
                yield _Said(span)
            except BaseException as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(StatusCode.ERROR)
                raise

    def close(self) -> None:
        """Send what was not sent yet."""
        self._provider.shutdown()
