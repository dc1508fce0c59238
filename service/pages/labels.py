"""What states, acts and roles are called on pages."""

from service.cycle.look_back import CycleState
from service.engine.lifecycle import Act, DealState
from service.engine.offers.shortage import Shortage
from service.engine.rights import PersonRole
from service.pages.languages import Language, mark
from service.store.tables.shopping_list import ListState

STATES: dict[str, str] = {
    DealState.DRAFT: mark("Draft"),
    DealState.CHECKED: mark("Checked"),
    DealState.APPROVED: mark("Approved"),
    DealState.RUNNING: mark("Running"),
    DealState.PAUSED: mark("Stopped"),
    DealState.EXHAUSTED: mark("Used up"),
    DealState.ENDED: mark("Ended"),
    DealState.REPLACED: mark("Replaced"),
    CycleState.ISSUED: mark("Issued"),
    CycleState.PRINTED: mark("Printed"),
    CycleState.OVER: mark("Over"),
    CycleState.VOIDED: mark("Voided"),
    CycleState.TAKEN_BACK: mark("Withdrawn"),
}

STATE_HINTS: dict[str, str] = {
    DealState.DRAFT: mark("Loaded; nobody has looked at it yet."),
    DealState.CHECKED: mark("Somebody has confirmed that it says what was meant."),
    DealState.APPROVED: mark("It may run as soon as its mail window opens."),
    DealState.RUNNING: mark("New lists may carry it, and tills take it."),
    DealState.PAUSED: mark(
        "No new copies, and tills refuse those that are out, unless only its supplier has no stock."
    ),
    DealState.EXHAUSTED: mark("No room for another copy; those that are out count."),
    DealState.ENDED: mark("Its last day at the till is over."),
    DealState.REPLACED: mark("A newer revision took its place."),
    CycleState.ISSUED: mark("Its lists count at the tills; they are not printed yet."),
    CycleState.PRINTED: mark("Its lists count at the tills, and there is a batch of them."),
    CycleState.OVER: mark("The last day of its lists is over."),
    CycleState.VOIDED: mark("Its batch was voided, and its lists with it."),
    CycleState.TAKEN_BACK: mark("It was withdrawn: its lists are void, its money was given back."),
}

ACTS = {
    Act.LOAD: mark("Load"),
    Act.CHECK: mark("Check"),
    Act.SEND_BACK: mark("Send back"),
    Act.APPROVE: mark("Approve"),
    Act.STOP: mark("Stop"),
    Act.RESUME: mark("Resume"),
    Act.RAISE_BUDGET: mark("Raise budget"),
    Act.REPLACE: mark("Replace"),
    Act.FACTS: mark("By dates and limits"),
}

DONE = {
    Act.LOAD: mark("loaded"),
    Act.CHECK: mark("checked"),
    Act.SEND_BACK: mark("sent back"),
    Act.APPROVE: mark("approved"),
    Act.STOP: mark("stopped"),
    Act.RESUME: mark("resumed"),
    Act.RAISE_BUDGET: mark("raised the budget"),
    Act.REPLACE: mark("replaced"),
    Act.FACTS: mark("moved by dates and limits"),
}

LIST_STATES = {
    ListState.DRAFT: mark("Draft"),
    ListState.ISSUED: mark("Out"),
    ListState.EXPIRED: mark("Expired"),
    ListState.VOIDED: mark("Withdrawn"),
}

CYCLE_ACTS = {
    "withdraw": mark("Withdraw"),
    "recompose": mark("Make again"),
    "expire": mark("Close lists that ended"),
}

CYCLE_DID = {"withdraw": mark("withdrew it")}

STAGES = {
    "expiry": mark("Close lists that ended"),
    "history": mark("Read purchases and deals"),
    "forecast": mark("Fit the forecast"),
    "predict": mark("Forecast each household"),
    "allocate": mark("Choose offers for all"),
    "compose": mark("Write the lists"),
    "issue": mark("Issue them together"),
}
"""What a worker reports of a run, in the order in which it comes."""

SHORTAGES = {
    Shortage.NO_DEAL: mark("No deal in what they buy"),
    Shortage.FEW_DEALS: mark("Few deals in what they buy"),
    Shortage.NOT_TARGETED: mark("Deals are for others"),
    Shortage.BANNED: mark("Banned from their lists"),
    Shortage.UNLIKELY: mark("Unlikely to be used"),
    Shortage.CONTROL: mark("In the deals' control shares"),
    Shortage.CONFLICTS: mark("At most so many of a category, one of a supplier in it"),
    Shortage.CEILING: mark("The list may not be worth more"),
    Shortage.FULL: mark("Budgets and copies went to others"),
    Shortage.NOT_WORTH_IT: mark("Not worth what they cost"),
}

ROLES = {
    PersonRole.MARKETING: mark("Marketing"),
    PersonRole.APPROVER: mark("Approver"),
    PersonRole.FINANCE: mark("Finance"),
    PersonRole.MAILING: mark("Mailing"),
    PersonRole.SERVICE: mark("Service desk"),
    PersonRole.OPERATIONS: mark("Operations"),
    PersonRole.ADMIN: mark("Administrator"),
}


def state(language: Language, value: str) -> str:
    """What a state is called."""
    return language.text(STATES[value])


def state_hint(language: Language, value: str) -> str:
    """What a state means."""
    return language.text(STATE_HINTS[value])


def cycle_act(language: Language, value: str) -> str:
    """What a button that does an act to a cycle says."""
    return language.text(CYCLE_ACTS[value])


def cycle_did(language: Language, value: str) -> str:
    """What somebody did to a cycle, in a trail."""
    return language.text(CYCLE_DID[value]) if value in CYCLE_DID else value


def stage(language: Language, value: str) -> str:
    """What a run does just now."""
    return language.text(STAGES[value]) if value in STAGES else value


def shortage(language: Language, value: str) -> str:
    """Why households get few offers."""
    return language.text(SHORTAGES[Shortage(value)])


def act(language: Language, value: str) -> str:
    """What a button that does an act says."""
    return language.text(ACTS[Act(value)])


def done(language: Language, value: str) -> str:
    """What somebody did, in a trail."""
    return language.text(DONE[Act(value)])


def list_state(language: Language, value: str) -> str:
    """What the state of a list is called."""
    return language.text(LIST_STATES[ListState(value)])


def role(language: Language, value: str) -> str:
    """What a role is called."""
    return language.text(ROLES[PersonRole(value)])
