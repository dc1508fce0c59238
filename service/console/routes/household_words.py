"""What reasons, cells and tiers are called on the page of a household."""

from service.desk.households import FoundBy, OpeningReason
from service.engine import segment
from service.pages.languages import Language, mark
from service.store.tables.message import MessageState, MessageWay

FOUND_BY = {
    FoundBy.NUMBER: mark("Household number"),
    FoundBy.CARD: mark("Card"),
    FoundBy.PHONE: mark("Phone number"),
    FoundBy.LIST: mark("List code"),
}

REASONS = {
    OpeningReason.CUSTOMER_ASKS: mark("The customer asks"),
    OpeningReason.REFUSED_OFFER: mark("An offer was refused"),
    OpeningReason.DATA_REQUEST: mark("A request about personal data"),
    OpeningReason.CHECK_OF_LISTS: mark("Checking what lists say"),
    OpeningReason.OTHER: mark("Another reason"),
}

WAYS = {MessageWay.EMAIL: mark("E-mail"), MessageWay.SMS: mark("Text message")}

STATES = {
    MessageState.WAITING: mark("waits"),
    MessageState.HANDING: mark("is being sent"),
    MessageState.SENT: mark("sent"),
    MessageState.REFUSED: mark("bounced: the address takes no messages"),
    MessageState.EXPIRED: mark("not sent: it came too late"),
    MessageState.UNSURE: mark("perhaps not sent"),
}

BRANDS = {
    segment.NATIONAL: mark("brands"),
    segment.STORE: mark("store brand"),
    segment.SWITCHER: mark("switches brands"),
}

USAGES = {
    segment.LIGHT: mark("buys little"),
    segment.MEDIUM: mark("buys some"),
    segment.HEAVY: mark("buys much"),
}

TIERS = {
    segment.MOST_VALUABLE: mark("Most valuable"),
    segment.MOST_GROWABLE: mark("Can grow most"),
    segment.REGULAR: mark("Regular"),
    segment.BELOW_ZERO: mark("Costs more than it brings"),
}


def found_by(language: Language, value: str) -> str:
    """What a household is found by."""
    return language.text(FOUND_BY[FoundBy(value)])


def opening_reason(language: Language, value: str) -> str:
    """Why somebody opened it."""
    return language.text(REASONS[OpeningReason(value)])


def cell(language: Language, brand: str, usage: str) -> str:
    """How it buys a category."""
    return f"{language.text(USAGES[usage])}, {language.text(BRANDS[brand])}"


def tier(language: Language, value: str | None) -> str:
    """What the retailer holds it for; empty where nothing is known."""
    return language.text(TIERS[value]) if value in TIERS else ""


def message(language: Language, way: str, state: str) -> str:
    """What became of a message that went out on a way."""
    return f"{language.text(WAYS[MessageWay(way)])}: {language.text(STATES[MessageState(state)])}"
