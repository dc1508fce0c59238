"""What states, acts and roles are called in the console."""

from service.console.languages import Language, mark
from service.engine.lifecycle import Act, DealState
from service.engine.rights import PersonRole
from service.store.tables.shopping_list import ListState

STATES = {
    DealState.DRAFT: mark("Draft"),
    DealState.CHECKED: mark("Checked"),
    DealState.APPROVED: mark("Approved"),
    DealState.RUNNING: mark("Running"),
    DealState.PAUSED: mark("Stopped"),
    DealState.EXHAUSTED: mark("Used up"),
    DealState.ENDED: mark("Ended"),
    DealState.REPLACED: mark("Replaced"),
}

STATE_HINTS = {
    DealState.DRAFT: mark("Loaded; nobody has looked at it yet."),
    DealState.CHECKED: mark("Somebody has confirmed that it says what was meant."),
    DealState.APPROVED: mark("It may run as soon as its mail window opens."),
    DealState.RUNNING: mark("New lists may carry it, and tills take it."),
    DealState.PAUSED: mark("No new copies, and tills refuse those that are out."),
    DealState.EXHAUSTED: mark("No room for another copy; those that are out count."),
    DealState.ENDED: mark("Its last day at the till is over."),
    DealState.REPLACED: mark("A newer revision took its place."),
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
    return language.text(STATES[DealState(value)])


def state_hint(language: Language, value: str) -> str:
    """What a state means."""
    return language.text(STATE_HINTS[DealState(value)])


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
