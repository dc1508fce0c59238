"""load: files into the database."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.console import opened, progress_bars, show_load
from service.commands.deals import load_file
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.poslog import is_poslog, load_poslog
from service.files.products import load_products

load = typer.Typer(
    help="Load CSV or Parquet, baskets as POSLog too, deals as XLSX too. "
    "Loading a file again makes no duplicates. "
    "Exit code 3: some rows were refused, the others are loaded.",
    no_args_is_help=True,
)

FileArgument = Annotated[Path, typer.Argument(help="A CSV (UTF-8) or Parquet file")]
BasketsArgument = Annotated[
    Path, typer.Argument(help="A CSV (UTF-8), Parquet or POSLog (.xml, .xml.gz) file")
]


@load.command()
def products(file: FileArgument) -> None:
    """The catalogue: products with their items, categories and suppliers."""
    with opened() as (database, _), progress_bars() as progress:
        report = load_products(database, file, progress=progress)
    raise typer.Exit(show_load("products", report))


@load.command()
def households(file: FileArgument) -> None:
    """Households, how they are reached, and their cards and phones."""
    with opened() as (database, settings), progress_bars() as progress:
        report = load_households(
            database,
            file,
            secret_key=settings.secret_key,
            language=settings.language,
            progress=progress,
        )
    raise typer.Exit(show_load("households", report))


@load.command()
def baskets(file: BasketsArgument) -> None:
    """Purchase history: a row a basket line, or what tills write of their transactions."""
    with opened() as (database, settings), progress_bars() as progress:
        if is_poslog(file):
            report = load_poslog(
                database,
                file,
                timezone=settings.timezone,
                currency=settings.currency,
                secret_key=settings.secret_key,
                progress=progress,
            )
        else:
            report = load_baskets(database, file, timezone=settings.timezone, progress=progress)
    raise typer.Exit(show_load("baskets", report))


load.command("deals")(load_file)
