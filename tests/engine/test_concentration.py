"""Which share of households brings which share of sales and margin."""

import polars as pl

from service.engine.concentration import Concentration, concentration


def test_the_best_are_those_that_paid_most() -> None:
    spent = pl.DataFrame(
        {
            "household_id": list(range(1, 11)),
            "sales_cents": [10, 500, 10, 10, 200, 10, 10, 200, 50, 0],
            "margin_cents": [5.0, 100.0, 5.0, 5.0, -20.0, 5.0, 5.0, 80.0, 15.0, 0.0],
        }
    )
    assert concentration(spent, shares=(0.05, 0.2, 0.3, 1.0)) == [
        Concentration(0.05, 1, 0.5, 0.5),
        # A tie goes to the lower number, 5: it bought below its cost.
        Concentration(0.2, 2, 0.7, 0.4),
        Concentration(0.3, 3, 0.9, 0.8),
        Concentration(1.0, 10, 1.0, 1.0),
    ]


def test_nobody_and_nothing() -> None:
    nobody = pl.DataFrame(
        schema={"household_id": pl.Int64, "sales_cents": pl.Int64, "margin_cents": pl.Float64}
    )
    assert concentration(nobody) == []
    nothing = pl.DataFrame({"household_id": [1], "sales_cents": [0], "margin_cents": [0.0]})
    assert concentration(nothing, shares=(1.0,)) == [Concentration(1.0, 1, 0.0, 0.0)]
