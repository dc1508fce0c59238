"""What an act says of why it was not done, in the language of its reader."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum

from service.engine.clearing.claim import ClaimPart, ClaimState, DisputeState
from service.engine.lifecycle import Act, DealState
from service.engine.rights import PersonRole
from service.notice import Cents, Count, Notice, Value, from_json
from service.pages import clearing_words, labels, names, refusals
from service.pages.languages import Language, mark
from service.store.tables.access import Role
from service.store.tables.bank import ReceiptState
from service.store.tables.cycle import BatchState, RunProblem, RunState
from service.store.tables.goodwill import GoodwillState

_NAMES: Mapping[type[StrEnum], Callable[[Language, str], str]] = {
    Act: labels.act,
    BatchState: names.batch_state,
    ClaimPart: clearing_words.part,
    ClaimState: clearing_words.claim_state,
    DealState: labels.state,
    DisputeState: clearing_words.dispute_state,
    GoodwillState: refusals.goodwill_state,
    PersonRole: labels.role,
    ReceiptState: clearing_words.receipt_state,
    Role: names.key_role,
    RunState: names.run_state,
}

TITLES = {
    "The input is not valid": mark("The input is not valid"),
    "Conflict with the present state": mark("This cannot be done as things are"),
    "Content Too Large": mark("The file is too large"),
    "Not found": mark("It is not there"),
    "Not configured": mark("A setting is missing or wrong"),
    "Too busy just now": mark("Too busy just now"),
    "Workers died": mark("The processes that did the work ended again and again"),
    "Given up": mark("Given up"),
    "Internal error": mark("Something went wrong"),
}
"""What the kinds of errors are called for people, by their titles."""


def say(language: Language, notice: Notice, currency: str) -> str:
    """A notice in a language: its text, and its values as that language writes them."""
    values = {name: _value(language, value, currency) for name, value in notice.values.items()}
    return language.text(notice.text, **values)


def problem(language: Language, found: RunProblem, currency: str) -> tuple[str, str]:
    """Why a run failed: a title and a sentence. One of an earlier version is as it was stored."""
    title = TITLES.get(found.title)
    said = say(language, from_json(found.notice), currency) if found.notice else found.detail
    return language.text(title) if title else found.title, said


def _value(language: Language, value: Value, currency: str) -> str:
    if isinstance(value, Notice):
        return say(language, value, currency)
    if isinstance(value, Cents):
        return language.money(int(value), currency)
    if isinstance(value, Count):
        return language.number(int(value))
    if isinstance(value, date):
        return language.day(value)
    name_of = _NAMES.get(type(value)) if isinstance(value, StrEnum) else None
    return name_of(language, str(value)) if name_of else str(value)
