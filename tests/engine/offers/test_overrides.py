"""Which copies are pinned or banned: by household, by cell, and for all; whatever is bought."""

from typing import Any

import polars as pl
import pytest

from service.engine.offers.left_out import LeftOut
from service.engine.offers.overrides import OVERRIDES
from tests.engine.offers import frames

BAN, PIN = "ban", "pin"


def decided(*rows: tuple[int, int, str, int | None, str | None]) -> pl.DataFrame:
    """Overrides as given."""
    return pl.DataFrame(list(rows), OVERRIDES, orient="row")


def considered(*rows: tuple[int, int, str, int | None, str | None], **changes: Any) -> pl.DataFrame:
    """The candidates of both households with these overrides."""
    offers = frames.running(**changes)
    offers.overrides.extend(decided(*rows))
    return frames.considered(offers)


def copies(found: pl.DataFrame) -> dict[tuple[int, int], tuple[int | None, str | None]]:
    """The pin of each pair, and why its household is left out."""
    rows = found.select("household_id", "offer_id", "pin", "left_out").iter_rows()
    return {(household, offer): (pin, why) for household, offer, pin, why in rows}


def test_without_overrides_nothing_is_pinned_or_banned() -> None:
    plain = frames.considered(frames.running())
    assert plain["pin"].null_count() == plain["left_out"].null_count() == plain.height
    assert considered().equals(plain)


CELL = "national_brand_light"


@pytest.mark.parametrize(
    ("household", "cell", "of"),
    [
        (2, None, {2}),
        (None, CELL, {1, 2}),
        (None, "store_brand_heavy", set()),
        (None, None, {1, 2}),
    ],
)
def test_a_ban_is_of_whom_it_names_and_of_nobody_else(
    household: int | None, cell: str | None, of: set[int]
) -> None:
    found = considered((9, 1, BAN, household, cell))
    assert set(found.filter(pl.col("offer_id") == 1)["cell"]) == {CELL}
    for (home, offer), (_, why) in copies(found).items():
        assert (why == LeftOut.BANNED) is (offer == 1 and home in of), (home, offer)


def test_an_offer_is_pinned_to_who_never_bought_its_goods() -> None:
    assert (2, 2) not in copies(frames.considered(frames.running()))
    found = considered((9, 2, PIN, 2, None))
    assert copies(found)[2, 2] == (9, None)
    (row,) = found.filter(pl.col("household_id") == 2, pl.col("offer_id") == 2).to_dicts()
    assert row["p_purchase"] == 0.0
    assert row["why"].startswith("pinned; ")
    # Every other copy is as before.
    rest = found.filter(pl.col("pin").is_null())
    assert rest.equals(frames.considered(frames.running()))


def test_the_narrowest_pin_counts_and_a_ban_beats_them_all() -> None:
    rows = [(7, 1, PIN, None, None), (8, 1, PIN, 1, None), (9, 3, PIN, None, None)]
    found = copies(considered(*rows))
    assert found[1, 1][0] == 8
    assert found[2, 1][0] == 7
    assert found[1, 3] == (9, None), "a partner's slot"
    again = copies(considered(*rows[::-1]))
    assert again == found
    banned = copies(considered(*rows, (10, 1, BAN, None, None)))
    assert {why for (_, offer), (_, why) in banned.items() if offer == 1} == {LeftOut.BANNED}


def test_a_pinned_copy_of_a_deal_that_is_used_up_is_named() -> None:
    offers = frames.running()
    offers.used.extend(pl.DataFrame([(1, 2, 1)], offers.used.schema, orient="row"))
    assert (1, 2) not in copies(frames.considered(offers))
    offers.overrides.extend(decided((9, 2, PIN, 1, None)))
    assert copies(frames.considered(offers))[1, 2] == (9, LeftOut.USED_UP)
