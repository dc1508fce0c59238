"""The acts on cycles: what each would touch, said before it is done, and how it is done."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from service.admin import runs
from service.cycle import expiry, withdraw
from service.errors import NotFound
from service.notice import Notice
from service.pages.languages import mark
from service.pages.visitor import Member
from service.settings import Settings
from service.store import cycles
from service.store.session import Database
from service.store.tables.cycle import Cycle


class CycleAct(StrEnum):
    """What people may do to what was issued."""

    WITHDRAW = "withdraw"
    RECOMPOSE = "recompose"
    EXPIRE = "expire"


EXPLAINED = {
    CycleAct.WITHDRAW: mark(
        "Its lists are void at once and their codes are refused. Budgets get back what they held."
    ),
    CycleAct.RECOMPOSE: mark(
        "Its lists are void, and new ones are made from today's data, under new codes."
    ),
    CycleAct.EXPIRE: mark(
        "These lists were good until yesterday or earlier. What they still held goes back to the "
        "budgets, and deals that ran out may run again. It also happens by itself every night."
    ),
}
"""What an act does, said before it is done."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What an act would touch: lists, one for each household, and the money that goes back.

    `hindered` says why it cannot be done. `before` is for lists that ended before that day.
    """

    lists: int
    released_cents: int
    hindered: Notice | None = None
    as_of: date | None = None
    before: date | None = None
    revision: int = 0

    @property
    def digest(self) -> str:
        """Of what was shown, so that nothing else is done."""
        shown = (self.lists, self.released_cents, self.as_of, self.before, self.revision)
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def look_ahead(database: Database, settings: Settings, act: CycleAct, number: int) -> Touched:
    """What an act would touch now. Raises NotFound where there is no such cycle."""
    if act is CycleAct.EXPIRE:
        ending = expiry.look_ahead(database, settings, now=datetime.now(UTC))
        return Touched(ending.lists, ending.released_cents, before=ending.before)
    found = withdraw.look_ahead(database, number)
    cycle = _cycle(database, number)
    return Touched(
        found.lists,
        found.released_cents,
        found.hindered,
        as_of=cycle.as_of,
        revision=cycle.revision,
    )


def do(
    database: Database,
    settings: Settings,
    member: Member,
    act: CycleAct,
    number: int,
    touched: Touched,
) -> tuple[str, Sequence[str]]:
    """Do an act; where to go then, and what to say there."""
    language = member.language
    if act is CycleAct.WITHDRAW:
        report = withdraw.withdraw_cycle(database, number, by=member.by)
        said = language.count(
            "%(number)s list was withdrawn; budgets got back %(money)s.",
            "%(number)s lists were withdrawn; budgets got back %(money)s.",
            report.lists,
            money=language.money(report.released_cents, settings.currency),
        )
        return f"/cycles/{number}", [said]
    if act is CycleAct.RECOMPOSE:
        run = runs.request_recompose(database, cycle_id=number, by=member.by)
    else:
        assert touched.before is not None
        run = runs.request_expiry(database, before=touched.before, by=member.by)
    return f"/cycles/runs/{run.id}", []


def _cycle(database: Database, number: int) -> Cycle:
    with database.read() as session:
        cycle = cycles.get(session, number)
    if cycle is None:
        raise NotFound("There is no such cycle.")
    return cycle
