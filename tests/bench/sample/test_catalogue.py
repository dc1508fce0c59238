"""Products of the sample."""

import polars as pl

from bench.sample import catalogue


def test_gtin_of_a_product_number() -> None:
    frame = pl.DataFrame({"product_id": [1, 18_316_298]})

    assert frame.select(catalogue.gtin_of(pl.col("product_id"))).to_series().to_list() == [
        "2000000000015",
        "2000183162982",
    ]
