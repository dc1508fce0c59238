"""What erasing a household would touch, before it is done."""

from dataclasses import dataclass

from service.errors import NotFound
from service.store import batches, household_views, lists
from service.store.session import Database
from service.store.tables.shopping_list import ListState


@dataclass(frozen=True, slots=True)
class Touched:
    """A household by its number and its name, its open lists, and the packages with its letter."""

    ref: str
    name: str
    lists: int
    packages: int


def look_ahead(database: Database, household_id: int) -> Touched:
    """What erasing would touch now. Raises NotFound for an unknown household."""
    with database.read() as session:
        row = household_views.get(session, household_id)
        if row is None:
            raise NotFound("There is no such household.")
        contact = household_views.contact(session, household_id)
        issued = [
            each
            for each in lists.of_household(session, household_id)
            if each.state == ListState.ISSUED
        ]
        named = [has_letter for _, has_letter in batches.naming(session, household_id)]
        return Touched(row.ref, contact.name if contact else "", len(issued), sum(named))
