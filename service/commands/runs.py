"""runs: what workers were asked to do, issue what a plan came to, ask again, give up."""

import json
from dataclasses import asdict, astuple
from typing import Annotated

import typer
from rich.table import Table

from service.admin import runs
from service.commands.console import say, show_table
from service.commands.database import acting, open_database
from service.cycle.compared import Pair, compare_plans
from service.engine.money import format_money
from service.store.tables.cycle import Run

Number = Annotated[str, typer.Argument(help="The run, as `larder runs list` shows it")]
_SHOWN = 40
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


def compare(
    first: Annotated[str, typer.Argument(help="The run of a plan")],
    second: Annotated[str, typer.Argument(help="The run of another plan of the same day")],
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON")] = False,
) -> None:
    """Two plans side by side: what each comes to, by tenth, supplier and deal."""
    with open_database() as (database, settings):
        plans = [runs.plan_result(database, each) for each in (first, second)]
    found = compare_plans(*plans)
    if as_json:
        say(json.dumps(asdict(found), indent=2))
        return

    def cells(name: str, pair: Pair) -> list[str]:
        if name.endswith("_cents"):
            shown = [format_money(round(each), settings.currency) for each in astuple(pair)]
            more = format_money(round(abs(pair.more)), settings.currency)
        else:
            shown = [f"{each:,.10g}" for each in astuple(pair)]
            more = f"{abs(pair.more):,.10g}"
        return [*shown, f"{'+' if pair.more > 0 else '-'}{more}" if pair.more else ""]

    whole = Table("", "first", "second", "difference", box=None)
    for name, pair in (*found.supposed.items(), *found.totals.items()):
        whole.add_row(name.removesuffix("_cents").replace("_", " "), *cells(name, pair))
    show_table(whole)
    for title, rows, key, name in (
        ("tenth", found.tenths, "worth_decile", "mean_face_value_cents"),
        ("supplier", found.suppliers, "supplier", "expected_cost_cents"),
        ("deal", found.deals, "deal_id", "expected_cost_cents"),
    ):
        count = "offers" if title == "tenth" else "copies"
        what = name.removesuffix("_cents").replace("_", " ")
        table = Table(title, count, "", "", what, "", "", box=None)
        for row in rows[:_SHOWN]:
            values = row.values
            table.add_row(
                str(row.names[key]), *cells(count, values[count]), *cells(name, values[name])
            )
        show_table(table)
        if len(rows) > _SHOWN:
            say(f"and {len(rows) - _SHOWN:,} more; --json has them all")


def again(run_id: Number, by: By = None) -> None:
    """Ask for the work of a run that failed once more."""
    with open_database() as (database, settings):
        run = runs.ask_again(database, run_id, by=acting(database, settings, by))
    say(f"Run {run.id} waits for a worker.")


def give_up(run_id: Number, by: By = None) -> None:
    """End a run that waits, whose worker died, or a cycle before it is issued; it failed."""
    with open_database() as (database, settings):
        runs.give_up(database, run_id, by=acting(database, settings, by))
    say(f"Run {run_id} was given up.")


def _of(run: Run) -> str:
    """What it is of: a date, a cycle, a batch."""
    found = run.arguments.items()
    return ", ".join(f"{name} {value}" for name, value in found if name != "seed")
