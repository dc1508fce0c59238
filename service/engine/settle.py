"""Who pays for a discount: supplier and retailer shares per unit.

A share is fixed unit by unit when the discount is given, and stored with it. Returns and voids
read the stored share and never run a rule again, so that any sequence of partial returns adds up
to exactly what was given.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import sub
from typing import NamedTuple, Protocol

from service.engine.money import BASIS_POINTS, basis_points_off, spread
from service.errors import Conflict


class Liability(StrEnum):
    """Who bears a line honoured twice offline: only the retailer, or the supplier as agreed."""

    RETAILER = "retailer"
    SUPPLIER = "supplier"


class ReopenPolicy(StrEnum):
    """When a return gives the uses of a list line back to the household."""

    NEVER = "never"
    WHEN_WHOLE = "when_whole"


class UnitDiscount(Protocol):
    """What was taken off one basket line, unit by unit."""

    @property
    def line(self) -> int: ...
    @property
    def unit_cents(self) -> tuple[int, ...]: ...


class Funding(NamedTuple):
    """What a supplier agreed to bear: a share of the discount, at most `cap_cents` per use."""

    share_basis_points: int = BASIS_POINTS
    cap_cents: int | None = None


class Split(NamedTuple):
    """The discount of one basket line, split between supplier and retailer unit by unit.

    `supplier_cents[i]` and `retailer_cents[i]` add up to the discount of unit `i`. `points[i]` are
    the points it earned; empty where no unit earned any.
    """

    line: int
    supplier_cents: tuple[int, ...]
    retailer_cents: tuple[int, ...]
    points: tuple[int, ...] = ()

    @property
    def units(self) -> int:
        """How many units had a discount, those of zero cents included."""
        return len(self.supplier_cents)

    @property
    def unit_cents(self) -> tuple[int, ...]:
        """The discount of each unit."""
        pairs = zip(self.supplier_cents, self.retailer_cents, strict=True)
        return tuple([supplier + retailer for supplier, retailer in pairs])

    @property
    def amount_cents(self) -> int:
        """The whole discount on the basket line."""
        return sum(self.supplier_cents) + sum(self.retailer_cents)


def fund(
    discounts: Sequence[UnitDiscount],
    *,
    uses: int,
    funding: Funding,
    honoured_twice: bool = False,
    liability: Liability = Liability.RETAILER,
) -> tuple[Split, ...]:
    """Split the discounts of one open line between supplier and retailer.

    The supplier bears its share of their sum, rounded half up once and capped per use, spread over
    all units by their discounts; the retailer bears the rest of each unit. Under
    `Liability.RETAILER` the retailer bears all of a discount honoured twice.
    """
    by_unit = [cents for discount in discounts for cents in discount.unit_cents]
    total = sum(by_unit)
    borne = basis_points_off(total, funding.share_basis_points)
    if funding.cap_cents is not None:
        borne = min(borne, funding.cap_cents * uses)
    if honoured_twice and liability is Liability.RETAILER:
        borne = 0
    parts = spread(borne, by_unit) if total else [0] * len(by_unit)
    funded, start = [], 0
    for discount in discounts:
        unit_cents = discount.unit_cents
        end = start + len(unit_cents)
        shares = tuple(parts[start:end])
        start = end
        funded.append(Split(discount.line, shares, tuple(map(sub, unit_cents, shares))))
    return tuple(funded)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Returned units of the stored discount of basket line `line`, with the cents given on them.

    `earns` is true where units of the discount earned points.
    """

    line: int
    units: tuple[int, ...]
    supplier_cents: int
    retailer_cents: int
    points: int = 0
    earns: bool = False

    @property
    def amount_cents(self) -> int:
        """What is deducted from the refund."""
        return self.supplier_cents + self.retailer_cents


def units_left(discount: Split, returned: Collection[int]) -> tuple[int, ...]:
    """The units of a stored discount not yet returned, in the order of their return."""
    return tuple(unit for unit in range(discount.units) if unit not in returned)


def take_back(
    discount: Split, *, units: Collection[int], returned: Collection[int] = ()
) -> TakenBack:
    """Return `units` (numbered from 0) of a stored discount; `returned` were returned before.

    Raises Conflict when a unit does not exist or was returned before; then nothing is taken back.
    """
    wanted = sorted(set(units))
    for unit in wanted:
        if not 0 <= unit < discount.units:
            raise Conflict(f"basket line {discount.line} has no discounted unit {unit}")
        if unit in returned:
            raise Conflict(f"unit {unit} of basket line {discount.line} was returned before")
    return TakenBack(
        line=discount.line,
        units=tuple(wanted),
        supplier_cents=sum(discount.supplier_cents[unit] for unit in wanted),
        retailer_cents=sum(discount.retailer_cents[unit] for unit in wanted),
        points=sum(discount.points[unit] for unit in wanted) if discount.points else 0,
        earns=bool(discount.points),
    )


def reopens(
    policy: ReopenPolicy,
    discounts: Iterable[Split],
    returned: Mapping[int, Collection[int]],
) -> bool:
    """Whether the returns so far give the uses of an open line back.

    `discounts` are all discounts of the line in the transaction, `returned` the returned units by
    basket line.
    """
    return policy is ReopenPolicy.WHEN_WHOLE and all(
        not units_left(discount, returned.get(discount.line, ())) for discount in discounts
    )
