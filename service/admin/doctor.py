"""What must be in order before tills are connected, and what to do where it is not."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection
from sqlmodel import Session

from service.admin.vitals import LEAST_FREE
from service.digests import key_mark
from service.errors import LarderError
from service.files.disks import disks_of
from service.files.fonts import font_files
from service.settings import Settings
from service.store import access, migrate, under_key
from service.store.history import check, manifest, place
from service.store.session import Database

OLDEST_SERVER, OLDEST_SQLITE = 14, (3, 35, 0)
KEY_DAYS = 400
_CLOCK_SECONDS = 2.0
_NAMED = 5
"""So many damaged files are named."""
_CONNECTIONS_LEFT = 40
"""What a process of `serve` with a worker and a scheduler takes, and some for people."""


class Verdict(StrEnum):
    """What came of a look."""

    WELL = "well"
    LOOK = "look"
    FAULT = "fault"


class Finding(NamedTuple):
    """One thing that was looked at, what was seen, and what to do."""

    name: str
    verdict: Verdict
    said: str
    remedy: str = ""


def examine(database: Database, settings: Settings, *, now: datetime) -> Iterator[Finding]:
    """Look at everything; what cannot be looked at because the database is away is left out."""
    yield from _configuration(settings)
    yield from _disks(database, settings)
    yield from _fonts()
    try:
        database.require_writable()
    except LarderError as error:
        yield Finding("database", Verdict.FAULT, error.detail, "see the address, then its server")
        return
    with database.read() as session:
        connection = session.connection()
        yield from _sqlite(connection) if database.is_sqlite else _server(connection)
        revision, head = migrate.revision(connection), migrate.head()
        if revision != head:
            yield Finding("tables", Verdict.FAULT, f"at {revision}, not {head}", "larder migrate")
            return
        yield Finding("tables", Verdict.WELL, f"at {head}")
        yield from _secret_key(session, settings)
        yield _history(session)
        yield _keys([key.created_at for key in access.all_keys(session) if not key.revoked_at], now)


def rehearsed(rehearse: Callable[[], None]) -> Finding:
    """What came of a sale that was tried and undone."""
    try:
        rehearse()
    except LarderError as error:
        return Finding("test sale", Verdict.FAULT, error.detail, "tills get 503 for this")
    return Finding("test sale", Verdict.WELL, "written and undone")


def _configuration(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key.get_secret_value() == settings.code_key.get_secret_value():
        yield Finding("keys", Verdict.FAULT, "both are the same", "larder init makes two")
    file = Path(".env")
    if file.is_file() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield Finding(".env", Verdict.FAULT, "others can read the keys in it", "chmod 600 .env")
    is_local = settings.console_url.startswith(("http://localhost", "http://127."))
    if settings.console_url.startswith("http://") and not is_local:
        yield Finding(
            "console", Verdict.FAULT, "its address is not https", "set LARDER_CONSOLE_URL"
        )
    yield Finding("time zone", Verdict.WELL, f"{settings.timezone}, nights at "
                  f"{settings.nightly_hour}:00 there")  # fmt: skip


def _disks(database: Database, settings: Settings) -> Iterator[Finding]:
    folders = [settings.output_folder, settings.runs_folder, *place.folders(settings.history_store)]
    if database.is_sqlite:
        folders.append(Path(database.url.removeprefix("sqlite:///")).parent)
    for disk in disks_of(folders):
        share = disk.free_bytes / disk.total_bytes
        said = f"{share:.0%} free of {disk.total_bytes / 1e9:,.0f} GB for {', '.join(disk.folders)}"
        if share < LEAST_FREE:
            yield Finding("disk", Verdict.FAULT, said, "make room: docs/operations.md")
        else:
            yield Finding("disk", Verdict.WELL, said)
    for folder in folders:
        there = next(each for each in (folder.absolute(), *folder.absolute().parents)
                     if each.exists())  # fmt: skip
        if not os.access(there, os.W_OK):
            yield Finding(
                "folder", Verdict.FAULT, f"{there} cannot be written", "give it to this user"
            )


def _fonts() -> Iterator[Finding]:
    fonts = font_files()
    if not fonts:
        yield Finding("fonts", Verdict.FAULT, "none are there", "install Larder again")
    else:
        yield Finding("fonts", Verdict.WELL, f"{len(fonts)} for letters")


def _sqlite(connection: Connection) -> Iterator[Finding]:
    found = sqlite3.sqlite_version_info
    verdict = Verdict.WELL if found >= OLDEST_SQLITE else Verdict.FAULT
    yield Finding("database", verdict, f"SQLite {sqlite3.sqlite_version}")
    (said,) = connection.exec_driver_sql("PRAGMA quick_check(1)").one()
    if said != "ok":
        yield Finding("database", Verdict.FAULT, str(said), "larder restore a backup")


def _server(connection: Connection) -> Iterator[Finding]:
    def ask(name: str) -> str:
        return str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())

    major = int(ask("server_version_num")) // 10_000
    verdict = Verdict.WELL if major >= OLDEST_SERVER else Verdict.FAULT
    remedy = "" if verdict is Verdict.WELL else f"PostgreSQL {OLDEST_SERVER} or newer is needed"
    yield Finding("database", verdict, f"PostgreSQL {ask('server_version')}", remedy)
    if ask("server_encoding") != "UTF8":
        yield Finding("encoding", Verdict.FAULT, ask("server_encoding"), "make it with UTF8")
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if ask(name) == "off":
            yield Finding(
                "durability", Verdict.FAULT, f"{name} is off: a sale that a till was told of can "
                "be lost", f"ALTER SYSTEM SET {name} = on",
            )  # fmt: skip
    if int(ask("max_connections")) < _CONNECTIONS_LEFT:
        yield Finding(
            "connections", Verdict.LOOK, f"max_connections is {ask('max_connections')}",
            f"a process of serve takes up to 30: set {_CONNECTIONS_LEFT} or more",
        )  # fmt: skip
    theirs: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    apart = abs((theirs - datetime.now(UTC)).total_seconds())
    verdict = Verdict.WELL if apart < _CLOCK_SECONDS else Verdict.FAULT
    remedy = "" if verdict is Verdict.WELL else "let both follow a time server"
    yield Finding("clock", verdict, f"{apart:.1f} seconds from the database's", remedy)


def _history(session: Session) -> Finding:
    """Whether the files of history are there; that each byte is, `larder history verify` reads."""
    sealed = manifest.sealed(session)
    damages = check.by_size(session)
    if damages:
        named = "; ".join(f"{each.path} {each.said}" for each in damages[:_NAMED])
        return Finding(
            "history", Verdict.FAULT, f"{len(damages)} of {sealed.files} files are not whole: "
            f"{named}", "bring them back from a backup",
        )  # fmt: skip
    return Finding("history", Verdict.WELL, f"{sealed.files} files with {sealed.rows:,} lines")


def _secret_key(session: Session, settings: Settings) -> Iterator[Finding]:
    """What the key before still is needed for, or what no key is given for any more."""
    is_replaced = bool(settings.secret_key_before.get_secret_value())
    left = under_key.left(session, key_mark(settings.secret_key), unmarked=is_replaced)
    said = f"{left.api_keys} API keys, {left.cards} cards and {left.phones} phones"
    if is_replaced:
        yield Finding(
            "key before", Verdict.LOOK, f"{said} are known by it only",
            "larder keys renew, load households; then take LARDER_SECRET_KEY_BEFORE away",
        )  # fmt: skip
    elif any(left):
        yield Finding(
            "secret key", Verdict.FAULT, f"{said} are under another key and nobody's now",
            "set LARDER_SECRET_KEY_BEFORE to that key, or load households again and add keys",
        )  # fmt: skip


def _keys(made: Sequence[datetime], now: datetime) -> Finding:
    old = sum(now - each > timedelta(days=KEY_DAYS) for each in made)
    said = f"{len(made)} in use, {old} older than {KEY_DAYS} days"
    if old:
        return Finding("API keys", Verdict.LOOK, said, "larder keys add, then keys revoke")
    return Finding("API keys", Verdict.WELL, said)
