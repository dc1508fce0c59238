"""One household against stored prices, beside the whole allocation run for it alone.

    uv run python -m bench.allocate_online [--households 500] [--deals 60]

CPU milliseconds of one thread, rows in memory: what a list written from the last basket waits for.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import polars as pl

from service.engine.allocate import PriceBook, allocate, allocate_household
from tests.engine.allocate.test_allocate import TERMS, market


def spent(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return 1000 * (time.process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--households", type=int, default=500)
    parser.add_argument("--deals", type=int, default=60)
    options = parser.parse_args()
    candidates, offers, households = market(options.households, options.deals, 14)
    book = PriceBook(allocate(candidates, offers, households, terms=TERMS).prices)
    online, whole = [], []
    for (home,), mine in candidates.group_by("household_id", maintain_order=True):
        limits = households.row(int(str(home)), named=True)
        one = households.filter(pl.col("household_id") == home)
        online.append(spent(lambda m=mine, k=limits: allocate_household(m, book, k, terms=TERMS)))
        if len(whole) < 50:
            whole.append(spent(lambda m=mine, o=one: allocate(m, offers, o, terms=TERMS)))
    middle, alone = statistics.median(online), statistics.median(whole)
    print(
        f"one household: median {middle:.2f} ms, p95 {statistics.quantiles(online, n=20)[18]:.2f}"
    )
    print(f"allocated for it alone: median {alone:.2f} ms, {alone / middle:.1f} times as much")


if __name__ == "__main__":
    main()
