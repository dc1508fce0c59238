"""PostgreSQL's own tools: `pg_dump` and `pg_restore` of the server's major version, or newer."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from service.errors import Misconfigured
from service.settings import Settings
from service.store.causes import cause_of
from service.store.session import Database

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


def dump(database: Database, settings: Settings, path: Path) -> None:
    """The database as of one moment, compressed, without owners. Raises Misconfigured."""
    _run(database, settings, "pg_dump", "--format=custom", "--no-owner", f"--file={path}")


def load(database: Database, settings: Settings, path: Path) -> None:
    """Bring a dump into an empty database, all of it or nothing. Raises Misconfigured."""
    _run(
        database, settings, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner",
        str(path),
    )  # fmt: skip


@contextmanager
def scratch(database: Database, *, history: str) -> Iterator[Database]:
    """An empty database on the same server, dropped at the end; its history lies elsewhere.

    Raises Misconfigured.
    """
    url = make_url(database.url)
    name = f"larder_verify_{os.urandom(4).hex()}"
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(plain, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
            try:
                target = url.set(database=name).render_as_string(hide_password=False)
                opened = Database(target, patience=database.patience, history=history)
                try:
                    yield opened
                finally:
                    opened.dispose()
            finally:
                server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    except psycopg.Error as error:
        raise Misconfigured(f"No database could be made to verify in: {cause_of(error)}") from error


def major_of(database: Database) -> int:
    """The major version of the server."""
    with database.read() as session:
        said = session.connection().exec_driver_sql("SHOW server_version_num").scalar_one()
    return int(said) // 10_000


def tool(settings: Settings, name: str, *, major: int) -> str:
    """Where a tool is that knows this server. Raises Misconfigured saying what to install."""
    folders = [str(settings.postgresql_bin)] if settings.postgresql_bin else []
    folders += [f"/usr/lib/postgresql/{each}/bin" for each in range(major, major + 5)]
    found = [shutil.which(name, path=each) for each in folders]
    for path in (*found, shutil.which(name)):
        if path is not None and _version(path) >= major:
            return path
    raise Misconfigured(
        f"{name} of PostgreSQL {major} or newer is not on this machine: install "
        f"postgresql-client-{major}, or name its folder by LARDER_POSTGRESQL_BIN."
    )


def _version(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = _VERSION.search(said)
    return int(found[1]) if found else 0


def _run(database: Database, settings: Settings, name: str, *arguments: str) -> None:
    path = tool(settings, name, major=major_of(database))
    url = make_url(database.url)
    password = url.password
    said = {key: str(value) for key, value in url.query.items() if key != "password"}
    named = {"host": url.host, "port": url.port, "dbname": url.database, "user": url.username}
    line = make_conninfo("", **{**{name: each for name, each in named.items() if each}, **said})
    # A password among the arguments could be read by everybody on the machine.
    given = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    ended = subprocess.run(
        [path, f"--dbname={line}", *arguments], env=given, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if ended.returncode:
        said_last = " ".join(ended.stderr.split())[-300:]
        raise Misconfigured(f"{name} failed: {said_last}")
