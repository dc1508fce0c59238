"""Queries on all deals that may be issued together: their budgets, and which come near a limit."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from service.store.offers import kept
from service.store.offers.overview import BEHIND, COMMITTED, MAY_BE_ISSUED, SHORT
from service.store.sum_rows import DEAL


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of the deals that may be issued: those that have one, and all.

    `committed_cents` is what is reserved or spent of them, `short` counts those with little left.
    """

    running: int
    with_budget: int
    budget_cents: int
    committed_cents: int
    short: int


_BUDGETS = f"""SELECT count(*), count(o.budget_cents), coalesce(sum(o.budget_cents), 0),
        coalesce(sum(CASE WHEN o.budget_cents IS NOT NULL THEN {COMMITTED} END), 0),
        count(CASE WHEN {SHORT} THEN 1 END)
    FROM offer o LEFT JOIN deal_total k ON k.deal_id = {DEAL}
    LEFT JOIN ({kept.AFTER}) n ON n.deal_id = {DEAL}
    WHERE {MAY_BE_ISSUED}"""


def budgets(session: Session, *, left_below_percent: int) -> Budgets:
    """The sums over the deals that may be issued; `short` have less than so many per cent left."""
    statement, left = text(_BUDGETS), {"left_below": left_below_percent}
    row = kept.at_one_moment(
        session, lambda mark: session.execute(statement, {**left, **kept.values(mark)}).one()
    )
    return Budgets(*map(int, row))


def behind_guarantee(session: Session) -> int:
    """How many deals that may be issued have fewer copies out than were promised."""
    return int(session.execute(text(f"SELECT count(*) FROM {BEHIND}")).scalar_one())
