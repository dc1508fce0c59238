"""Counting what households bought in the windows after a cycle, and freezing what is final."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

import polars as pl
from sqlmodel import Session

from service.engine.lift.outcomes import WINDOWS, packed, sums_by
from service.engine.lift.silence import USUAL_DAYS, Silence, silences
from service.results.compare import Drawn, judge
from service.results.cycle_sales import CycleSales, read_sales
from service.results.freeze import figures_of, rows_of
from service.settings import Settings
from service.store import baskets, lift_reports
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
        due = [w for w in WINDOWS if _is_due(cycle, w, known.get(w[0]), today=today)]
        if not due:
            continue
        until = _until(cycle, due[-1], today)
        with database.read() as session:
            sales = read_sales(session, settings, cycle, before=until)
            begin = cycle.valid_from + timedelta(days=due[0][0] - USUAL_DAYS)
            sent = stored.business_days(session, since=begin, before=until)
        if sales is None:
            continue
        for window in due:
            yield _count(database, sales, sent, window, known.get(window[0]), today=today)


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


def _until(cycle: Cycle, window: tuple[int, int], today: date) -> date:
    """The day before which the sales of a window are counted."""
    return min(cycle.valid_from + timedelta(days=window[1]), today)


def _count(
    database: Database,
    sales: CycleSales,
    sent: Mapping[str, Sequence[date]],
    window: tuple[int, int],
    known: OutcomeWindow | None,
    *,
    today: date,
) -> Counted:
    """Count one window, and freeze its reports where it is final.

    `sent` are the days on which stores sold anything, which may be more than the window's.
    """
    cycle, picks = sales.cycle, sales.picks
    first, end = (cycle.valid_from + timedelta(days=day) for day in window)
    until = _until(cycle, window, today)
    was_final = known is not None and known.final
    with database.read() as session:
        deals = stored.deals(session, picks["offer_id"].unique().sort().to_list())
    since = first - timedelta(days=USUAL_DAYS)
    of_window = {
        store: [day for day in days if since <= day < until] for store, days in sent.items()
    }
    silent = silences(
        {store: days for store, days in of_window.items() if days}, first_day=first, until=until
    )
    found, uses = sales.outcomes_in(window)
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
