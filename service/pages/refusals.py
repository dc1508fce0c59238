"""Why a line took nothing off, and what the service desk can say: docs/refusals.md in few words."""

from service.desk.goodwill import GoodwillReason
from service.desk.outcomes import LineResult
from service.engine.redeem import RefusalReason
from service.pages.languages import Language, mark
from service.store.tables.goodwill import GoodwillState

RESULTS = {
    LineResult.USED: mark("Came off"),
    LineResult.REFUSED: mark("Refused"),
    LineResult.DISPUTED: mark("In dispute"),
    LineResult.OPEN: mark("Can be used"),
    LineResult.CLOSED: mark("Cannot be used"),
}

REASONS = {
    RefusalReason.UNKNOWN_CODE: mark("The code, card or phone number is not known here."),
    RefusalReason.HOUSEHOLD_MISMATCH: mark(
        "It belongs to another household than what was shown before it."
    ),
    RefusalReason.VOIDED: mark("The list was withdrawn after it was printed."),
    RefusalReason.ALREADY_REDEEMED: mark("The line was used before; it counts once."),
    RefusalReason.LIMIT_REACHED: mark(
        "The line, or its offer over all lists of the household, was used as often as it may be."
    ),
    RefusalReason.OFFER_STOPPED: mark("The offer was stopped after the list was printed."),
    RefusalReason.NOT_YET_VALID: mark("The day was before the first day of the list."),
    RefusalReason.EXPIRED: mark("The day was after the last day of the list."),
    RefusalReason.EXCLUDED_PRODUCT: mark("What was bought is excluded from the offer."),
    RefusalReason.NOT_IN_BASKET: mark("Nothing that the offer is for was bought."),
    RefusalReason.QUANTITY_SHORT: mark("Too little of it was bought."),
    RefusalReason.SPEND_SHORT: mark("Too little was spent on it."),
    RefusalReason.NO_SAVING: mark("The price was already as low as the offer promises."),
    RefusalReason.BETTER_OFFER_USED: mark(
        "Other offers took the same products, and saved more together."
    ),
}

ADVICE = {
    RefusalReason.UNKNOWN_CODE: mark("Compare the number under the bars, and scan it again."),
    RefusalReason.HOUSEHOLD_MISMATCH: mark("Each household pays by itself, with its own list."),
    RefusalReason.VOIDED: mark("The next list takes its place."),
    RefusalReason.ALREADY_REDEEMED: mark("Look up the list to see which receipt used it."),
    RefusalReason.LIMIT_REACHED: mark("Earlier receipts show where."),
    RefusalReason.OFFER_STOPPED: mark("It may come back: the list is worth keeping."),
    RefusalReason.NOT_YET_VALID: mark("Keep the list until then."),
    RefusalReason.EXPIRED: mark("The last day itself still counts."),
    RefusalReason.EXCLUDED_PRODUCT: mark("Another kind of the product may count."),
    RefusalReason.NOT_IN_BASKET: mark("The line stays open for another visit."),
    RefusalReason.QUANTITY_SHORT: mark("The line stays open for another visit."),
    RefusalReason.SPEND_SHORT: mark("The line stays open for another visit."),
    RefusalReason.NO_SAVING: mark("The household paid no more than was promised."),
    RefusalReason.BETTER_OFFER_USED: mark("The line stays open for another visit."),
}

_OTHER_ANSWER = mark("The till gave something else than it had been answered.")

GOODWILL_REASONS = {
    GoodwillReason.REFUSED_WRONGLY: mark("It should have come off"),
    GoodwillReason.TILL_FAULT: mark("The till failed"),
    GoodwillReason.OUT_OF_STOCK: mark("The product was sold out"),
    GoodwillReason.MISPRINT: mark("The list was misprinted"),
    GoodwillReason.WRONG_ADVICE: mark("We said something wrong"),
    GoodwillReason.OTHER: mark("Another reason"),
}

GOODWILL_STATES = {
    GoodwillState.WAITING: mark("Waits for a second person"),
    GoodwillState.GIVEN: mark("Given"),
    GoodwillState.DECLINED: mark("Declined"),
    GoodwillState.VOIDED: mark("Taken back"),
}


def result(language: Language, value: str) -> str:
    """What became of a line."""
    return language.text(RESULTS[LineResult(value)])


def reason(language: Language, value: str) -> str:
    """Why it was refused; empty where it was not."""
    if not value:
        return ""
    known = value in RefusalReason.__members__.values()
    return language.text(REASONS[RefusalReason(value)] if known else _OTHER_ANSWER)


def advice(language: Language, value: str) -> str:
    """What the desk can say or do about it."""
    known = value in RefusalReason.__members__.values()
    return language.text(ADVICE[RefusalReason(value)]) if known else ""


def goodwill_reason(language: Language, value: str) -> str:
    """Why goodwill was given."""
    return language.text(GOODWILL_REASONS[GoodwillReason(value)])


def goodwill_state(language: Language, value: str) -> str:
    """What became of goodwill."""
    return language.text(GOODWILL_STATES[GoodwillState(value)])
