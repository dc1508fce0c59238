"""load: files into the database."""

from datetime import datetime
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
from service.errors import InvalidInput
from service.files.basket_layouts import PLAIN_LAYOUT, layout_of
from service.files.basket_rows import BasketOptions, read_items, zone_of
from service.files.baskets import load_baskets
from service.files.content import load_content
from service.files.dates import Order
from service.files.door_counts import load_door_counts
from service.files.households import load_households
from service.files.notes import ALL
from service.files.pictures import load_pictures
from service.files.poslog import is_poslog, load_poslog
from service.files.products import load_products
from service.files.report import LoadReport
from service.files.stores import load_stores
from service.files.text_form import TextOptions
from service.settings import Settings

FileArgument = Annotated[
    Path, typer.Argument(help="A CSV or other separated text, an XLSX or a Parquet file")
]
BasketsArgument = Annotated[Path, typer.Argument(help="The same, or POSLog (.xml, .xml.gz)")]
Accept = Annotated[
    bool, typer.Option("--accept", help="Load although notes must be accepted: they are accepted")
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", help="The encoding of text that is not Unicode, such as gb18030"),
]
Separator = Annotated[
    str | None,
    typer.Option("--separator", help="What parts the cells, such as ';' or tab; found if left out"),
]
Timezone = Annotated[
    str | None,
    typer.Option("--timezone", help="The zone of moments without an offset, and of new stores"),
]
Dates = Annotated[
    Order | None, typer.Option("--dates", help="What comes first where dates can be read both ways")
]
Items = Annotated[
    Path | None,
    typer.Option("--items", help="A file of item_number and gtin: GTINs by the shop's own numbers"),
]
Layout = Annotated[
    str | None,
    typer.Option("--layout", help="The layout of the file: a name in docs/loading.md, or .json"),
]
FirstDay = Annotated[
    datetime | None,
    typer.Option("--first-day", formats=["%Y-%m-%d"], help="The date of day 1 of such a layout"),
]
LastDay = Annotated[
    datetime | None,
    typer.Option(
        "--last-day", formats=["%Y-%m-%d"], help="The date of the last order of such a layout"
    ),
]


def products(
    file: FileArgument,
    accept: Accept = False,
    encoding: Encoding = None,
    separator: Separator = None,
) -> None:
    """The catalogue: products with their items, categories and suppliers."""
    with open_database() as (database, settings), progress_bars() as progress:
        report = load_products(
            database,
            file,
            reading=reading_of(settings),
            layout=settings.layout,
            accept=ALL if accept else "",
            text=_text_options(settings, encoding, separator),
            progress=progress,
        )
    raise typer.Exit(_show("products", report))


def households(
    file: FileArgument,
    accept: Accept = False,
    encoding: Encoding = None,
    separator: Separator = None,
) -> None:
    """Households with their contact data, cards and phones."""
    with open_database() as (database, settings), progress_bars() as progress:
        report = load_households(
            database,
            file,
            secret_key=settings.secret_key,
            language=settings.language,
            country=settings.country,
            card_pattern=settings.card_pattern,
            layout=settings.layout,
            accept=ALL if accept else "",
            text=_text_options(settings, encoding, separator),
            progress=progress,
        )
    raise typer.Exit(_show("households", report))


def baskets(
    file: BasketsArgument,
    layout: Layout = None,
    timezone: Timezone = None,
    dates: Dates = None,
    items: Items = None,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    accept: Accept = False,
    encoding: Encoding = None,
    separator: Separator = None,
) -> None:
    """Purchase history: one row per basket line, or the POSLog that tills write."""
    with open_database() as (database, settings), progress_bars() as progress:
        zone_of(timezone or "")
        if is_poslog(file):
            report = load_poslog(
                database,
                file,
                timezone=timezone or settings.timezone,
                currency=settings.currency,
                secret_key=settings.secret_key,
                reading=reading_of(settings),
                accept=ALL if accept else "",
                progress=progress,
            )
        else:
            text = _text_options(settings, encoding, separator)
            options = BasketOptions(
                layout=layout_of(layout) if layout else PLAIN_LAYOUT,
                # A plain file has offsets or its zone is said; most layouts have none.
                zone=timezone or (settings.timezone if layout else ""),
                dates=dates or Order(settings.deals_dates),
                text=text,
                items=read_items(items, text) if items else {},
                first_day=first_day.date() if first_day else None,
                last_day=last_day.date() if last_day else None,
                currency=settings.currency,
            )
            report = load_baskets(
                database,
                file,
                timezone=timezone or settings.timezone,
                reading=reading_of(settings),
                options=options,
                language=settings.language,
                accept=ALL if accept else "",
                progress=progress,
                secret_key=settings.secret_key,
            )
    raise typer.Exit(_show("baskets", report))


def stores(file: FileArgument, encoding: Encoding = None, separator: Separator = None) -> None:
    """The region of each store, by which reports to suppliers count."""
    with open_database() as (database, settings):
        text = _text_options(settings, encoding, separator)
        report = load_stores(database, file, text=text)
    raise typer.Exit(_show("stores", report))


def visitors(file: FileArgument, encoding: Encoding = None, separator: Separator = None) -> None:
    """How many came into each store by day, for reports of stores."""
    with open_database() as (database, settings):
        text = _text_options(settings, encoding, separator)
        report = load_door_counts(database, file, text=text)
    raise typer.Exit(_show("visitors", report))


def pictures(
    source: Annotated[
        Path, typer.Argument(help="A folder of GTIN.jpg, or a table of gtin and picture")
    ],
    encoding: Encoding = None,
    separator: Separator = None,
) -> None:
    """Pictures of products, departments and content, and the logo: a folder, or a table of files
    and addresses."""
    with open_database() as (database, settings), progress_bars() as progress:
        report = load_pictures(
            database,
            settings,
            source,
            text=_text_options(settings, encoding, separator),
            progress=progress,
        )
    raise typer.Exit(_show("pictures", report))


def content(
    file: Annotated[Path, typer.Argument(help="A JSON file; templates/content.schema.json has it")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove what was loaded before and is not in the file")
    ] = False,
) -> None:
    """Recipes, tips, opening hours and partners' words: the whole file, or nothing of it."""
    with open_database() as (database, settings):
        report = load_content(database, settings, file, replace=replace)
    taken = ", ".join(f"{count} {kind}" for kind, count in sorted(report.taken.items()))
    say(f"content: {taken or 'nothing'} taken, {report.known} known, {report.removed} removed")
    show_notes(report.notes)


def _text_options(settings: Settings, encoding: str | None, separator: str | None) -> TextOptions:
    named = {"tab": "\t", "\\t": "\t", None: ""}
    found = named.get(separator, separator or "")
    if len(found) > 1:
        raise InvalidInput(f"{separator!r} is no separator: give one character, or tab")
    return TextOptions(encoding or settings.deals_encoding, found)


def _show(name: str, report: LoadReport) -> int:
    """Print the counts and faults of a load; the exit code."""
    say(
        f"{name}: {report.read:,} rows read, {report.taken:,} taken, {report.known:,} known, "
        f"{report.refused:,} refused"
    )
    show_notes(report.notes)
    show_problems(report.problems, total=max(report.refused, len(report.problems)))
    return EXIT_SOME_REFUSED if report.refused else 0
