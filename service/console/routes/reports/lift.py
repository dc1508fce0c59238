"""What a cycle's copies did: every deal against each control, and what suppliers may see of it."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.console.routes.clearing.downloads import download
from service.console.routes.reports import base
from service.console.routes.reports.base import Choice, Name, Report, Sees, in_file
from service.console.routes.reports.lift_places import BY, EXPLORATORY, By, charts, columns, placed
from service.console.routes.reports.lift_words import (
    AGAINST,
    against_cell,
    deal_cell,
    ends_of,
    money_of,
    said_of,
)
from service.errors import Conflict
from service.pages.charts import Chart, Estimate, intervals
from service.pages.charts.shapes import Table
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Kind, csv_file
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.results.counted import CountedCycle, counted_cycles
from service.results.lift import Against, DealLift, Judgement, lift_of
from service.results.supplier import Form, report_for, subject_of

router = APIRouter(prefix=f"{base.PATH}/lift")

_MOST_DRAWN = 12
_LARGEST_ID = 2**63 - 1

Number = Annotated[int | None, Query(ge=1, le=_LARGEST_ID)]
Text = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f]*$")]


@router.get("")
def lift(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    cycle: Number = None,
    by: By = By.NOTHING,
) -> Response:
    """The deals of a cycle or their places; of the newest that was counted unless one is named."""
    known = counted_cycles(database)
    number = _cycle(known, cycle)
    found = lift_of(database, number)
    language = member.language
    places = placed(found, by)
    report = Report(
        Name.LIFT,
        columns(settings.currency) if by else _columns(settings.currency),
        places if by else found,
        days={},
        choices=[
            Choice("cycle", language.text("Cycle"), str(number),
                   [(str(each.cycle_id), f"{each.cycle_id} · {language.day(each.valid_from)}")
                    for each in known]),
            Choice("by", language.text("By"), str(by),
                   [(str(each), language.text(said)) for each, said in BY.items()]),
        ],
        notes=[
            language.text(
                "The effect of getting this copy, in this programme, against the list the "
                "household would have had. Both sides are the households that the same rule picks."
            ),
            *([language.text(EXPLORATORY)] if by else []),
        ],
        charts=charts(places, language, settings.currency)
        if by
        else _charts(found, language, settings.currency),
    )  # fmt: skip
    return base.show(request, member, report)


@router.get(".csv")
def lift_as_csv(
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    cycle: Number = None,
    by: By = By.NOTHING,
) -> Response:
    """The same rows as a file."""
    found = lift_of(database, _cycle(counted_cycles(database), cycle))
    if by:
        rows = in_file(placed(found, by))
        return csv_file(f"lift-{by}", rows, columns(settings.currency), member.language)
    return csv_file("lift", in_file(found), _columns(settings.currency), member.language)


@router.get("/document")
def document(
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    supplier: Text,
    deal: Text = "",
    period: Text = "",
    form: Form = Form.PDF,
) -> Response:
    """What a supplier may see of a deal or a period, as a file; the showing is logged."""
    shown = report_for(
        database, settings, supplier, subject_of(deal=deal, period=period),
        shown_to=member.by.name, now=datetime.now(UTC), form=form,
    )  # fmt: skip
    return download(shown.name, shown.media_type, shown.content)


def _cycle(known: list[CountedCycle], asked: int | None) -> int:
    if asked is not None:
        return asked
    if not known:
        raise Conflict("Nothing was counted for that cycle yet; run `larder lift count`.")
    return known[0].cycle_id


def _charts(found: list[Judgement], language: Language, currency: str) -> list[Chart]:
    """The first two weeks of the deals that sold the most, by control."""
    first = [each for each in found if each.lift.window.first_day == 0 and each.lift.judged]
    first.sort(key=lambda each: -each.lift.exposed.sales.whole)
    charts = []
    for against in Against:
        drawn = [each for each in first if each.lift.against is against][:_MOST_DRAWN]
        if drawn:
            charts.append(_chart(drawn, against, language, currency))
    return charts


def _chart(found: list[Judgement], against: Against, language: Language, currency: str) -> Chart:
    text = language.text
    rows = [
        Estimate(each.lift.deal, *_ends(each.lift), _said(each.lift, language, currency),
                 each.sold_more)
        for each in found
    ]  # fmt: skip
    return intervals(
        f"lift-{against}",
        rows,
        title=text("Lift of the first two weeks' sales, against %(other)s",
                   other=text(AGAINST[against])),
        description=text("The mark is the estimate, the bar its interval of 95 %."),
        table=Table([text("Deal"), text("Lift")], [[row.name, row.text] for row in rows]),
        legend=[("first", text("sold more")), ("unsure", text("not certain"))],
        language=language,
    )  # fmt: skip


def _columns(currency: str) -> list[Column]:
    return [
        Column("deal", mark("Deal"), deal_cell),
        Column("supplier", mark("Supplier"), lambda row, _: Cell(row["row"].lift.supplier)),
        Column("against", mark("Against"), against_cell),
        Column("days", mark("Days"), _days),
        Column("households", mark("Households"), partial(_count, side="exposed"), is_number=True),
        Column("controls", mark("Controls"), partial(_count, side="control"), is_number=True),
        Column("lift", mark("Lift"), partial(_lift, currency=currency), is_number=True),
        Column("document", mark("For its supplier"), _document),
    ]


def _days(row: Row, language: Language) -> Cell:
    window = row["row"].lift.window
    days = f"{window.first_day}–{window.last_day - 1}"
    return Cell(days, below="" if window.final else language.text("not final"), plain=days)


def _count(row: Row, language: Language, *, side: str) -> Cell:
    return base.count(getattr(row["row"].lift, side).households, language)


def _lift(row: Row, language: Language, *, currency: str) -> Cell:
    below = language.text("sold more") if row["row"].sold_more else ""
    return Cell(_said(row["row"].lift, language, currency), Kind.NUMBER, below=below)


def _ends(lift: DealLift) -> tuple[float | None, float | None, float | None]:
    """The lift and both ends of its interval; None where it is looked at early."""
    return ends_of(None if lift.live is not None else lift.judged)


def _said(lift: DealLift, language: Language, currency: str) -> str:
    """The lift with both ends; the difference where it has no bounds, or is looked at early."""
    if lift.live is None:
        return said_of(lift.judged, language, currency)
    return language.text(
        "%(low)s to %(high)s a household, on any day",
        low=money_of(lift.live.low, language, currency),
        high=money_of(lift.live.high, language, currency),
    )


def _document(row: Row, _language: Language) -> Cell:
    """Where its supplier's report is, once a window is final."""
    lift = row["row"].lift
    if not lift.window.final:
        return Cell("")
    asked = urlencode({"supplier": lift.supplier, "deal": lift.deal})
    return Cell("PDF", Kind.LINK, path=f"{base.PATH}/lift/document?{asked}", plain="")
