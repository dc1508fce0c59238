"""The life of a deal: its states, and what moves it from one state to the next.

People draft, check, approve, stop and resume a deal. Whether it is running, exhausted or ended
follows from its dates and its budget; nobody sets these states by hand. A newer revision replaces
an older one.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.errors import Conflict


class DealState(StrEnum):
    """The state of a revision of a deal.

    - `draft`: loaded; nobody has looked at it yet.
    - `checked`: somebody has confirmed that it says what was meant.
    - `approved`: it may run.
    - `running`: its mail window has opened.
    - `paused`: stopped; no copies are issued. The till refuses those in circulation, unless only
      its supplier has no stock.
    - `exhausted`: budget or circulation has no room for another copy; copies in circulation count.
    - `ended`: its last day at the till is over.
    - `replaced`: a newer revision took its place. It is kept, because printed lists refer to it.
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
    """What a person does to a deal, or `facts` for a change by dates or budget. It is audited."""

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
"""What people may do in each state, and the state it leads to. Anything else is refused."""

OUT_OF_STOCK = "out_of_stock"
"""The `reason` in the detail of a stop that is for want of stock; such a stop ends by itself."""

PENDING = (DealState.DRAFT, DealState.CHECKED)
"""States before approval. Meanwhile an earlier revision stays in force."""

ISSUABLE = (DealState.APPROVED, DealState.RUNNING, DealState.EXHAUSTED)
"""States in which a cycle may issue copies, within dates, budget and circulation."""

_BY_FACT = (*ISSUABLE, DealState.PAUSED)


@dataclass(frozen=True, slots=True)
class DealFacts:
    """The facts that decide the state of a deal.

    `mail_from` is the first day of its mail window, `redeem_to` its last day at the till.
    `copy_cents` is what one copy reserves of the budget. `free_cents` and `free_copies` are what is
    left of budget and circulation, None without a limit.
    """

    mail_from: date
    redeem_to: date
    copy_cents: int
    free_cents: int | None
    free_copies: int | None


def next_state(state: DealState, act: Act) -> DealState:
    """The state that an act leads to. Raises Conflict if the act is not allowed."""
    if (state, act) not in MOVES:
        allowed = ", ".join(str(each) for before, each in MOVES if before == state)
        if not allowed:
            raise Conflict(
                "A deal that is %(state)s cannot take the action '%(act)s'; nothing is possible.",
                state=state,
                act=act,
            )
        raise Conflict(
            "A deal that is %(state)s cannot take the action '%(act)s'; possible are: %(allowed)s.",
            state=state,
            act=act,
            allowed=allowed,
        )
    return MOVES[state, act]


def state_by_facts(state: DealState, facts: DealFacts, *, on: date) -> DealState:
    """The state of a deal on the day `on`, given its dates and limits."""
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


def initial_state(earlier: DealState | None, *, with_approval: bool) -> DealState:
    """The first state of a newly loaded revision; `earlier` is the state of the one before it.

    Without approval by a second person it runs at once. But a paused deal stays paused until
    somebody resumes it, even if a new revision is loaded.
    """
    if with_approval:
        return DealState.DRAFT
    return DealState.PAUSED if earlier is DealState.PAUSED else DealState.RUNNING
