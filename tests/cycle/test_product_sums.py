"""What products sold, who buys them, and what is expected of them."""

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from service.cycle.product_sums import buyers, count_products, demand, draw_households
from service.settings import Settings
from service.store import product_sums
from service.store.session import Database
from tests.checkout.acts import sold, voided
from tests.shop import BREAD, H1, H2, MILK, open_shop

AS_OF = date(2026, 3, 16)
NO_BOUNDS = pl.DataFrame(
    schema={"category_id": pl.Int64, "medium_from": pl.Float64, "heavy_from": pl.Float64}
)


def bought(*rows: tuple[int, int, str, float]) -> pl.DataFrame:
    """(household, gtin, day, quantity): products 11 and 12 of item 1, 21 of item 2."""
    return pl.DataFrame(
        [
            (household, gtin // 10, datetime.fromisoformat(day), much, 100, gtin, 5, False)
            for household, gtin, day, much in rows
        ],
        schema={
            "household_id": pl.Int64, "item_id": pl.Int64, "purchased_at": pl.Datetime("us"),
            "quantity": pl.Float64, "amount_cents": pl.Int64, "gtin": pl.Int64,
            "category_id": pl.Int64, "private_label": pl.Boolean,
        },
        orient="row",
    )  # fmt: skip


def test_what_is_expected_of_a_product_is_its_part_of_its_item() -> None:
    history = bought(
        (1, 11, "2026-03-01", 2.0),
        (1, 12, "2026-03-02", 1.0),  # the same fortnight
        (1, 11, "2026-03-15", 1.0),
        (2, 12, "2026-02-10", 3.0),
        (2, 21, "2025-12-01", 9.0),  # too long ago
    )
    scores = pl.DataFrame({"item_id": [1, 1, 2], "p_purchase": [0.5, 0.25, 0.9]})
    # Item 1 was bought on three occasions; 0.75 households will buy it.
    assert demand(history, scores, as_of=AS_OF).rows() == [
        (11, 0.75, 0.75 * 3 / 3),
        (12, 0.75, 0.75 * 4 / 3),
    ]


def test_who_buys_is_counted_once_a_household() -> None:
    history = bought(
        (1, 11, "2026-03-01", 2.0), (1, 11, "2026-03-08", 2.0), (2, 11, "2026-01-05", 1.0),
        (3, 11, "2025-01-05", 1.0),
    )  # fmt: skip
    worth = pl.DataFrame(
        {"household_id": [1, 2], "tier": ["regular", None]},
        schema={"household_id": pl.Int64, "tier": pl.String},
    )
    assert buyers(history, worth, NO_BOUNDS, as_of=AS_OF).rows() == [
        (11, "all", "", 2),
        (11, "cell", "national_brand_light", 2),
        (11, "tier", "regular", 1),
    ]


def test_households_are_drawn_alike_every_night_and_spread() -> None:
    drawn = draw_households(range(1, 1001), 100)
    assert drawn == sorted(drawn) == draw_households(range(1000, 0, -1), 100)
    assert len(set(drawn)) == 100
    assert 30 < sum(key <= 500 for key in drawn) < 70
    assert draw_households([3, 1, 2], 100) == [1, 2, 3]


def test_sales_are_counted_by_week_and_what_was_voided_is_taken_back(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    assert count_products(database, settings, today=AS_OF) is None
    shop = open_shop(database, settings, tmp_path)
    sold(database, settings, 1, presented=[("list", shop.lists[H1])],
         lines=[(MILK, 2, 240), (BREAD, 1, 250)])  # fmt: skip
    sold(database, settings, 2, presented=[("list", shop.lists[H2])], lines=[(MILK, 1, 120)])
    counted = count_products(database, settings, today=AS_OF)
    assert counted == (date(2026, 3, 6), 2, 2)

    def milk() -> list[tuple[object, ...]]:
        with database.read() as session:
            return product_sums.weeks_of(session, int(MILK)).rows()

    # What was paid is what is left after the discount of 1.00 on each list.
    assert milk() == [(date(2026, 3, 2), 3.0, 160, 2)]
    with database.read() as session:
        assert product_sums.buyers_of(session, int(MILK))["all"] == {"": 2}
        expected = product_sums.demand_of(session, int(MILK))
    assert expected is not None
    # Two households bought it once each: three pieces on two occasions.
    assert expected.quantity == pytest.approx(1.5 * expected.item_buyers)
    assert 0 < expected.item_buyers < 2
    voided(database, 2)
    count_products(database, settings, today=AS_OF)
    assert milk() == [(date(2026, 3, 2), 2.0, 140, 1)]
