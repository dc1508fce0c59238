"""explain: why a household's list looks as it does."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import say, show_table
from service.commands.database import open_database
from service.cycle.explain import explain_household, explain_list


def explain(
    household: Annotated[str, typer.Option(help="The retailer's own number of the household")],
    as_of: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="The forecast sees nothing from this day on"),
    ],
    most: Annotated[int, typer.Option(help="Rows shown, the likeliest first", min=1)] = 30,
) -> None:
    """Why a household's list looks as it does: each item, its chance, its date, its reason."""
    with open_database() as (database, settings):
        table = explain_household(database, settings, household, as_of=as_of.date())
        lines = explain_list(database, household)
    shown = Table("item", "chance", "expected", "bought on", "why", box=None)
    for row in table.head(most).iter_rows(named=True):
        shown.add_row(
            row["item"],
            f"{row['p_purchase']:.1%}",
            str(row["expected_on"]),
            f"{row['times']} days",
            row["reason"],
        )
    show_table(shown)
    say(f"{min(most, table.height)} of {table.height} items")
    if lines:
        listed = Table("line", "on the newest list", "why", box=None)
        for line, text, reason in lines:
            listed.add_row(str(line), text, reason)
        show_table(listed)
