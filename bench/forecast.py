"""Measure the forecast: time a date, one household, and growth with the data.

`python -m bench.forecast --history FILE --as-of 2017-12-16 --times 1 10 30` reads a history (as
`larder predict` does; integers for ids keep the copies small), fits once and prints CPU seconds
and peak memory of a whole forecast for the base replicated that many times: every copy has its own
households and its purchases moved by up to three days at random.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from service.engine.history import before
from service.engine.predict import fit, forecast, score
from service.forecast import read_history

HOUSEHOLDS_TIMED = 200


def replicated(history: pl.DataFrame, times: int, as_of: date) -> pl.DataFrame:
    """Copies with households of their own and noisy days, none moved past the as-of date."""
    if times == 1:
        return history
    random = np.random.default_rng(5)
    step = int(str(history["household_id"].max())) + 1
    last = pl.lit(as_of).cast(pl.Datetime("us")) - pl.duration(hours=1)
    copies = []
    for copy in range(times):
        moved = pl.lit(pl.Series(random.integers(-3, 4, history.height)))
        copies.append(
            history.with_columns(
                pl.col("household_id") + copy * step,
                pl.min_horizontal(pl.col("purchased_at") + pl.duration(days=moved), last).alias(
                    "purchased_at"
                ),
            )
        )
    return pl.concat(copies)


def main() -> None:
    """Run the measurements named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--times", type=int, nargs="+", default=[1])
    options = parser.parse_args()
    history = before(read_history(options.history), options.as_of).with_columns(
        pl.col("item_id").rank("dense").cast(pl.Int64),
        pl.col("household_id").rank("dense").cast(pl.Int64),
        pl.col("basket_id").rank("dense").cast(pl.Int64),
    )
    started = time.process_time()
    model = fit(history, as_of=options.as_of, horizon_days=14)
    tell(f"fit: {time.process_time() - started:.1f} CPU s, {len(model.to_json()):,} bytes kept")
    one_household(history, options.as_of)
    for times in options.times:
        base = replicated(history, times, options.as_of)
        started = time.process_time()
        _, scores = forecast(model, base, as_of=options.as_of, horizon_days=14)
        seconds = time.process_time() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        tell(
            f"{times} x: {base.height:,} rows, {scores.height:,} scores, {seconds:.2f} CPU s, "
            f"{1e6 * seconds / base.height:.2f} s a million rows, peak {peak:.2f} GB"
        )


def one_household(history: pl.DataFrame, as_of: date) -> None:
    """CPU milliseconds to score one household, rows read and model loaded."""
    model = fit(history.filter(pl.col("household_id") <= 500), as_of=as_of, horizon_days=14)
    spent = []
    for household in range(1, HOUSEHOLDS_TIMED + 1):
        own = history.filter(pl.col("household_id") == household)
        started = time.process_time()
        score(model, own, as_of=as_of, horizon_days=14)
        spent.append(1000 * (time.process_time() - started))
    middle, high = np.percentile(spent, [50, 95])
    tell(f"one household: {middle:.1f} ms CPU median, {high:.1f} ms at the 95th percentile")


def tell(line: str) -> None:
    """Print and flush, so that a long run can be watched."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
