"""report: what stores sold, who bought, who is about to leave, and what the programme did."""

import csv
import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import say, show_table
from service.commands.database import open_database
from service.cycle.inputs import local_date
from service.engine.money import format_money
from service.engine.periods import Each
from service.results.concentration import concentration_report
from service.results.leaving import leaving_report
from service.results.programme import Part, ProgrammeReport, programme_report
from service.results.report_rows import (
    Row,
    concentration_rows,
    leaving_rows,
    parts_of,
    programme_rows,
    sales_rows,
    stores_rows,
)
from service.results.sales import count_sales, sales_report
from service.results.stores import stores_report
from service.settings import Settings
from service.store.sales import By

_SHOWN = 40
_DAY = "%Y-%m-%d"


class As(StrEnum):
    """How a report is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


First = Annotated[
    datetime, typer.Option("--from", formats=[_DAY], help="The first day of the report")
]
Last = Annotated[datetime, typer.Option("--to", formats=[_DAY], help="Its last day")]
Printed = Annotated[As, typer.Option("--as", help="A table, or all rows as CSV or JSON")]


def count(
    everything: Annotated[
        bool, typer.Option("--everything", help="Count every day again, not the newest alone")
    ] = False,
) -> None:
    """Count what stores sold by day, for the reports; the scheduler does it each night."""
    with open_database() as (database, _):
        found = count_sales(database, everything=everything)
    if found is None:
        say("nothing was sold yet")
        return
    say(f"sales are counted from {found.first} to {found.last}; {found.again:,} days anew")


def sales(
    first: First,
    last: Last,
    each: Annotated[Each, typer.Option(help="How long the periods are")] = Each.MONTH,
    by: Annotated[By, typer.Option(help="What sales are told apart by")] = By.ALL,
    form: Printed = As.TABLE,
) -> None:
    """Sales, baskets and customers by period, beside the same period of the year before."""
    with open_database() as (database, settings):
        count_sales(database)
        found = sales_report(database, first=first.date(), last=last.date(), each=each, by=by)
    rows = sales_rows(found)
    money = _money(settings)
    _show(
        rows, form,
        ("from", "to", by.value, "sales", "a year before", "change", "baskets", "then",
         "customers", "then"),
        lambda row: (
            str(row["from"]), str(row["to"]), row["name"] or "-", money(row["sales_cents"]),
            money(row["sales_cents_before"]),
            "" if row["change"] is None else f"{row['change']:+.1%}",
            f"{row['baskets']:,}", f"{row['baskets_before']:,}", f"{row['customers']:,}",
            f"{row['customers_before']:,}",
        ),
    )  # fmt: skip


def stores(first: First, last: Last, form: Printed = As.TABLE) -> None:
    """Each store's visits, conversion and ticket, and the part of baskets that used an offer."""
    with open_database() as (database, settings):
        count_sales(database)
        found = stores_report(database, first=first.date(), last=last.date())
    rows = stores_rows(found)
    money = _money(settings)
    _show(
        rows, form,
        ("store", "visitors", "conversion", "baskets", "ticket", "sales", "a year before",
         "with an offer"),
        lambda row: (
            row["store"], f"{row['visitors']:,}" if row["visitors"] else "",
            _share(row["conversion"]), f"{row['baskets']:,}",
            "" if row["ticket_cents"] is None else money(round(row["ticket_cents"])),
            money(row["sales_cents"]), money(row["sales_cents_before"]),
            _share(row["using_share"]),
        ),
    )  # fmt: skip


def concentration(first: First, last: Last, form: Printed = As.TABLE) -> None:
    """Which share of households brings which share of sales and margin."""
    with open_database() as (database, settings):
        found = concentration_report(database, settings, first=first.date(), last=last.date())
    _show(
        concentration_rows(found), form,
        ("the best", "households", "of sales", "of margin"),
        lambda row: (
            f"{row['share']:.0%}", f"{row['households']:,}", f"{row['of_sales']:.1%}",
            f"{row['of_margin']:.1%}",
        ),
    )  # fmt: skip
    if form is As.TABLE:
        money = _money(settings)
        say(
            f"{found.households:,} households paid {money(found.sales_cents)}; nobody known paid "
            f"{money(found.unknown_cents)}"
        )


def leaving(
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=[_DAY], help="Nothing from this day on counts; today if left out"),
    ] = None,
    form: Printed = As.TABLE,
) -> None:
    """Households about to leave: away far longer than their rhythm, with what they used to buy."""
    with open_database() as (database, settings):
        day = as_of.date() if as_of else local_date(datetime.now().astimezone(), settings)
        found = leaving_report(database, settings, as_of=day)
    money = _money(settings)
    _show(
        leaving_rows(found), form,
        ("household", "class", "paid in a year", "last seen", "days away", "usual", "chance",
         "used to buy"),
        lambda row: (
            row["household"], row["tier"], money(row["year_cents"]), str(row["last_day"]),
            str(row["days_away"]), f"{row['usual_days']:.0f}", f"{row['chance']:.1%}",
            ", ".join(row["bought"]),
        ),
    )  # fmt: skip


def programme(
    first: First,
    last: Last,
    form: Printed = As.TABLE,
) -> None:
    """What the cycles of a period added and cost, against households that got no offers."""
    with open_database() as (database, settings):
        found = programme_report(database, settings, first=first.date(), last=last.date())
    if form is not As.TABLE:
        _write(programme_rows(found), form)
        return
    _show_programme(found, settings)


def _show_programme(found: ProgrammeReport, settings: Settings) -> None:
    cost, money = found.cost, _money(settings)
    state = "" if found.is_final else ", not final: late sales may come"
    say(
        f"{found.cycles} cycles whose lists became valid from {found.first} to {found.last}{state}."
        " The effect of the offers against none, in the four weeks from validity; households count "
        "once a cycle."
    )
    table = Table("", "households", "held out", "copies", "sales added", "interval",
                  "margin added", "new buyers", "to own brand", box=None)  # fmt: skip
    for part in parts_of(found)[: 2 * _SHOWN]:
        table.add_row(*_part_row(part))
    show_table(table)
    say(
        f"{cost.copies:,} copies on {cost.mailed:,} letters were used {cost.uses:,} times: "
        f"{money(cost.supplier_cents)} borne by suppliers, {money(cost.retailer_cents)} by the "
        f"retailer; handling fees {money(cost.fee_cents)}. What letters cost is not in it."
    )


def _part_row(part: Part) -> list[str]:
    of = {"tier": "class", "region": "region", "cell": "cell"}
    name = f"{of[part.kind]} {part.name or '-'}" if part.kind in of else part.name or part.kind
    counts = [name, f"{part.households:,}", f"{part.held_out:,}", f"{part.copies:,}"]
    sold, margin, new = (part.added(each) for each in ("sales", "margin", "new_to_brand"))
    own = part.added("own_brand")
    if sold is None or margin is None or new is None or own is None:
        return [*counts, "", "too few to say", "", "", ""]
    return [
        *counts, f"{sold[0]:+,.2f}", f"{sold[1]:+,.2f} to {sold[2]:+,.2f}", f"{margin[0]:+,.2f}",
        f"{new[0]:+,.1f}", f"{own[0]:+,.1f}",
    ]  # fmt: skip


def _show(
    rows: Sequence[Row], form: As, heads: Sequence[str], cells: Callable[[Row], Sequence[str]]
) -> None:
    """Rows as a table of `cells`, or whole."""
    if form is not As.TABLE:
        _write(rows, form)
        return
    table = Table(*heads, box=None)
    for row in rows[:_SHOWN]:
        table.add_row(*cells(row))
    show_table(table)
    if len(rows) > _SHOWN:
        say(f"and {len(rows) - _SHOWN:,} rows more; --as csv has them all")


def _write(rows: Sequence[Row], form: As) -> None:
    """All rows as JSON or CSV."""
    if form is As.JSON:
        say(json.dumps(rows, indent=2, default=str))
    elif rows:
        writer = csv.DictWriter(sys.stdout, rows[0].keys())
        writer.writeheader()
        writer.writerows(_flat(row) for row in rows)


def _flat(row: Row) -> Row:
    return {
        name: "; ".join(value) if isinstance(value, list) else value for name, value in row.items()
    }


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _money(settings: Settings) -> Callable[[int], str]:
    def text(cents: int) -> str:
        return format_money(cents, settings.currency, settings.language)

    return text
