"""backup, restore: keep everything, and bring it back."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service.admin import history, server_tools
from service.admin.backup import back_up, counts_of, read_manifest, restore, said_of_keys
from service.clearing.books import check_books
from service.commands.console import EXIT_FAILED, say
from service.commands.database import open_database
from service.commands.household import report_again
from service.members.reapply import reapply_erasures
from service.settings import Settings
from service.store import migrate
from service.store.session import Database


def backup(
    folder: Annotated[Path, typer.Argument(help="Where backups are kept, each in its folder")],
) -> None:
    """Keep the database as of one moment, packages, files of history; tills go on meanwhile."""
    began = time.monotonic()
    with open_database() as (database, settings):
        done = back_up(database, settings, folder, now=datetime.now(UTC))
    damaged = read_manifest(done)["history_damaged"]
    size = sum(each.stat().st_size for each in done.rglob("*") if each.is_file())
    say(f"{done} is written: {size:,} bytes in {time.monotonic() - began:.1f} seconds")
    say("It holds no keys: keep LARDER_SECRET_KEY and LARDER_CODE_KEY elsewhere.")
    for path in damaged:
        say(f"WRONG: the history file {path} is not in it: it is missing or not what was written")
    if damaged:
        raise typer.Exit(EXIT_FAILED)


def bring_back(
    folder: Annotated[Path, typer.Argument(help="The folder of one backup")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Only try: into a database that is dropped again")
    ] = False,
) -> None:
    """Bring a backup into an empty database and check every invariant; exit 1 if one breaks."""
    began = time.monotonic()
    with open_database() as (database, settings):
        manifest = read_manifest(folder)
        say(f"of {manifest['at']}, migration {manifest['migration']}: every file is whole")
        for line in said_of_keys(settings, manifest["keys"]):
            say(line)
        with _target(database, settings, verify=verify) as (target, given):
            restore(target, given, folder)
            migrate.upgrade(target)
            if not verify:
                _erase_again(target, given)
            is_sound = _check(target, given)
    say(f"restored and checked in {time.monotonic() - began:.1f} seconds")
    if not is_sound:
        raise typer.Exit(EXIT_FAILED)


def _erase_again(database: Database, settings: Settings) -> None:
    """Erase whom the backup brought back, by the log that is kept beside backups."""
    path = settings.erasure_log
    if not path.exists():
        say(
            f"There is no log of erasures at {path}: if anybody was erased since the backup, bring "
            "the log there and run larder household erase-again before anything is served."
        )
        return
    report_again(reapply_erasures(database, settings, path), path)
    database.compact()


def _check(database: Database, settings: Settings) -> bool:
    for name, count in counts_of(database).items():
        say(f"{name.replace('_', ' ')}: {count}")
    books = check_books(database, settings, now=datetime.now(UTC))
    for check in books.checks:
        if check.is_fault:
            say(f"{check.name}: {'BROKEN' if check.is_broken else 'holds'}")
    damages = [damage for _, damage in history.verify(database)]
    for damage in damages:
        if damage is not None:
            say(f"history: {damage.path} {damage.said}")
    say(f"history: {len(damages)} files, {sum(map(bool, damages))} of them damaged")
    return books.is_sound and not any(damages)


@contextmanager
def _target(
    database: Database, settings: Settings, *, verify: bool
) -> Iterator[tuple[Database, Settings]]:
    """Where to restore: what is configured, or something that is gone afterwards."""
    if not verify:
        yield database, settings
        return
    with tempfile.TemporaryDirectory(prefix="larder-verify-") as near:
        own = {"output_folder": Path(near) / "batches", "history_store": f"{near}/history"}
        given = settings.model_copy(update=own)
        if not database.is_sqlite:
            with server_tools.scratch(database, history=given.history_store) as target:
                yield target, given
            return
        target = Database(
            f"sqlite:///{near}/larder.db",
            patience=database.patience,
            history=given.history_store,
        )
        try:
            yield target, given
        finally:
            target.dispose()
