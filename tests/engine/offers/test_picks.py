"""The same rule picks for everybody; the arm only says on which side a household is."""

from typing import Any

import polars as pl
import pytest

from service.engine.allocate import ShortfallPrices
from service.engine.offers.arms import Arm
from service.engine.offers.left_out import LeftOut
from service.engine.offers.picks import PICKS, picks
from tests.engine.offers.frames import households, pairs

PRICES = pl.DataFrame(
    {"offer_id": [1, 2], "budget_price": 0.0, "circulation_price_cents": [0.0, 5.0]}
)
CELL = "switcher_light"


def pair(household: int, offer: int, **changes: Any) -> dict[str, Any]:
    return {"household_id": household, "offer_id": offer, "category_id": offer, **changes}


def picked(
    *rows: dict[str, Any], held: int = 1, given: tuple[tuple[int, int], ...] = ()
) -> list[tuple[Any, ...]]:
    """The picks; household 1 is held out unless `held` says who, the others are exposed."""
    homes = households(
        *({"household_id": n, "arm": Arm.HOLDOUT if n == held else Arm.EXPOSED} for n in (1, 2, 3))
    )
    found = picks(
        pairs(*rows),
        PRICES,
        homes,
        given=pl.DataFrame(given, {"household_id": pl.Int64, "offer_id": pl.Int64}, orient="row"),
        terms=ShortfallPrices(),
        holdout_percent=20,
    )
    assert found.schema == PICKS
    return found.rows()


def test_everybody_chooses_at_the_cycles_prices() -> None:
    # Offer 2 costs 5 a copy, so at a value of 4 nobody takes it.
    assert picked(
        pair(1, 1), pair(1, 2, value_cents=4.0), pair(2, 1), pair(3, 1, left_out=LeftOut.TARGET)
    ) == [
        (1, 1, Arm.HOLDOUT, CELL, pytest.approx(0.8 / 0.2), False),
        (2, 1, Arm.EXPOSED, CELL, 1.0, False),
    ]


def test_a_copy_in_a_control_share_is_withheld_of_that_offer_only() -> None:
    found = picked(
        pair(2, 1, left_out=LeftOut.CONTROL, control_share=30), pair(2, 2), pair(3, 1), held=0
    )
    # (.8 * .7) given for (.2 * .7 + .8 * .3) withheld.
    assert found == [
        (2, 1, Arm.CONTROL, CELL, pytest.approx(0.56 / 0.38), False),
        (2, 2, Arm.EXPOSED, CELL, 1.0, False),
        (3, 1, Arm.EXPOSED, CELL, 1.0, False),
    ]


def test_what_was_printed_is_marked_and_nothing_else_is_added() -> None:
    found = picked(pair(2, 1), pair(3, 1), held=0, given=((3, 1), (3, 2)))

    assert [(row[0], row[1], row[5]) for row in found] == [(2, 1, False), (3, 1, True)]


def test_who_is_kept_from_a_copy_twice_is_in_neither_arm() -> None:
    assert picked(pair(1, 1, left_out=LeftOut.CONTROL, control_share=30)) == []


def test_an_offer_without_a_price_and_a_slot_without_a_cell_have_none() -> None:
    assert picked(pair(1, 9), pair(1, 1, cell=None)) == []


def test_the_arm_changes_no_choice() -> None:
    """Whoever is held out instead, the same copies are picked."""
    rows = [pair(n, offer, value_cents=4.0 + 2 * offer) for n in (1, 2, 3) for offer in (1, 2)]

    found = [{row[:2] for row in picked(*rows, held=held)} for held in (0, 1, 2)]

    assert found[0] == found[1] == found[2]
    assert found[0]
