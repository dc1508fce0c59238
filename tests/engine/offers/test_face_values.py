"""Face values by cell, and the supplier's part of them."""

import json

import polars as pl
import pytest

from service.engine.allocate.value import CELLS
from service.engine.offers.face_values import face_values, supplier_share


def test_an_offer_has_one_amount_for_all_or_nine() -> None:
    offers = pl.DataFrame({"offer_id": [1, 2], "face_values": ["[]", json.dumps([*range(11, 20)])]})
    assert face_values(offers).rows() == [
        (2, cell, cents) for cell, cents in zip(CELLS, range(11, 20), strict=True)
    ]


@pytest.mark.parametrize(
    ("face", "percent", "cap", "share"),
    [
        (200, 100, None, 1.0),
        (200, 40, None, 0.4),
        (200, 100, 50, 0.25),
        (200, 40, 150, 0.4),
        (0, 40, 0, 0.4),
    ],
)
def test_a_supplier_bears_its_share_or_less_by_its_cap(
    face: int, percent: int, cap: int | None, share: float
) -> None:
    row = pl.DataFrame(
        [(face, percent, cap)],
        {"face_value_cents": pl.Int64, "funding_share": pl.Int64, "funding_cap_cents": pl.Int64},
        orient="row",
    )
    assert row.select(supplier_share()).item() == share
