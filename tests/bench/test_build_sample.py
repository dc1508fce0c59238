"""The sample is built by its stated rule, from merchandise only."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from bench import build_sample
from service import sample


def test_the_rule_takes_the_smallest_digests_of_the_active_households() -> None:
    moments = [datetime(2017, 3, 1, tzinfo=UTC) + timedelta(days=n) for n in range(15)]
    active = [
        {"household_id": home, "basket_id": 100 * home + n, "purchased_at": moment}
        for home in (7, 8, 9)
        for n, moment in enumerate(moments)
    ]
    late = [
        {"household_id": 5, "basket_id": 500 + n, "purchased_at": moment + timedelta(days=112)}
        for n, moment in enumerate(moments)
    ]
    frame = pl.DataFrame(active + late)

    assert build_sample.chosen_households(frame, 3) == [7, 8, 9]
    assert build_sample.chosen_households(frame, 4) == [7, 8, 9]
    digests = {
        id_: hashlib.sha256(f"larder sample:{id_}".encode()).hexdigest() for id_ in (7, 8, 9)
    }
    assert build_sample.chosen_households(frame, 2) == sorted(
        sorted(digests, key=lambda id_: digests[id_])[:2]
    )


def test_merchandise_leaves_out_fuel_coupons_and_empty_lines() -> None:
    goods = pl.DataFrame(
        {
            "product_id": [1, 2, 3, 4],
            "department": ["GROCERY", "FUEL", "GROCERY", "GROCERY"],
            "product_category": ["SOUP", "FUEL", "COUPON", None],
            "product_type": ["CONDENSED SOUP", "GASOLINE-REG", "COUPON", None],
        }
    )
    bought = pl.DataFrame(
        {
            "product_id": [1, 1, 2, 3, 4],
            "quantity": [2, 0, 1, 1, 1],
            "sales_value": [1.98, 0.0, 5.0, 1.0, 1.0],
            "retail_disc": [0.4, 0.0, 0.0, 0.0, 0.0],
            "coupon_disc": [0.5, 0.0, 0.0, 0.0, 0.0],
            "coupon_match_disc": [0.1, 0.0, 0.0, 0.0, 0.0],
            "transaction_timestamp": [datetime(2017, 1, 2)] * 5,  # noqa: DTZ001
        }
    )
    kept = build_sample.merchandise(bought, goods)

    assert kept.select("product_id", "amount_cents", "shelf_cents", "coupon_cents").rows() == [
        (1, 198, 248, 50)
    ]
    assert kept["purchased_at"][0] == datetime(2017, 1, 2, tzinfo=UTC)


def test_differing_names_the_files_that_changed(tmp_path: Path) -> None:
    for name in sample.FILES:
        (tmp_path / name).write_bytes((build_sample.SHIPPED / name).read_bytes())
    assert build_sample.differing(tmp_path) == []

    with (tmp_path / sample.DEALS).open("ab") as file:
        file.write(b"\n")
    assert build_sample.differing(tmp_path) == [sample.DEALS]
