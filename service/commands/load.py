"""load: files into the database."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.console import (
    EXIT_SOME_REFUSED,
    progress_bars,
    say,
    show_notes,
    show_problems,
)
from service.commands.database import open_database
from service.engine.reading import reading_of
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.poslog import is_poslog, load_poslog
from service.files.products import load_products
from service.files.report import LoadReport

FileArgument = Annotated[Path, typer.Argument(help="A CSV (UTF-8) or Parquet file")]
BasketsArgument = Annotated[
    Path, typer.Argument(help="A CSV (UTF-8), Parquet or POSLog (.xml, .xml.gz) file")
]


def products(file: FileArgument) -> None:
    """The catalogue: products with their items, categories and suppliers."""
    with open_database() as (database, settings), progress_bars() as progress:
        report = load_products(
            database,
            file,
            reading=reading_of(settings),
            layout=settings.layout,
            progress=progress,
        )
    raise typer.Exit(_show("products", report))


def households(file: FileArgument) -> None:
    """Households with their contact data, cards and phones."""
    with open_database() as (database, settings), progress_bars() as progress:
        report = load_households(
            database,
            file,
            secret_key=settings.secret_key,
            language=settings.language,
            country=settings.country,
            progress=progress,
        )
    raise typer.Exit(_show("households", report))


def baskets(file: BasketsArgument) -> None:
    """Purchase history: one row per basket line, or the POSLog that tills write."""
    with open_database() as (database, settings), progress_bars() as progress:
        if is_poslog(file):
            report = load_poslog(
                database,
                file,
                timezone=settings.timezone,
                currency=settings.currency,
                secret_key=settings.secret_key,
                reading=reading_of(settings),
                progress=progress,
            )
        else:
            report = load_baskets(
                database,
                file,
                timezone=settings.timezone,
                reading=reading_of(settings),
                progress=progress,
            )
    raise typer.Exit(_show("baskets", report))


def _show(name: str, report: LoadReport) -> int:
    """Print the counts and faults of a load; the exit code."""
    say(
        f"{name}: {report.read:,} rows read, {report.taken:,} taken, {report.known:,} known, "
        f"{report.refused:,} refused"
    )
    show_notes(report.notes)
    show_problems(report.problems, total=max(report.refused, len(report.problems)))
    return EXIT_SOME_REFUSED if report.refused else 0
