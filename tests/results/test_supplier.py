"""What a supplier is shown of lift: rounded, audited, the same each time, and logged."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pypdfium2
import pytest

from service.engine.lift.disclosure import FEWEST, ROUNDING
from service.engine.lift.shown import ShownCounts, SupplierReport
from service.errors import Conflict, InvalidInput, NotFound
from service.results.release import record_json
from service.results.supplier import Form, Shown, list_showings, report_for, subject_of
from service.settings import Settings
from service.store.session import Database
from tests.commands.conftest import Larder, configured, larder
from tests.market import open_issued
from tests.results.simulated import freeze

__all__ = ["configured", "larder"]

pytestmark = pytest.mark.slow
NOW = datetime(2026, 6, 2, 9, tzinfo=UTC)
SUPPLIER = "Supplier 0"
DEALS = {1: 3_000, 7: 700, 13: 40}
"""Offers of the supplier, D0, D6 and D12, and how many households the rule picks for each."""
WHO = {"legal_address": "1 Main St; 43215; Columbus; OH", "country": "US"}


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def show(
    database: Database, settings: Settings, *, form: Form = Form.RECORD, language: str = "",
    supplier: str = SUPPLIER, deal: str = "", period: str = "", now: datetime = NOW,
) -> Shown:  # fmt: skip
    return report_for(
        database, settings.model_copy(update=WHO), supplier,
        subject_of(deal=deal, period=period), shown_to="key 7", now=now, form=form,
        language=language,
    )  # fmt: skip


def counts_in(report: SupplierReport) -> list[ShownCounts]:
    windows = [window for deal in report.deals for window in deal.windows]
    places = [each for w in windows for each in (*w.regions.values(), *w.cells.values())]
    totals = [] if report.totals is None else [report.totals.counts]
    return [*(window.counts for window in windows), *places, *totals]


def test_nothing_is_shown_of_few_households(
    database: Database, settings: Settings, issued: None
) -> None:
    freeze(database, DEALS)
    found = [show(database, settings, deal=deal).release.content for deal in ("D0", "D6", "D12")]
    found.append(show(database, settings, period="2026-03").release.content)

    numbers = [
        number
        for report in found
        for counts in counts_in(report)
        for number in (counts.copies, counts.buyers, counts.new, counts.repeat, counts.uses)
    ]
    shown = [number for number in numbers if number is not None]
    assert min(shown) >= FEWEST
    assert {number % ROUNDING for number in shown} == {0}
    assert len(shown) > 100
    large, _, small = (report.deals[0].windows[0].lifts for report in found[:3])
    assert [each.against for each in large] == ["control", "holdout"]
    assert large[0].sold_more
    assert all(each.lift is not None for each in large)
    assert all(each.lift is None and each.sales is None for each in small)
    assert all(each.controls is None for each in small)


def test_the_effect_by_region_and_cell_is_shown_of_enough_households_everywhere(
    database: Database, settings: Settings, issued: None
) -> None:
    freeze(database, DEALS)
    large, _, small = (
        show(database, settings, deal=deal).release.content for deal in ("D0", "D6", "D12")
    )
    control, holdout = large.deals[0].windows[0].lifts
    # In the West are too few; one region alone that is left out would follow from the others.
    assert {*control.regions} < {"North", "South", "West"}
    assert "West" not in control.regions
    shown = [each for lift in (control, holdout) for each in lift.regions.values()]
    assert any(each.lift is not None for each in shown)
    assert all((each.lift or each.sales) is not None for each in shown)
    lifts = small.deals[0].windows[0].lifts
    assert not any(lift.regions or lift.cells for lift in lifts)
    book = openpyxl.load_workbook(
        io.BytesIO(show(database, settings, deal="D0", form=Form.XLSX).content)
    )
    rows = [*book["places"].iter_rows(values_only=True)]
    places = sum(
        len(lift.regions) + len(lift.cells)
        for window in large.deals[0].windows
        for lift in window.lifts
    )
    assert len(rows) == 1 + places > 1
    pdf = show(database, settings, deal="D0", form=Form.PDF).content
    text = " ".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf))
    assert "Exploratory" in text


def test_the_same_reports_are_the_same_release_and_each_showing_is_logged(
    database: Database, settings: Settings, issued: None
) -> None:
    freeze(database, DEALS, windows=1)
    first, again = (show(database, settings, deal="D0") for _ in range(2))
    assert first.release.id == again.release.id
    assert first.content == again.content
    assert record_json(first.release.content).encode() == first.content

    freeze(database, DEALS, first=1)
    later = show(database, settings, deal="D0", form=Form.XLSX, now=NOW + timedelta(days=1))

    assert (later.release.number, len(later.release.content.deals[0].windows)) == (2, 3)
    assert later.release.content.deals[0].windows[0] == first.release.content.deals[0].windows[0]
    log = list_showings(database)
    assert [(each.number, each.form, each.shown_to) for each in log] == [
        (2, "xlsx", "key 7"), (1, "record", "key 7"), (1, "record", "key 7")
    ]  # fmt: skip
    assert {each.digest for each in log} == {first.release.digest, later.release.digest}
    assert list_showings(database, supplier_ids=[999]) == []


def test_a_period_is_shown_when_all_of_it_is_final(
    database: Database, settings: Settings, issued: None
) -> None:
    freeze(database, DEALS, windows=2)
    with pytest.raises(Conflict, match="window of cycle 1 is final"):
        show(database, settings, period="2026-03")
    with pytest.raises(Conflict, match="not over before 2027-01-01"):
        show(database, settings, period="2026")
    with pytest.raises(InvalidInput, match="no period"):
        show(database, settings, period="2026-13")
    with pytest.raises(InvalidInput, match="either"):
        show(database, settings)

    freeze(database, DEALS, first=2)
    report = show(database, settings, period="2026-Q1").release.content

    totals = report.totals
    assert totals is not None
    assert totals.counts.copies is not None
    # What no number of the deals gives away is in the total.
    copies = [deal.windows[0].counts.copies for deal in report.deals]
    assert totals.counts.copies >= sum(each or 0 for each in copies) - ROUNDING
    # Of the second deal too few of the control bought to say a difference.
    assert totals.deals == 1
    assert totals.more_sales is not None
    assert not any(w.regions or w.cells for deal in report.deals for w in deal.windows)


def test_nobody_sees_what_is_not_there(
    database: Database, settings: Settings, issued: None
) -> None:
    freeze(database, DEALS, windows=1)
    with pytest.raises(NotFound, match="no supplier"):
        show(database, settings, supplier="Nobody", deal="D0")
    with pytest.raises(NotFound, match="No report"):
        show(database, settings, supplier="Supplier 1", deal="D0")
    with pytest.raises(NotFound, match="No report"):
        show(database, settings, deal="D1")
    assert list_showings(database) == []


def test_documents_say_the_same_in_three_languages(
    database: Database, settings: Settings, issued: None
) -> None:
    freeze(database, DEALS)
    said = {"en": "sold more", "de": "mehr verkauft", "zh": "销售增加"}
    lift = show(database, settings, deal="D0").release.content.deals[0].windows[0].lifts[0].lift
    assert lift is not None
    for language, words in said.items():
        shown = show(database, settings, deal="D0", form=Form.PDF, language=language)
        again = show(database, settings, deal="D0", form=Form.PDF, language=language)
        assert shown.content == again.content
        text = text_of(shown.content)
        assert words in text
        assert f"+{round(100 * lift.value)}" in text
        assert SUPPLIER in text
    book = openpyxl.load_workbook(
        io.BytesIO(show(database, settings, deal="D0", form=Form.XLSX).content)
    )
    assert book.sheetnames == ["counts", "lift", "places", "checks"]
    titles = [cell.value for cell in book["lift"][1]]
    row = dict(zip(titles, [cell.value for cell in book["lift"][2]], strict=True))
    assert (row["deal_ref"], row["against"], row["lift"]) == ("D0", "control", lift.value)


def text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    try:
        pages = [document[n].get_textpage().get_text_range() for n in range(len(document))]
    finally:
        document.close()
    return " ".join("".join(pages).split())


def test_the_command_writes_and_logs(
    database: Database, settings: Settings, issued: None, configured: Larder
) -> None:
    freeze(database, DEALS, windows=1)

    said = configured("lift", "supplier", SUPPLIER, "--deal", "D0").out
    assert json.loads(said)["supplier"] == SUPPLIER
    assert (
        "Documents for suppliers must say"
        in configured("lift", "supplier", SUPPLIER, "--deal", "D0", "--out", "report.pdf").err
    )
    assert (
        "written as"
        in configured("lift", "supplier", SUPPLIER, "--deal", "D0", "--out", "report.doc").err
    )
    assert (
        "release 1"
        in configured("lift", "supplier", SUPPLIER, "--deal", "D0", "--out", "report.xlsx").out
    )
    log = configured("lift", "log").out
    assert log.count("deal:D0") == 2
