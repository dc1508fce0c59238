"""Traces by OpenTelemetry, if a setting says where to: without it nothing of that is imported."""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from service.errors import Misconfigured

Headers = Sequence[tuple[bytes, bytes]]


class Span(Protocol):
    """A piece of work that is being traced."""

    def say(self, name: str, **attributes: str | int) -> None:
        """What it turned out to be."""


class Tracer(Protocol):
    """What makes spans."""

    def span(self, name: str, headers: Headers | None = None) -> "_Traced":
        """A span around a piece of work; with headers, of a request, within its caller's."""

    def close(self) -> None:
        """Send what was not sent yet."""


class _Traced(Protocol):
    def __enter__(self) -> Span: ...
    def __exit__(self, *raised: object) -> bool | None: ...


_tracer: list[Tracer] = []


def start(url: str, process: str) -> None:
    """Trace this process, and send it to a collector. Raises Misconfigured without the extra."""
    if not url:
        return
    try:
        module = importlib.import_module("service.otel")
    except ImportError as error:
        raise Misconfigured(
            "LARDER_TRACES_URL needs OpenTelemetry: install larder[traces], or leave it out."
        ) from error
    use(module.Tracing.to(url, process))


def use(tracer: Tracer | None) -> None:
    """Trace with this from now on, or not at all; what was used is closed."""
    while _tracer:
        _tracer.pop().close()
    if tracer is not None:
        _tracer.append(tracer)


def current() -> Tracer | None:
    """What this process is traced with, if it is."""
    return _tracer[0] if _tracer else None


@contextmanager
def span(name: str) -> Iterator[None]:
    """Trace a piece of work, if this process is traced."""
    tracer = current()
    if tracer is None:
        yield
        return
    with tracer.span(name):
        yield
