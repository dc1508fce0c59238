"""Which household is meant."""

from sqlmodel import Session

from service.errors import Conflict, NotFound
from service.store import erasures, households
from service.store.tables.household import Household


def member(session: Session, ref: str) -> Household:
    """The household with the retailer's number `ref`.

    Raises NotFound, and Conflict for one that was erased: nobody is behind its reference.
    """
    found = households.by_ref(session, ref)
    if found is None:
        raise NotFound("There is no such household.")
    if erasures.of_household(session, found.id) is not None:
        raise Conflict("This household was erased: nobody is behind its numbers any more.")
    return found
