"""Look-up: what a household could still use; nothing is written."""

import json
from typing import Any

from service.checkout import Presented, lookup
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import sold
from tests.shop import (
    CARDS,
    H1,
    SHOPPING_DAY,
    STORE,
    Shop,
    list_code,
)


def test_a_look_up_tells_what_is_open_and_writes_nothing(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])])
    shown = (Presented("card", CARDS[H1]), Presented("list", list_code(99)))
    told = json.loads(lookup(database, settings, store_id=STORE, on=SHOPPING_DAY, presented=shown))
    assert told["household_known"] is True
    (found,) = told["lists"]
    assert found["list_code"] == shop.lists[H1]
    assert [(line["list_line"], line["uses_left"]) for line in found["lines"]] == [(2, 2), (3, 1)]
    assert [(r["list_line"], r["reason"]) for r in told["refused"]] == [
        (None, "unknown_code"),
        (1, "already_redeemed"),
    ]
    assert read_only("SELECT count(*) FROM redemption") == [(1,)]
