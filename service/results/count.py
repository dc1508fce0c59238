"""Counting what households bought in the windows after a cycle, and freezing what is final."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

import polars as pl
from sqlmodel import Session

from service.currencies import minor_digits
from service.cycle.inputs import midnight, read_purchases
from service.engine.lift.outcomes import BEFORE_DAYS, WINDOWS, outcomes, packed, sums_by
from service.engine.lift.silence import USUAL_DAYS, Silence, silences
from service.results.compare import Drawn, judge
from service.results.freeze import figures_of, rows_of
from service.settings import Settings
from service.store import baskets, catalogue, lift_reports
from service.store import outcomes as stored
from service.store.session import Database
from service.store.tables.cycle import Cycle
from service.store.tables.outcome import OutcomeWindow

LATE_DAYS = 14
"""So many days after its end a window is final: till then sales made offline still arrive."""
AWAITED_DAYS = 42
"""So many days longer a window waits for stores that used to send sales and do not."""
ADDENDUM_DAYS = 28
"""So many days after it is final the last window is counted once more, for its addendum."""
_GROUP = ["offer_id", "arm", "cell", "region"]
_TOP = 2
_BUSY = "Outcomes are being counted; count again."


@dataclass(frozen=True, slots=True)
class Counted:
    """A window that was counted: `households` and `copies` that the rule of the cycle picked.

    `silent` are the stores it lacks sales of.
    """

    cycle_id: int
    window: tuple[int, int]
    is_final: bool
    households: int
    copies: int
    silent: tuple[Silence, ...] = ()


def count_outcomes(database: Database, settings: Settings, *, today: date) -> Iterator[Counted]:
    """Count the windows that have begun by a day and are not final yet, oldest cycle first.

    A day has no outcomes before its sales are there: the newest basket's day is the last that
    counts, whatever day it is. Each window is one transaction, so that a killed run goes on with
    the next. What is counted is the same whatever was counted before. A window that became final
    has its reports frozen with it.
    """
    with database.read() as session:
        newest = baskets.newest_day(session)
        if newest is None:
            return
        today = min(today, newest + timedelta(days=1))
        waiting = [
            (cycle, {each.first_day: each for each in stored.windows(session, cycle.id)})
            for cycle in stored.waiting(session, started_before=today)
        ]
    for cycle, known in waiting:
        for window in WINDOWS:
            if not _is_due(cycle, window, known.get(window[0]), today=today):
                continue
            counted = _count(database, settings, cycle, window, today=today)
            if counted is not None:
                yield counted


def _is_due(
    cycle: Cycle, window: tuple[int, int], known: OutcomeWindow | None, *, today: date
) -> bool:
    """Whether a window has begun and is not final, or its addendum is due."""
    if known is None or not known.final:
        return cycle.valid_from + timedelta(days=window[0]) < today
    end = cycle.valid_from + timedelta(days=window[1])
    is_last = window == WINDOWS[-1] and not known.amended
    wait = _wait(known.silent) + ADDENDUM_DAYS
    return is_last and today >= end + timedelta(days=wait)


def _wait(silent: Sequence[Silence]) -> int:
    """How many days after its end a window is final."""
    return LATE_DAYS + (AWAITED_DAYS if silent else 0)


def _count(
    database: Database, settings: Settings, cycle: Cycle, window: tuple[int, int], *, today: date
) -> Counted | None:
    """Count one window; None where the cycle is older than the picks."""
    first, end = (cycle.valid_from + timedelta(days=day) for day in window)
    until = min(end, today)
    with database.read() as session:
        picks = stored.picks(session, cycle.id)
        if picks.is_empty():
            return None
        regions = catalogue.store_regions(session)
        found, uses = _read(session, settings, cycle, picks, regions, window=window, until=until)
        sent = stored.business_days(session, since=first - timedelta(days=USUAL_DAYS), before=until)
        deals = stored.deals(session, picks["offer_id"].unique().sort().to_list())
        was_final = any(
            each.final for each in stored.windows(session, cycle.id) if each.first_day == window[0]
        )
    silent = silences(sent, first_day=first, until=until)
    row = partial(
        OutcomeWindow,
        cycle_id=cycle.id,
        first_day=window[0],
        last_day=window[1],
        counted_at=datetime.now(UTC),
        counted_until=until,
        final=was_final or today >= end + timedelta(days=_wait(silent)),
        amended=was_final,
        silent=list(silent),
    )
    kept = row()
    rows = group_sums(found).with_columns(pl.lit(window[0], pl.Int64).alias("first_day"))
    figures, drawn = {}, []
    if kept.final:
        sums = [stored.Sums(**row) for row in rows.iter_rows(named=True)]
        judged = judge(sums, deals, {window[0]: kept}, Drawn.of(cycle))
        figures = figures_of(sums, judged, uses, silent)
        drawn = list(rows_of(found))

    def write(session: Session) -> None:
        stored.replace(session, row(), rows)
        lift_reports.add(session, kept, figures, drawn, is_addendum=was_final)

    database.settle(write, busy=_BUSY)
    households = picks["household_id"].n_unique()
    return Counted(cycle.id, window, kept.final, households, picks.height, silent)


def _read(
    session: Session,
    settings: Settings,
    cycle: Cycle,
    picks: pl.DataFrame,
    regions: dict[str, str],
    *,
    window: tuple[int, int],
    until: date,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The outcomes of every pick in a window, and the uses of copies by region of the till."""
    start = cycle.valid_from - timedelta(days=BEFORE_DAYS)
    first, end = (cycle.valid_from + timedelta(days=day) for day in window)
    uses = stored.uses(session, cycle.id)
    bought = read_purchases(session, settings, since=start, before=until)
    found = outcomes(
        picks,
        bought.with_columns(pl.col("purchased_at").dt.date().alias("day")),
        stored.goods(session, cycle.id),
        valid_from=cycle.valid_from,
        window=window,
        reimbursed=uses.select("household_id", "offer_id", "day", "cents"),
        unit_cents=10 ** minor_digits(settings.currency),
    )
    used = uses.filter(pl.col("day").is_between(first, end, closed="left"), pl.col("uses") > 0)
    of_pick = ["household_id", "offer_id"]
    marks = used.select(*of_pick, pl.lit(True).alias("redeemed")).unique()
    usual = baskets.usual_stores(
        session, since=midnight(start, settings), before=midnight(cycle.valid_from, settings)
    )
    found = (
        found.join(_in_regions(usual, "store", regions), on="household_id", how="left")
        .with_columns(pl.col("region").fill_null(""))
        .join(marks, on=of_pick, how="left")
    )
    return found, _in_regions(used, "store_id", regions)


def _in_regions(frame: pl.DataFrame, store: str, regions: dict[str, str]) -> pl.DataFrame:
    """A frame with the region of a column of stores in place of it."""
    of = pl.col(store).replace_strict(regions, default="", return_dtype=pl.String)
    return frame.with_columns(of.alias("region")).drop(store)


def group_sums(found: pl.DataFrame) -> pl.DataFrame:
    """The sums of the outcomes by group, in the columns of `Sums` but the window."""
    groups, sums = sums_by(found, _GROUP)
    top = pl.col("sales").top_k(_TOP).sort(descending=True)
    counts = found.group_by(_GROUP).agg(
        pl.len().cast(pl.Int64).alias("households"),
        pl.col("is_given").sum().cast(pl.Int64).alias("given"),
        pl.col("redeemed").sum().cast(pl.Int64).alias("redeemed"),
        top.get(0).clip(0.0).alias("largest"),
        top.get(1, null_on_oob=True).fill_null(0.0).clip(0.0).alias("second"),
    )
    return groups.with_columns(pl.Series("sums", packed(sums), dtype=pl.Binary)).join(
        counts, on=_GROUP, maintain_order="left"
    )
