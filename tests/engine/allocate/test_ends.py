"""Markets with one dial turned to its end: every rule holds and the bound is above."""

from collections.abc import Callable

import polars as pl
import pytest

from service.engine.allocate import ShortfallPrices, allocate
from tests.engine.allocate.instances import Frames, market
from tests.engine.allocate.reference import broken, worth

TERMS = ShortfallPrices(floor_shortfall_price=0.5, minimum_shortfall_price_cents=1000)
Turn = Callable[[Frames], Frames]


def pairs(**columns: pl.Expr | int) -> Turn:
    """Other values in columns of the candidates."""
    return lambda frames: (frames[0].with_columns(**columns), frames[1], frames[2])


def deals(**columns: pl.Expr | int) -> Turn:
    """Other limits of deals."""
    return lambda frames: (frames[0], frames[1].with_columns(**columns), frames[2])


def homes(**columns: pl.Expr | int) -> Turn:
    """Other limits of households."""
    return lambda frames: (frames[0], frames[1], frames[2].with_columns(**columns))


def only_deal(frames: Frames) -> Frames:
    """One deal for all."""
    return (
        frames[0].filter(pl.col("offer_id") == 3),
        frames[1].filter(pl.col("offer_id") == 3),
        (frames[2]),
    )


ENDS: dict[str, Turn] = {
    "one deal": only_deal,
    "one category": pairs(category_id=pl.lit(1, pl.Int64)),
    "one conflict group": pairs(conflict_id=pl.lit(1, pl.Int64)),
    "budgets of one copy": deals(budget_cents=pl.lit(200, pl.Int64)),
    "no budget": deals(budget_cents=pl.lit(0, pl.Int64)),
    "floors out of reach": homes(
        face_value_floor_cents=pl.lit(10**7, pl.Int64),
        face_value_ceiling_cents=pl.lit(None, pl.Int64),
    ),
    "equal values": pairs(value_cents=pl.lit(50.0)),
    "values below zero": pairs(value_cents=-pl.col("value_cents")),
    "costs of zero": pairs(cost_cents=pl.lit(0, pl.Int64)),
    "face values of zero": pairs(face_value_cents=pl.lit(0, pl.Int64)),
    "every deal guaranteed to its cap": deals(circulation_min=pl.col("circulation_max")),
    "one slot": homes(slots=pl.lit(1, pl.Int64)),
}


@pytest.mark.parametrize("end", ENDS)
def test_every_rule_holds_where_a_dial_is_at_its_end(end: str) -> None:
    frames = ENDS[end](market(320, 20, 4))
    answer = allocate(*frames, terms=TERMS)
    proof = answer.certificate
    assert broken(answer.pairs, *frames) == []
    assert proof.primal_cents == pytest.approx(worth(answer.pairs, *frames, TERMS))
    assert proof.primal_cents <= proof.dual_bound_cents + 1e-6 * abs(proof.dual_bound_cents)
    # What each household would take without limits, less no penalty, is the most there can be.
    most = frames[0].filter(pl.col("value_cents") > 0)["value_cents"].sum()
    assert proof.dual_bound_cents <= most + 1e-6 * most
