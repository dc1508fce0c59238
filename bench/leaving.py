"""Who is named as about to leave: thresholds chosen on earlier dates, what they do on later ones.

On 84.51°'s public Complete Journey 2017 data. Every date sees what was before it only; who does not
buy in the eight weeks from it has stayed away. Thresholds are chosen on the first dates: of those
that name at least one in a hundred households with a rhythm, the ones whose households stay away
most often. Prints what they, and the shipped ones, name on the later dates, whose eight weeks share
no day with the choice, and as many households that were away the longest.

    uv run --all-groups python -m bench.leaving
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product
from typing import NamedTuple

import polars as pl

from bench.allocate_instance import DATA
from service.engine.leaving import (
    AHEAD_DAYS,
    LEAST_DAYS,
    LEAST_GONE,
    MOST_CHANCE,
    away,
    gaps,
    rhythm_of,
)

CHOICE = [date(2017, 5, 1) + timedelta(days=21 * n) for n in range(4)]
LATER = [date(2017, 9, 1) + timedelta(days=21 * n) for n in range(3)]
"""The last date of the choice looks eight weeks ahead, to 28 August."""
GRID = [*product((0.02, 0.05, 0.1), (0.2, 0.3, 0.4, 0.5, 0.6), (14, 21, 28))]
_LEAST_SHARE = 0.01


class Thresholds(NamedTuple):
    """Those of `service.engine.leaving.leaving`."""

    chance: float
    gone: float
    days: int

    def named(self, found: pl.DataFrame) -> pl.DataFrame:
        """The rows that are named."""
        return found.filter(
            pl.col("chance") <= self.chance,
            pl.col("gone") >= self.gone,
            pl.col("days_away") >= self.days,
        )


def seen(visits: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The households with a rhythm on a date, and whether each stayed away."""
    before = visits.filter(pl.col("day") < as_of)
    ahead = pl.col("day").is_between(as_of, as_of + timedelta(days=AHEAD_DAYS), closed="left")
    back = visits.filter(ahead).select("household_id").unique()
    found = gaps(before)
    return away(found, rhythm_of(found), as_of=as_of).with_columns(
        (~pl.col("household_id").is_in(back["household_id"].implode())).alias("stayed_away"),
        pl.lit(as_of).alias("as_of"),
    )


def best(found: pl.DataFrame) -> Thresholds:
    """The thresholds whose households stay away most often."""
    kept = []
    for each in (Thresholds(*values) for values in GRID):
        named = each.named(found)
        if named.height >= _LEAST_SHARE * found.height:
            kept.append((float(named["stayed_away"].mean() or 0), named.height, each))
    return max(kept)[2]


def report(name: str, found: pl.DataFrame, chosen: Thresholds) -> None:
    """Print what thresholds name, and as many by days away alone."""
    named = chosen.named(found)
    counts = named.group_by("as_of").len()
    longest = pl.concat(
        found.filter(pl.col("as_of") == day).sort("days_away", descending=True).head(count)
        for day, count in counts.iter_rows()
    )
    print(f"{name:24} chance <= {chosen.chance}, gone >= {chosen.gone}, {chosen.days} days: "
          f"{named.height:,} named, {named['stayed_away'].mean():.1%} stayed away, "
          f"{named['gone'].mean():.1%} said; the longest away {longest['stayed_away'].mean():.1%}; "
          f"all {found.height:,} {found['stayed_away'].mean():.1%}")  # fmt: skip


def main() -> None:
    """Print the table."""
    visits = (
        pl.read_parquet(DATA / "transactions.parquet")
        .select(
            pl.col("household_id").cast(pl.Int64),
            pl.col("transaction_timestamp").dt.date().alias("day"),
        )
        .unique()
    )

    def at(days: Sequence[date]) -> pl.DataFrame:
        return pl.concat(seen(visits, day) for day in days)

    early, late = at(CHOICE), at(LATER)
    shipped = Thresholds(MOST_CHANCE, LEAST_GONE, LEAST_DAYS)
    chosen = best(early)
    report("choice, chosen", early, chosen)
    report("choice, shipped", early, shipped)
    report("later, chosen", late, chosen)
    report("later, shipped", late, shipped)


if __name__ == "__main__":
    main()
