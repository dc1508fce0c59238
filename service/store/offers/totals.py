"""Queries on the budgets of all deals together."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session


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
    committed_cents = session.execute(
        text(
            """SELECT coalesce(sum(e.amount_cents), 0)
               FROM offer o JOIN offer r
                 ON r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref
               JOIN ledger_entry e
                 ON e.offer_id = r.id AND e.account IN ('offer_reserved', 'offer_spent')
               WHERE o.state IN ('approved', 'running', 'exhausted')
                 AND o.budget_cents IS NOT NULL"""
        )
    ).scalar_one()
    return Budgets(running, with_budget, int(budget_cents), int(committed_cents))
