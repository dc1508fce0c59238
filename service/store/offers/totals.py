"""Queries on the budgets of all deals together."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from service.store.offers import kept
from service.store.sum_rows import DEAL


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of the deals that may be issued: those that have one, and all.

    `committed_cents` is what is reserved or spent of them.
    """

    running: int
    with_budget: int
    budget_cents: int
    committed_cents: int


def budgets(session: Session) -> Budgets:
    """The sums over the deals that may be issued."""
    running, with_budget, budget_cents = session.execute(
        text(
            """SELECT count(*), count(budget_cents), coalesce(sum(budget_cents), 0) FROM offer
               WHERE state IN ('approved', 'running', 'exhausted')"""
        )
    ).one()
    statement = text(
        f"""SELECT coalesce(sum(m.cents), 0) FROM offer o JOIN (
                SELECT deal_id, reserved_cents + spent_cents AS cents FROM deal_total
                UNION ALL SELECT deal_id, reserved_cents + spent_cents FROM ({kept.AFTER}) AS newer
            ) AS m ON m.deal_id = {DEAL}
            WHERE o.state IN ('approved', 'running', 'exhausted') AND o.budget_cents IS NOT NULL"""
    )
    committed_cents = kept.at_one_moment(
        session, lambda mark: session.execute(statement, kept.values(mark)).scalar_one()
    )
    return Budgets(running, with_budget, int(budget_cents), int(committed_cents))
