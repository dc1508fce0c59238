"""What households ask for and what does not suit them, among the offers considered."""

from dataclasses import replace

import polars as pl

from service.engine.offers.asked import BRANDS, PAIRS, Asked
from service.engine.offers.overrides import OVERRIDES, OverrideAct
from tests.engine.offers.frames import considered, running


def pairs(*rows: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PAIRS, orient="row")


def override(act: OverrideAct, offer_id: int, household_id: int) -> pl.DataFrame:
    row = (1, offer_id, act.value, household_id, None)
    return pl.DataFrame([row], schema=OVERRIDES, orient="row")


def keys(frame: pl.DataFrame) -> list[tuple[int, ...]]:
    return frame.select("household_id", "offer_id").rows()


def test_a_preferred_offer_is_considered_though_its_goods_were_never_bought() -> None:
    before = considered(running())
    assert (2, 2) not in keys(before)
    offers = replace(running(), asked=Asked(preferred=pairs((2, 2))))
    after = considered(offers)
    assert keys(after) == sorted([*keys(before), (2, 2)])
    banned = replace(offers, overrides=override(OverrideAct.BAN, 2, 2))
    assert keys(considered(banned)) == keys(before)


def test_an_offer_that_does_not_suit_is_not_even_considered_when_it_is_pinned() -> None:
    asked = Asked(unsuited=pairs((1, 1)), preferred=pairs((1, 1)))
    offers = replace(running(), asked=asked, overrides=override(OverrideAct.PIN, 1, 1))
    assert (1, 1) in keys(considered(replace(offers, asked=Asked())))
    assert (1, 1) not in keys(considered(offers))
    assert (2, 1) in keys(considered(offers))


def test_a_brand_that_is_wished_for_decides_the_cell_and_so_the_worth() -> None:
    before = considered(running()).filter(pl.col("household_id") == 2, pl.col("offer_id") == 1)
    (cell,) = before["cell"].to_list()
    brand, _, usage = str(cell).rpartition("_")
    other = "store_brand" if brand != "store_brand" else "national_brand"
    category = before["category_id"][0]
    said = pl.DataFrame([(2, category, other)], schema=BRANDS, orient="row")
    after = considered(replace(running(), asked=Asked(brands=said)))
    mine = after.filter(pl.col("household_id") == 2, pl.col("offer_id") == 1)
    assert mine["cell"].to_list() == [f"{other}_{usage}"]
    assert mine["value_cents"][0] != before["value_cents"][0]
    theirs = pl.col("household_id") == 1
    assert after.filter(theirs).equals(considered(running()).filter(theirs))
