"""The till's line to PostgreSQL: what the address says, in words of asyncpg.

The address is libpq's, as the other driver reads it. What asyncpg does not know, it would take for
a setting of the server.
"""

import os
import socket
import time
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import URL, make_url

from service.store.engines import PROBES
from service.store.patience import Patience

_NOT_ASYNCPG = (
    *PROBES, "keepalives", "tcp_user_timeout", "connect_timeout", "channel_binding", "gssencmode",
)  # fmt: skip
_OPTIONS = {
    "keepalives_idle": socket.TCP_KEEPIDLE,
    "keepalives_interval": socket.TCP_KEEPINTVL,
    "keepalives_count": socket.TCP_KEEPCNT,
    "tcp_user_timeout": socket.TCP_USER_TIMEOUT,
}


class Line:
    """The hosts of an address, the one that was reached last first."""

    def __init__(self, address: str, patience: Patience) -> None:
        url = make_url(address).set(drivername="postgresql")
        said = {name: str(value) for name, value in url.query.items()}
        self._seconds = min(patience.connect, float(said.get("connect_timeout", patience.connect)))
        self._probes = PROBES | {name: int(said[name]) for name in _OPTIONS if name in said}
        self._is_probed = said.get("keepalives", "1") != "0"
        self._hosts = _one_each(url.difference_update_query(_NOT_ASYNCPG))

    async def connect(self, server_settings: dict[str, str]) -> Any:
        """A connection to the first host that can be used; a dead one takes its share of the time.

        Raises what asyncpg raises of the last host.
        """
        until = time.monotonic() + self._seconds
        for place, host in enumerate(list(self._hosts)):
            share = (until - time.monotonic()) / (len(self._hosts) - place)
            try:
                connection = await asyncpg.connect(
                    host, timeout=share, server_settings=server_settings
                )
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                if place == len(self._hosts) - 1:
                    raise
                continue
            self._hosts.insert(0, self._hosts.pop(place))
            self._probe(connection)
            return connection
        raise AssertionError("an address has a host")

    def _probe(self, connection: Any) -> None:
        """Let the kernel find out that the path broke, as the other driver does."""
        given = connection._transport.get_extra_info("socket")
        if given is None or given.family not in (socket.AF_INET, socket.AF_INET6):
            return
        with socket.socket(fileno=os.dup(given.fileno())) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, self._is_probed)
            for name, value in self._probes.items():
                line.setsockopt(socket.IPPROTO_TCP, _OPTIONS[name], value)


def _one_each(url: URL) -> list[str]:
    """The address with each of its hosts alone."""
    hosts = str(url.query.get("host", "")).split(",")
    ports = str(url.query.get("port", "")).split(",")
    if len(hosts) == 1:
        return [url.render_as_string(hide_password=False)]
    ports = ports * len(hosts) if len(ports) == 1 else ports
    return [
        url.update_query_dict({"host": host, "port": port or "5432"}).render_as_string(
            hide_password=False
        )
        for host, port in zip(hosts, ports, strict=True)
    ]
