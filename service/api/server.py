"""The server around an application: bounds on its clients, and an end that comes in time."""

import logging
import os
import threading
from types import FrameType

import uvicorn
from fastapi import FastAPI

from service.api.connections import BoundedConfig, BoundedProtocol, Bounds
from service.settings import Settings

logger = logging.getLogger("larder.http")

_TICK_SECONDS = 0.1
_GRACEFUL = 0.5
"""Of the seconds that stopping may take, what answers get; the rest is for what runs beside."""


class Server(uvicorn.Server):
    """Closes slow connections while it runs, and is gone `stop_seconds` after a signal."""

    def __init__(self, config: BoundedConfig, *, stop_seconds: float) -> None:
        super().__init__(config)
        self._stop_seconds = stop_seconds
        slow = config.bounds.slow_seconds
        self._every = max(1, round(min(1.0, slow / 3) / _TICK_SECONDS))

    async def on_tick(self, counter: int) -> bool:
        """What the server does ten times a second."""
        if counter % self._every == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, BoundedProtocol):
                    connection.close_if_slow(connection.loop.time())
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, in time: whatever is left may die at any moment, as in a power cut."""
        if not self.should_exit:
            last = threading.Timer(self._stop_seconds, _end)
            last.daemon = True
            last.start()
        super().handle_exit(sig, frame)


def server_of(app: FastAPI, *, host: str, port: int) -> Server:
    """The server of an application, by the application's settings."""
    settings: Settings = app.state.settings
    config = BoundedConfig(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds * _GRACEFUL)),
        bounds=Bounds(
            connections=settings.max_connections,
            head_bytes=settings.max_head_bytes,
            slow_seconds=settings.slow_client_seconds,
        ),
    )
    return Server(config, stop_seconds=settings.stop_seconds)


def _end() -> None:
    logger.error("what still ran when time was up is left; a lease or a retry takes it over")
    os._exit(1)
