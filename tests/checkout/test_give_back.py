"""Return: the exact cents come back, once, and lines open again as the policy says."""

from typing import Any

import pytest

from service.errors import Conflict, InvalidInput, NotFound
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import BALANCES, cents, returned, sold, voided
from tests.shop import (
    BREAD,
    H1,
    MILK,
    SOAP,
    Shop,
)
from tests.till import FULL


def test_returns_give_the_exact_cents_and_add_up_to_the_whole(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    before = cents(read_only(BALANCES))
    sold(
        database,
        settings,
        1,
        presented=[("list", shop.lists[H1])],
        lines=[(MILK, 1, 120), (BREAD, 1, 250), (SOAP, 3, 901)],
    )
    first = returned(database, settings, 11, of=1, lines=[(3, 1)])
    assert first["lines"] == [
        {
            "line": 3,
            "quantity": 1.0,
            "refund_cents": 201,
            "discounts": [
                {
                    "list_code": shop.lists[H1],
                    "list_line": 3,
                    "offer": shop.soap_offer,
                    "units": 1,
                    "amount_cents": 100,
                    "supplier_cents": 0,
                    "retailer_cents": 100,
                }
            ],
        }
    ]
    assert first["reopened"] == []
    rest = returned(database, settings, 12, of=1, lines=[(1, 1), (2, 1), (3, 2)])
    assert first["total_refund_cents"] + rest["total_refund_cents"] == 120 + 250 + 901 - 350
    assert [line["list_line"] for line in rest["reopened"]] == [1, 2, 3]
    assert cents(read_only(BALANCES)) == before
    assert read_only("SELECT count(*) FROM basket_line") == [(0,)]
    again = sold(database, settings, 2, presented=[("list", shop.lists[H1])], lines=FULL)
    assert again["total_discount_cents"] == 350


def test_a_return_lessens_history_by_what_was_paid(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=[(MILK, 2, 240)])
    told = returned(database, settings, 11, of=1, lines=[(1, 1)])
    assert told["total_refund_cents"] == 20
    assert read_only("SELECT quantity_milli, amount_cents FROM basket_line") == [(1000, 120)]


def test_under_the_policy_never_a_returned_line_stays_used(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    never = settings.model_copy(update={"return_reopens": "never"})
    sold(database, settings, 1, presented=[("list", shop.lists[H1])])
    told = returned(database, never, 11, of=1, lines=[(1, 1)])
    assert told["reopened"] == []
    again = sold(database, settings, 2, presented=[("list", shop.lists[H1])])
    assert again["total_discount_cents"] == 0
    assert read_only(
        f"SELECT sum(amount_cents) FROM ledger_entry WHERE account = 'offer_spent' "
        f"AND offer_id = {shop.milk_offer}"
    ) == [(8,)]


def test_a_return_sent_again_gets_the_stored_answer(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    first = returned(database, settings, 11, of=1, lines=[(1, 1)])
    assert returned(database, settings, 11, of=1, lines=[(1, 1)]) == first
    assert read_only("SELECT count(*) FROM till_return") == [(1,)]
    with pytest.raises(InvalidInput, match="another return"):
        returned(database, settings, 11, of=1, lines=[(2, 1)])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([(1, 2)], "More comes back"),
        ([(9, 1)], "not sold"),
        ([(3, 0.5)], "Pieces come back whole"),
        ([(1, 1), (9, 1)], "not sold"),
    ],
)
def test_what_cannot_come_back_is_refused_and_changes_nothing(
    database: Database,
    settings: Settings,
    shop: Shop,
    read_only: Any,
    lines: list[tuple[int, float]],
    said: str,
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    before = cents(read_only(BALANCES))
    with pytest.raises(Conflict, match=said):
        returned(database, settings, 11, of=1, lines=lines)
    assert cents(read_only(BALANCES)) == before
    assert read_only("SELECT count(*) FROM till_return") == [(0,)]


def test_nothing_comes_back_from_a_sale_that_is_not_known_or_was_voided(
    database: Database, settings: Settings, shop: Shop
) -> None:
    with pytest.raises(NotFound):
        returned(database, settings, 11, of=1, lines=[(1, 1)])
    sold(database, settings, 1)
    voided(database, 1)
    with pytest.raises(Conflict, match="voided"):
        returned(database, settings, 11, of=1, lines=[(1, 1)])
