"""The cycles of which outcomes were counted."""

from dataclasses import dataclass
from datetime import date

from service.store import outcomes as stored
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class CountedCycle:
    """A cycle whose lists were valid from a day on."""

    cycle_id: int
    valid_from: date


def counted_cycles(database: Database) -> list[CountedCycle]:
    """The newest first."""
    with database.read() as session:
        return [CountedCycle(each.id, each.valid_from) for each in stored.counted(session)]
