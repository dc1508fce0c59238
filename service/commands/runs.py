"""runs: what workers were asked to do, issue what a plan came to, ask again, give up."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from service.admin import runs
from service.commands.console import say, show_table
from service.commands.database import acting, open_database
from service.store.tables.cycle import Run

Number = Annotated[str, typer.Argument(help="The run, as `larder runs list` shows it")]
By = Annotated[str | None, typer.Option("--by", help="E-mail address of the person who does it")]


def show(
    most: Annotated[int, typer.Option("--most", help="How many", min=1, max=1000)] = 20,
) -> None:
    """The newest runs: what was asked for, how far each is, and why it failed."""
    table = Table("run", "kind", "state", "asked", "of", "stage", "why it failed", box=None)
    with open_database() as (database, _):
        for run in runs.newest_runs(database, limit=most):
            table.add_row(
                run.id, run.kind, run.state, f"{run.created_at:%Y-%m-%d %H:%M}", _of(run),
                f"{run.stage} {run.done}/{run.total}" if run.stage else "",
                run.problem.detail if run.problem else "",
            )  # fmt: skip
    show_table(table)


def one(run_id: Number) -> None:
    """One run with what it came to, as JSON."""
    with open_database() as (database, _):
        run = runs.get_run(database, run_id)
    say(
        json.dumps(
            {
                "id": run.id,
                "kind": run.kind,
                "state": run.state,
                "arguments": run.arguments,
                "result": run.result,
                "problem": asdict(run.problem) if run.problem else None,
            },
            indent=2,
            default=str,
        )
    )


def issue(plan: Number, by: By = None) -> None:
    """Ask for the cycle of a plan: just the lists that were planned are issued, or nothing."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        run = runs.request_planned(database, plan_id=plan, by=who)
    say(f"Run {run.id} waits for a worker.")


def again(run_id: Number, by: By = None) -> None:
    """Ask for the work of a run that failed once more."""
    with open_database() as (database, settings):
        run = runs.ask_again(database, run_id, by=acting(database, settings, by))
    say(f"Run {run.id} waits for a worker.")


def give_up(run_id: Number, by: By = None) -> None:
    """End a run that waits, or whose worker died; it counts as failed."""
    with open_database() as (database, settings):
        runs.give_up(database, run_id, by=acting(database, settings, by))
    say(f"Run {run_id} was given up.")


def _of(run: Run) -> str:
    """What it is of: a date, a cycle, a batch."""
    found = run.arguments.items()
    return ", ".join(f"{name} {value}" for name, value in found if name != "seed")
