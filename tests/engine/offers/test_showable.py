"""What a plan promises to show is counted from what its households usually buy."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from service.engine.lift.power import Baseline, detectable
from service.engine.offers.showable import SHOWABLE, showable

NOW = datetime(2026, 3, 1, 12)  # noqa: DTZ001
PRODUCTS = pl.DataFrame({"offer_id": [1], "gtin": [101]})
CHOSEN = pl.DataFrame({"household_id": [1, 2], "offer_id": [1, 1]})


def bought(*lines: tuple[int, int, int]) -> pl.DataFrame:
    """Purchases: (household, weeks ago, cents)."""
    return pl.DataFrame(
        [(home, NOW - timedelta(weeks=weeks), 101, cents) for home, weeks, cents in lines],
        {"household_id": pl.Int64, "purchased_at": pl.Datetime, "gtin": pl.Int64,
         "amount_cents": pl.Int64},
        orient="row",
    )  # fmt: skip


def promised(
    lines: pl.DataFrame, *, copies: int = 9_500, share: int = 5, holdout: int = 5
) -> dict[str, float]:
    deals = pl.DataFrame({"offer_id": [1], "copies": [copies], "control_share": [share]})
    found = showable(deals, CHOSEN, lines, PRODUCTS, holdout_percent=holdout)
    assert found.schema == SHOWABLE
    return found.row(0, named=True)


# Household 1 pays 4 dollars in one fortnight of thirteen, household 2 never.
SELDOM = bought((1, 0, 400), (3, 1, 900), (1, 40, 100_000))
USUAL = Baseline(mean=400 / 26, deviation=((400**2 - 400**2 / 13) / 24) ** 0.5)


def test_the_promise_is_that_of_the_households_before() -> None:
    found = promised(SELDOM)

    assert found["shows_from"] == pytest.approx(detectable(9_500, 500, baseline=USUAL))
    assert found["shows_from_holdout"] == pytest.approx(detectable(9_500, 500, baseline=USUAL))
    assert found["shows_from_5"] == pytest.approx(found["shows_from"])


def test_more_control_shows_more_and_costs_copies() -> None:
    found = promised(SELDOM)

    assert found["shows_from_20"] < found["shows_from_10"] < found["shows_from_5"]
    assert [found[f"withheld_{share}"] for share in (5, 10, 20)] == [500, 1_000, 2_000]


def test_without_control_holdout_or_purchases_nothing_is_promised() -> None:
    found = promised(SELDOM, share=0, holdout=0)
    assert (found["shows_from"], found["shows_from_holdout"]) == (None, None)
    assert found["shows_from_10"] is not None
    for none in (bought(), bought((3, 1, 900))):
        assert promised(none)["shows_from"] is None


def test_currency_and_the_order_of_lines_change_nothing() -> None:
    other = SELDOM.with_columns(pl.col("amount_cents") * 100).reverse()

    assert promised(other) == pytest.approx(promised(SELDOM))
