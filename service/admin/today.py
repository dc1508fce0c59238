"""What waits for people today, and what the newest lists came to so far."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from service.engine.lifecycle import DealState
from service.store import cycles, household_cases, loop
from service.store.clearing.waiting import Counts, counts
from service.store.household_cases import CaseCounts
from service.store.offers import pages, totals
from service.store.offers.overview import DealFilter
from service.store.session import Database
from service.store.tables.cycle import Cycle

DRAFTS = DealFilter(states=(DealState.DRAFT,))
CHECKED = DealFilter(states=(DealState.CHECKED,))
LEFT_BELOW_PERCENT = 10
SHORT_OF_BUDGET = DealFilter(left_below_percent=LEFT_BELOW_PERCENT)
BEHIND_GUARANTEE = DealFilter(behind_guarantee=True)

MOST_COUNTED = 10_001
"""No count on a page goes on beyond this."""

FAILED_WITHIN = timedelta(days=7)
UNCONFIRMED_AFTER = timedelta(days=1)
CASES_WITHIN = timedelta(days=30)
"""Of which time it is counted how many cases were answered within a day."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many things wait for somebody; drafts and checked deals up to `MOST_COUNTED`."""

    drafts: int
    checked: int
    short_of_budget: int
    behind_guarantee: int
    failed_runs: int
    unconfirmed_batches: int
    clearing: Counts
    cases: CaseCounts


@dataclass(frozen=True, slots=True)
class NewestCycle:
    """What the lists of the newest cycle came to so far.

    `expected_uses` are those of all its copies, by the last day of the lists; `by_day` as
    `store.loop.uses_by_day` gives it.
    """

    number: int
    as_of: date
    valid_from: date
    valid_to: date
    lists: int
    copies: int
    face_value_cents: int
    expected_uses: float
    by_day: pl.DataFrame

    @property
    def uses(self) -> int:
        """Uses at the tills that count."""
        return int(self.by_day["uses"].sum())

    @property
    def discount_cents(self) -> int:
        """What came off at the tills."""
        return int(self.by_day["discount_cents"].sum())

    @property
    def supplier_cents(self) -> int:
        """What suppliers pay of it."""
        return int(self.by_day["supplier_cents"].sum())


@dataclass(frozen=True, slots=True)
class Today:
    """What a front page shows; `at` is when it was counted."""

    at: datetime
    waiting: Waiting
    cycle: NewestCycle | None
    budgets: totals.Budgets


def read_today(database: Database, *, now: datetime) -> Today:
    """Count everything in one transaction."""
    with database.read() as session:
        newest = cycles.newest(session)
        budgets = totals.budgets(session, left_below_percent=LEFT_BELOW_PERCENT)

        def deals(chosen: DealFilter) -> int:
            return pages.count(session, chosen, most=MOST_COUNTED)

        return Today(
            at=now,
            waiting=Waiting(
                drafts=deals(DRAFTS),
                checked=deals(CHECKED),
                short_of_budget=budgets.short,
                behind_guarantee=totals.behind_guarantee(session),
                failed_runs=loop.failed_runs(session, since=now - FAILED_WITHIN),
                unconfirmed_batches=loop.batches_not_received(
                    session, published_before=now - UNCONFIRMED_AFTER
                ),
                clearing=counts(session),
                cases=household_cases.counts(
                    session, since=now - CASES_WITHIN, now=now, most=MOST_COUNTED
                ),
            ),
            cycle=None
            if newest is None
            else _came_to(
                newest, loop.issued(session, newest), loop.uses_by_day(session, newest.id)
            ),
            budgets=budgets,
        )


def _came_to(cycle: Cycle, issued: loop.Issued, by_day: pl.DataFrame) -> NewestCycle:
    return NewestCycle(
        number=cycle.id,
        as_of=cycle.as_of,
        valid_from=cycle.valid_from,
        valid_to=cycle.valid_to,
        lists=issued.lists,
        copies=issued.copies,
        face_value_cents=issued.face_value_cents,
        expected_uses=issued.expected_uses,
        by_day=by_day,
    )
