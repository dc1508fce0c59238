"""The texts of lines in a household's language: plurals, amounts and shares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from service.engine.day_words import DayWords
from service.engine.money import decimal_mark, format_money
from service.engine.redeem.terms import Terms
from service.engine.redeem.units import PIECE
from service.errors import InvalidInput

PLURALS = ("one_other", "french", "slavic", "hebrew", "arabic", "none")
"""Rules for counted words, after the Unicode CLDR: what `Wording.plural` may be."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The phrases of one language. A counted one has a form per plural category."""

    language: str
    plural: str
    texts: Mapping[str, str | Mapping[str, str]]
    units: Mapping[str, str]
    """Units of weight and volume that the language writes differently."""
    tip: str
    legal: str
    """What every list says of its offers, of how mail is stopped, and so on; empty for nothing."""
    days: DayWords

    def say(self, key: str, *, count: int = 0, **values: str | int) -> str:
        """A phrase, in the form that goes with `count`."""
        text = self.texts[key]
        if not isinstance(text, str):
            text = text.get(_category(self.plural, count), text["other"])
        return text.format(count=count, **values)

    def percent(self, basis_points: int) -> str:
        """A share, such as `12.5%` or `12,5 %`."""
        number = f"{basis_points / 100:g}".replace(".", decimal_mark(self.language))
        return self.say("percent", number=number)

    def money(self, cents: int, currency: str) -> str:
        """An amount as the language writes it, such as `$1.00`."""
        return format_money(cents, currency, self.language)

    def benefit(self, terms: Terms, *, currency: str) -> str:
        """The benefit as printed: `$1.00 off`, `20% off`, `2 for $5.00`."""
        return terms.benefit.describe(self, pieces=_pieces(terms), currency=currency)

    def condition(self, terms: Terms, *, currency: str) -> str:
        """The condition as printed: `when you buy 2`; empty for a single piece."""
        condition = terms.condition
        parts = []
        pieces = _pieces(terms)
        if pieces > 1 and not terms.benefit.counts_pieces_itself:
            parts.append(self.say("when_buy", count=pieces))
        for need in condition.needs:
            if need.unit != PIECE and need.quantity_milli:
                number = f"{need.quantity_milli / 1000:g}"
                quantity = number.replace(".", decimal_mark(self.language))
                unit = self.units.get(need.unit, need.unit)
                parts.append(self.say("from_quantity", quantity=quantity, unit=unit))
        if condition.minimum_spend_cents:
            spend = self.money(condition.minimum_spend_cents, currency)
            parts.append(self.say("when_spend", amount=spend))
        return self.joined(parts)

    def joined(self, parts: Iterable[str]) -> str:
        """Conditions one after the other; empty ones are left out."""
        whole = ""
        for part in filter(None, parts):
            whole = self.say("and", first=whole, second=part) if whole else part
        return whole


def has_wording(wordings: Mapping[str, Wording], language: str) -> bool:
    """Whether lists can be in a language such as `de-AT`, or else in `de`."""
    tag = language.replace("_", "-")
    return tag in wordings or tag.partition("-")[0] in wordings


def wording_of(wordings: Mapping[str, Wording], language: str) -> Wording:
    """The wording of `de-AT`, or that of `de` with amounts as in `de-AT`.

    Raises InvalidInput for a language without one.
    """
    tag = language.replace("_", "-")
    found = wordings.get(tag)
    if found is not None:
        return found
    found = wordings.get(tag.partition("-")[0])
    if found is None:
        raise InvalidInput(f"there are no phrases for {language!r}")
    return replace(found, language=tag)


def _pieces(terms: Terms) -> int:
    needs = terms.condition.needs
    return sum(need.quantity_milli // 1000 for need in needs if need.unit == PIECE)


def _category(plural: str, count: int) -> str:
    """The CLDR plural category of a whole number under a rule of `PLURALS`."""
    if plural == "one_other":
        return "one" if count == 1 else "other"
    if plural == "french":
        return "one" if count in (0, 1) else "other"
    if plural == "slavic":
        tens, ones = count % 100, count % 10
        if ones == 1 and tens != 11:
            return "one"
        return "few" if ones in (2, 3, 4) and tens not in (12, 13, 14) else "other"
    if plural in ("hebrew", "arabic") and count in (1, 2):
        return "one" if count == 1 else "two"
    if plural == "arabic":
        tens = count % 100
        return "few" if 3 <= tens <= 10 else "many" if tens > 10 else "other"
    return "other"
