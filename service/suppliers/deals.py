"""A supplier's own deals: what is left of their budgets, and what they came to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session

from service.deals.listing import ListedDeals, deals_with_words, page_deals
from service.deals.results import DealResults, results_of
from service.engine.lifecycle import DealState
from service.errors import NotFound
from service.store.offers import kept, overview
from service.store.offers.overview import DealFilter
from service.store.offers.pages import DealOrder, Place
from service.store.session import Database
from service.suppliers.scope import Scope

PACE_DAYS = 14


@dataclass(frozen=True, slots=True)
class OwnDeal:
    """One deal with what it came to; `row` is as `own_deals` gives it."""

    row: dict[str, Any]
    results: DealResults


def own_deals(
    database: Database,
    scope: Scope,
    *,
    on: date,
    states: Sequence[DealState] = (),
    text: str = "",
    order: DealOrder = DealOrder.NEWEST,
    place: Place | None = None,
    limit: int = 50,
    language: str = "en",
    currency: str,
    most_counted: int = 0,
) -> ListedDeals:
    """A page of its deals as `deals.listing` describes them, with `left_cents` and `runs_out_on`.

    `left_cents` is what of the budget is neither reserved nor spent, None without a budget;
    `runs_out_on` the day on which all will be spent at the pace of the fortnight up to the day
    `on`, None when it lasts until the deal ends.
    """
    chosen = DealFilter(states=states, text=text, supplier_ids=scope.supplier_ids)
    found = page_deals(
        database, chosen, order=order, place=place, limit=limit, language=language,
        currency=currency, most_counted=most_counted,
    )  # fmt: skip
    return replace(found, rows=_with_ends(database, found.rows, on))


def own_deal(
    database: Database, scope: Scope, number: int, *, on: date, language: str = "en", currency: str
) -> OwnDeal:
    """One of its deals by the number of its newest revision, or of any. Raises NotFound."""
    with database.read() as session:
        current = _own_revision(session, scope, number)
    [row] = deals_with_words(database, [current], language=language, currency=currency)
    [row] = _with_ends(database, [row], on)
    return OwnDeal(row, results_of(database, current))


def _own_revision(session: Session, scope: Scope, number: int) -> int:
    """The newest revision in force of a deal, or the one that waits where none is."""
    found = overview.deals(
        session, chosen=DealFilter(supplier_ids=scope.supplier_ids), offer_id=number
    )
    if found.is_empty():
        raise NotFound("There is no such deal.")
    return int(found["offer_id"][0])


def _with_ends(
    database: Database, rows: Sequence[dict[str, Any]], on: date
) -> list[dict[str, Any]]:
    numbers = [row["offer_id"] for row in rows]
    with database.read() as session:
        deal_of = kept.deal_of_each(session, numbers)
        spent = kept.spent_by_day(session, sorted({*deal_of.values()}))
    return [{**row, **_end_of(row, spent.get(deal_of[row["offer_id"]], {}), on)} for row in rows]


def _end_of(row: dict[str, Any], spent_by_day: dict[date, int], on: date) -> dict[str, Any]:
    budget = row["budget_cents"]
    if budget is None:
        return {"left_cents": None, "runs_out_on": None}
    return {
        "left_cents": budget - row["reserved_cents"] - row["spent_cents"],
        "runs_out_on": runs_out_on(
            budget - row["spent_cents"], spent_by_day, on=on, until=row["redeem_to"]
        ),
    }


def runs_out_on(
    left_cents: int, spent_by_day: dict[date, int], *, on: date, until: date
) -> date | None:
    """The day on which nothing is left at the pace of the last fortnight, None when after `until`.

    Of a deal that is used for less than that it is the pace since its first use.
    """
    days = [day for day, cents in spent_by_day.items() if cents and day <= on]
    if not days:
        return None
    counted = min(PACE_DAYS, (on - min(days)).days + 1)
    recent = sum(spent_by_day.get(on - timedelta(back), 0) for back in range(counted))
    if recent <= 0:
        return None
    found = on + timedelta(-(-max(left_cents, 0) * counted // recent))
    return found if found <= until else None
