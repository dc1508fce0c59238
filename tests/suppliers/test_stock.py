"""Out of stock until: new lists go without, tills do not, and it ends by itself."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from service.deals import load_body, steer
from service.errors import Conflict, InvalidInput, NotFound
from service.settings import Settings
from service.store.actor import Actor
from service.store.clearing import quarter
from service.store.offers import issuable
from service.store.session import Database
from service.suppliers.scope import Scope
from service.suppliers.stock import end_stop, own_stops, report_out_of_stock
from tests.checkout.acts import sold
from tests.checkout.test_races import at_once
from tests.clearing.conftest import BY, NOW
from tests.shop import BREAD, DEALS, H1, MILK, SALT, Shop
from tests.suppliers.conftest import state

DAY = date(2026, 3, 2)
BACK = date(2026, 3, 9)
Report = Callable[..., Any]


@pytest.fixture
def report(database: Database) -> Report:
    """Say that something is out of stock."""

    def say(scope: Scope, **what: Any) -> Any:
        terms = {"back_on": BACK, "on": DAY, "by": BY, "now": NOW, **what}
        return report_out_of_stock(database, scope, **terms)

    return say


def offered(database: Database, on: date = DAY) -> list[int]:
    with database.read() as session:
        found = issuable.running(session, on=on, redeemable_to=on)
    return found["offer_id"].to_list()


def test_new_lists_go_without_it_until_its_day_and_tills_do_not(
    database: Database, settings: Settings, shop: Shop, dale: Scope, report: Report, read_only: Any
) -> None:
    assert report(dale, deal=shop.milk_offer).moved == 1
    assert state(database, shop.milk_offer) == ("paused", False)
    assert offered(database) == [shop.bread_offer, shop.soap_offer]
    shown = [("list", shop.lists[H1])]
    answer = sold(database, settings, 1, presented=shown, lines=[(MILK, 1, 120)])
    assert [each["amount_cents"] for each in answer["discounts"]] == [100]
    assert steer.follow_facts(database, on=BACK - timedelta(days=1)) == 0
    assert steer.follow_facts(database, on=BACK) == 1
    assert state(database, shop.milk_offer) == ("running", False)
    assert steer.follow_facts(database, on=BACK) == 0
    trail = "SELECT act, actor, detail FROM offer_event WHERE act IN ('stop', 'resume') ORDER BY id"
    assert read_only(trail) == [
        ("stop", "tests", '{"back_on": "2026-03-09", "reason": "out_of_stock"}'),
        ("resume", "larder", '{"reason": "in_stock"}'),
    ]


def test_a_stop_counts_in_the_evaluation(
    database: Database, shop: Shop, dale: Scope, report: Report
) -> None:
    report(dale, deal=shop.milk_offer)
    with database.read() as session:
        found = quarter.suppliers_in(session, NOW.date().replace(day=1), NOW.date())
        stops = {each.supplier: each.stock_stops for each in found}
    assert stops == {"Dale Foods": 1, "House Brand": 0, "Oven Works": 0}


def test_said_by_two_at_once_it_is_one_report(
    database: Database, shop: Shop, dale: Scope, report: Report
) -> None:
    def say() -> int:
        number: int = report(dale, deal=shop.milk_offer).stop.id
        return number

    assert len(set(at_once([say] * 4))) == 1
    assert len(own_stops(database, dale)) == 1


def test_said_again_the_day_is_another_and_in_stock_earlier_ends_it(
    database: Database, shop: Shop, dale: Scope, report: Report
) -> None:
    first = report(dale, deal=shop.milk_offer).stop
    later = report(dale, deal=shop.milk_offer, back_on=BACK + timedelta(days=7))
    assert (later.stop.id, later.moved) == (first.id, 0)
    assert steer.follow_facts(database, on=BACK) == 0
    assert end_stop(database, dale, first.id, by=BY, now=NOW).moved == 1
    assert state(database, shop.milk_offer) == ("running", False)
    with pytest.raises(Conflict):
        end_stop(database, dale, first.id, by=BY, now=NOW)
    assert [row.stop.ended_by for row in own_stops(database, dale)] == ["tests"]


def test_a_product_holds_a_deal_once_nothing_else_of_its_set_is_left(
    database: Database, shop: Shop, others: Scope, report: Report
) -> None:
    both = DEALS.splitlines()[0] + "\n" + DEALS.splitlines()[3].replace("SOAP-1", "CARE-1")
    both = both.replace(",2000000000039,", f",2000000000039;{SALT},")
    load_body(database, "both.csv", both.encode(), uploaded_by=Actor("tests"))
    first = report(others, gtin="2000000000039")
    assert (first.moved, state(database, shop.soap_offer)[0]) == (1, "paused")
    second = report(others, gtin=SALT, back_on=BACK + timedelta(days=1))
    assert second.moved == 1  # The deal on both: nothing of it can be bought.
    assert offered(database) == [shop.milk_offer, shop.bread_offer]
    assert steer.follow_facts(database, on=BACK) == 2
    assert len(offered(database)) == 4


def test_the_retailer_has_the_last_word(
    database: Database, shop: Shop, dale: Scope, report: Report
) -> None:
    report(dale, gtin=MILK)
    steer.stop(database, shop.milk_offer, by=BY, note="wrong print")
    assert state(database, shop.milk_offer) == ("paused", True)
    assert steer.follow_facts(database, on=BACK) == 0
    assert state(database, shop.milk_offer) == ("paused", True)
    steer.resume(database, shop.milk_offer, by=BY)
    report(dale, gtin=MILK)
    steer.resume(database, shop.milk_offer, by=BY)
    assert steer.follow_facts(database, on=DAY) == 0
    assert state(database, shop.milk_offer) == ("running", False)
    assert own_stops(database, dale, only_open=True) == []


def test_a_new_revision_and_one_that_is_approved_are_held_too(
    database: Database, settings: Settings, shop: Shop, dale: Scope, report: Report
) -> None:
    report(dale, deal=shop.milk_offer)
    dearer = DEALS.replace("amount_off,1.00", "amount_off,0.90").encode()
    load_body(database, "dearer.csv", dearer, uploaded_by=BY, with_approval=True)
    with database.read() as session:
        newest = session.connection().exec_driver_sql("SELECT max(id) FROM offer").scalar_one()
    steer.check(database, newest, by=BY)
    assert steer.approve(database, settings, newest, by=BY) == "paused"
    assert state(database, newest) == ("paused", False)
    assert steer.follow_facts(database, on=BACK) == 1
    assert state(database, newest) == ("running", False)


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ({"gtin": BREAD}, NotFound), ({"gtin": "12"}, InvalidInput), ({}, InvalidInput),
        ({"gtin": MILK, "back_on": DAY}, InvalidInput),
        ({"gtin": MILK, "back_on": date(2027, 3, 4)}, InvalidInput),
        ({"gtin": MILK, "deal": 1}, InvalidInput), ({"deal": 10**9}, NotFound),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    database: Database, shop: Shop, dale: Scope, report: Report, what: Any, error: Any
) -> None:
    with pytest.raises(error):
        report(dale, **what)
    assert own_stops(database, dale) == []
    assert len(offered(database)) == 3


def test_nobody_reports_or_ends_what_is_anothers(
    database: Database, shop: Shop, dale: Scope, others: Scope, report: Report
) -> None:
    with pytest.raises(NotFound):
        report(dale, deal=shop.soap_offer)
    made = report(others, deal=shop.soap_offer).stop
    with pytest.raises(NotFound):
        end_stop(database, dale, made.id, by=BY, now=NOW)
    assert own_stops(database, dale) == []
