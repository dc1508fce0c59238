"""The shipped sample: one year of real purchases with fictional people, brands and suppliers.

`README.md` beside this file says where the data come from, their licence and the rule that chose
the households. The files have the formats of `larder load` (docs/loading.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

PRODUCTS = "products.parquet"
HOUSEHOLDS = "households.parquet"
BASKETS = "baskets.parquet"
DEALS = "deals.csv"
FILES = (PRODUCTS, HOUSEHOLDS, BASKETS, DEALS)


@contextmanager
def folder() -> Iterator[Path]:
    """The folder that holds `FILES`, as a real path even when the package is zipped."""
    with resources.as_file(resources.files(__name__)) as path:
        yield path
