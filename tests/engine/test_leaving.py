"""Who stays away far longer than its own rhythm, and whether those named come back."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from service import sample
from service.engine.leaving import AHEAD_DAYS, LEAST_VISITS, away, gaps, leaving, rhythm_of

AS_OF = date(2026, 6, 1)


def visits(*rows: tuple[int, list[int]]) -> pl.DataFrame:
    """Households with the days before AS_OF on which they bought."""
    pairs = [(home, AS_OF - timedelta(days=day)) for home, days in rows for day in days]
    return pl.DataFrame(pairs, {"household_id": pl.Int64, "day": pl.Date}, orient="row")


def crowd(homes: int, *, every: int) -> list[tuple[int, list[int]]]:
    """Households that come about every so many days, the last time within that."""
    rng = np.random.default_rng(every)
    return [
        (100 * every + n, np.cumsum(rng.integers(1, 2 * every, 360 // every)).tolist())
        for n in range(homes)
    ]


def test_the_same_absence_is_unusual_for_one_and_usual_for_another() -> None:
    weekly = [each + 60 for each in range(0, 280, 7)]
    monthly = [each + 60 for each in range(0, 280, 35)]
    rare = [70, 100, 130]
    table = visits((1, weekly), (2, monthly), (3, rare), *crowd(40, every=7),
                   *crowd(40, every=30))  # fmt: skip

    found = leaving(table, as_of=AS_OF)

    assert 1 in found["household_id"]
    assert not {2, 3} & set(found["household_id"])
    row = found.filter(pl.col("household_id") == 1).row(0, named=True)
    assert (row["days_away"], row["visits"]) == (60, 40)
    assert row["usual_days"] == pytest.approx(7, rel=0.05)
    assert row["chance"] < 0.001


def test_baskets_of_a_day_are_one_visit_and_few_visits_are_no_rhythm() -> None:
    days = list(range(60, 60 + 7 * LEAST_VISITS, 7))
    twice = visits((1, days + days), (2, days[1:]))
    found = gaps(twice)
    assert found["visits"].to_list() == [LEAST_VISITS, LEAST_VISITS - 1]
    assert away(found, rhythm_of(found), as_of=AS_OF)["household_id"].to_list() == [1]
    assert leaving(twice.clear(), as_of=AS_OF).is_empty()


def test_who_is_known_little_is_judged_by_what_is_usual() -> None:
    """Six visits two days apart say less than forty; the household is drawn to the others."""
    few = visits((1, [30 + 2 * n for n in range(LEAST_VISITS)]), *crowd(60, every=10))
    many = visits((1, [30 + 2 * n for n in range(40)]), *crowd(60, every=10))
    usual = []
    for table in (few, many):
        found = gaps(table)
        rows = away(found, rhythm_of(found), as_of=AS_OF)
        usual.append(rows.filter(pl.col("household_id") == 1)["usual_days"][0])
    assert 2 < usual[1] < usual[0]


def test_of_those_named_on_held_back_weeks_many_more_do_not_come_back() -> None:
    """The sample's 200 households at eight dates: named by what was before, judged by the rest."""
    with sample.folder() as files:
        baskets = pl.read_parquet(files / sample.BASKETS)
    table = baskets.select(
        pl.col("household_id").cast(pl.Int64), pl.col("purchased_at").dt.date().alias("day")
    ).unique()
    named, gone, base, gone_base = 0, 0, 0, 0
    for week in range(8):
        as_of = date(2017, 6, 3) + timedelta(weeks=3 * week)
        before = table.filter(pl.col("day") < as_of)
        after = table.filter(
            pl.col("day").is_between(as_of, as_of + timedelta(days=AHEAD_DAYS - 1))
        )["household_id"].unique()
        found = gaps(before)
        everybody = away(found, rhythm_of(found), as_of=as_of)["household_id"]
        mine = leaving(before, as_of=as_of)["household_id"]
        named += len(mine)
        gone += int((~mine.is_in(after.implode())).sum())
        base += len(everybody)
        gone_base += int((~everybody.is_in(after.implode())).sum())
    assert named >= 10
    assert gone / named > 4 * gone_base / base
