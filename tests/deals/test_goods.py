"""Which products a deal that is not loaded yet would be printed with."""

from typing import Any

import polars as pl
import pytest

from service.deals.interpreted import InterpretedDeals

NAMES = {1: "Tea", 2: "Tea", 3: "Green tea", 4: "Cups"}
DEALS = InterpretedDeals(
    frame=pl.DataFrame(),
    sets=((1, 2, 3), (4,)),
    exclusions=((3,),),
    terms={},
    grids=(),
    descriptions=NAMES,
)
NOTHING = {"first_set": None, "second_set": None, "first_excluded": None}


@pytest.mark.parametrize(
    ("row", "goods"),
    [
        ({"first_set": 0}, {"varieties": 2, "product": None}),
        ({"first_set": 0, "first_excluded": 0}, {"varieties": 1, "product": "Tea"}),
        ({"first_set": 1}, {"varieties": 1, "product": "Cups"}),
        ({"first_set": 0, "second_set": 1}, {}),
        ({}, {}),
    ],
)
def test_products_of_one_name_are_one(row: dict[str, Any], goods: dict[str, Any]) -> None:
    assert DEALS.goods({**NOTHING, **row}) == goods
