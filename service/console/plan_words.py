"""What pins, bans, proofs and comparisons of plans are called in the console."""

from service.console.routes.household_words import cell as cell_name
from service.cycle.pins_kept import NoCopy
from service.cycle.proof import ProofReason
from service.engine.offers.overrides import OverrideAct
from service.engine.offers.why import Why
from service.pages.languages import Language, mark

OVERRIDE_ACTS = {OverrideAct.PIN: mark("Pin"), OverrideAct.BAN: mark("Ban")}

NO_COPY = {
    Why.HOLDOUT: mark("Held out of the cycle"),
    Why.BANNED: mark("Banned"),
    Why.TARGET: mark("The deal is for others"),
    Why.CONTROL: mark("In the deal's control share"),
    Why.UNLIKELY: mark("Unlikely to be used"),
    Why.USED_UP: mark("Used the deal as often as it may"),
    Why.CONFLICT: mark("Another pin of the supplier in the category"),
    Why.CATEGORY: mark("As many of the category as the list may have"),
    Why.FULL: mark("The list is full of pins"),
    Why.CEILING: mark("The list may not be worth more"),
    Why.BUDGET: mark("No money left"),
    Why.COPIES: mark("No copies left"),
    NoCopy.NOT_RUNNING: mark("The deal cannot be issued that day"),
    NoCopy.NO_LIST: mark("The household gets no list"),
    NoCopy.NOT_IN_SAMPLE: mark("Not in the sample of this plan"),
    NoCopy.NO_ROOM_TO_PRINT: mark("No room to print it"),
    NoCopy.NOBODY: mark("Nobody who gets a list is of the cell"),
}
"""Why a pin gave no copy."""

PROOFS = {
    ProofReason.ASKED_FOR: mark("You asked for it"),
    ProofReason.RICHEST: mark("Worth most"),
    ProofReason.POOREST: mark("Worth least"),
    ProofReason.FULLEST: mark("Most offers"),
    ProofReason.WITHOUT_OFFERS: mark("No offers"),
    ProofReason.HELD_OUT: mark("Held out"),
    ProofReason.GENERAL: mark("Made without its purchases"),
    ProofReason.PINNED: mark("Has a pinned offer"),
    ProofReason.PARTNER: mark("Has a partner's slot"),
    ProofReason.LANGUAGE: mark("Another language"),
    ProofReason.DRAWN: mark("Drawn by chance"),
}
"""Why just this list is proved."""

COMPARED = {
    "floor_shortfall_price": mark("Value lost for each cent below a floor"),
    "holdout_percent": mark("Held out, per cent"),
    "budget_percent": mark("Budgets, per cent"),
    "eligible": mark("Lists"),
    "holdout": mark("Held out"),
    "offers_issued": mark("Offers on them"),
    "households": mark("Lists with offers"),
    "offers": mark("Offers on them"),
    "copies": mark("Copies"),
    "face_value_cents": mark("Worth up to"),
    "mean_face_value_cents": mark("Worth of a list"),
    "reserved_cents": mark("Reserved"),
    "worst_cost_cents": mark("Cost at worst"),
    "expected_cost_cents": mark("Expected cost"),
    "expected_redemptions": mark("Uses expected"),
    "below_floor": mark("Lists below their floor"),
    "shortfall_cents": mark("Missing to floors"),
    "short": mark("Households with few offers"),
    "banned": mark("Copies that bans forbid"),
    "missing_copies": mark("Guaranteed copies missing"),
}
"""What is compared of two plans."""

_TENFOLD = 10
"""Beyond that nobody needs a lift exactly."""


def override_act(language: Language, value: str) -> str:
    """What an override does."""
    return language.text(OVERRIDE_ACTS[OverrideAct(value)])


def no_copy(language: Language, value: str) -> str:
    """Why a pin gave no copy."""
    return language.text(NO_COPY[NoCopy(value) if value in set(NoCopy) else Why(value)])


def proof(language: Language, value: str) -> str:
    """Why a list is proved."""
    return language.text(PROOFS[ProofReason(value)])


def compared(language: Language, name: str) -> str:
    """What a compared number is."""
    return language.text(COMPARED[name])


def cell(language: Language, value: str) -> str:
    """A cell such as `switcher_heavy`."""
    brand, _, usage = value.rpartition("_")
    return cell_name(language, brand, usage)


def lift(language: Language, share: float | None) -> str:
    """The smallest lift that will be found, as per cent; a dash where none can be."""
    if share is None:
        return "–"
    return language.percent(share) if share < _TENFOLD else f"> {language.percent(_TENFOLD)}"
