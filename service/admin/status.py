"""What stands in the database, counted."""

from dataclasses import dataclass
from datetime import date, datetime

from service.store import batches, counts, cycles, ledger, migrate, work
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class Status:
    """Counts of what there is, what waits, and postings that do not sum to zero (none may)."""

    migration: str | None
    products: int
    households: int
    baskets: int
    running_offers: int
    issued_lists: int
    draft_lists: int
    redemptions: int
    batches: int
    newest_cycle: date | None
    newest_basket: datetime | None
    households_due: int
    waiting_runs: int
    unbalanced_postings: int


def status(database: Database) -> Status:
    """Read it all at one moment."""
    with database.read() as session:
        newest = cycles.newest(session)
        return Status(
            migration=migrate.revision(session.connection()),
            products=counts.products(session),
            households=counts.households(session),
            baskets=counts.baskets(session),
            running_offers=counts.running_offers(session),
            issued_lists=counts.lists(session, "issued"),
            draft_lists=counts.lists(session, "draft"),
            redemptions=counts.redemptions(session),
            batches=batches.count(session),
            newest_cycle=newest.as_of if newest else None,
            newest_basket=counts.newest_basket(session),
            households_due=work.count_due(session),
            waiting_runs=counts.waiting_runs(session),
            unbalanced_postings=len(ledger.imbalance(session)),
        )
