"""Metrics for Prometheus, on a port of their own: no caller of the service can read them."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.admin.vitals import Vitals, read_vitals
from service.api.stalls import Stalls
from service.errors import LarderError
from service.meters import OWN
from service.settings import Settings
from service.store.session import Database

logger = logging.getLogger("larder.metrics")

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_KEPT_SECONDS = 15.0
MEANINGS = {
    "households_due": "Households that wait for their next list",
    "due_seconds": "How long the first of them has waited",
    "runs_waiting": "Runs that are queued or running",
    "runs_waiting_seconds": "How long the first queued run has waited",
    "runs_failed": "Runs that failed within a day",
    "messages_not_sent": "Messages to households that did not go out within a day",
    "slots_unfinished": "Planned jobs that began and did not end",
    "slot_seconds": "Since the newest planned job ended",
    "lists_open": "Issued lists whose days are not over",
    "disputes_open": "Disputes of suppliers that are open",
    "till_disputes_open": "Discounts given offline that are in dispute",
    "budgets_short": "Deals with less than a tenth of their budget left",
    "budgets_left_cents": "What is left of the budgets of deals that may be issued, minor units",
    "forecast_days": "Days since the date of the newest forecast",
    "unbalanced_postings": "Postings of the ledger that do not sum to zero",
    "corrected_sums": "Sums of deals that were wrong when last counted again",
    "history_damaged": "Files of history that are missing or of another size",
    "disk_free": "Share of the fullest disk that is free",
}


class Metrics:
    """One per application: what it measures, and what the database says when it is asked."""

    def __init__(self, database: Database, settings: Settings, stalls: Stalls) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "larder_request_seconds",
            "How long requests took, by route and status",
            ("verb", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._gauge("larder_loop_stall_seconds", "Longest stall since last asked", stalls.take)
        self._gauge(
            "larder_loop_stall_longest_seconds",
            "Longest stall of the event loop since the start",
            lambda: stalls.longest,
        )
        self.registry.register(_Own())
        self.registry.register(
            _Stored(lambda: read_vitals(database, settings, now=datetime.now(UTC)))
        )

    def pool(self, taken: Callable[[], float], *, size: int) -> None:
        """Watch the connections of the tills."""
        self._gauge("larder_till_connections", "Connections in use by tills", taken)
        self._gauge("larder_till_connections_most", "Connections for tills", lambda: size)

    def _gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        Gauge(name, meaning, registry=self.registry).set_function(value)


class _Own(Collector):
    """What the worker, the scheduler and the SFTP server inside this process measure."""

    def collect(self) -> Iterator[Metric]:
        """Whatever is registered there."""
        yield from OWN.collect()


class _Stored(Collector):
    """What the database says, read again after `_KEPT_SECONDS`: many may ask."""

    def __init__(self, read: Callable[[], Vitals]) -> None:
        self._read = read
        self._turn = threading.Lock()
        self._found: dict[str, float | None] = {}
        self._until = 0.0

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing is read while it is registered."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """A gauge for each number, and whether the database could be asked."""
        with self._turn:
            if time.monotonic() >= self._until:
                self._refresh()
            found = dict(self._found)
        up = GaugeMetricFamily("larder_database_up", "Whether the database answers")
        up.add_metric([], float(bool(found)))
        yield up
        for name, value in found.items():
            if value is not None:
                family = GaugeMetricFamily(f"larder_{name}", MEANINGS[name])
                family.add_metric([], value)
                yield family

    def _refresh(self) -> None:
        try:
            self._found = asdict(self._read())
        except LarderError as error:
            logger.error("the database could not be asked: %s", error.detail)
            self._found = {}
        self._until = time.monotonic() + _KEPT_SECONDS
