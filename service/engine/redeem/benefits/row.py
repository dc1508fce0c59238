"""The values of a row of a deals sheet that describe its benefit."""

from dataclasses import dataclass
from decimal import Decimal

from service.engine.redeem.benefits.covers import Covers
from service.engine.redeem.condition import MOST

_CENTS = 100
_MOST_POINTS = MOST // _CENTS


class DoesNotFit(Exception):
    """The row's `value` does not fit its benefit; `remedy` is what to write."""

    def __init__(self, remedy: str) -> None:
        super().__init__(remedy)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class SheetRow:
    """The columns that benefits are read from; None where a cell is empty.

    `value` is the number that was written, `is_percent` and `is_money` whether it had the sign of a
    per cent or of a currency. Amounts of money have so many decimals (`digits`).
    """

    value: Decimal
    is_percent: bool = False
    is_money: bool = False
    digits: int = 2
    get_quantity: int | None = None
    benefit_cap: int | None = None
    covers: Covers | None = None

    def basis_points(self) -> int:
        """The value as a per cent, in hundredths."""
        points = self.value * _CENTS
        if self.is_money or not 0 < self.value <= _CENTS or points != int(points):
            raise DoesNotFit("write a per cent from 1 to 100, as 20")
        if self.value < 1 and not self.is_percent:
            whole = f"{self.value * 100:f}".rstrip("0").rstrip(".")
            raise DoesNotFit(f"write {whole} for per cent")
        return int(points)

    def cents(self, *, low: int = 1) -> int:
        """The value as an amount of money, in minor units."""
        cents = self.value.scaleb(self.digits)
        if self.is_percent or cents != int(cents) or not low <= cents <= MOST:
            raise DoesNotFit(f"write an amount, as {Decimal(1):.{self.digits}f}")
        return int(cents)

    def whole(self) -> int:
        """The value as a whole number."""
        is_points = not (self.is_percent or self.is_money) and 1 <= self.value <= _MOST_POINTS
        if not is_points or self.value != int(self.value):
            raise DoesNotFit("write a whole number")
        return int(self.value)
