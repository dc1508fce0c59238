"""Each household once, whatever was picked for it; sums come back from their lists."""

import numpy as np
import polars as pl
import pytest

from service.engine.lift.outcomes import OUTCOMES
from service.engine.lift.programme import VARIABLES, by_household, packed, sums_by, unpacked


def found(*rows: tuple[int, int, str, float]) -> pl.DataFrame:
    """Rows of outcomes: household, offer, name, what it paid for the deal's goods."""
    names = [*OUTCOMES, "before_sales", "before_basket_sales", "before_baskets"]
    return pl.DataFrame(
        [
            {
                "household_id": home, "offer_id": offer, "arm": "exposed", "name": name,
                "is_given": offer != 3, **dict.fromkeys(names, 0.0), "sales": paid,
                "bought": float(paid > 0), "new_to_brand": float(paid > 0),
                "basket_sales": 100.0, "before_baskets": 7.0, "before_sales": 2.0,
            }
            for home, offer, name, paid in rows
        ]
    )  # fmt: skip


def test_a_household_counts_once_with_all_its_copies() -> None:
    table = found((1, 1, "a", 5.0), (1, 2, "a", 3.0), (1, 3, "a", 0.0), (2, 2, "a", 0.0))
    rows = by_household(table, pl.Series([2], dtype=pl.Int64))
    first = rows.row(0, named=True)
    assert rows.height == 2
    assert (first["picks"], first["given"], first["sales"], first["bought"]) == (3, 2, 8, 2)
    # Of its two new goods one is the store's own brand; what it paid in all counts once.
    assert (first["new_to_brand"], first["own_brand"]) == (2, 1)
    assert (first["basket_sales"], first["before_baskets"], first["before_sales"]) == (100, 7, 6)


def test_sums_come_back_from_their_lists() -> None:
    table = found((1, 1, "a", 5.0), (2, 1, "a", 3.0), (3, 2, "b", 1.0))
    groups, sums = sums_by(by_household(table, pl.Series([], dtype=pl.Int64)), ["arm", "name"])
    again = unpacked([2, 1], packed(sums))
    assert groups.rows() == [("exposed", "a"), ("exposed", "b")]
    assert again.count.tolist() == [2, 1]
    np.testing.assert_array_equal(again.total, sums.total)
    np.testing.assert_array_equal(again.product, sums.product)
    sales = VARIABLES.index("sales")
    assert (again.total[0, sales], again.product[0, sales, sales]) == (8.0, 34.0)
    with pytest.raises(ValueError, match="other variables"):
        unpacked([1], [[0.0]])
