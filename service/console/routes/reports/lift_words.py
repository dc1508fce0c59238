"""How the console says a lift: against what, and with both ends of its interval."""

from math import isfinite

from service.currencies import minor_digits
from service.engine.lift.effect import Effect
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Kind
from service.pages.listing.columns import Row
from service.results.lift import Against

AGAINST = {Against.HOLDOUT: mark("no offers"), Against.CONTROL: mark("the next best deal")}


def ends_of(effect: Effect | None) -> tuple[float | None, float | None, float | None]:
    """The lift and both ends of its interval; None where there is none, or no bound."""
    if effect is None or not isfinite(effect.relative):
        return None, None, None
    ends = effect.relative_interval()
    low, high = (each if isfinite(each) else None for each in (ends.low, ends.high))
    return effect.relative, low, high


def said_of(effect: Effect | None, language: Language, currency: str) -> str:
    """The lift with both ends; the difference where it has no bounds."""
    if effect is None:
        return language.text("too few to say")
    share, low, high = ends_of(effect)
    if share is None or low is None or high is None:
        ends = effect.interval()
        return language.text(
            "%(low)s to %(high)s a household",
            low=money_of(ends.low, language, currency),
            high=money_of(ends.high, language, currency),
        )
    return language.text(
        "%(lift)s (%(low)s to %(high)s)",
        lift=language.percent(share),
        low=language.percent(low),
        high=language.percent(high),
    )


def money_of(sales: float, language: Language, currency: str) -> str:
    """Sales of a household in the currency's main unit, as money."""
    return language.money(round(sales * 10 ** minor_digits(currency)), currency)


def deal_cell(row: Row, _language: Language) -> Cell:
    """The deal of a row's `lift`."""
    lift = row["row"].lift
    return Cell(lift.deal, Kind.LINK, path=f"/deals/{lift.offer_id}", plain=lift.deal)


def against_cell(row: Row, language: Language) -> Cell:
    """What a row's `lift` is measured against."""
    against = row["row"].lift.against
    return Cell(language.text(AGAINST[against]), plain=str(against))
