"""What a cycle reads: days by the stores' clock, and what offers ask for."""

import json
from datetime import datetime
from pathlib import Path

import polars as pl

from service.cycle.inputs import read_inputs, read_purchases
from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, gtin, more_baskets, open_market, ref


def test_a_day_begins_where_the_stores_are(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    local = settings.model_copy(update={"timezone": "America/New_York"})
    more_baskets(
        database,
        local,
        tmp_path,
        [
            f"{ref(1)},{name},0042,{moment},1,{gtin(1)},1,each,{cents}"
            for name, moment, cents in (
                ("evening", "2026-03-02T04:59:59.999999+00:00", 111),
                ("midnight", "2026-03-02T05:00:00+00:00", 222),
                ("afternoon", "2026-03-02T17:00:00+00:00", 333),
            )
        ],
    )
    with database.read() as session:
        bought = read_purchases(session, local, before=AS_OF)
    assert bought["amount_cents"].is_in([111, 222, 333]).sum() == 1
    last = bought.filter(bought["amount_cents"] == 111)
    assert last["purchased_at"].to_list() == [datetime(2026, 3, 1, 23, 59, 59, 999999)]  # noqa: DTZ001


def test_only_what_an_offer_asks_for_is_read_of_households(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    with database.read() as session:
        assert read_inputs(session, settings, as_of=AS_OF).running.households.is_empty()
    elsewhere = [
        f"{ref(1)},{n}-away,0043,2026-02-{20 + n:02d}T10:00:00+00:00,1,{gtin(0)},1,each,300"
        for n in range(9)
    ]
    more_baskets(database, settings, tmp_path, elsewhere)
    targets = json.dumps({"stores": ["0042"]})
    with database.write() as session:
        session.connection().exec_driver_sql(f"UPDATE offer SET targets = '{targets}'")
    with database.read() as session:
        some = read_purchases(session, settings, before=AS_OF, household_ids=[1, 2])
        found = read_inputs(session, settings, as_of=AS_OF, bought=some)
        tiers = pl.DataFrame({"household_id": [2], "tier": ["regular"]})
        tiered = found.with_tiers(tiers)
    # Sixteen weeks at 0042 are more than nine days at 0043.
    assert found.running.households.sort("household_id").rows() == [
        (1, None, "0042", None),
        (2, None, "0042", None),
    ]
    assert tiered.running.households.filter(pl.col("household_id") == 2).rows() == [
        (2, None, "0042", "regular")
    ]
