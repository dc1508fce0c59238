"""The interface of a benefit; one that leaves something out does not type-check.

All differences between benefits are in their files; the till, the lists, the form of deals and the
cycle use them through this interface.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Protocol, Self

from pydantic import ConfigDict

from service.engine.redeem.benefits.row import SheetRow
from service.engine.redeem.condition import Condition
from service.engine.redeem.draw import Draw
from service.engine.redeem.eligible import EligibleUnits


class Words(Protocol):
    """The phrases of a language: a `Wording`."""

    def say(self, key: str, *, count: int = 0, **values: str | int) -> str:
        """A phrase, in the form that goes with `count`."""
        ...

    def percent(self, basis_points: int) -> str:
        """A share, such as `12.5%`."""
        ...

    def money(self, cents: int, currency: str) -> str:
        """An amount, such as `$1.00`."""
        ...


class Mechanic(ABC):
    """One kind of benefit; its fields are those of the stored terms, beside `kind`.

    The class variables describe the benefit in a sheet of deals: `value_means` what the column
    `value` contains, `value_example` an example of it, `row_columns` the other columns that apply
    to this benefit, and `also` other names for it.
    """

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    value_means: ClassVar[str]
    value_example: ClassVar[str]
    row_columns: ClassVar[tuple[str, ...]] = ()
    also: ClassVar[tuple[str, ...]] = ()

    pieces_only: ClassVar[bool] = False
    """Whether a weighed line never counts where pieces are required."""

    counts_pieces_itself: ClassVar[bool] = False
    """Whether its text includes how many must be bought, so that the condition's need not."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """Its name in stored terms and in sheets of deals."""

    @abstractmethod
    def draw(self, eligible: EligibleUnits, mask: int) -> Draw:
        """The best draw on units `mask`; `NOTHING` when nothing is met or saved."""

    @abstractmethod
    def check(self, condition: Condition) -> None:
        """Raise InvalidInput where the condition does not fit this benefit."""

    @abstractmethod
    def units_per_use(self, pieces: int) -> int | None:
        """Units that one use discounts when it requires `pieces`; None for all that count."""

    @abstractmethod
    def describe(self, words: Words, *, pieces: int, currency: str) -> str:
        """The benefit as printed, when `pieces` must be bought."""

    @classmethod
    @abstractmethod
    def from_row(cls, row: SheetRow) -> Self:
        """The benefit of a row of a sheet; raises DoesNotFit where its `value` does not fit."""

    @property
    def gives_of(self) -> int | None:
        """The product set of which units are given away, None if none are."""
        return None

    @property
    def pieces_given(self) -> int:
        """Pieces of set `gives_of` that one use gives away."""
        return 0

    @property
    def face_value_cents(self) -> int | None:
        """What one use takes off where that is a fixed sum, which may then differ by cell."""
        return None

    def at_face_value(self, cents: int) -> Self:
        """The benefit for a cell with its own face value; unchanged unless it takes off a sum."""
        return self

    @classmethod
    def gives_first_set(cls, *, has_second: bool) -> bool:
        """Whether a sheet's first product set is given away, so that nothing of it is bought."""
        return False
