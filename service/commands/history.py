"""history: what was bought in months that are over, in files."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service.admin import history
from service.commands.console import EXIT_FAILED, progress_bars, say
from service.commands.database import open_database


def compact() -> None:
    """Seal the months that are over, put what changed since into their files, and tidy up."""
    began = time.monotonic()
    with open_database() as (database, settings):
        if history.sealed_before(settings, datetime.now(UTC)) is None:
            say("Nothing is sealed: LARDER_HOT_DAYS is 0.")
            return
        with progress_bars() as report:
            done = history.compact(database, settings, now=datetime.now(UTC), progress=report)
    say(
        f"{done.written} files are written, {done.removed} that count no more are removed, in "
        f"{time.monotonic() - began:.1f} seconds"
    )
    if done.left:
        say(f"{done.left} are left to the next time: tills kept changing what they hold.")


def verify() -> None:
    """Read every file to its end: whether it is there and as it was written; else exit 1."""
    wrong = number = rows = 0
    with open_database() as (database, _):
        for file, damage in history.verify(database):
            number, rows = number + 1, rows + file.rows
            if damage is not None:
                wrong += 1
                say(f"WRONG: {damage.path} {damage.said}")
    if wrong:
        say(f"{wrong} of {number} files are not whole: bring them back from a backup.")
        raise typer.Exit(EXIT_FAILED)
    say(f"{number} files with {rows:,} lines are whole")


def export(
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet")],
) -> None:
    """Write every line, sealed or not, as Parquet by month and shard, by internal numbers."""
    with open_database() as (database, _), progress_bars() as report:
        rows = history.export(database, folder, progress=report)
    say(f"{folder} has {rows:,} lines")


def show() -> None:
    """How much is sealed, what waits to be, and which files are missing; exit 1 if one is."""
    with open_database() as (database, settings):
        sealed = history.read_sealed(database)
        wrong = history.damaged(database)
        before = history.sealed_before(settings, datetime.now(UTC))
    if before is None:
        say("Nothing is sealed from now on: LARDER_HOT_DAYS is 0.")
    else:
        say(f"sealed are months before {before:%Y-%m}")
    newest = f"{sealed.newest_month:%Y-%m}" if sealed.newest_month else "none"
    per_line = f", {sealed.bytes / sealed.rows:.1f} a line" if sealed.rows else ""
    say(f"files: {sealed.files:,}, the newest of {newest}")
    say(f"lines: {sealed.rows:,} in {sealed.bytes:,} bytes{per_line}")
    say(f"lines that are in files alone: {sealed.alone:,}")
    say(f"baskets in them that are gone: {sealed.changes:,}")
    for damage in wrong:
        say(f"WRONG: {damage.path} {damage.said}")
    if wrong:
        raise typer.Exit(EXIT_FAILED)
