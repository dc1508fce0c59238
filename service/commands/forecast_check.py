"""forecast check: whether the stored forecasts were right, and whether their inputs drift."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import EXIT_FAILED, say, show_table
from service.commands.database import open_database
from service.cycle.drift import DriftCheck, check_forecast
from service.cycle.inputs import local_date
from service.engine.backtest.drift import Calibration

SHOWN_INPUTS = 5


def check(
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Nothing from this day on is looked at; today when left out"
        ),
    ] = None,
    weeks: Annotated[
        int, typer.Option(help="Windows judged, one begins each week", min=1, max=52)
    ] = 4,
) -> None:
    """Whether the stored forecasts were right and their inputs look as at the fit; else exit 1."""
    with open_database() as (database, settings):
        day = local_date(datetime.now(UTC), settings) if as_of is None else as_of.date()
        found = check_forecast(database, settings, as_of=day, weeks=weeks)
    _show(found)
    for line in _alarms(found):
        say(f"alarm: {line}")
    if found.is_alarm:
        raise typer.Exit(EXIT_FAILED)
    if found.departments:
        say("no alarm")


def _show(found: DriftCheck) -> None:
    say(
        f"model of {found.model_as_of}, fitted on {found.fitted_on}; purchases before {found.day} "
        f"of {found.sampled:,} of {found.households:,} households"
    )
    if found.fitted_on < found.model_as_of:
        say(f"it is kept: models fitted after {found.fitted_on} were worse")
    for day in found.skipped:
        say(f"window from {day}: not judged, no model of the week before it is stored")
    _show_groups(f"{found.horizon_days} days from", found.weeks)
    _show_groups("department", found.departments)
    _show_groups("tier", found.tiers)
    if found.inputs:
        moved = ", ".join(
            f"{each.name} {each.deviations:+.2f}" for each in found.inputs[:SHOWN_INPUTS]
        )
        say(f"inputs, means since the fit in standard deviations: {moved}")


def _show_groups(heading: str, groups: Iterable[Calibration]) -> None:
    table = Table(heading, "pairs", "forecast", "bought", "ECE", "expected", "", box=None)
    for each in groups:
        said = "doubled" if each.is_doubled else "" if each.is_judged else "too few to judge"
        table.add_row(
            each.group.replace("_", " "),
            f"{each.pairs:,}",
            f"{each.forecast:.2%}",
            f"{each.bought:.2%}",
            f"{each.error:.4f}",
            f"{each.expected:.4f}",
            said,
        )
    if table.row_count:
        show_table(table)


def _alarms(found: DriftCheck) -> list[str]:
    return [
        *(
            f"{each.group.replace('_', ' ')}: forecast {each.forecast:.2%}, bought "
            f"{each.bought:.2%}, ECE {each.error:.4f} is more than twice {each.expected:.4f}"
            for each in found.doubled
        ),
        *(
            f"input {each.name}: its mean moved by {each.deviations:+.2f} standard deviations"
            for each in found.drifted
        ),
    ]
