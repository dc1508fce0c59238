"""Sales that come in after the days of grace: no supplier is asked for them, whatever follows."""

import json
from typing import Any

import pytest

from service.clearing.agreements import load_agreements
from service.clearing.books import AFTER_GRACE, Checked, check_books
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import off, replayed, returned, sold, voided
from tests.clearing.conftest import BY, MARCH, NOW, agreement, drawn, form
from tests.shop import H1, H2, Shop

OWED = """SELECT account, sum(amount_cents), sum(uses) FROM ledger_entry
    WHERE account IN ('supplier_receivable', 'fee_income', 'retailer_funding', 'offer_spent',
                      'offer_reserved', 'household_discount') AND kind <> 'issue'
      AND offer_id = (SELECT id FROM offer WHERE deal_ref = 'MILK-1')
    GROUP BY account HAVING sum(amount_cents) <> 0 OR sum(uses) <> 0 ORDER BY account"""


@pytest.fixture(params=[0, 3650])
def grace(
    request: pytest.FixtureRequest, database: Database, settings: Settings, shop: Shop
) -> int:
    """The days of grace that Dale Foods agreed to: none, or more than the tests are late."""
    days: int = request.param
    terms = form(agreement("S-1", ["Dale Foods"], grace_days=days))
    load_agreements(database, settings, terms, by=BY, now=NOW)
    return days


def borne(database: Database, settings: Settings) -> Checked:
    books = check_books(database, settings, now=NOW)
    assert [each for each in books.checks if each.is_broken] == []
    [found] = [each for each in books.checks if each.name == AFTER_GRACE]
    return found


def test_a_sale_that_comes_in_after_the_grace_is_the_retailers_to_bear(
    database: Database, settings: Settings, shop: Shop, grace: int, read_only: Any
) -> None:
    code = shop.lists[H1]
    told = replayed(database, settings, 1, presented=[("list", code)], discounts=[off(code, 1, 90)])
    assert (told["status"], told["conflicts"]) == ("accepted", [])
    [discount] = told["answer"]["discounts"]
    is_late = grace == 0
    assert (discount["supplier_cents"], discount["retailer_cents"]) == (
        (0, 90) if is_late else (90, 0)
    )
    [(detail,)] = read_only("SELECT detail FROM till_event")
    [(milk,)] = read_only("SELECT id FROM offer WHERE deal_ref = 'MILK-1'")
    assert json.loads(detail) == ({"beyond_grace": [milk]} if is_late else {})
    claimed = [claim.total_cents for claim in drawn(database, settings, to=MARCH)]
    assert claimed == ([] if is_late else [100])
    found = borne(database, settings)
    assert found.worst == ((("Dale Foods", 90),) if is_late else ())
    # The household's use is made all the same: it can be made once.
    assert sold(database, settings, 2, presented=[("list", code)])["total_discount_cents"] == 0


@pytest.mark.parametrize("undone", ["void", "return", "void of the return"])
def test_what_is_undone_of_a_late_sale_credits_no_supplier(
    database: Database, settings: Settings, shop: Shop, grace: int, undone: str, read_only: Any
) -> None:
    code = shop.lists[H1]
    replayed(database, settings, 1, presented=[("list", code)], discounts=[off(code, 1, 90)])
    held = read_only(OWED)
    if undone == "void":
        voided(database, 1)
    else:
        returned(database, settings, 2, of=1, lines=[(1, 1)])
    if undone == "void of the return":
        voided(database, 2)
        assert read_only(OWED) == held
    else:
        assert [row for row in read_only(OWED) if row[0] != "offer_reserved"] == []
    borne(database, settings)
    late = [row for row in read_only(OWED) if row[0] == "supplier_receivable"]
    if grace == 0:
        assert late == []


def test_a_late_sale_stays_late_when_another_one_settles_it_again(
    database: Database, settings: Settings, shop: Shop, grace: int, read_only: Any
) -> None:
    code = shop.lists[H2]
    for number, day in ((1, "2026-03-09"), (2, "2026-03-05")):
        # The second was made before the first: it takes the use, and the first is in dispute.
        shown = [("list", code)]
        replayed(
            database, settings, number, presented=shown, discounts=[off(code, 1, 100)], day=day
        )
    voided(database, 2)
    owed = [row for row in read_only(OWED) if row[0] == "supplier_receivable"]
    assert [(row[1], row[2]) for row in owed] == ([] if grace == 0 else [(108, 1)])
    borne(database, settings)
