"""Issuing stops at the credit of an account, as it does at a budget."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.clearing.agreements import load_agreements
from service.cycle import run_cycle
from service.engine.offers.credit import CREDIT, within_credit
from service.errors import Conflict
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from tests.clearing.conftest import agreement, form
from tests.market import AS_OF, cycle, open_market, query

NOW = datetime(2026, 2, 1, tzinfo=UTC)
RESERVED = """SELECT coalesce(sum(e.amount_cents), 0) FROM ledger_entry e
    JOIN supplier s ON s.id = e.supplier_id
    WHERE e.account IN ('offer_reserved', 'supplier_receivable') AND s.account_id IS NOT NULL"""


@given(
    st.lists(st.none() | st.integers(0, 500), min_size=1, max_size=6),
    st.integers(-50, 1000),
    st.sampled_from([0.25, 1.0]),
)
def test_the_offers_of_an_account_stay_within_its_credit_together(
    budgets: list[int | None], credit: int, share: float
) -> None:
    ids = range(1, len(budgets) + 1)
    left = pl.DataFrame(
        {"offer_id": ids, "budget_cents": budgets},
        {"offer_id": pl.Int64, "budget_cents": pl.Int64},
    )
    # The last offer is of a supplier whose account has no limit.
    offers = pl.DataFrame({"offer_id": [*ids, 99], "supplier_id": [1 + n % 2 for n in ids] + [3]})
    alone = pl.DataFrame({"offer_id": [99], "budget_cents": [None]}, left.schema)
    limits = pl.DataFrame([(1, 7, credit), (2, 7, credit)], CREDIT, orient="row")
    cut = within_credit(pl.concat([left, alone]), offers, limits, share=share)
    found = dict(cut.iter_rows())
    assert found.pop(99) is None
    most = int(max(credit, 0) * share)
    if sum(most if each is None else each for each in budgets) <= most:
        assert sum(each or 0 for each in found.values()) <= most
    else:
        assert sum(each for each in found.values() if each is not None) == most
    for before, after in zip(budgets, found.values(), strict=True):
        assert before is None or (after is not None and 0 <= after <= before)


@pytest.mark.slow
def test_a_cycle_promises_no_more_than_the_credit_left(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    funding = "SELECT name FROM supplier WHERE id IN (SELECT supplier_id FROM offer) ORDER BY name"
    brands = [row[0] for row in query(database, funding)]

    def limit(amount: str) -> None:
        limited = agreement("S-1", brands, credit_limit=amount)
        load_agreements(database, settings, form(limited), by=Actor("tests"), now=NOW)

    limit("9.00")

    def lowered(stage: str, _done: int, _total: int) -> None:
        if stage == "compose":
            limit("1.00")

    with pytest.raises(Conflict, match=r"accounts S-1.*nothing was issued"):
        run_cycle(database, settings, as_of=AS_OF, seed=0, progress=lowered)
    assert query(database, RESERVED) == [(0,)]
    limit("9.00")
    cycle(database, settings)
    assert 400 < int(query(database, RESERVED)[0][0]) <= 900
