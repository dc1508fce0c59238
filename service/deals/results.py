"""What a deal came to at the tills, and what an act on deals would touch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from service.deals.listing import ChosenDeal
from service.engine.lifecycle import MOVES, Act, DealState
from service.errors import InvalidInput, NotFound
from service.notice import Count
from service.store.offers import overview, pages, results
from service.store.offers.overview import DealFilter
from service.store.session import Database

MOST_STORES = 10
MOST_AT_ONCE = 1000
"""So many deals are acted on at once; each is a transaction of its own."""


@dataclass(frozen=True, slots=True)
class DealResults:
    """What a deal came to, over all its revisions.

    `by_day` and `by_store` as `store.offers.results` gives them; `holders` who can still use it.
    """

    uses: int
    discount_cents: int
    by_day: pl.DataFrame
    by_store: pl.DataFrame
    spent_by_day: dict[date, int]
    holders: results.Holders


def results_of(database: Database, number: int) -> DealResults:
    """What a deal came to at the tills."""
    with database.read() as session:
        by_day = results.uses_by_day(session, number)
        return DealResults(
            uses=int(by_day["uses"].sum()),
            discount_cents=int(by_day["discount_cents"].sum()),
            by_day=by_day,
            by_store=results.uses_by_store(session, number, most=MOST_STORES),
            spent_by_day=dict(results.spent_by_day(session, number).iter_rows()),
            holders=results.holders(session, [number]),
        )


@dataclass(frozen=True, slots=True)
class Touched:
    """What an act on some deals would touch, said before it is done.

    `possible` are the deals whose state allows the act; the money and the copies are theirs.
    `unlimited` of them have no budget. `skipped` counts the others by their state.
    """

    possible: Sequence[ChosenDeal]
    skipped: Sequence[tuple[str, int]]
    suppliers: int
    budget_cents: int
    unlimited: int
    committed_cents: int
    copies: int
    households: int


def choose_numbers(database: Database, chosen: DealFilter) -> Sequence[int]:
    """The numbers of the deals that match. Raises InvalidInput for more than `MOST_AT_ONCE`."""
    with database.read() as session:
        found = pages.numbers(session, chosen, most=MOST_AT_ONCE + 1)
    if len(found) > MOST_AT_ONCE:
        raise InvalidInput(
            "At most %(number)s deals are changed at once: choose fewer.",
            number=Count(MOST_AT_ONCE),
        )
    return found


def look_ahead(database: Database, numbers: Sequence[int], act: Act) -> Touched:
    """What an act on the deals with some numbers would touch; nothing is done.

    Raises NotFound when none of them is there, InvalidInput for more than `MOST_AT_ONCE`.
    """
    if len(numbers) > MOST_AT_ONCE:
        raise InvalidInput(
            "At most %(number)s deals are changed at once: choose fewer.",
            number=Count(MOST_AT_ONCE),
        )
    with database.read() as session:
        figures = overview.deals(session, offer_ids=numbers)
        if figures.is_empty():
            raise NotFound("There is no such deal.")
        is_possible = pl.col("state").is_in([state for state, each in MOVES if each is act])
        touched = figures.filter(is_possible)
        holders = results.holders(session, touched["offer_id"].to_list() or [0])
    skipped = figures.filter(~is_possible).group_by("state").len().sort("len", descending=True)
    committed = int((touched["reserved_cents"] + touched["spent_cents"]).sum())
    return Touched(
        possible=[
            ChosenDeal(*row)
            for row in touched.select("offer_id", "supplier", "deal_id").iter_rows()
        ],
        skipped=list(skipped.iter_rows()),
        suppliers=touched["supplier"].n_unique(),
        budget_cents=int(touched["budget_cents"].sum()),
        unlimited=int(touched["budget_cents"].null_count()),
        committed_cents=committed,
        copies=holders.copies,
        households=holders.households,
    )


def possible_acts(deal: dict[str, Any]) -> Sequence[Act]:
    """The acts that people may do to a deal in its state."""
    state = DealState(deal["state"])
    return [act for before, act in MOVES if before is state]
