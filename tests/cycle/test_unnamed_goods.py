"""Goods without a GTIN make a household eligible by what it paid, and nothing else of a cycle."""

from datetime import timedelta
from pathlib import Path

from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, STORE, cycle, more_baskets, open_market, query, ref


def test_what_was_paid_for_goods_without_a_gtin_counts_for_eligibility(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    rich = settings.model_copy(update={"weekly_spend_cents": 100_000, "holdout_percent": 0})
    day = AS_OF - timedelta(days=10)
    line = f"{ref(3)},odd,{STORE},{day}T10:00:00+00:00,1,SERVICE,1,each,900000"
    more_baskets(database, settings, tmp_path, [line])
    assert cycle(database, rich).lists == 1
    listed = "SELECT h.ref FROM shopping_list s JOIN household h ON h.id = s.household_id"
    assert query(database, listed) == [(ref(3),)]
