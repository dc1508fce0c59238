"""The two kinds of engine: an embedded file and a server, with time-outs on everything."""

import sqlite3
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event, make_url

from service.store.patience import Opening, Patience, PatientConnection, too_long
from service.store.temporary import make_lasting

WRITER_CACHE_KIB = 65_536
PROBES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""A path that broke without notice is found out in a minute, while a long statement is awaited."""


def sqlite_engine(url: str, opening: Opening, *, begin: str, pool_size: int) -> Engine:
    """An engine whose transactions begin so; other processes' locks are waited for as `opening`."""
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        # SQLite's own knows the letters of ASCII alone.
        connection.create_function("lower", 1, _lower, deterministic=True)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if pool_size == 1:
            # A bulk load whose indexes do not fit in the cache writes its pages again and again.
            connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        wait_for_locks(connection.connection.driver_connection, connection.info, opening.patience)
        connection.exec_driver_sql(begin)

    @event.listens_for(engine, "checkin")
    def _given_back(connection: sqlite3.Connection | None, record: Any) -> None:
        if connection is not None:
            make_lasting(connection, record.info)

    return engine


def wait_for_locks(connection: Any, info: dict[Any, Any], patience: Patience) -> None:
    """Let a connection of SQLite wait so long for the locks of other processes."""
    if info.get("patience") != patience.pool:
        connection.execute(f"PRAGMA busy_timeout={int(patience.pool * 1000)}")
        info["patience"] = patience.pool


def postgresql_engine(url: str, opening: Opening, *, patience: Patience, pool_size: int) -> Engine:
    """An engine that gives up connections whose server does not answer in time."""
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=patience.pool,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=_defaults(url, patience),
    )

    hosts: list[dict[str, str]] = []

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, args: Any, named: dict[str, Any]) -> Any:
        if not hosts:
            hosts.extend(_one_each(named))
        failed: psycopg.Error | None = None
        for place, host in enumerate(tuple(hosts)):
            if opening.left <= 0:
                # It went by with another connection or host that was found dead.
                break
            try:
                share = _share(opening, named, among=len(hosts) - place)
                connection = PatientConnection.connect(*args, **named | host | share)
            except psycopg.OperationalError as error:
                # The next to connect begins with another.
                hosts.append(hosts.pop(0))
                failed = error
            else:
                connection.patience, connection.opening = patience, opening
                return connection
        raise failed or psycopg.OperationalError(too_long(patience.connect))

    return engine


def _share(opening: Opening, named: dict[str, Any], *, among: int) -> dict[str, Any]:
    """How long one of several hosts may take: a dead one leaves the others their share."""
    if among == 1:
        return {}
    return {
        "connect_timeout": min(int(named["connect_timeout"]), max(2, int(opening.left / among)))
    }


def _one_each(named: dict[str, Any]) -> list[dict[str, str]]:
    """The host and port of each server of an address; nothing where it names one or none."""
    hosts = str(named.get("host", "")).split(",")
    ports = str(named.get("port", "")).split(",")
    if len(hosts) == 1:
        return [{}]
    ports = ports * len(hosts) if len(ports) == 1 else ports
    return [{"host": host, "port": port or "5432"} for host, port in zip(hosts, ports, strict=True)]


def _defaults(url: str, patience: Patience) -> dict[str, Any]:
    """What the address does not say itself."""
    said = make_url(url).query
    limits = f"-c statement_timeout={patience.server_ms}"
    options = said.get("options", "")
    defaults = {
        **PROBES,
        "tcp_user_timeout": int(patience.answer * 1000),
        "connect_timeout": max(2, round(patience.connect)),
    }
    return {name: value for name, value in defaults.items() if name not in said} | {
        "options": f"{limits} {options}".rstrip()
    }


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()
