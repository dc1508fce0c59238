"""Counts of what the database holds."""

from dataclasses import dataclass
from datetime import date, datetime

from service.store import batches, counts, cycles, ledger, migrate, recount, work
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class Status:
    """What the database holds and what waits to be done.

    `unbalanced_postings` must be 0: every posting sums to zero. `corrected_sums` are the sums of
    deals that were wrong when all of them were last counted again (`sums_recounted`): 0 too. Of
    households that agreed to no profile the newest cycle made `lists_without_profile`, which follow
    from nothing they bought, and none for `households_without_list`.
    """

    migration: str | None
    products: int
    households: int
    baskets: int
    running_offers: int
    content: int
    pictures: int
    issued_lists: int
    draft_lists: int
    redemptions: int
    batches: int
    newest_cycle: date | None
    lists_without_profile: int
    households_without_list: int
    newest_basket: datetime | None
    households_due: int
    waiting_runs: int
    unbalanced_postings: int
    sums_recounted: datetime | None
    corrected_sums: int


def read_status(database: Database) -> Status:
    """Count everything in one transaction."""
    with database.read() as session:
        newest = cycles.newest(session)
        left_out = dict(cycles.left_out_by_reason(session, newest.id)) if newest else {}
        recounted, corrected = recount.newest(session)
        return Status(
            migration=migrate.revision(session.connection()),
            products=counts.products(session),
            households=counts.households(session),
            baskets=counts.baskets(session),
            running_offers=counts.running_offers(session),
            content=counts.content(session),
            pictures=counts.pictures(session),
            issued_lists=counts.lists(session, "issued"),
            draft_lists=counts.lists(session, "draft"),
            redemptions=counts.redemptions(session),
            batches=batches.count(session),
            newest_cycle=newest.as_of if newest else None,
            lists_without_profile=cycles.count_general(session, newest.id) if newest else 0,
            households_without_list=left_out.get("no_profile_consent", 0),
            newest_basket=counts.newest_basket(session),
            households_due=work.count_due(session),
            waiting_runs=counts.waiting_runs(session),
            unbalanced_postings=len(ledger.imbalance(session)),
            sums_recounted=recounted,
            corrected_sums=corrected,
        )
