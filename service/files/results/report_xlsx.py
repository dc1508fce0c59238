"""A supplier's report of lift as a workbook: counts, lifts and checks, for machines.

Names of columns are the same in every language; amounts are in the currency's main unit. An empty
cell is a number that is left out.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

import xlsxwriter

from service.engine.lift.cube import CELL, REGION
from service.engine.lift.outcomes import COVARIATES
from service.engine.lift.shown import Range, ShownCounts, ShownDeal, ShownWindow, SupplierReport

Cell = str | int | float | bool | date | None
_COUNTS = ("copies", "redemptions", "buyers", "new_buyers", "repeat_buyers")
_RUN = ("deal_ref", "title", "cycle", "valid_from", "first_day", "last_day", "addendum")
_LIFT = (
    "against", "report", "households", "control", "given_share", "lift", "lift_low", "lift_high",
    "difference", "difference_low", "difference_high", "with_copy", "without_copy",
    "other_brands", "other_brands_low", "other_brands_high", "sold_more", "pooled",
    "per_money_low", "per_money",
)  # fmt: skip
_PLACE = (
    "against", "report", "by", "place", "lift", "lift_low", "lift_high",
    "difference", "difference_low", "difference_high",
)  # fmt: skip
_CHECK = (
    "against", "report", "control_expected", "control_found", "ratio_p", "placebo", "placebo_p",
    "control_redeemed", "control_redeemed_below", "redraw_p",
    *(f"apart_{name}" for name in COVARIATES),
)  # fmt: skip
_WIDTH = 14


def report_xlsx(report: SupplierReport, *, made_on: date) -> bytes:
    """The workbook; the same release gives the same bytes."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False,
               "strings_to_urls": False}  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties(
            {"title": report.subject, "created": datetime.combine(made_on, time.min)}
        )
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        strong = book.add_format({"bold": True})
        sheets = {
            "counts": ((*_RUN, "by", "place", *_COUNTS), list(_count_rows(report))),
            "lift": ((*_RUN, *_LIFT), list(_lift_rows(report))),
            "places": ((*_RUN, *_PLACE), list(_place_rows(report))),
            "checks": ((*_RUN, *_CHECK), list(_check_rows(report))),
        }
        for name, (titles, rows) in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.set_column(0, len(titles) - 1, _WIDTH)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, titles, strong)
            for at, row in enumerate(rows, start=1):
                for column, value in enumerate(row):
                    _write(sheet, at, column, value, day)
    return out.getvalue()


def _write(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    value: Cell,
    day: xlsxwriter.format.Format,
) -> None:
    if isinstance(value, date):
        sheet.write_datetime(row, column, datetime.combine(value, time.min), day)
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    elif value is not None:
        sheet.write(row, column, value)


def _count_rows(report: SupplierReport) -> Iterator[Sequence[Cell]]:
    for deal, window in _windows(report):
        if not window.is_addendum:
            run = _run(deal, window)
            yield (*run, "all", "", *_counts(window.counts))
            for region, found in window.regions.items():
                yield (*run, "region", region, *_counts(found))
            for cell, found in window.cells.items():
                yield (*run, "cell", cell, *_counts(found))
    if report.totals is not None:
        period = ("", "", None, None, report.first_day, report.last_day, False)
        yield (*period, "period", "", *_counts(report.totals.counts))


def _lift_rows(report: SupplierReport) -> Iterator[Sequence[Cell]]:
    for deal, window in _windows(report):
        for each in window.lifts:
            low, value = each.per_money or (None, None)
            yield (
                *_run(deal, window), each.against, each.report_id, each.households, each.controls,
                each.given_share, *_ends(each.lift), *_ends(each.sales), each.with_copy,
                each.without_copy, *_ends(each.rivals), each.sold_more, each.pooled, low, value,
            )  # fmt: skip


def _place_rows(report: SupplierReport) -> Iterator[Sequence[Cell]]:
    """Exploratory: each interval holds by itself."""
    for deal, window in _windows(report):
        for each in window.lifts:
            for side, places in ((REGION, each.regions), (CELL, each.cells)):
                for name, found in places.items():
                    yield (
                        *_run(deal, window), each.against, each.report_id, side, name,
                        *_ends(found.lift), *_ends(found.sales),
                    )  # fmt: skip


def _check_rows(report: SupplierReport) -> Iterator[Sequence[Cell]]:
    for deal, window in _windows(report):
        for each in window.lifts:
            checks = each.checks
            placebo = None if checks.placebo is None else checks.placebo.value
            found = checks.balance
            apart = [found[name].apart if name in found else None for name in COVARIATES]
            yield (
                *_run(deal, window), each.against, each.report_id, checks.expected_share,
                checks.share, checks.ratio_p, placebo, checks.placebo_p, checks.control_redeemed,
                checks.control_redeemed_below, each.redraw_p, *apart,
            )  # fmt: skip


def _windows(report: SupplierReport) -> Iterator[tuple[ShownDeal, ShownWindow]]:
    return ((deal, window) for deal in report.deals for window in deal.windows)


def _run(deal: ShownDeal, window: ShownWindow) -> tuple[Cell, ...]:
    return (
        deal.deal_ref, deal.title, deal.cycle_id, deal.valid_from, window.first_day,
        window.last_day, window.is_addendum,
    )  # fmt: skip


def _counts(found: ShownCounts) -> tuple[Cell, ...]:
    return (found.copies, found.uses, found.buyers, found.new, found.repeat)


def _ends(found: Range | None) -> tuple[Cell, ...]:
    return (None, None, None) if found is None else (found.value, found.low, found.high)
