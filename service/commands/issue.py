"""cycle, publish and status: from history to a package for the mailing house."""

import json
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated

import typer

from service.admin.status import status as read_status
from service.commands.console import opened, progress_bars, say
from service.commands.planning import show_plan
from service.cycle import run_cycle, what_if
from service.cycle.what_if import SAMPLE_HOUSEHOLDS
from service.errors import NotFound
from service.publish import publish
from service.publish.verify import proofread
from service.store import cycles


def cycle(
    as_of: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="Lists are made from what was bought before it"),
    ],
    seed: Annotated[int | None, typer.Option(help="Instead of the seed in the settings")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would come to; nothing is written")
    ] = False,
    fewer_than: Annotated[
        int, typer.Option(help="Dry run: why households get fewer offers than this", min=1)
    ] = 6,
    households: Annotated[
        int, typer.Option(help="Dry run: look at this many at most, drawn by hash", min=1)
    ] = SAMPLE_HOUSEHOLDS,
    as_json: Annotated[bool, typer.Option("--json", help="Dry run: all of it as JSON")] = False,
) -> None:
    """Run a cycle: predict, segment, allocate, compose, and issue the lists."""
    if dry_run:
        with opened() as (database, settings), progress_bars() as progress:
            found = what_if(
                database,
                settings,
                as_of=as_of.date(),
                seed=settings.seed if seed is None else seed,
                fewer_than=fewer_than,
                most_households=households,
                progress=progress,
            )
        if as_json:
            say(json.dumps(asdict(found), indent=2, default=str))
        else:
            show_plan(found, currency=settings.currency)
        return
    with opened() as (database, settings), progress_bars() as progress:
        report = run_cycle(
            database,
            settings,
            as_of=as_of.date(),
            seed=settings.seed if seed is None else seed,
            progress=progress,
        )
    say(json.dumps(asdict(report), indent=2, default=str))


def publish_batch(
    cycle_id: Annotated[
        int | None, typer.Option("--cycle", help="The cycle's number; the newest when left out")
    ] = None,
    revise: Annotated[
        bool,
        typer.Option("--revise", help="Replace a batch nobody picked up by its next revision"),
    ] = False,
) -> None:
    """Print a cycle's lists and put the package where the mailing house fetches it."""
    with opened() as (database, settings), progress_bars() as progress:
        if cycle_id is None:
            with database.read() as session:
                newest = cycles.newest(session)
            if newest is None:
                raise NotFound("There is no cycle yet. Run `larder cycle --as-of DATE`.")
            cycle_id = newest.id
        report = publish(
            database,
            settings,
            cycle_id,
            progress=progress,
            revise=revise,
            proof=partial(proofread, sample=settings.proof_pieces),
        )
    say(json.dumps(asdict(report), indent=2))


def status() -> None:
    """What is in the database, what waits to be done, and whether the ledger balances."""
    with opened() as (database, _):
        found = read_status(database)
    for name, value in asdict(found).items():
        say(f"{name.replace('_', ' ')}: {value if value is not None else 'none'}")
    if found.unbalanced_postings:
        raise typer.Exit(1)
