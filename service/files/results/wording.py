"""How documents of results say their figures: rounded as released, a dash where one is left out."""

from dataclasses import dataclass
from datetime import date

from service.currencies import minor_digits
from service.engine.lift.shown import (
    Range,
    ShownDeal,
    ShownLift,
    ShownPlace,
    ShownTotals,
    ShownWindow,
)
from service.files.clearing.words import Words

NONE = "–"
_MINUS = "−"
_LEAST_CHANCE = 0.001


@dataclass(frozen=True, slots=True)
class Wording:
    """Figures in the words of a language."""

    words: Words

    def count(self, number: int | None) -> str:
        """A count of households or uses."""
        return NONE if number is None else self.words.count(number)

    def percent(self, share: float | None, *, signed: bool = False) -> str:
        """A share in whole per cent."""
        if share is None:
            return NONE
        sign = "+" if signed and round(100 * share) > 0 else ""
        return f"{sign}{round(100 * share)}\u00a0%".replace("-", _MINUS)

    def money(self, amount: float | None, *, signed: bool = False) -> str:
        """An amount in the currency's main unit."""
        if amount is None:
            return NONE
        cents = round(amount * 10 ** minor_digits(self.words.currency))
        return ("+" if signed and cents > 0 else "") + self.words.money(cents)

    def chance(self, p_value: float | None) -> str:
        """A p-value."""
        if p_value is None:
            return NONE
        shown = "< 0.001" if p_value < _LEAST_CHANCE else f"{p_value:.3f}"
        return shown.replace(".", self._mark)

    def deviations(self, value: float) -> str:
        """A number of standard deviations."""
        return f"{value:.2f}".replace(".", self._mark).replace("-", _MINUS)

    def days(self, first: date, last: date) -> str:
        """Some days."""
        days = {"from": self.words.day(first), "to": self.words.day(last)}
        return self.words.say("window_days", **days)

    def window(self, window: ShownWindow) -> str:
        """The days of a window, and whether it is an addendum."""
        if not window.is_addendum:
            return self.days(window.first_day, window.last_day)
        days = {"from": self.words.day(window.first_day), "to": self.words.day(window.last_day)}
        return self.words.say("addendum", **days)

    def against(self, lift: ShownLift) -> str:
        """What a copy is compared with."""
        return self.words[f"against_{lift.against}"]

    def lift(self, lift: ShownLift | ShownPlace) -> str:
        """The lift with its interval, or the difference where the lift has no bounds."""
        if lift.lift is not None:
            return self.words.say("lift_value", **self._lift(lift.lift))
        if lift.sales is not None:
            return self.words.say("lift_money", **self.ends(lift.sales))
        return self.words["lift_none"]

    def ends(self, found: Range) -> dict[str, str]:
        """A difference of money and both ends of its interval, by name."""
        parts = {"value": found.value, "low": found.low, "high": found.high}
        return {name: self.money(part, signed=True) for name, part in parts.items()}

    def deal(self, deal: ShownDeal) -> str:
        """A deal in a cycle, with the days of its lists."""
        name = f"{deal.deal_ref} {deal.title}".strip()
        days = {"from": self.words.day(deal.valid_from), "to": self.words.day(deal.valid_to)}
        return self.words.say("deal_heading", deal=name, **days)

    def per_money(self, lift: ShownLift) -> str:
        """More sales for money paid: the pessimistic end and the estimate."""
        if lift.per_money is None:
            return NONE
        low, value = (self.money(each) for each in lift.per_money)
        return self.words.say("per_range", low=low, value=value)

    def more_sales(self, totals: ShownTotals) -> str:
        """What a period's deals sold more; empty where none may be shown."""
        if totals.more_sales is None:
            return ""
        deals = self.words.count(totals.deals)
        return self.words.say("more_sales", deals=deals, **self.ends(totals.more_sales))

    def cell(self, cell: str) -> str:
        """A kind of household."""
        brand, _, usage = cell.rpartition("_")
        return self.words.say(
            "cell_text", brand=self.words[f"cell_{brand}"], usage=self.words[f"usage_{usage}"]
        )

    def region(self, region: str) -> str:
        """A region, or that there is none."""
        return region or self.words["no_region"]

    @property
    def _mark(self) -> str:
        return self.words.percent(0)[1]

    def _lift(self, found: Range) -> dict[str, str]:
        parts = {"lift": found.value, "low": found.low, "high": found.high}
        return {name: self.percent(part, signed=True) for name, part in parts.items()}
