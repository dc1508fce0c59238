"""The calendar of deals: by category, how many run at once on which days, and where none does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from service.deals.listing import deals_with_words
from service.engine.lifecycle import DealState
from service.errors import NotFound
from service.store.offers import calendar
from service.store.offers.calendar import Running, Window
from service.store.offers.overview import DealFilter
from service.store.session import Database

APPROVED = (DealState.APPROVED, DealState.RUNNING, DealState.EXHAUSTED, DealState.ENDED)
WAITING = (DealState.DRAFT, DealState.CHECKED)
"""Deals that would run if they were approved."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days in a row, both included, on which equally many deals run."""

    first: date
    last: date
    deals: int

    @property
    def days(self) -> int:
        """How many days they are."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class CategoryDays:
    """The days of a category, without a break: what runs on all days of the calendar."""

    name: str
    spans: Sequence[Span]

    @property
    def gaps(self) -> Sequence[Span]:
        """The days on which no deal runs."""
        return [span for span in self.spans if not span.deals]

    @property
    def most(self) -> int:
        """How many run at once at most."""
        return max(span.deals for span in self.spans)

    @property
    def overlapping_days(self) -> int:
        """The days on which more than one runs."""
        return sum(span.days for span in self.spans if span.deals > 1)


@dataclass(frozen=True, slots=True)
class Sought:
    """What a calendar shows: so many days from one on, of these categories and deals.

    `with_waiting` counts deals that wait for somebody too; those that are stopped never count.
    """

    first: date
    days: int
    window: Window = Window.MAILED
    category: str = ""
    supplier: str = ""
    with_waiting: bool = True

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=self.days - 1)

    @property
    def before(self) -> date:
        """The first of as many days before."""
        return self.first - timedelta(days=self.days)

    @property
    def beyond(self) -> date:
        """The day after the last."""
        return self.first + timedelta(days=self.days)

    @property
    def deals(self) -> DealFilter:
        """The deals that count."""
        states = (*APPROVED, *WAITING) if self.with_waiting else APPROVED
        return DealFilter(states=states, supplier=self.supplier)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A page of categories by name; `after` is where the next page begins, None on the last."""

    rows: Sequence[CategoryDays]
    after: str | None


@dataclass(frozen=True, slots=True)
class CategoryDeals:
    """A page of one category's deals by their first day, as `listing` describes them.

    `runs` has the first and last day of each. `after` is where the next page begins.
    """

    rows: Sequence[dict[str, Any]]
    runs: Sequence[tuple[date, date]]
    after: int | None


def read_calendar(database: Database, sought: Sought, *, after: str, limit: int) -> Calendar:
    """The categories that ever had a deal, from the one after a name on, with their days."""
    with database.read() as session:
        found = calendar.categories(session, name=sought.category, after=after, limit=limit + 1)
        shown = found[:limit]
        runs = calendar.running(
            session, [key for key, _ in shown], sought.deals,
            window=sought.window, first=sought.first, last=sought.last,
        )  # fmt: skip
    by_category = {key: list(of) for key, of in groupby(runs, lambda run: run.category_id)}
    return Calendar(
        [CategoryDays(name, spans(by_category.get(key, ()), sought)) for key, name in shown],
        shown[-1][1] if len(found) > limit else None,
    )


def read_category(
    database: Database,
    sought: Sought,
    *,
    after: int | None,
    limit: int,
    language: str,
    currency: str,
) -> CategoryDeals:
    """A page of the deals of the category. Raises NotFound for one that never had a deal."""
    with database.read() as session:
        known = calendar.categories(session, name=sought.category, after="", limit=1)
        if not known:
            raise NotFound("No deal was ever in this category.")
        found = calendar.page(
            session, known[0][0], sought.deals, window=sought.window,
            first=sought.first, last=sought.last, after=after, limit=limit + 1,
        )  # fmt: skip
    shown = found[:limit]
    described = {
        row["offer_id"]: row
        for row in deals_with_words(
            database, [run.number for run in shown], language=language, currency=currency
        )
    }
    # What was replaced in between is left out.
    runs = [run for run in shown if run.number in described]
    return CategoryDeals(
        [described[run.number] for run in runs],
        [(run.from_day, run.to_day) for run in runs],
        shown[-1].number if len(found) > limit else None,
    )


def spans(runs: Iterable[Running], sought: Sought) -> Sequence[Span]:
    """Equal days in a row; a deal counts once on a day, whatever revisions it has."""
    changes = np.zeros(sought.days + 1, np.int64)
    ordered = sorted(runs, key=lambda run: (run.deal_id, run.from_day))
    for _, of_deal in groupby(ordered, lambda run: run.deal_id):
        counted_to = -1
        for run in of_deal:
            begin = max((run.from_day - sought.first).days, counted_to + 1, 0)
            end = min((run.to_day - sought.first).days, sought.days - 1)
            if begin <= end:
                changes[begin] += 1
                changes[end + 1] -= 1
                counted_to = end
    counts = np.cumsum(changes[:-1])
    borders = [0, *(np.flatnonzero(np.diff(counts)) + 1).tolist(), sought.days]
    return [
        Span(
            sought.first + timedelta(days=begin),
            sought.first + timedelta(days=end - 1),
            int(counts[begin]),
        )
        for begin, end in pairwise(borders)
    ]
