"""What a process measures of its own work, for Prometheus; nothing is sent anywhere by itself."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from service.errors import Misconfigured

logger = logging.getLogger("larder.metrics")

OWN = CollectorRegistry()
"""Of this process; what the database says is asked by `serve` alone."""
_BUCKETS = (0.01, 0.1, 1.0, 10.0, 60.0, 300.0, 1800.0, 7200.0)
JOBS = Histogram(
    "larder_job_seconds", "How long planned jobs took, by outcome", ("planned", "outcome"),
    buckets=_BUCKETS, registry=OWN,
)  # fmt: skip
WORK = Histogram(
    "larder_work_seconds", "How long runs, and next lists of some households, took, by outcome",
    ("kind", "outcome"), buckets=_BUCKETS, registry=OWN,
)  # fmt: skip
NEXT_LISTS = Counter("larder_next_lists", "Next lists written by the worker", registry=OWN)
SFTP_CLIENTS = Gauge("larder_sftp_clients", "Clients connected by SFTP", registry=OWN)
SFTP_BYTES = Counter(
    "larder_sftp_bytes", "Bytes that SFTP clients took and handed in", ("way",), registry=OWN
)
DRIFT = Gauge(
    "larder_forecast_drifted",
    "Inputs of the forecast that moved too far, and groups that it misjudges, when last checked",
    ("what",), registry=OWN,
)  # fmt: skip


@contextmanager
def timed(what: Histogram, name: str) -> Iterator[None]:
    """Measure a piece of work; it failed if it raises."""
    began = time.perf_counter()
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        what.labels(name, outcome).observe(time.perf_counter() - began)


def listen(registry: CollectorRegistry, host: str, port: int) -> Callable[[], None]:
    """Answer Prometheus from a thread of its own; returns what ends that.

    Raises Misconfigured for an address that cannot be listened on.
    """
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise Misconfigured(
            f"Metrics cannot listen on {host}:{port}: {error.strerror}. Give each process on a "
            "machine a LARDER_METRICS_PORT of its own, or 0 for none."
        ) from error
    logger.info("metrics are at http://%s:%d/metrics", host, port)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
