"""The shipped sample: a year of Complete Journey 2017 with fictional people, brands and suppliers.

`README.md` beside this file says where the data come from, their licence and the rule that chose
the households. The files have the formats of `larder load` (docs/loading.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import polars as pl

PRODUCTS = "products.parquet"
HOUSEHOLDS = "households.parquet"
BASKETS = "baskets.parquet"
DEALS = "deals.csv"
CONTENT = "content.json"
RETAILER = "Harvelle Markets"
TIMEZONE = "America/New_York"
SETTINGS = (
    f"LARDER_RETAILER={RETAILER}\nLARDER_TIMEZONE={TIMEZONE}\nLARDER_COUNTRY=US\n"
    "LARDER_LAYOUT=classic-letter\n"
)
"""The sample's shop, as lines of a `.env`."""

# The people of the sample are fictional: a fixed code key makes everybody's lists of it the same,
# byte for byte.
CODE_KEY = "larder-demo-code-key-for-fictional-households-only"
# The files that are built from the data.
FILES = (PRODUCTS, HOUSEHOLDS, BASKETS, DEALS)


@contextmanager
def folder() -> Iterator[Path]:
    """The folder of `FILES` and `CONTENT`, as a real path even when the package is zipped."""
    with resources.as_file(resources.files(__name__)) as path:
        yield path


def write_history(path: Path) -> None:
    """Write the sample's purchases as a history for `larder predict` and `larder backtest`."""
    with folder() as files:
        products = pl.scan_parquet(files / PRODUCTS).select("gtin", item_id="item")
        baskets = pl.scan_parquet(files / BASKETS)
        baskets.join(products, on="gtin").select(
            "household_id",
            "item_id",
            "basket_id",
            "purchased_at",
            pl.col("quantity").cast(pl.Float64),
            "amount_cents",
        ).collect().write_parquet(path)
