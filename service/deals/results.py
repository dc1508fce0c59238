"""What a deal came to at the tills, and what an act on deals would touch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from service.deals.listing import ChosenDeal
from service.engine.lifecycle import MOVES, Act, DealState
from service.errors import InvalidInput, NotFound
from service.store.offers import holders, kept, overview, pages
from service.store.offers.overview import DealFilter
from service.store.session import Database

MOST_AT_ONCE = 1000
"""So many deals are acted on at once; each is a transaction of its own."""

MOST_COPIES = 10_000
"""Households are counted over so many copies."""

_CELL_COLUMNS = ("cell", "copies", "uses", "discount_cents")


@dataclass(frozen=True, slots=True)
class DealResults:
    """What a deal came to, over all its revisions.

    `open_uses` can still be made of copies that are out; `open_expected_cents` is the cost that was
    expected of them. `by_cell` has the columns cell (empty for a partner's slot), copies, uses and
    discount_cents; `by_store` and `by_day` those of `kept.PARTS`, the days in order.
    """

    uses: int
    discount_cents: int
    open_uses: int
    open_expected_cents: float
    by_cell: pl.DataFrame
    by_store: pl.DataFrame
    by_day: pl.DataFrame

    @property
    def spent_by_day(self) -> dict[date, int]:
        """What the budget spent by business day, returns taken off."""
        return dict(self.by_day.select("day", "spent_cents").iter_rows())


def results_of(database: Database, number: int) -> DealResults:
    """What a deal came to. Raises NotFound."""
    with database.read() as session:
        deal_ids = kept.deals_of(session, [number])
        if not deal_ids:
            raise NotFound("There is no such deal.")
        parts = kept.by_part(session, deal_ids[0])
        copies = kept.by_cell(session, deal_ids[0])
        totals = kept.came_to(session, deal_ids)

    def of(part: str, name: str) -> pl.DataFrame:
        return parts.filter(pl.col("part") == part).drop("part").rename({"name": name})

    by_cell = copies.join(
        of("cell", "cell").drop("spent_cents"), on="cell", how="full", coalesce=True
    )
    by_day = of("day", "day").with_columns(pl.col("day").str.to_date())
    uses, discount_cents, open_uses, expected = (
        totals.row(0)[1:] if totals.height else (0, 0, 0, 0.0)
    )
    return DealResults(
        uses=uses,
        discount_cents=discount_cents,
        open_uses=open_uses,
        open_expected_cents=expected,
        by_cell=by_cell.select(_CELL_COLUMNS).fill_null(0).sort("cell"),
        by_store=of("store", "store"),
        by_day=by_day.sort("day"),
    )


@dataclass(frozen=True, slots=True)
class Touched:
    """What an act on some deals would touch, said before it is done.

    `possible` are the deals whose state allows the act; the money and the copies are theirs.
    `unlimited` of them have no budget. `skipped` counts the others by their state. `open_uses` can
    still be made of copies that are out; at least so many `households` hold these, and just so
    many unless `is_more`.
    """

    possible: Sequence[ChosenDeal]
    skipped: Sequence[tuple[str, int]]
    suppliers: int
    budget_cents: int
    unlimited: int
    committed_cents: int
    open_uses: int
    households: int
    is_more: bool


def choose_numbers(database: Database, chosen: DealFilter) -> Sequence[int]:
    """The numbers of the deals that match. Raises InvalidInput for more than `MOST_AT_ONCE`."""
    with database.read() as session:
        found = pages.numbers(session, chosen, most=MOST_AT_ONCE + 1)
    if len(found) > MOST_AT_ONCE:
        raise InvalidInput(f"At most {MOST_AT_ONCE:,} deals are changed at once: choose fewer.")
    return found


def look_ahead(database: Database, numbers: Sequence[int], act: Act) -> Touched:
    """What an act on the deals with some numbers would touch; nothing is done.

    Raises NotFound when none of them is there, InvalidInput for more than `MOST_AT_ONCE`.
    """
    if len(numbers) > MOST_AT_ONCE:
        raise InvalidInput(f"At most {MOST_AT_ONCE:,} deals are changed at once: choose fewer.")
    with database.read() as session:
        figures = overview.deals(session, offer_ids=numbers)
        if figures.is_empty():
            raise NotFound("There is no such deal.")
        is_possible = pl.col("state").is_in([state for state, each in MOVES if each is act])
        touched = figures.filter(is_possible)
        numbers = touched["offer_id"].to_list()
        open_uses = int(kept.came_to(session, kept.deals_of(session, numbers))["open_uses"].sum())
        households = holders.households(session, numbers, most_copies=MOST_COPIES)
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
        open_uses=open_uses,
        households=households,
        is_more=open_uses > MOST_COPIES,
    )


def possible_acts(deal: dict[str, Any]) -> Sequence[Act]:
    """The acts that people may do to a deal in its state."""
    state = DealState(deal["state"])
    return [act for before, act in MOVES if before is state]
