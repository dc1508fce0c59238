"""publish, batch: a package for the mailing house, and the states of its pieces."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from service import publish
from service.checkout import forget_guesses
from service.commands.console import EXIT_SOME_REFUSED, progress_bars, say, show_problems
from service.commands.database import acting, open_database
from service.errors import NotFound
from service.publish.verify import proofread
from service.store import batches, cycles
from service.store.tables.cycle import BatchState

NumberArgument = Annotated[int, typer.Argument(help="The batch's number", min=1)]


def publish_batch(
    cycle_id: Annotated[
        int | None, typer.Option("--cycle", help="The cycle's number; the newest when left out")
    ] = None,
    revise: Annotated[
        bool,
        typer.Option(
            "--revise", help="Replace a batch that nobody picked up with its next revision"
        ),
    ] = False,
) -> None:
    """Print a cycle's lists and put the package where the mailing house fetches it."""
    with open_database() as (database, settings), progress_bars() as progress:
        if cycle_id is None:
            with database.read() as session:
                newest = cycles.newest(session)
            if newest is None:
                raise NotFound("There is no cycle yet. Run `larder cycle --as-of DATE`.")
            cycle_id = newest.id
        report = publish.publish(
            database,
            settings,
            cycle_id,
            progress=progress,
            revise=revise,
            proof=partial(proofread, sample=settings.proof_pieces),
            by=acting(database, settings),
        )
    say(json.dumps(asdict(report), indent=2))


def received(number: NumberArgument) -> None:
    """Record that the mailing house has the whole package, however it was delivered."""
    with open_database() as (database, settings):
        found = publish.confirm_receipt(database, number, by=acting(database, settings))
    say(f"{found.name} was received at {found.received_at:%F %R %Z}")


def acknowledge(
    file: Annotated[Path, typer.Argument(help="CSV: piece_id, status, reason, timestamp")],
) -> None:
    """Apply the mailing house's report on each piece; safe to repeat."""
    with open_database() as (database, settings):
        report = publish.acknowledge(
            database, settings, file, name=file.name, by=acting(database, settings)
        )
    say(
        f"{file.name}: {report.rows:,} rows read, {report.taken:,} taken, {report.known:,} known, "
        f"{report.refused:,} refused"
    )
    show_problems(report.problems, total=max(report.refused, len(report.problems)))
    if report.refused:
        raise typer.Exit(EXIT_SOME_REFUSED)


def reconcile(
    number: NumberArgument,
    limit: Annotated[int, typer.Option(help="Name at most this many pieces", min=0)] = 50,
) -> None:
    """Count the pieces of a batch by state, and name those that are not mailed."""
    with open_database() as (database, _):
        found = publish.reconcile(database, number, limit=limit)
    for name in found.__slots__:
        if name != "differences":
            say(f"{name.replace('_', ' ')}: {getattr(found, name)}")
    for piece in found.differences:
        reason = f" ({piece.reason})" if piece.reason else ""
        say(f"  {piece.piece_id}: {piece.state} in batch {piece.batch_id}{reason}")
    more = found.difference - len(found.differences)
    if more > 0:
        say(f"  and {more} more")


def reprint(number: NumberArgument) -> None:
    """Print the spoiled pieces of a batch again, under their own ids and codes."""
    with open_database() as (database, settings), progress_bars() as progress:
        report = publish.reprint(
            database,
            settings,
            number,
            progress=progress,
            proof=partial(proofread, sample=settings.proof_pieces),
            by=acting(database, settings),
        )
    say(json.dumps(asdict(report), indent=2))


def check(number: NumberArgument) -> None:
    """Read back every page of a batch as a mailing house would."""
    with open_database() as (database, settings), progress_bars() as progress:
        report = publish.check_batch(database, settings, number, progress=progress)
    say(json.dumps(asdict(report), indent=2))


def void(
    number: NumberArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Void a batch before its pickup: codes become invalid, reservations are released."""
    with open_database() as (database, settings):
        with database.read() as session:
            batch = batches.get(session, number)
        if batch is not None and batch.state != BatchState.VOIDED and not yes:
            typer.confirm(
                f"{batch.name} with {batch.pieces:,} pieces: its codes become invalid for ever and "
                "its files are removed. Go on?",
                abort=True,
            )
        report = publish.void_batch(database, settings, number, by=acting(database, settings))
    say(json.dumps(asdict(report), indent=2))


def purge(
    number: Annotated[
        int | None,
        typer.Option("--batch", help="Only this batch, however old it is", min=1),
    ] = None,
) -> None:
    """Remove the files of batches older than LARDER_PURGE_DAYS now; the scheduler does it daily."""
    with open_database() as (database, settings):
        now = datetime.now(UTC)
        if number is not None:
            found = publish.purge_batch(
                database, settings, number, now=now, by=acting(database, settings)
            )
            say(f"the files of {found.name} are removed")
            return
        count = publish.purge(database, settings, now=now)
        forget_guesses(database, now=now)
    say(f"{count} batches purged")
