"""What deals came to at the tills, by business day and store, for whoever adds it up elsewhere."""

from collections.abc import Sequence

from service.store.offers import uses
from service.store.offers.uses import Uses, UsesFilter, UsesPlace
from service.store.session import Database


def uses_by_place(
    database: Database, chosen: UsesFilter, *, after: UsesPlace | None, limit: int
) -> Sequence[Uses]:
    """At most so many rows after a place, by deal, business day and store."""
    with database.read() as session:
        return uses.page(session, chosen, after=after, limit=limit)
