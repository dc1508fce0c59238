"""Check the books: every invariant of the ledger and of clearing, each with what breaks it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.settings import Settings
from service.store.clearing import checks
from service.store.clearing.checks import Apart, Found
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class Checked:
    """One invariant: how many break it, by how many cents in all, and the ten worst.

    What is no fault is only counted: it waits for somebody.
    """

    name: str
    is_fault: bool
    count: int
    difference: int
    worst: tuple[Apart, ...]

    @property
    def is_broken(self) -> bool:
        """Whether somebody must look."""
        return self.is_fault and self.count > 0


@dataclass(frozen=True, slots=True)
class Books:
    """All invariants as of a day."""

    as_of: date
    checks: tuple[Checked, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every invariant holds."""
        return not any(check.is_broken for check in self.checks)


DRAWN_WITHIN = timedelta(days=2)
"""So long after the days of grace of a month its claims are drawn."""
OVERDUE = "what_is_due_was_claimed"
WITHOUT_AGREEMENT = "waits_for_an_agreement"
STATES = "states_follow_from_what_happened"
AFTER_GRACE = "borne_after_grace"
NAMES = (*checks.QUERIES, STATES, OVERDUE, WITHOUT_AGREEMENT, AFTER_GRACE)
"""The names of the invariants, in the order in which they are checked."""


def check_books(database: Database, settings: Settings, *, now: datetime) -> Books:
    """Check every invariant, in one view of the database."""
    as_of = now.astimezone(ZoneInfo(settings.timezone)).date()
    with database.read() as session:
        return Books(as_of, tuple(_checks(session, as_of - DRAWN_WITHIN)))


def _checks(session: Session, due: date) -> list[Checked]:
    found = [
        _checked(name, checks.broken(session, query)) for name, query in checks.QUERIES.items()
    ]
    return [
        *found,
        _checked(STATES, checks.misplaced(session)),
        _checked(OVERDUE, checks.overdue(session, as_of=due)),
        _checked(WITHOUT_AGREEMENT, checks.without_agreement(session), is_fault=False),
        _checked(AFTER_GRACE, checks.after_grace(session), is_fault=False),
    ]


def _checked(name: str, found: Found, *, is_fault: bool = True) -> Checked:
    return Checked(name, is_fault, found.count, found.difference, found.worst)
