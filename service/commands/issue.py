"""cycle: from history to lists."""

import json
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from service.commands.console import progress_bars, say
from service.commands.database import acting, open_database
from service.commands.planning import show_plan
from service.cycle import (
    CycleReport,
    WithdrawReport,
    recompose_cycle,
    run_cycle,
    what_if,
    withdraw_cycle,
)
from service.cycle.supposed import Supposed
from service.cycle.what_if import SAMPLE_HOUSEHOLDS


class _Executor(StrEnum):
    LOCAL = "local"
    DASK = "dask"


class _Act(StrEnum):
    WITHDRAW = "withdraw"
    RECOMPOSE = "recompose"


def _change(act: _Act, number: int) -> None:
    """Withdraw a cycle with its money, or make it again as its next revision."""
    with open_database() as (database, settings), progress_bars() as progress:
        report: WithdrawReport | CycleReport
        actor = acting(database, settings)
        if act is _Act.WITHDRAW:
            report = withdraw_cycle(database, number, by=actor)
        else:
            report = recompose_cycle(database, settings, number, progress=progress, by=actor)
    say(json.dumps(asdict(report), indent=2, default=str))


def cycle(
    act: Annotated[
        _Act | None,
        typer.Argument(help="`withdraw` or `recompose` a cycle; else one is run"),
    ] = None,
    number: Annotated[int | None, typer.Argument(help="The cycle's number", min=1)] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Lists are made from what was bought before it"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed in place of the one in the settings")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the result of the cycle; nothing is written")
    ] = False,
    fewer_than: Annotated[
        int, typer.Option(help="Dry run: why households get fewer offers than this", min=1)
    ] = 6,
    households: Annotated[
        int, typer.Option(help="Dry run: examine at most this many, drawn by hash", min=1)
    ] = SAMPLE_HOUSEHOLDS,
    floor_price: Annotated[
        float | None,
        typer.Option(
            help="Dry run: value lost for each cent below a floor, in place of what is set"
        ),
    ] = None,
    holdout: Annotated[
        int | None, typer.Option(help="Dry run: so many per cent held out, in place of what is set")
    ] = None,
    budgets: Annotated[
        int, typer.Option(help="Dry run: so many per cent of every deal's budget")
    ] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Dry run: all of it as JSON")] = False,
    executor: Annotated[
        _Executor | None,
        typer.Option(help="Where shards are worked on, in place of what is set"),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of the Dask scheduler, in place of the one set")
    ] = None,
) -> None:
    """Run a cycle: predict, segment, allocate, compose, and issue the lists."""
    if act is not None:
        if number is None:
            raise typer.BadParameter(f"say which cycle: larder cycle {act.value} NUMBER")
        _change(act, number)
        return
    if as_of is None:
        raise typer.BadParameter("say the date: --as-of YYYY-MM-DD")
    if not dry_run and (floor_price, holdout, budgets) != (None, None, 100):
        raise typer.BadParameter("--floor-price, --holdout and --budgets are for --dry-run")
    if dry_run and (executor, scheduler) != (None, None):
        raise typer.BadParameter("a dry run is of a sample, which needs no --executor")
    if dry_run:
        with open_database() as (database, settings), progress_bars() as progress:
            found = what_if(
                database,
                settings,
                as_of=as_of.date(),
                seed=settings.seed if seed is None else seed,
                fewer_than=fewer_than,
                most_households=households,
                progress=progress,
                supposed=Supposed.of(
                    settings,
                    floor_shortfall_price=floor_price,
                    holdout_percent=holdout,
                    budget_percent=budgets,
                ),
            )
        if as_json:
            say(json.dumps(asdict(found), indent=2, default=str))
        else:
            show_plan(found, currency=settings.currency)
        return
    with open_database() as (database, settings), progress_bars() as progress:
        given = {"executor": executor and executor.value, "scheduler": scheduler}
        report = run_cycle(
            database,
            settings.model_copy(update={key: said for key, said in given.items() if said}),
            as_of=as_of.date(),
            seed=settings.seed if seed is None else seed,
            progress=progress,
            by=acting(database, settings),
        )
    say(json.dumps(asdict(report), indent=2, default=str))
