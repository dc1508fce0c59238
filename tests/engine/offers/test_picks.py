"""The same rule picks for everybody; the arm only says on which side a household is."""

from typing import Any

import polars as pl
import pytest

from service.engine.allocate import ShortfallPrices
from service.engine.offers.arms import Arm
from service.engine.offers.explore import Exploration
from service.engine.offers.left_out import LeftOut
from service.engine.offers.picks import CHANCES, PICKS, REDRAWS, Picked, picks
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
    assert found.picks.schema == PICKS
    assert found.chances.is_empty()
    # Without exploration no chance is known.
    assert set(found.picks["chance"]) <= {None}
    return found.picks.drop("chance", "depth_percent").rows()


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


def explored(count: int, salt: str, *, share: float = 0.05) -> Picked:
    """Homes with one slot for two deals that are worth 10 and 10.2, held or not; all else is far.

    Deal 3 is worth 50 to every tenth and leaves no room for the others.
    """
    homes = households(
        *(
            {"household_id": n, "slots": 1, "arm": Arm.HOLDOUT if n % 10 == 1 else Arm.EXPOSED}
            for n in range(count)
        )
    )
    rows = [
        pair(n, offer, value_cents=worth)
        for n in range(count)
        for offer, worth in ((1, 10.0), (2, 10.2), (3, 50.0))
        if offer < 3 or n % 10 == 0
    ]
    prices = pl.DataFrame(
        {"offer_id": [1, 2, 3], "budget_price": 0.0, "circulation_price_cents": 0.0}
    )
    return picks(
        pairs(*rows),
        prices,
        homes,
        given=pl.DataFrame(schema={"household_id": pl.Int64, "offer_id": pl.Int64}),
        terms=ShortfallPrices(),
        holdout_percent=10,
        explore=Exploration(share, salt),
    )


def test_a_chance_is_the_share_of_draws_that_pick_the_copy() -> None:
    """10.2 (1 + u/20) beats 10 (1 + v/20) with u, v on [-1, 1]: 1 - (2 - d)^2 / 8, d = .39..."""
    found = explored(2000, "a")

    chances = found.chances
    assert chances.schema == CHANCES
    assert set(chances["chance"] * REDRAWS) <= set(map(float, range(REDRAWS + 1)))
    open_to = chances.filter(pl.col("offer_id") == 2)
    gap = (0.2 / 10.1) / 0.05
    wanted = 1 - (2 - gap) ** 2 / 8
    assert open_to["chance"].mean() == pytest.approx(wanted, abs=0.01)
    assert open_to["is_picked"].mean() == pytest.approx(wanted, abs=0.03)
    # Neither the household's arm nor a copy that is always picked is open.
    assert not chances["household_id"].is_in([n for n in range(2000) if n % 10 in (0, 1)]).any()
    sure = found.picks.filter(pl.col("offer_id") == 3)
    assert set(sure["chance"]) == {1.0}
    # A copy that is withheld has no chance.
    withheld = found.picks.filter(pl.col("arm") == Arm.HOLDOUT)
    assert (withheld.height, withheld["chance"].null_count()) == (200, 200)
    assert found.picks["chance"].null_count() == 200


def test_the_same_salt_picks_the_same_and_another_picks_otherwise() -> None:
    first, again, other = (explored(200, salt) for salt in ("a", "a", "b"))

    assert first.picks.equals(again.picks)
    assert first.chances.equals(again.chances)
    assert not first.picks.select("offer_id").equals(other.picks.select("offer_id"))


def test_what_is_picked_balances_the_chances() -> None:
    """The sum of picked less chance, over alike pairs, is noise: inverse weights rest on it."""
    found = explored(2000, "c").chances.with_columns(
        (pl.col("is_picked").cast(pl.Float64) - pl.col("chance")).alias("off")
    )

    of_one = found.filter(pl.col("offer_id") == 1)["off"]
    error = (of_one**2).sum() ** 0.5
    assert abs(of_one.sum()) < 3 * error
