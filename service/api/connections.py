"""Connections of clients that are slow, silent or many: each is closed in time.

The server's own protocol bounds only how long a connection without a request stays open.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

logger = logging.getLogger("larder.http")

LEAST_BYTES_PER_SECOND = 16_384
"""A body that comes more slowly than this, once `slow_seconds` are over, is not waited for."""
_ANSWER_TIMES = 3
"""So many times `slow_seconds` may a client take no byte of its answer."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What clients may take: connections, bytes of a request's head, and time."""

    connections: int
    head_bytes: int
    slow_seconds: float


class BoundedConfig(Config):
    """A server's configuration that carries the bounds of its clients."""

    def __init__(self, *args: Any, bounds: Bounds, **named: Any) -> None:
        super().__init__(*args, **{**named, "http": BoundedProtocol})
        self.bounds = bounds


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `close_if_slow` is asked of every connection about once a second.

    That costs a request less than a timer for each of its parts.
    """

    def __init__(self, config: Config, *args: Any, **named: Any) -> None:
        assert isinstance(config, BoundedConfig)
        super().__init__(config, *args, **named)
        self.bounds = config.bounds
        self._began: float | None = None
        self._is_head = False
        self._came = 0
        self._stuck_since: float | None = None
        self._answered: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.bounds.connections:
            logger.warning("more than %d connections: one is refused", self.bounds.connections)
            self._refuse(503, "Too many connections.")
            return
        # Whoever says nothing at all is closed as between two requests.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is answered, which may not be the newest of several."""
        if self._answered is not None:
            self._answered.disconnected = True
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        """Read what came, unless the head of the request grew too large."""
        if self.transport.is_closing():
            return
        self._came += len(data)
        super().data_received(data)
        if self._is_head and self._came > self.bounds.head_bytes:
            self._refuse(431, "The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Note when a request began."""
        self._began, self._is_head = self.loop.time(), True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that its head is there."""
        self._is_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that all of it is there."""
        self._began, self._came = None, 0
        super().on_message_complete()

    def close_if_slow(self, now: float) -> None:
        """Close the connection when its client neither sends nor takes what it should."""
        slow = self.bounds.slow_seconds
        if self._began is not None and not self.flow.read_paused:
            body = 0 if self._is_head else self._came / LEAST_BYTES_PER_SECOND
            if now - self._began > slow + body:
                self._refuse(408, "The request took too long to arrive.")
                return
        if not self.flow.write_paused:
            self._stuck_since = None
        elif self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since > _ANSWER_TIMES * slow:
            self.transport.abort()

    def _refuse(self, status: int, said: str) -> None:
        """Say why, where no answer has begun, and close."""
        self._began = None
        self._unset_keepalive_if_required()
        cycle = self.cycle
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            self.transport.abort()
        elif not self.transport.is_closing():
            head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
            self.transport.write(
                STATUS_LINE[status] + head + b"content-length: %d\r\n\r\n" % len(said)
            )
            self.transport.write(said.encode())
            self.transport.close()
