"""A shop of any size: Complete Journey's households, and copies of them with seeded noise."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from service import sample
from service.demo.replay import bought_between
from service.demo.run import AS_OF

SEED = 20171125
_DAYS = 3
_DROPPED = 0.05


def build(source: Path, out: Path, households: int) -> int:
    """Write the files of a shop with so many households to `out`; how many lines they bought.

    `source` has every household (see `bench.build_sample`). A copy buys what its original does, up
    to three days earlier or later and without one line in twenty; budgets and copies of deals grow
    with the households. Only what was bought before the cycle's date is written.
    """
    out.mkdir(parents=True, exist_ok=True)
    people = pl.read_parquet(source / sample.HOUSEHOLDS).sort("household_id")
    bought = bought_between(
        pl.read_parquet(source / sample.BASKETS),
        first=AS_OF - timedelta(days=400),
        last=AS_OF - timedelta(days=1),
        zone=sample.TIMEZONE,
    )
    rounds = [people.head(min(people.height, households - start))
              for start in range(0, households, people.height)]  # fmt: skip
    pl.concat([_people(each, turn) for turn, each in enumerate(rounds)]).write_parquet(
        out / sample.HOUSEHOLDS
    )
    lines = pl.concat(
        [
            _bought(bought.join(each, on="household_id", how="semi", maintain_order="left"), turn)
            for turn, each in enumerate(rounds)
        ]
    )
    lines.write_parquet(out / sample.BASKETS)
    (out / sample.PRODUCTS).write_bytes((source / sample.PRODUCTS).read_bytes())
    _deals(source, households / people.height).write_csv(out / sample.DEALS)
    return lines.height


def _people(people: pl.DataFrame, turn: int) -> pl.DataFrame:
    """The households of a turn; only the originals have cards and phones."""
    if turn == 0:
        return people
    return people.with_columns(
        _numbered("household_id", turn),
        pl.lit(None, pl.String).alias("card"),
        pl.lit(None, pl.String).alias("phone"),
    )


def _bought(lines: pl.DataFrame, turn: int) -> pl.DataFrame:
    if turn == 0:
        return lines
    draw = np.random.default_rng((SEED, turn))
    ids = lines["household_id"].unique().sort()
    moved = pl.DataFrame(
        {"household_id": ids, "days": draw.integers(-_DAYS, _DAYS, len(ids), endpoint=True)}
    )
    kept = pl.Series(draw.random(lines.height) >= _DROPPED)
    earliest = pl.min_horizontal("days", pl.lit(0))
    return (
        lines.filter(kept)
        .join(moved, on="household_id", maintain_order="left")
        # Later ones only where they stay before the cycle.
        .with_columns(
            pl.when(pl.col("purchased_at").max().over("household_id").dt.date()
                    + pl.duration(days="days") >= AS_OF)
            .then(earliest).otherwise("days").alias("days")
        )
        .with_columns(
            _numbered("household_id", turn),
            _numbered("basket_id", turn),
            pl.col("purchased_at") + pl.duration(days="days"),
        )
        .drop("days")
    )  # fmt: skip


def _numbered(column: str, turn: int) -> pl.Expr:
    return (pl.col(column) + f"-{turn}").alias(column)


def _deals(source: Path, times: float) -> pl.DataFrame:
    deals = pl.read_csv(source / sample.DEALS, infer_schema=False).fill_null("")
    cents = (pl.col("budget").cast(pl.Float64, strict=False) * times).round(2)
    copies = (pl.col("circulation_max").cast(pl.Float64, strict=False) * times).ceil()
    return deals.with_columns(
        cents.cast(pl.String).fill_null("").alias("budget"),
        copies.cast(pl.Int64).cast(pl.String).fill_null("").alias("circulation_max"),
    )
