"""Which offers run on which days, and what is promised of them over all their revisions."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from service.deals import load_deals
from service.settings import Settings
from service.store.actor import Actor
from service.store.offers import issuable, revisions
from service.store.session import Database
from tests.files.files import write_file
from tests.shop import DEALS, Shop, open_shop

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
DAY = timedelta(days=1)


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    return open_shop(database, settings, tmp_path)


def test_an_offer_runs_when_mailed_in_its_window_and_redeemable_to_the_end(
    database: Database, shop: Shop
) -> None:
    every = [shop.milk_offer, shop.bread_offer, shop.soap_offer]

    def running(on: date, redeemable_to: date) -> list[int]:
        with database.read() as session:
            found = issuable.running(session, on=on, redeemable_to=redeemable_to)
        return found["offer_id"].to_list()

    assert running(FIRST, FIRST + 14 * DAY) == every
    assert running(LAST, LAST) == every
    assert running(FIRST - DAY, FIRST) == []
    assert running(LAST + DAY, LAST + DAY) == []
    assert running(LAST, LAST + DAY) == []


def test_a_running_offer_with_its_terms_and_limits(database: Database, shop: Shop) -> None:
    with database.read() as session:
        found = issuable.running(session, on=FIRST, redeemable_to=LAST)
    milk, bread, _ = found.select(
        "title", "department", "face_value_cents", "funding_share", "handling_fee_cents",
        "budget_cents", "limit_per_household", "circulation_max",
    ).rows()  # fmt: skip
    assert milk == ("Dale Milk", "Chilled", 100, 100, 8, 10_000, 1, None)
    assert bread == ("Oven Bread", "Grocery", 50, 50, 0, None, 2, None)


def test_what_is_promised_counts_through_a_revision(
    database: Database, shop: Shop, tmp_path: Path
) -> None:
    with database.read() as session:
        before = issuable.committed(session).rows()
    assert before == [
        (shop.milk_offer, 216, 2),
        (shop.bread_offer, 100, 2),
        (shop.soap_offer, 0, 2),
    ]
    changed = DEALS.replace("amount_off,1.00", "amount_off,0.90", 1)
    load_deals(database, write_file(tmp_path / "d2.csv", changed), uploaded_by=Actor("tests"))
    with database.read() as session:
        current = revisions.current(session).filter(pl.col("deal_ref") == "MILK-1")
        ((milk, number),) = current.select("offer_id", "revision").rows()
        assert (milk != shop.milk_offer, number) == (True, 2)
        promised = {row[0]: row[1:] for row in issuable.committed(session).rows()}
        printed = session.connection().exec_driver_sql(
            f"SELECT count(*) FROM list_line WHERE offer_id = {shop.milk_offer}"
        )
        assert printed.scalar_one() == 2
    assert promised[milk] == (216, 2)
    assert shop.milk_offer not in promised
