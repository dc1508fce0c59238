"""The response model: what a deal is worth to a household, and how it learns."""

import polars as pl
import pytest

from service.engine.allocate.value import CELLS, ResponseModel, reasons, value
from service.errors import InvalidInput


def pairs(**columns: object) -> pl.DataFrame:
    """Pairs with ordinary values, one or more columns given."""
    plain: dict[str, object] = {
        "household_id": 1,
        "offer_id": 1,
        "category_id": 1,
        "conflict_id": None,
        "p_purchase": 0.5,
        "cell": "switcher_heavy",
        "margin_cents": 120,
        "supplier_share": 1.0,
        "handling_fee_cents": 8,
        "face_value_cents": 100,
    } | columns
    rows = (
        max(len(c) for c in plain.values() if isinstance(c, list))
        if any(isinstance(c, list) for c in plain.values())
        else 1
    )
    return pl.DataFrame({k: c if isinstance(c, list) else [c] * rows for k, c in plain.items()})


def test_a_heavy_switcher_is_worth_the_most_and_a_loyal_heavy_buyer_nothing() -> None:
    worth = dict(zip(CELLS, value(pairs(cell=list(CELLS)))["value_cents"], strict=True))
    assert max(worth, key=worth.__getitem__) == "switcher_heavy"
    assert worth["national_brand_heavy"] < 0.3 * worth["switcher_heavy"]
    loyal, rival = value(pairs(cell="national_brand_heavy", own_share=[1.0, 0.0]))["value_cents"]
    assert loyal < 0 < worth["switcher_heavy"] < rival


def test_the_sums_are_those_of_the_documentation() -> None:
    row = value(pairs()).row(0, named=True)
    assert row["p_without"] == pytest.approx(0.5 * 0.4)
    assert row["p_with"] == pytest.approx(0.5 * (0.4 + 0.45 * 0.6) + 0.5 * 0.03)
    assert row["expected_redemptions"] == pytest.approx(0.6 * 0.35)
    gain = 0.6 * 0.15 * 2.5 * 120
    assert row["value_cents"] == pytest.approx(gain + 0.21 * 8 - 0.25 * 0.6 * 0.2 * 100)


def test_a_copy_costs_all_it_can() -> None:
    frame = pairs(supplier_share=0.5, limit_per_household=[1, 2])
    assert value(frame)["cost_cents"].to_list() == [58, 116]


def test_a_cell_may_be_a_number_and_a_store_brand_deal_turns_the_table() -> None:
    by_name, by_number = value(pairs()), value(pairs(cell=9))
    assert by_number.equals(by_name)
    own = value(pairs(cell="store_brand_heavy", private_label=True))["p_without"][0]
    assert own == value(pairs(cell="national_brand_heavy"))["p_without"][0]


def test_what_was_learned_changes_worth_and_redemptions() -> None:
    learned = ResponseModel(factors=ResponseModel().factors | {"switcher_heavy": 1.5}, redeemed=0.8)
    before, after = value(pairs()), value(pairs(), model=learned)
    assert after["value_cents"][0] > before["value_cents"][0]
    assert after["expected_gain"][0] == pytest.approx(1.5 * before["expected_gain"][0])
    assert before["expected_gain"][0] == pytest.approx(
        0.6 * (before["p_with"][0] - before["p_without"][0])
    )
    assert after["expected_redemptions"][0] == pytest.approx(0.6 * 0.8 * after["p_with"][0])
    assert ResponseModel.from_json(learned.to_json()) == learned


def test_every_pair_has_a_reason() -> None:
    frame = pairs(cell=["switcher_heavy", "store_brand_light"], own_share=[None, 0.0])
    assert reasons(frame).to_list() == [
        "buys a lot of this category, changes between brands; 50 % likely to buy in the window",
        "buys little of this category, mostly other brands; 50 % likely to buy in the window",
    ]


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"cell": "unknown"}, "row 1, cell: no such cell"),
        ({"cell": [3, 12]}, "row 2, cell: no such cell"),
        ({"p_purchase": 1.2}, "row 1, p_purchase: is no probability"),
        ({"supplier_share": [0.5, None]}, "row 2, supplier_share: is no share"),
        ({"margin_cents": [None, 5]}, "row 1, margin_cents: is empty"),
    ],
)
def test_faulty_pairs_are_refused_by_row(columns: dict[str, object], fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        value(pairs(**columns))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InvalidInput, match="no column margin_cents"):
        value(pairs().drop("margin_cents"))
