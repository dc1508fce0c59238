"""Reports of the management and of a programme, from what was counted, on both databases."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from service.engine.periods import Each
from service.errors import Conflict, InvalidInput
from service.files.door_counts import load_door_counts
from service.results.concentration import concentration_report
from service.results.count_programme import count_programmes
from service.results.leaving import leaving_report
from service.results.programme import programme_report
from service.results.sales import count_sales, sales_report
from service.results.stores import stores_report
from service.settings import Settings
from service.store.sales import By
from service.store.session import Database
from tests.commands.conftest import Larder, configured, larder
from tests.market import (
    AS_OF,
    STORE,
    basket_line,
    more_baskets,
    open_issued,
    open_market,
    query,
    write,
)

__all__ = ["configured", "larder"]

pytestmark = pytest.mark.slow

FIRST, LAST = AS_OF - timedelta(weeks=4), AS_OF - timedelta(days=1)


def total(database: Database, where: str) -> tuple[int, int, int]:
    """Cents, baskets and households straight from the baskets."""
    row = query(
        database,
        f"""SELECT coalesce(sum(l.amount_cents), 0), count(DISTINCT b.id),
                   count(DISTINCT b.household_id)
            FROM basket b JOIN basket_line l ON l.basket_id = b.id
            LEFT JOIN product p ON p.gtin = l.gtin LEFT JOIN category c ON c.id = p.category_id
            WHERE {where}""",
    )[0]
    return int(row[0]), int(row[1]), int(row[2])


def test_sales_add_up_by_everything_and_are_beside_the_year_before(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    with pytest.raises(Conflict, match="report count"):
        sales_report(database, first=FIRST, last=LAST, each=Each.WEEK, by=By.ALL)
    # A basket a year before the second week.
    old = FIRST + timedelta(days=8 - 364)
    more_baskets(database, settings, tmp_path, [basket_line(3, "old", old, 1, 5)])
    counted = count_sales(database)
    assert counted is not None
    assert counted.first == old

    for by in By:
        rows = sales_report(database, first=FIRST, last=LAST, each=Each.WEEK, by=by)
        assert (
            sum(row.now.sales_cents for row in rows)
            == total(database, f"b.business_date BETWEEN '{FIRST}' AND '{LAST}'")[0]
        ), by
        assert sum(row.before.baskets for row in rows) == 1, by
    whole = sales_report(database, first=FIRST, last=LAST, each=Each.MONTH, by=By.ALL)
    for row in whole:
        span = f"b.business_date BETWEEN '{row.period.first}' AND '{row.period.last}'"
        now = row.now
        assert (now.sales_cents, now.baskets, now.customers) == total(database, span)
    one = sales_report(database, first=FIRST, last=LAST, each=Each.YEAR, by=By.CATEGORY)
    for row in one:
        span = f"b.business_date BETWEEN '{FIRST}' AND '{LAST}' AND c.name = '{row.name}'"
        now = row.now
        assert (now.sales_cents, now.baskets, now.customers) == total(database, span)
    with pytest.raises(InvalidInput, match="before the first"):
        sales_report(database, first=LAST, last=FIRST, each=Each.DAY, by=By.ALL)
    with pytest.raises(InvalidInput, match="longer ones"):
        sales_report(database, first=date(2020, 1, 1), last=LAST, each=Each.DAY, by=By.ALL)


def test_counting_again_changes_nothing_and_late_and_older_sales_are_found(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    first = count_sales(database)
    before = query(database, "SELECT * FROM sales_day ORDER BY 1, 2, 3, 4")
    again = count_sales(database)
    assert first is not None
    assert again is not None
    assert again.again < first.again
    assert query(database, "SELECT * FROM sales_day ORDER BY 1, 2, 3, 4") == before

    late = [basket_line(1, "late", LAST - timedelta(days=3), 1, 2)]
    more_baskets(database, settings, tmp_path, late)
    count_sales(database)
    older = [basket_line(1, "older", first.first - timedelta(days=200), 1, 2)]
    more_baskets(database, settings, tmp_path, older)
    count_sales(database)

    assert query(database, "SELECT sum(amount_cents), sum(quantity_milli) FROM sales_day") == query(
        database, "SELECT sum(amount_cents), sum(quantity_milli) FROM basket_line"
    )
    assert query(database, "SELECT sum(baskets), sum(amount_cents) FROM visits_day") == query(
        database, "SELECT (SELECT count(*) FROM basket), sum(amount_cents) FROM basket_line"
    )


def test_a_store_is_visits_times_conversion_times_ticket(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    count_sales(database)
    days = [LAST - timedelta(days=n) for n in range(3)]
    rows = [f"{STORE},{day},{50 + n}" for n, day in enumerate(days)]
    faulty = [f"9999,{LAST},5", f"{STORE},yesterday,5", f"{STORE},{LAST},-1"]
    path = write(tmp_path / "doors.csv", ["store_id,day,visitors", *rows, *faulty])

    report = load_door_counts(database, path)
    again = load_door_counts(database, path)

    assert (report.taken, report.refused, again.taken, again.known) == (3, 3, 0, 3)
    row = stores_report(database, first=FIRST, last=LAST)[0]
    cents, baskets, _ = total(database, f"b.business_date BETWEEN '{FIRST}' AND '{LAST}'")
    on_days = total(database, f"b.business_date BETWEEN '{days[-1]}' AND '{LAST}'")[1]
    assert (row.now.sales_cents, row.now.baskets, row.now.visitors) == (cents, baskets, 153)
    assert row.now.counted_baskets == on_days
    assert row.now.conversion == on_days / 153
    assert row.now.ticket_cents == cents / baskets
    assert (row.now.using_baskets, row.before.baskets) == (0, 0)


def test_a_programme_is_each_household_once_against_no_offers(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    day = AS_OF + timedelta(days=settings.mail_lead_days)
    with pytest.raises(Conflict, match="lift count"):
        programme_report(database, settings, first=FIRST, last=day)
    goods = dict(query(database, "SELECT offer_id, gtin FROM offer_product"))
    picks = query(
        database,
        "SELECT household_id, offer_id FROM cycle_pick WHERE arm = 'exposed' ORDER BY 1, 2",
    )
    lines = [
        basket_line(int(home), f"p{n}", day, 1, int(goods[offer]) // 10 % 10_000)
        for n, (home, offer) in enumerate(picks)
    ]
    more_baskets(database, settings, tmp_path, lines)

    counted = list(count_programmes(database, settings, today=day + timedelta(days=90)))
    found = programme_report(database, settings, first=FIRST, last=day)

    assert [each.cycle_id for each in counted] == [1]
    homes = {int(home) for home, _ in picks}
    assert found.whole.households == len(homes)
    assert found.whole.totals["bought"] >= len(picks)
    assert sum(part.households for part in found.tiers) == len(homes)
    assert sum(part.totals["bought"] for part in found.categories) == found.whole.totals["bought"]
    assert found.cost.copies == int(query(database, "SELECT sum(copies) FROM cycle_offer")[0][0])
    assert (found.cost.uses, found.is_final) == (0, False)
    # One or two of 29 are held out: too few to say anything.
    assert found.net is None


def test_who_leaves_and_who_counts(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_market(database, settings, tmp_path)
    as_of = LAST + timedelta(days=1)
    assert leaving_report(database, settings, as_of=as_of) == []
    gone = leaving_report(database, settings, as_of=as_of + timedelta(days=200), most=5)

    assert len(gone) == 5
    assert gone[0].year_cents >= gone[1].year_cents > 0
    assert gone[0].bought
    assert all(each.days_away >= 200 for each in gone)
    found = concentration_report(database, settings, first=FIRST, last=LAST)
    assert (
        found.sales_cents
        == total(
            database,
            f"b.household_id IS NOT NULL AND b.business_date BETWEEN '{FIRST}' AND '{LAST}'",
        )[0]
    )
    assert found.rows[-1].of_sales == 1.0


def test_the_commands_print_tables_csv_and_json(
    database: Database, settings: Settings, tmp_path: Path, configured: Larder
) -> None:
    open_issued(database, settings, tmp_path)
    span = ("--from", str(FIRST), "--to", str(LAST))
    assert "counted from" in configured("report", "count").out
    table = configured("report", "sales", *span, "--by", "department").out
    assert "Department 0" in table
    rows = list(csv.DictReader(io.StringIO(
        configured("report", "sales", *span, "--each", "week", "--as", "csv").out)))  # fmt: skip
    assert (
        sum(int(row["sales_cents"]) for row in rows)
        == total(database, f"b.business_date BETWEEN '{FIRST}' AND '{LAST}'")[0]
    )
    assert (
        json.loads(configured("report", "stores", *span, "--as", "json").out)[0]["store"] == STORE
    )
    assert "100%" in configured("report", "concentration", *span).out
    later = str(AS_OF + timedelta(days=200))
    assert "Item" in configured("report", "leaving", "--as-of", later).out
    day = AS_OF + timedelta(days=settings.mail_lead_days + 1)
    more_baskets(database, settings, tmp_path, [basket_line(1, "b", day, 1, 3)])
    assert "its programme" in configured("lift", "count", "--as-of", "2027-01-01").out
    shown = configured("report", "programme", "--from", str(FIRST), "--to", "2027-01-01")
    assert "against none" in shown.out
    plain = configured("report", "programme", "--from", str(FIRST), "--to", "2027-01-01", "--json")
    assert json.loads(plain.out)["cycles"] == 1
