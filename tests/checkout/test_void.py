"""Void: a sale never happened, in every balance, limit and in history."""

from typing import Any

import pytest

from service.cycle.expiry import expire_lists
from service.errors import Conflict
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import BALANCES, cents, returned, sold, voided
from tests.shop import (
    H1,
    VALID_TO,
    Shop,
)
from tests.till import FULL


def test_a_void_leaves_every_balance_and_limit_as_before(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    before = cents(read_only(BALANCES))
    shown = [("list", shop.lists[H1])]
    given = sold(database, settings, 1, presented=shown, lines=FULL)
    undone = voided(database, 1)
    assert undone["status"] == "voided"
    assert undone["redemption_id"] == given["redemption_id"]
    assert [line["list_line"] for line in undone["reopened"]] == [1, 2, 3]
    assert cents(read_only(BALANCES)) == before
    assert read_only("SELECT count(*) FROM basket") == [(0,)]
    assert read_only("SELECT count(*) FROM basket_line") == [(0,)]
    assert read_only("SELECT count(*) FROM due") == [(1,)]
    again = sold(database, settings, 2, presented=shown, lines=FULL)
    assert again["total_discount_cents"] == given["total_discount_cents"]


def test_a_void_happens_once_however_often_it_is_sent(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    assert voided(database, 1) == voided(database, 1)
    assert read_only("SELECT verb, key_id FROM till_event") == [("void", 1)]
    assert (
        read_only("SELECT posting FROM ledger_entry GROUP BY posting HAVING sum(amount_cents) <> 0")
        == []
    )


def test_a_voided_sale_cannot_be_redeemed_late(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    voided(database, 1)
    with pytest.raises(Conflict, match="voided"):
        sold(database, settings, 1, presented=[("list", shop.lists[H1])])
    assert read_only("SELECT count(*) FROM redemption_line") == [(0,)]


def test_a_void_after_the_list_expired_holds_nothing_of_the_budget(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    expire_lists(database, before=VALID_TO.replace(day=16))
    voided(database, 1)
    assert cents(read_only(BALANCES)) == []


def test_a_sale_partly_returned_can_be_voided(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    before = cents(read_only(BALANCES))
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    returned(database, settings, 11, of=1, lines=[(1, 1), (3, 1)])
    voided(database, 1)
    assert cents(read_only(BALANCES)) == before
