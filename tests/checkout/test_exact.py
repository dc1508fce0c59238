"""Whatever is in the basket: a quote holds, a void undoes, a whole return pays back everything."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from service.admin.keys import Caller
from service.api.till.forms import basket_of, reference_of, return_of
from service.api.till.schemas import BasketIn, ReturnIn
from service.checkout import Presented, give_back, lookup, quote, redeem, void
from service.settings import Settings
from service.store import ledger
from service.store.session import Database
from service.store.tables.access import Role
from tests.shop import BREAD, CARDS, H1, MILK, SALT, SHOPPING_DAY, SOAP, STORE, Shop
from tests.till import body

pytestmark = pytest.mark.slow

TILL = Caller(1, Role.ADMIN, None, None)
goods = st.lists(
    st.tuples(st.sampled_from([MILK, BREAD, SOAP, SALT]), st.integers(1, 4), st.integers(0, 3000)),
    min_size=1,
    max_size=6,
)


def state(database: Database, settings: Settings) -> tuple[Any, ...]:
    """Every balance, every limit and all of history."""
    with database.read() as session:
        ask = session.connection().exec_driver_sql
        balances = ask(
            """SELECT account, offer_id, sum(amount_cents) FROM ledger_entry
               GROUP BY account, offer_id HAVING sum(amount_cents) <> 0 ORDER BY 1, 2"""
        )
        bought = ask("SELECT gtin, quantity_milli, amount_cents FROM basket_line ORDER BY 1, 2, 3")
        rows = (
            [(account, offer, int(cents)) for account, offer, cents in balances],
            [tuple(row) for row in bought],
        )
    shown = (Presented("card", CARDS[H1]),)
    found = lookup(database, settings, store_id=STORE, on=SHOPPING_DAY, presented=shown)
    return (*rows, json.loads(found))


def test_a_quote_holds_and_a_void_or_a_whole_return_undoes(
    database: Database, settings: Settings, shop: Shop
) -> None:
    numbers = iter(range(1, 10_000))
    before = state(database, settings)

    @trials(max_examples=8, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(goods, st.data())
    def holds(lines: list[tuple[str, int, int]], data: st.DataObject) -> None:
        number = next(numbers)
        shown = [("list", shop.lists[H1])]
        form = BasketIn.model_validate(body(number, presented=shown, lines=lines))
        sent = basket_of(form, TILL)
        offered = json.loads(quote(database, settings, sent))
        told = json.loads(redeem(database, settings, sent))
        same = ("discounts", "total_discount_cents", "refused", "next_list")
        assert [offered[name] for name in same] == [told[name] for name in same]
        off = [0] * len(lines)
        for each in told["discounts"]:
            off[each["line"] - 1] += each["amount_cents"]
        assert all(0 <= cut <= price for cut, (_, _, price) in zip(off, lines, strict=True))
        assert sum(off) == told["total_discount_cents"]
        if data.draw(st.booleans()):
            void(database, reference_of(form.transaction), key_id=1)
        else:
            paid = sum(price for _, _, price in lines) - sum(off)
            assert _brought_back(database, settings, number, lines, data) == paid
        assert state(database, settings) == before

    holds()
    with database.read() as session:
        assert ledger.imbalance(session) == []


def _brought_back(
    database: Database,
    settings: Settings,
    number: int,
    lines: list[tuple[str, int, int]],
    data: st.DataObject,
) -> int:
    """Bring everything back in portions of one piece, in any order; the cents paid out."""
    original = body(number)["transaction"]
    del original["at"]
    pieces = [line for line, (_, count, _) in enumerate(lines, start=1) for _ in range(count)]
    refunded = 0
    for place, line in enumerate(data.draw(st.permutations(pieces))):
        request = {
            "transaction": body(f"{number}-{place}")["transaction"],
            "original": original,
            "lines": [{"line": line, "quantity": 1}],
        }
        told = give_back(database, settings, return_of(ReturnIn.model_validate(request), TILL))
        refunded += json.loads(told)["total_refund_cents"]
    return refunded
