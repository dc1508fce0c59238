"""What a supplier's copies did, as far as it may be shown; every showing is logged."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.engine.lift.cube import CELL, REGION
from service.engine.lift.shown import Range, ShownCounts, ShownDeal, ShownLift, SupplierReport
from service.files.clearing.words import words_of
from service.files.results.sentences import sentences_of
from service.files.results.wording import Wording
from service.pages import page
from service.pages.charts import Chart, Estimate, intervals
from service.pages.charts.shapes import Table
from service.pages.languages import Language
from service.pages.visitor import DatabaseDep, SettingsDep
from service.portal.visitor import Supplier, SupplierDep, now
from service.results.supplier import Form, Shown
from service.settings import Settings
from service.store.session import Database
from service.suppliers.results import own_report, reported_deals

router = APIRouter(prefix="/results")

PATH = "/results"
_COUNTS = ("copies_given", "redemptions_n", "buyers", "new_buyers", "repeat_buyers")
_LARGEST_ID = 2**63 - 1

Brand = Annotated[int, Query(ge=1, le=_LARGEST_ID)]
Deal = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Period = Annotated[str, Query(max_length=7, pattern=r"^[^\x00-\x1f]*$")]
Rows = Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A deal as its page shows it: counts by window, region and kind of household, and lifts."""

    heading: str
    counts: Rows
    regions: Rows
    cells: Rows
    money: Rows
    chart: Chart | None
    places: Sequence[Chart]
    sentences: Sequence[str]


@router.get("")
def table(request: Request, database: DatabaseDep, supplier: SupplierDep) -> Response:
    """The deals with results, and periods to ask for."""
    found = reported_deals(database, supplier.scope)
    return page.show(request, "results.html", deals=found, brands=supplier.scope.brands)


@router.get("/report")
def report(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    supplier: SupplierDep,
    brand: Brand,
    deal: Deal = "",
    period: Period = "",
) -> Response:
    """The results of a deal or of a period."""
    shown = _shown(database, settings, supplier, brand, deal, period.strip(), Form.RECORD)
    content = shown.release.content
    wording = Wording(words_of(supplier.language.tag, content.currency))
    return page.show(
        request,
        "result.html",
        content=content,
        number=shown.release.number,
        words=wording.words,
        heads=[wording.words[name] for name in _COUNTS],
        money_heads=[
            *(wording.words[name] for name in ("with_copy", "without_copy", "other_brands")),
            wording.words.say("per_paid", unit=wording.money(1.0)),
        ],
        asked={"brand": brand, "deal": deal, "period": period.strip()},
        deals=[
            _drawn(number, each, wording, supplier.language)
            for number, each in enumerate(content.deals)
        ],
        totals=_totals(content, wording),
    )


@router.get("/file")
def file(
    database: DatabaseDep,
    settings: SettingsDep,
    supplier: SupplierDep,
    brand: Brand,
    deal: Deal = "",
    period: Period = "",
    form: Form = Form.PDF,
) -> Response:
    """The same as a file."""
    shown = _shown(database, settings, supplier, brand, deal, period.strip(), form)
    headers = {"Content-Disposition": f'attachment; filename="{shown.name}"'}
    return Response(shown.content, media_type=shown.media_type, headers=headers)


def _shown(
    database: Database,
    settings: Settings,
    supplier: Supplier,
    brand: int,
    deal: str,
    period: str,
    form: Form,
) -> Shown:
    return own_report(
        database, settings, supplier.scope, brand_id=brand, deal=deal, period=period, form=form,
        language=supplier.language.tag, by=supplier.by, now=now(),
    )  # fmt: skip


def _totals(content: SupplierReport, wording: Wording) -> tuple[Rows, str] | None:
    """The counts of a period, and what its deals sold more."""
    totals = content.totals
    if totals is None:
        return None
    days = wording.days(content.first_day, content.last_day)
    return [(days, _counted(totals.counts, wording))], wording.more_sales(totals)


def _drawn(number: int, deal: ShownDeal, wording: Wording, language: Language) -> Drawn:
    words = wording.words
    counted = [window for window in deal.windows if not window.is_addendum]
    places = counted[0] if counted else None
    return Drawn(
        heading=wording.deal(deal),
        counts=[(wording.window(each), _counted(each.counts, wording)) for each in counted],
        regions=_places(places.regions if places else {}, wording.region, wording),
        cells=_places(places.cells if places else {}, wording.cell, wording),
        money=list(_money(deal, wording)),
        chart=_chart(f"lift-{number}", deal, wording, language),
        places=list(_place_charts(number, places.lifts if places else (), wording, language)),
        sentences=[*sentences_of(wording, deal), *([words["per_household_note"]]
                   if any(lift.sales for window in deal.windows for lift in window.lifts)
                   else [])],
    )  # fmt: skip


def _counted(counts: ShownCounts, wording: Wording) -> list[str]:
    numbers = (counts.copies, counts.uses, counts.buyers, counts.new, counts.repeat)
    return [wording.count(each) for each in numbers]


def _places(
    counts: Mapping[str, ShownCounts], name: Callable[[str], str], wording: Wording
) -> Rows:
    """The counts of places; none where there is one alone."""
    if len(counts) < 2:
        return []
    return [(name(key), _counted(found, wording)) for key, found in counts.items()]


def _money(deal: ShownDeal, wording: Wording) -> Iterator[tuple[str, list[str]]]:
    """What a household paid with a copy and without, for other brands, and for money paid."""
    for window in deal.windows:
        for lift in window.lifts:
            if lift.sales is not None:
                rivals = None if lift.rivals is None else lift.rivals.value
                yield f"{wording.window(window)}, {wording.against(lift)}", [
                    wording.money(lift.with_copy), wording.money(lift.without_copy),
                    wording.money(rivals, signed=True), wording.per_money(lift),
                ]  # fmt: skip


def _chart(name: str, deal: ShownDeal, wording: Wording, language: Language) -> Chart | None:
    words = wording.words
    rows = [
        Estimate(
            f"{wording.window(window)}, {wording.against(lift)}", *_ends(lift.lift),
            wording.lift(lift), lift.sold_more,
        )
        for window in deal.windows
        for lift in window.lifts
    ]  # fmt: skip
    if not rows:
        return None
    return intervals(
        name,
        rows,
        title=words["what_copies_did"],
        description=words["lift_axis"],
        table=Table([words["window"], words["what_copies_did"]],
                    [[row.name, row.text] for row in rows]),
        legend=[("first", words["sold_more"]), ("unsure", language.text("not certain"))],
        language=language,
    )  # fmt: skip


def _place_charts(
    number: int, lifts: Sequence[ShownLift], wording: Wording, language: Language
) -> Iterator[Chart]:
    """The lifts of the first window by region and by kind of household, where any is shown."""
    words = wording.words
    for side, name in ((REGION, wording.region), (CELL, wording.cell)):
        rows = [
            Estimate(
                f"{name(key)}, {wording.against(lift)}", *_ends(place.lift), wording.lift(place),
                False,
            )
            for lift in lifts
            for key, place in (lift.regions if side == REGION else lift.cells).items()
        ]  # fmt: skip
        if rows:
            yield intervals(
                f"lift-{number}-{side}",
                rows,
                title=words[f"lift_by_{side}"],
                description=words["lift_axis"],
                table=Table([words[side], words["what_copies_did"]],
                            [[row.name, row.text] for row in rows]),
                legend=[("unsure", language.text("not certain"))],
                language=language,
            )  # fmt: skip


def _ends(found: Range | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if found is None else (found.value, found.low, found.high)
