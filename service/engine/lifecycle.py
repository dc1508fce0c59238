"""The life of a deal: its states, who moves it from one to the next, and what facts decide.

People draft, check, approve, stop and resume. That a deal runs, is exhausted or has ended is a
matter of its dates and its budget, and nobody says it by hand. A newer revision replaces an older.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.errors import Conflict


class DealState(StrEnum):
    """Where a revision of a deal stands. A replaced one stays, because printed lists point at it.

    `draft`: loaded, nobody has looked at it yet. `checked`: it says what was meant. `approved`: it
    may run. `running`: its mail window has opened. `paused`: stopped; no copy is issued, and the
    till refuses those in circulation. `exhausted`: budget or circulation has no room for another
    copy; those in circulation still count. `ended`: its last day at the till is over.
    """

    DRAFT = "draft"
    CHECKED = "checked"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    EXHAUSTED = "exhausted"
    ENDED = "ended"
    REPLACED = "replaced"


class Act(StrEnum):
    """What somebody, or a fact, does to a deal; the audit trail names it."""

    LOAD = "load"
    CHECK = "check"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    STOP = "stop"
    RESUME = "resume"
    RAISE_BUDGET = "raise_budget"
    REPLACE = "replace"
    FACTS = "facts"


MOVES: dict[tuple[DealState, Act], DealState] = {
    (DealState.DRAFT, Act.CHECK): DealState.CHECKED,
    (DealState.CHECKED, Act.SEND_BACK): DealState.DRAFT,
    (DealState.CHECKED, Act.APPROVE): DealState.APPROVED,
    (DealState.APPROVED, Act.STOP): DealState.PAUSED,
    (DealState.RUNNING, Act.STOP): DealState.PAUSED,
    (DealState.EXHAUSTED, Act.STOP): DealState.PAUSED,
    (DealState.PAUSED, Act.RESUME): DealState.RUNNING,
    (DealState.APPROVED, Act.RAISE_BUDGET): DealState.APPROVED,
    (DealState.RUNNING, Act.RAISE_BUDGET): DealState.RUNNING,
    (DealState.PAUSED, Act.RAISE_BUDGET): DealState.PAUSED,
    (DealState.EXHAUSTED, Act.RAISE_BUDGET): DealState.RUNNING,
}
"""What people may do, and where it leads. Whatever is not here is refused."""

PENDING = (DealState.DRAFT, DealState.CHECKED)
"""Not yet allowed to run; an earlier revision goes on meanwhile."""

ISSUABLE = (DealState.APPROVED, DealState.RUNNING, DealState.EXHAUSTED)
"""A cycle may issue copies, as far as dates, budget and circulation leave room."""

_BY_FACT = (*ISSUABLE, DealState.PAUSED)


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides on a deal. Free cents and copies are null where there is no limit."""

    mail_from: date
    redeem_to: date
    copy_cents: int
    free_cents: int | None
    free_copies: int | None


def after(state: DealState, act: Act) -> DealState:
    """The state an act leads to. Raises Conflict when it is not allowed."""
    if (state, act) not in MOVES:
        allowed = [str(each) for stands, each in MOVES if stands == state]
        word = str(act).replace("_", " ")
        raise Conflict(
            f"A deal that is {state} cannot be given the act {word!r}; "
            + (f"possible are: {', '.join(allowed)}." if allowed else "nothing is possible.")
        )
    return MOVES[state, act]


def by_facts(state: DealState, facts: Facts, *, on: date) -> DealState:
    """The state of a deal on a day, as its dates and limits make it."""
    if state not in _BY_FACT:
        return state
    if on > facts.redeem_to:
        return DealState.ENDED
    if state is DealState.PAUSED:
        return state
    if on < facts.mail_from:
        return state
    no_money = facts.free_cents is not None and facts.free_cents < facts.copy_cents
    no_copies = facts.free_copies is not None and facts.free_copies <= 0
    return DealState.EXHAUSTED if no_money or no_copies else DealState.RUNNING


def entering(earlier: DealState | None, *, with_approval: bool) -> DealState:
    """Where a revision begins that was just loaded; `earlier` is the state of the one it follows.

    Without approval by a second person it runs at once, unless the deal is stopped: that holds
    until somebody resumes it, whatever is loaded.
    """
    if with_approval:
        return DealState.DRAFT
    return DealState.PAUSED if earlier is DealState.PAUSED else DealState.RUNNING
