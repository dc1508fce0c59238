"""What must be bought and what comes off: the terms of an offer as frozen records.

Terms are stored with the offer as JSON and copied onto every printed list, so reading is strict:
an unknown field, a missing one or a number out of range is refused with the place it stands.
Products are not named here. An offer has one product set per `Need`; which basket lines belong to
which set is resolved before the engine is asked.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

from service.engine.redeem.units import MEASURES, PIECE
from service.errors import InvalidInput, Problem

WHOLE = 10_000
_MAX = 10**9

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


class BenefitKind(StrEnum):
    """The closed list of benefits, as written in stored terms."""

    AMOUNT_OFF = "amount_off"
    PERCENT_OFF = "percent_off"
    FIXED_PRICE = "fixed_price"
    BUY_GET = "buy_get"
    BUNDLE_PRICE = "bundle_price"
    FREE_ITEM = "free_item"
    POINTS = "points"


class Covers(StrEnum):
    """Which units a percent or a fixed price reaches in one use."""

    NEEDED = "needed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Need:
    """One product set and how much of it one use takes; 0 when it only receives the benefit.

    `quantity_milli` is in thousandths of `unit`: 2000 `each` is two pieces, 500 `kg` half a kilo.
    """

    quantity_milli: int = 1000
    unit: str = PIECE


@dataclass(frozen=True, slots=True)
class Condition:
    """What one use of the offer asks for; several needs make a mixed set."""

    needs: tuple[Need, ...] = (Need(),)
    minimum_spend_cents: int = 0


@dataclass(frozen=True, slots=True)
class AmountOff:
    """A sum off the needed units, per use; with a minimum spend, off everything counted."""

    amount_cents: int


@dataclass(frozen=True, slots=True)
class PercentOff:
    """Hundredths of a percent off, at most `cap_cents` per use."""

    basis_points: int
    cap_cents: int | None = None
    covers: Covers = Covers.NEEDED


@dataclass(frozen=True, slots=True)
class FixedPrice:
    """Each unit for this price; per kilo (or the need's own unit) for weighed goods."""

    price_cents: int
    covers: Covers = Covers.NEEDED


@dataclass(frozen=True, slots=True)
class BuyGet:
    """Buy the needed units, get `get` more of set `on` free or reduced."""

    get: int
    on: int = 0
    basis_points: int = WHOLE


@dataclass(frozen=True, slots=True)
class BundlePrice:
    """The needed units together for this price: three for 5.00, a main and a drink for 6.00."""

    price_cents: int


@dataclass(frozen=True, slots=True)
class FreeItem:
    """One unit of set `on` free, worth at most `cap_cents`."""

    on: int = 0
    cap_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """Points per use; no money comes off, and no unit is taken from another offer."""

    points: int


Benefit: TypeAlias = AmountOff | PercentOff | FixedPrice | BuyGet | BundlePrice | FreeItem | Points


@dataclass(frozen=True, slots=True)
class Terms:
    """An offer's condition and benefit, and how often it may be used in one basket.

    `pieces[i]` and `weights[i]` restate need `i` for the rules: whole pieces, or weight in the base
    of `MEASURES`; one of them is 0.
    """

    condition: Condition
    benefit: Benefit
    uses_per_basket: int | None = None
    pieces: tuple[int, ...] = field(init=False, repr=False, compare=False)
    weights: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_together(self)
        needs = self.condition.needs
        pieces = tuple(n.quantity_milli // 1000 if n.unit == PIECE else 0 for n in needs)
        weights = tuple(
            0 if n.unit == PIECE else n.quantity_milli * MEASURES[n.unit][1] for n in needs
        )
        object.__setattr__(self, "pieces", pieces)
        object.__setattr__(self, "weights", weights)

    def to_dict(self) -> dict[str, JsonValue]:
        """The JSON form; `from_dict` gives equal terms back."""
        benefit = {k: v for k, v in asdict(self.benefit).items() if v is not None}
        stored: dict[str, JsonValue] = {
            "condition": {
                "needs": [asdict(need) for need in self.condition.needs],
                "minimum_spend_cents": self.condition.minimum_spend_cents,
            },
            "benefit": {"kind": str(_KINDS[type(self.benefit)]), **benefit},
        }
        if self.uses_per_basket is not None:
            stored["uses_per_basket"] = self.uses_per_basket
        return stored

    @classmethod
    def from_dict(cls, stored: Mapping[str, JsonValue]) -> "Terms":
        """Read and check stored terms; `InvalidInput` names the field at fault."""
        reader = _Reader(stored, "terms")
        condition = _read_condition(reader.mapping("condition"))
        terms = cls(
            condition=condition,
            benefit=_read_benefit(reader.mapping("benefit"), sets=len(condition.needs)),
            uses_per_basket=reader.optional_number("uses_per_basket", low=1),
        )
        reader.close()
        return terms


@lru_cache(maxsize=8192)
def parse_terms(text: str) -> Terms:
    """Terms from their stored JSON text, read once however many lists carry them."""
    try:
        stored = json.loads(text)
    except ValueError as error:
        raise _fault("terms", "is not JSON", "store what to_dict gives") from error
    return Terms.from_dict(stored)


class _Reader:
    """A mapping read field by field; what is left over at the end is an error."""

    def __init__(self, stored: object, where: str) -> None:
        if not isinstance(stored, Mapping):
            raise _fault(where, "is not an object", "write it as {...}")
        self._left = dict(stored)
        self.where = where

    def mapping(self, name: str) -> "_Reader":
        return _Reader(self._take(name), f"{self.where}.{name}")

    def list(self, name: str) -> list[object]:
        value = self._take(name)
        if not isinstance(value, list) or not value:
            raise _fault(f"{self.where}.{name}", "is not a list with entries", "write it as [...]")
        return value

    def number(
        self, name: str, *, low: int = 0, high: int = _MAX, default: int | None = None
    ) -> int:
        value = self._left.pop(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _fault(f"{self.where}.{name}", "is not a whole number", f"{low} to {high}")
        if not low <= value <= high:
            raise _fault(f"{self.where}.{name}", f"is {value}", f"{low} to {high}")
        return value

    def optional_number(self, name: str, *, low: int = 0) -> int | None:
        if self._left.get(name) is None:
            self._left.pop(name, None)
            return None
        return self.number(name, low=low)

    def choice(self, name: str, choices: Mapping[str, object], default: str | None = None) -> str:
        value = self._left.pop(name, default)
        if not isinstance(value, str) or value not in choices:
            allowed = ", ".join(sorted(choices))
            raise _fault(f"{self.where}.{name}", f"is {value!r}", f"one of {allowed}")
        return value

    def close(self) -> None:
        for name in sorted(map(str, self._left)):
            raise _fault(f"{self.where}.{name}", "is not known here", "remove it")

    def _take(self, name: str) -> object:
        if name not in self._left:
            raise _fault(f"{self.where}.{name}", "is missing", "add it")
        return self._left.pop(name)


def _fault(where: str, detail: str, remedy: str) -> InvalidInput:
    problem = Problem(where=where, detail=detail, remedy=remedy)
    return InvalidInput(str(problem), [problem])


def _read_condition(reader: _Reader) -> Condition:
    needs = []
    for place, stored in enumerate(reader.list("needs")):
        entry = _Reader(stored, f"{reader.where}.needs[{place}]")
        need = Need(
            quantity_milli=entry.number("quantity_milli", default=1000),
            unit=entry.choice("unit", {PIECE: 0, **MEASURES}, PIECE),
        )
        entry.close()
        if need.unit == PIECE and need.quantity_milli % 1000:
            raise _fault(f"{entry.where}.quantity_milli", "is part of a piece", "thousands only")
        needs.append(need)
    spend = reader.number("minimum_spend_cents", default=0)
    reader.close()
    return Condition(needs=tuple(needs), minimum_spend_cents=spend)


def _read_amount_off(reader: _Reader, _sets: int) -> Benefit:
    return AmountOff(reader.number("amount_cents", low=1))


def _read_percent_off(reader: _Reader, _sets: int) -> Benefit:
    return PercentOff(
        basis_points=reader.number("basis_points", low=1, high=WHOLE),
        cap_cents=reader.optional_number("cap_cents", low=1),
        covers=Covers(reader.choice("covers", _COVERS, Covers.NEEDED)),
    )


def _read_fixed_price(reader: _Reader, _sets: int) -> Benefit:
    return FixedPrice(
        price_cents=reader.number("price_cents"),
        covers=Covers(reader.choice("covers", _COVERS, Covers.NEEDED)),
    )


def _read_buy_get(reader: _Reader, sets: int) -> Benefit:
    return BuyGet(
        get=reader.number("get", low=1, high=1000),
        on=reader.number("on", high=sets - 1, default=0),
        basis_points=reader.number("basis_points", low=1, high=WHOLE, default=WHOLE),
    )


def _read_bundle_price(reader: _Reader, _sets: int) -> Benefit:
    return BundlePrice(reader.number("price_cents"))


def _read_free_item(reader: _Reader, sets: int) -> Benefit:
    return FreeItem(
        on=reader.number("on", high=sets - 1, default=0),
        cap_cents=reader.optional_number("cap_cents", low=1),
    )


def _read_points(reader: _Reader, _sets: int) -> Benefit:
    return Points(reader.number("points", low=1))


_COVERS = {str(each): each for each in Covers}
_READERS: dict[str, Callable[[_Reader, int], Benefit]] = {
    BenefitKind.AMOUNT_OFF: _read_amount_off,
    BenefitKind.PERCENT_OFF: _read_percent_off,
    BenefitKind.FIXED_PRICE: _read_fixed_price,
    BenefitKind.BUY_GET: _read_buy_get,
    BenefitKind.BUNDLE_PRICE: _read_bundle_price,
    BenefitKind.FREE_ITEM: _read_free_item,
    BenefitKind.POINTS: _read_points,
}
_KINDS: dict[type, BenefitKind] = {
    AmountOff: BenefitKind.AMOUNT_OFF,
    PercentOff: BenefitKind.PERCENT_OFF,
    FixedPrice: BenefitKind.FIXED_PRICE,
    BuyGet: BenefitKind.BUY_GET,
    BundlePrice: BenefitKind.BUNDLE_PRICE,
    FreeItem: BenefitKind.FREE_ITEM,
    Points: BenefitKind.POINTS,
}


def _read_benefit(reader: _Reader, *, sets: int) -> Benefit:
    kind = reader.choice("kind", _READERS)
    benefit = _READERS[kind](reader, sets)
    reader.close()
    return benefit


def _check_together(terms: Terms) -> None:
    """Refuse combinations that have no meaning, so that the engine never has to guess."""
    needs, benefit = terms.condition.needs, terms.benefit
    asked = any(need.quantity_milli for need in needs)
    where = "terms.condition.needs"
    if isinstance(benefit, BuyGet | FreeItem):
        _check_reward(needs, benefit)
    elif not asked and not terms.condition.minimum_spend_cents:
        raise _fault(where, "asks for nothing", "set a quantity or a minimum spend")
    if isinstance(benefit, FixedPrice) and len(needs) != 1:
        raise _fault(where, "has several sets under a fixed price", "use bundle_price")
    if isinstance(benefit, BundlePrice):
        if any(need.unit != PIECE for need in needs):
            raise _fault(where, "is weighed under a bundle price", "use pieces or fixed_price")
        if not asked:
            raise _fault(where, "has no quantity under a bundle price", "say how many pieces")


def _check_reward(needs: tuple[Need, ...], benefit: BuyGet | FreeItem) -> None:
    where = f"terms.condition.needs[{benefit.on}]"
    target = needs[benefit.on]
    if target.unit != PIECE:
        raise _fault(f"{where}.unit", "is weighed but given away", "give away pieces")
    if isinstance(benefit, FreeItem):
        if target.quantity_milli:
            raise _fault(f"{where}.quantity_milli", "must be 0 for the free item", "write 0")
    elif target.quantity_milli and len(needs) > 1:
        raise _fault(f"{where}.quantity_milli", "must be 0 beside other sets", "write 0")
    elif not any(need.quantity_milli for need in needs):
        raise _fault("terms.condition.needs", "asks for nothing to buy", "set a quantity")
