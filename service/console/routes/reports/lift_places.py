"""The lift of a cycle's deals by region or by cell: rows and pictures for its page and its file."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from service.console.routes.household_words import cell as cell_name
from service.console.routes.reports import base
from service.console.routes.reports.lift_words import (
    AGAINST,
    against_cell,
    deal_cell,
    ends_of,
    said_of,
)
from service.engine.lift.cube import CELL, REGION
from service.pages.charts import Chart, Estimate, intervals
from service.pages.charts.shapes import Table
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Kind
from service.pages.listing.columns import Row
from service.results.compare import PlaceLift
from service.results.lift import DealLift, Judgement


class By(StrEnum):
    """What the effect of a deal is told apart by."""

    NOTHING = ""
    REGION = REGION
    CELL = CELL


BY = {
    By.NOTHING: mark("the deal in all"),
    By.REGION: mark("region of the household's store"),
    By.CELL: mark("kind of household"),
}


EXPLORATORY = mark(
    "Exploratory, of windows that are final: each interval holds by itself, and of twenty one "
    "misses the truth by chance."
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A deal against one control in one window, in one place."""

    lift: DealLift
    place: PlaceLift


def placed(found: Sequence[Judgement], by: By) -> list[Placed]:
    """The places of some comparisons, in their order."""
    return [
        Placed(each.lift, place) for each in found for place in each.lift.places if place.side == by
    ]


def charts(rows: Sequence[Placed], language: Language, currency: str) -> list[Chart]:
    """The first two weeks of the deal that sold the most, by control."""
    first = [row for row in rows if row.lift.window.first_day == 0 and row.place.effect]
    if not first:
        return []
    most = max(first, key=lambda row: row.lift.exposed.sales.whole).lift.offer_id
    mine = [row for row in first if row.lift.offer_id == most]
    return [
        _chart([row for row in mine if row.lift.against is against], language, currency)
        for against in dict.fromkeys(row.lift.against for row in mine)
    ]


def _chart(rows: Sequence[Placed], language: Language, currency: str) -> Chart:
    text, lift = language.text, rows[0].lift
    drawn = [
        Estimate(
            _name(row, language), *ends_of(row.place.effect),
            said_of(row.place.effect, language, currency), False,
        )
        for row in rows
    ]  # fmt: skip
    return intervals(
        f"places-{lift.against}",
        drawn,
        title=text("%(deal)s: lift of the first two weeks' sales, against %(other)s",
                   deal=lift.deal, other=text(AGAINST[lift.against])),
        description=text("The mark is the estimate, the bar its interval of 95 %."),
        table=Table([text("Place"), text("Lift")], [[row.name, row.text] for row in drawn]),
        legend=[("unsure", text("not certain"))],
        language=language,
    )  # fmt: skip


def columns(currency: str) -> list[Column]:
    """The columns of rows by place."""
    return [
        Column("deal", mark("Deal"), deal_cell),
        Column("supplier", mark("Supplier"), lambda row, _: Cell(row["row"].lift.supplier)),
        Column("against", mark("Against"), against_cell),
        Column("days", mark("Days"), _days),
        Column("place", mark("Place"), lambda row, language: Cell(_name(row["row"], language))),
        Column("households", mark("Households"), partial(_count, side="exposed"), is_number=True),
        Column("controls", mark("Controls"), partial(_count, side="control"), is_number=True),
        Column("lift", mark("Lift"), partial(_lift, currency=currency), is_number=True),
    ]


def _name(row: Placed, language: Language) -> str:
    if row.place.side == REGION:
        return row.place.name or language.text("no region")
    brand, _, usage = row.place.name.rpartition("_")
    return cell_name(language, brand, usage)


def _days(row: Row, _language: Language) -> Cell:
    window = row["row"].lift.window
    return Cell(f"{window.first_day}–{window.last_day - 1}")


def _count(row: Row, language: Language, *, side: str) -> Cell:
    return base.count(getattr(row["row"].place, side).households, language)


def _lift(row: Row, language: Language, *, currency: str) -> Cell:
    return Cell(said_of(row["row"].place.effect, language, currency), Kind.NUMBER)
