"""What batches, pieces and runs are called on pages, and the tone of their badges."""

from datetime import timedelta

from babel import dates

from service.admin.runs import BATCH, BOOKS, CHECK, CLAIMS, CYCLE, EXPIRY, PLAN, RECOMPOSE
from service.pages.languages import Language, mark
from service.publish import LeftOutReason
from service.settings import Source
from service.store.tables.access import Role
from service.store.tables.cycle import Batch, BatchState, Run, RunState
from service.store.tables.mailing import PieceState
from service.store.trail import Deed

_READY = "ready"
_FETCHED = "fetched"
_RECEIVED = "received"
_PURGED = "purged"

BATCHES = {
    BatchState.RENDERING: (mark("Being printed"), "info"),
    _READY: (mark("Ready to fetch"), "warn"),
    _FETCHED: (mark("Fetched"), "info"),
    _RECEIVED: (mark("Received"), "good"),
    _PURGED: (mark("Files removed"), ""),
    BatchState.WITHDRAWN: (mark("Replaced"), ""),
    BatchState.VOIDED: (mark("Void"), "bad"),
}

BATCH_STATES = {
    BatchState.RENDERING: mark("Being printed"),
    BatchState.READY: mark("Ready"),
    BatchState.WITHDRAWN: mark("Replaced"),
    BatchState.VOIDED: mark("Void"),
}

PIECES = {
    PieceState.OUTSTANDING: mark("Nothing reported"),
    PieceState.PRINTED: mark("Printed"),
    PieceState.SPOILED: mark("Spoiled"),
    PieceState.REPRINTED: mark("Printed again"),
    PieceState.MAILED: mark("Mailed"),
    PieceState.RETURNED: mark("Came back"),
    "voided": mark("Void"),
}

LEFT_OUT = {
    LeftOutReason.NO_CONSENT: mark("No consent to letters"),
    LeftOutReason.HELD_OUT: mark("Held out, to compare with"),
    LeftOutReason.NO_NAME: mark("No name"),
    LeftOutReason.NO_STREET: mark("No street"),
    LeftOutReason.NO_POSTCODE: mark("No postcode"),
    LeftOutReason.NO_CITY: mark("No city"),
    LeftOutReason.NO_COUNTRY: mark("No country"),
    LeftOutReason.POSTCODE_FORM: mark("The postcode cannot be right"),
    LeftOutReason.RETURNED_MAIL: mark("An earlier letter came back"),
    LeftOutReason.UNPRINTABLE_NAME: mark("The name cannot be printed"),
    LeftOutReason.UNPRINTABLE_ADDRESS: mark("The address cannot be printed"),
    LeftOutReason.ADDRESS_TOO_LONG: mark("The address is too long for the window"),
    LeftOutReason.DUPLICATE_ADDRESS: mark("Somebody else is mailed at this address"),
    LeftOutReason.NO_LAYOUT: mark("The list does not fit its pages"),
    LeftOutReason.NO_PROFILE_CONSENT: mark("No consent to a list made from what it buys"),
}


def batch_stage(batch: Batch) -> str:
    """How far a batch has come: its state, and what became of it when it is ready."""
    if batch.state != BatchState.READY:
        return batch.state
    if batch.purged_at is not None:
        return _PURGED
    if batch.received_at is not None:
        return _RECEIVED
    return _FETCHED if batch.picked_up_at is not None else _READY


def batch(language: Language, value: Batch) -> tuple[str, str]:
    """What the stage of a batch is called, and its tone."""
    name, tone = BATCHES[batch_stage(value)]
    return language.text(name), tone


def batch_state(language: Language, value: str) -> str:
    """What a state of a batch is called."""
    return language.text(BATCH_STATES[BatchState(value)])


def piece(language: Language, value: str) -> str:
    """What became of a piece."""
    return language.text(PIECES[value])


def left_out(language: Language, value: str) -> str:
    """Why a household gets no letter."""
    return language.text(LEFT_OUT[LeftOutReason(value)])


RUNS = {
    RunState.QUEUED: (mark("Waits"), "info"),
    RunState.RUNNING: (mark("At work"), "info"),
    RunState.DONE: (mark("Done"), "good"),
    RunState.FAILED: (mark("Failed"), "bad"),
}

WORKS = {
    CYCLE: mark("Make a cycle"),
    PLAN: mark("Plan a cycle"),
    RECOMPOSE: mark("Make a cycle again"),
    BATCH: mark("Print a batch"),
    CHECK: mark("Read every page back"),
    EXPIRY: mark("Close lists that ended"),
    CLAIMS: mark("Draw claims"),
    BOOKS: mark("Check the books"),
}
_REPRINT = mark("Print spoiled pieces again")
_SIZES = ("kB", "MB", "GB")


def run_state(language: Language, value: str) -> str:
    """What a state of a run is called."""
    return language.text(RUNS[RunState(value)][0])


def run_tone(value: str) -> str:
    """The tone of a state of a run."""
    return RUNS[RunState(value)][1]


def work(language: Language, run: Run) -> str:
    """What a run does; a kind of a later version by its own name."""
    if "reprint_of" in run.arguments:
        return language.text(_REPRINT)
    return language.text(WORKS[run.kind]) if run.kind in WORKS else run.kind


def size(language: Language, value: int) -> str:
    """A number of bytes: 12.3 MB."""
    if value < 1000:
        return f"{language.number(value)} B"
    shown = value / 1000
    for unit in _SIZES[:-1]:
        if shown < 1000:
            return f"{language.number(shown)} {unit}"
        shown /= 1000
    return f"{language.number(shown)} {_SIZES[-1]}"


def age(language: Language, value: timedelta) -> str:
    """How long ago, in the largest unit that fits."""
    return dates.format_timedelta(value, locale=language.locale, threshold=1)


KEY_ROLES = {
    Role.POS: mark("Tills of a store"),
    Role.MARKETING: mark("Marketing"),
    Role.MAILING: mark("Mailing house"),
    Role.FINANCE: mark("Finance"),
    Role.SUPPLIER: mark("Supplier"),
    Role.ADMIN: mark("Everything"),
}


def key_role(language: Language, value: str) -> str:
    """What a key is for."""
    return language.text(KEY_ROLES[Role(value)])


THINGS = {
    "deal": mark("Deal"),
    "batch": mark("Batch"),
    "acknowledgement": mark("Report"),
    "run": mark("Run"),
    "cycle": mark("Cycle"),
    "override": mark("Pin or ban"),
    "agreement": mark("Agreement"),
    "supplier_account": mark("Supplier's account"),
    "claim": mark("Claim"),
    "dispute": mark("Dispute"),
    "receipt": mark("Receipt"),
    "key": mark("Key"),
    "person": mark("Person"),
    "household": mark("Household"),
    "goodwill": mark("Goodwill"),
    "household_case": mark("Question"),
    "lists": mark("Lists"),
}


def thing(language: Language, value: str) -> str:
    """What a thing is called to which something was done."""
    return language.text(THINGS[value]) if value in THINGS else value


def detail(deed: Deed) -> str:
    """What else is known of an act, in a line, as it was stored."""
    said = ((name, value) for name, value in deed.detail.items() if value is not None)
    return "; ".join(f"{name.replace('_', ' ')}: {str(value)[:80]}" for name, value in said)


SETTING_GROUPS = {
    "Letters": mark("Letters"),
    "Database, keys and folders": mark("Database, keys and folders"),
    "The retailer": mark("The retailer"),
    "Lists": mark("Lists"),
    "Deals and goodwill": mark("Deals and goodwill"),
    "Suppliers": mark("Suppliers"),
    "The till": mark("The till"),
    "Print batches": mark("Print batches"),
    "Pictures": mark("Pictures"),
    "Scheduler and worker": mark("Scheduler and worker"),
    "Parallel work": mark("Parallel work"),
    "How long things are kept": mark("How long things are kept"),
    "People": mark("People"),
    "Messages to households": mark("Messages to households"),
    "HTTP": mark("HTTP"),
}

SETTING_SOURCES = {
    Source.ENVIRONMENT: mark("the environment"),
    Source.FILE: mark("the file .env"),
    Source.DEFAULT: mark("the default"),
}


def setting_group(language: Language, title: str) -> str:
    """What a group of settings is called."""
    return language.text(SETTING_GROUPS[title])


def setting_source(language: Language, value: str) -> str:
    """Where the value of a setting comes from."""
    return language.text(SETTING_SOURCES[Source(value)])
