"""Eligibility, cells, share of customer and worth, on households small enough to count by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from service.engine.segment import (
    FaceValueBand,
    category_spend,
    cells,
    eligible_households,
    ranks_by_spend,
    share_of_customer,
    unit_counts,
    usage_bounds,
    worth,
    worth_deciles,
)

AS_OF = date(2026, 6, 1)


def purchases(*rows: tuple[int, int, float, int, bool, int]) -> pl.DataFrame:
    """Rows (household, category, units, cents, store brand, days ago)."""
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    return pl.DataFrame(
        [
            {
                "household_id": household,
                "category_id": category,
                "basket_id": household * 1000 + ago,
                "quantity": units,
                "amount_cents": cents,
                "private_label": own,
                "purchased_at": noon - timedelta(days=ago),
            }
            for household, category, units, cents, own, ago in rows
        ]
    )


def test_eligible_counts_eight_weeks_and_returns() -> None:
    frame = purchases(
        (1, 1, 1.0, 20_000, False, 56),
        (2, 1, 1.0, 20_000, False, 57),
        (3, 1, 1.0, 20_100, False, 5),
        (3, 1, -1.0, -101, False, 4),
        (4, 1, 1.0, 90_000, False, 0),
        (5, 1, 1.0, 20_015, False, 1),
    )
    found = eligible_households(frame, as_of=AS_OF)
    assert found.to_dicts() == [
        {"household_id": 1, "weekly_spend_cents": 2500},
        {"household_id": 5, "weekly_spend_cents": 2501},
    ]


def test_cells_by_brand_and_by_thirds_of_the_buyers() -> None:
    frame = purchases(
        (1, 7, 1.0, 100, True, 3),
        (2, 7, 2.0, 100, True, 3),
        (2, 7, 1.0, 100, False, 4),
        (3, 7, 2.0, 100, True, 3),
        (3, 7, 2.0, 100, False, 9),
        (3, 7, 9.0, 100, True, 400),
        (4, 8, 1.0, 100, False, 3),
    )
    found = cells(frame, as_of=AS_OF)
    assert found.select("household_id", "category_id", "units", "cell").rows() == [
        (1, 7, 1.0, "store_brand_light"),
        (2, 7, 3.0, "store_brand_medium"),
        (3, 7, 4.0, "switcher_heavy"),
        (4, 8, 1.0, "national_brand_light"),
    ]


def test_share_is_against_the_upper_quarter_of_similar_households() -> None:
    frame = purchases(*((n, 7, 1.0, 100 * n, False, 3) for n in range(1, 26)))
    found = share_of_customer(category_spend(frame, as_of=AS_OF))
    first = found.row(0, named=True)
    assert first["benchmark_cents"] == 400
    assert first["share"] == pytest.approx(0.25)
    assert first["potential_cents"] == 300
    assert found.row(4, named=True)["share"] == 1.0
    assert found.row(4, named=True)["potential_cents"] == 0


def test_worth_ranks_by_spend_then_by_potential() -> None:
    frame = purchases(
        *((n, 7, 1.0, 1000 * n, False, 3) for n in range(1, 11)),
        (11, 7, -1.0, -500, False, 2),
    )
    classes = dict(worth(frame, as_of=AS_OF).select("household_id", "worth").rows())
    assert classes[11] == "below_zero"
    assert [n for n in classes if classes[n] == "most_valuable"] == [9, 10]
    assert sum(kind == "most_growable" for kind in classes.values()) == 2


def test_worth_goes_by_margin_where_every_cost_is_known() -> None:
    frame = purchases((1, 7, 1.0, 900, False, 3), (2, 7, 1.0, 500, False, 3))
    known = frame.with_columns(cost_cents=pl.Series([950, 300]))
    found = worth(known, as_of=AS_OF)
    assert found["margin_cents"].to_list() == [-50, 200]
    assert found["worth"][0] == "below_zero"
    assert worth(frame, as_of=AS_OF)["margin_cents"].to_list() == [None, None]


def test_trend_rises_with_late_spend() -> None:
    frame = purchases(
        (1, 7, 1.0, 50_000, False, 10),
        (2, 7, 1.0, 50_000, False, 100),
    )
    trend = dict(worth(frame, as_of=AS_OF).select("household_id", "trend").rows())
    assert trend[1] > 1.0
    assert trend[2] < -1.0


def test_worth_deciles_go_by_margin_where_it_is_known_and_ties_by_household() -> None:
    households = pl.DataFrame(
        {
            "household_id": list(range(1, 21)),
            "spend_cents": [100] * 10 + list(range(200, 210)),
            "margin_cents": [None] * 19 + [1],
        },
        schema={"household_id": pl.Int64, "spend_cents": pl.Int64, "margin_cents": pl.Int64},
    )
    found = worth_deciles(households)
    assert found["household_id"].to_list() == list(range(1, 21))
    assert found["worth_decile"].to_list() == [
        1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 1,
    ]  # fmt: skip


def test_what_is_added_up_of_some_households_can_be_put_below_that_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = purchases(
        *((n, n % 5, float(n % 4), 1000 * n, False, n % 30) for n in range(1, 41)),
        *((n, 7, float(n % 9), 300 * (n % 11), False, 3) for n in range(1, 41)),
    )
    parts = [frame.filter(pl.col("household_id") % 3 == part) for part in range(3)]
    counts = pl.concat(unit_counts(part, as_of=AS_OF) for part in parts)
    assert_frame_equal(usage_bounds(counts), usage_bounds(unit_counts(frame, as_of=AS_OF)))
    whole = worth(frame, as_of=AS_OF)
    monkeypatch.setattr("service.engine.segment.ROWS_AT_ONCE", 10)
    ranks = ranks_by_spend(pl.concat(category_spend(part, as_of=AS_OF) for part in parts))
    assert ranks["tier"].to_list() == whole["worth"].to_list()
    assert ranks.select("household_id", "worth_decile").equals(worth_deciles(whole))
    assert whole["potential_cents"].sum() > 0


def test_the_face_value_band_grows_from_tenth_to_tenth() -> None:
    band = FaceValueBand(floor_least=500, floor_best=3000, ceiling_least=1500, ceiling_best=4000)
    assert [band.limits(decile) for decile in (1, 2, 9, 10)] == [
        (500, 1500), (777, 1777), (2722, 3722), (3000, 4000),
    ]  # fmt: skip
    households = pl.DataFrame({"household_id": [7, 3], "worth_decile": [10, 1]})
    assert band.add_limits(households).rows() == [(7, 10, 3000, 4000), (3, 1, 500, 1500)]
