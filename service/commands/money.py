"""money: converts the amounts of a database to the minor unit of its currency."""

from typing import Annotated

import typer
from rich.table import Table

from service.admin.money import convert_money
from service.commands.console import say, show_table
from service.commands.database import open_database


def convert(
    from_exponent: Annotated[int, typer.Option(help="Decimals that the amounts have now")],
    to_exponent: Annotated[int, typer.Option(help="Decimals that they are to have")],
    table: Annotated[
        list[str] | None, typer.Option(help="Only amounts of this table; may be repeated")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Convert; else only say what")] = False,
) -> None:
    """Convert all amounts to another minor unit, exactly, once; a dry run unless `--apply`."""
    with open_database() as (database, _):
        counts = convert_money(
            database,
            from_exponent=from_exponent,
            to_exponent=to_exponent,
            tables=table or (),
            apply=apply,
        )
    shown = Table("table", "amounts", box=None)
    for name, count in counts.items():
        shown.add_row(name, f"{count:,}")
    show_table(shown)
    say("converted" if apply else "nothing was written: this was a dry run; add --apply")
