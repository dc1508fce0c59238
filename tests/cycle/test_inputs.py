"""What a cycle reads: days by the stores' clock, and what offers ask for."""

from datetime import datetime
from pathlib import Path

from service.cycle.inputs import read_purchases
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
