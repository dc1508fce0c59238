"""Measure the forecast: time a date, one household, and growth with the data.

`python -m bench.forecast --history FILE --as-of 2017-12-16 --times 1 10 30` reads a history (as
`larder predict` does; integers for ids keep the copies small), and prints CPU seconds of a forecast
in memory and of one household, by whole numbers and by texts. Then it runs `larder predict`, fit
and all, each in a process of its own, on the base replicated that many times, and prints CPU
seconds, peak memory, and the CPU seconds a row beside those of the first: every copy has its own
households and its purchases moved by up to three days at random.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from service.engine.history import rows_before
from service.engine.predict import Model, fit, forecast, score
from service.engine.predict.items import IdIndex
from service.files.forecast import read_history

HOUSEHOLDS_TIMED = 200


def replicate(history: pl.DataFrame, times: int, as_of: date, folder: Path) -> Path:
    """A file of copies with households of their own and noisy days, none past the as-of date."""
    random = np.random.default_rng(5)
    step = int(str(history["household_id"].max())) + 1
    last = pl.lit(as_of).cast(pl.Datetime("us")) - pl.duration(hours=1)
    pieces: list[Path] = []
    for copy in range(times):
        moved = pl.lit(pl.Series(random.integers(-3, 4, history.height)))
        noisy = pl.min_horizontal(pl.col("purchased_at") + pl.duration(days=moved), last)
        copied = history.with_columns(
            pl.col("household_id") + copy * step, noisy.alias("purchased_at")
        )
        pieces.append(folder / f"copy-{copy}.parquet")
        (history if times == 1 else copied).write_parquet(pieces[-1])
    whole = folder / f"times-{times}.parquet"
    pl.scan_parquet(pieces).sink_parquet(whole)
    for piece in pieces:
        piece.unlink()
    return whole


def main() -> None:
    """Run the measurements named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--times", type=int, nargs="*", default=[1])
    options = parser.parse_args()
    history = rows_before(read_history(options.history), options.as_of).with_columns(
        pl.col("item_id").rank("dense").cast(pl.Int64),
        pl.col("household_id").rank("dense").cast(pl.Int64),
        pl.col("basket_id").rank("dense").cast(pl.Int64),
    )
    model = in_memory(history, options.as_of)
    one_household(model, history, options.as_of, "whole numbers")
    one_household(*in_texts(model, history), options.as_of, "texts")
    growth(history, options.times, options.as_of)


def in_memory(history: pl.DataFrame, as_of: date) -> Model:
    """CPU seconds to fit and to count and score the whole base."""
    started = time.process_time()
    model = fit(history, as_of=as_of, horizon_days=14)
    fitted = time.process_time()
    forecast(model, history, as_of=as_of, horizon_days=14)
    scored = time.process_time()
    tell(
        f"in memory: fit {fitted - started:.1f} CPU s, {len(model.to_json()):,} bytes kept; "
        f"forecast {scored - fitted:.2f} CPU s"
    )
    return model


def growth(history: pl.DataFrame, copies: list[int], as_of: date) -> None:
    """CPU seconds and peak memory of `larder predict` on so many copies."""
    first = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for times in copies:
            path = replicate(history, times, as_of, Path(folder))
            rows = history.height * times
            out = Path(folder) / "scores.parquet"
            command = [sys.executable, "-m", "service", "predict", "--history", str(path)]
            command += ["--as-of", as_of.isoformat(), "--out", str(out)]
            child = os.spawnve(os.P_NOWAIT, sys.executable, command, os.environ)
            _, status, used = os.wait4(child, 0)
            seconds = used.ru_utime + used.ru_stime
            first = first or seconds / rows
            tell(
                f"{times} x: {rows:,} rows, exit {os.waitstatus_to_exitcode(status)}, "
                f"{seconds:.1f} CPU s, {seconds / rows / first:.2f} of the first's a row, "
                f"peak {used.ru_maxrss / 1024**2:.2f} GB"
            )
            path.unlink()


def in_texts(model: Model, history: pl.DataFrame) -> tuple[Model, pl.DataFrame]:
    """The same with texts for ids, in the same order."""
    plain = pl.col("household_id", "item_id").cast(pl.String).str.zfill(12)
    items, vectors = (
        IdIndex(index.ids.cast(pl.String).str.zfill(12))
        for index in (model.items.index, model.vectors)
    )
    with_text_ids = replace(model, items=replace(model.items, index=items), vectors=vectors)
    return with_text_ids, history.with_columns(plain)


def one_household(model: Model, history: pl.DataFrame, as_of: date, ids: str) -> None:
    """CPU milliseconds to score one household, rows read and model loaded: the least of five."""
    spent = []
    names = history["household_id"].unique().sort().head(HOUSEHOLDS_TIMED)
    some = history.filter(pl.col("household_id").is_in(names.implode()))
    for own in some.partition_by("household_id"):
        goes = []
        for _ in range(5):
            started = time.process_time()
            score(model, own, as_of=as_of, horizon_days=14)
            goes.append(1000 * (time.process_time() - started))
        spent.append(min(goes))
    middle, high = np.percentile(spent, [50, 95])
    tell(f"one household, {ids} for ids: {middle:.1f} ms CPU, {high:.1f} at the 95th percentile")


def tell(line: str) -> None:
    """Print and flush, so that a long run can be watched."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
