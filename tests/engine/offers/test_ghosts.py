"""A ghost is the copy that a household would have got, and stands for so many given ones."""

from typing import Any

import polars as pl
import pytest

from service.engine.allocate import ShortfallPrices
from service.engine.offers import ghosts as module
from service.engine.offers.arms import Arm
from service.engine.offers.ghosts import GHOSTS, ghosts
from service.engine.offers.left_out import LeftOut
from tests.engine.offers.frames import households, pairs

PRICES = pl.DataFrame(
    {"offer_id": [1, 2], "budget_price": 0.0, "circulation_price_cents": [0.0, 5.0]}
)


def pair(household: int, offer: int, **changes: Any) -> dict[str, Any]:
    return {"household_id": household, "offer_id": offer, "category_id": offer, **changes}


def withheld(*rows: dict[str, Any], held: int = 1, percent: int = 20) -> list[tuple[Any, ...]]:
    """The ghosts; household 1 is held out unless `held` says who, the others are exposed."""
    homes = households(
        *({"household_id": n, "arm": Arm.HOLDOUT if n == held else Arm.EXPOSED} for n in (1, 2, 3))
    )
    found = ghosts(
        pairs(*rows), PRICES, homes, terms=ShortfallPrices(), holdout_percent=percent, salt="cycle"
    )
    assert found.schema == GHOSTS
    return found.rows()


def test_the_holdout_would_have_chosen_at_the_cycles_prices() -> None:
    # Offer 2 costs 5 a copy, so at a value of 4 nobody takes it.
    assert withheld(
        pair(1, 1), pair(1, 2, value_cents=4.0), pair(2, 1), pair(3, 1, left_out=LeftOut.TARGET)
    ) == [(1, 1, Arm.HOLDOUT, "switcher_light", pytest.approx(0.8 / 0.2))]


def test_a_copy_in_a_control_share_is_a_ghost_of_that_offer_only() -> None:
    found = withheld(
        pair(2, 1, left_out=LeftOut.CONTROL, control_share=30), pair(2, 2), pair(3, 1), held=0
    )
    # (.8 * .7) given for (.2 * .7 + .8 * .3) withheld.
    assert found == [(2, 1, Arm.CONTROL, "switcher_light", pytest.approx(0.56 / 0.38))]


def test_what_the_held_out_are_kept_from_twice_is_no_ghost() -> None:
    assert withheld(pair(1, 1, left_out=LeftOut.CONTROL, control_share=30)) == []


def test_an_offer_without_a_price_and_a_slot_without_a_cell_have_none() -> None:
    assert withheld(pair(1, 9), pair(1, 1, cell=None)) == []


def test_a_sample_weighs_as_many_times_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", {Arm.HOLDOUT: 50, Arm.CONTROL: 50})
    homes = households(*({"household_id": n, "arm": Arm.HOLDOUT} for n in range(200)))
    found = ghosts(
        pairs(*(pair(n, 1) for n in range(200))),
        PRICES,
        homes,
        terms=ShortfallPrices(),
        holdout_percent=20,
        salt="cycle",
    )
    assert 25 < found.height < 75
    assert found["weight"].unique().to_list() == [pytest.approx(0.8 / (0.2 * 0.25))]
