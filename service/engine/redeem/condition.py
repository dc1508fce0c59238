"""What must be bought: product sets with quantities, and a minimum spend."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias

from pydantic import ConfigDict, Field, Strict

from service.engine.redeem.units import MEASURES, PIECE, Unit
from service.errors import InvalidInput, Problem

MOST = 10**9
MAX_NEEDS = 3
"""Product sets of one condition; the work of matching units to them limits the number."""

Amount: TypeAlias = Annotated[int, Strict(), Field(ge=0, le=MOST)]
"""A whole number of cents, thousandths or points, which may be 0."""

Positive: TypeAlias = Annotated[int, Strict(), Field(ge=1, le=MOST)]
"""The same, at least 1."""


@dataclass(frozen=True, slots=True)
class Need:
    """One product set and how much of it one use takes; 0 when it only receives the benefit.

    `quantity_milli` is in thousandths of `unit`: 2000 `each` is two pieces, 500 `kg` half a kilo.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    quantity_milli: Amount = 1000
    unit: Unit = PIECE


@dataclass(frozen=True, slots=True)
class Condition:
    """What one use of the offer requires; several needs make a mixed set."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    needs: Annotated[tuple[Need, ...], Field(min_length=1)] = (Need(),)
    minimum_spend_cents: Amount = 0

    def __post_init__(self) -> None:
        if len(self.needs) > MAX_NEEDS:
            detail = f"has {len(self.needs)} product sets"
            raise fault("condition.needs", detail, f"{MAX_NEEDS} at most")

    @property
    def has_quantity(self) -> bool:
        """Whether something must be bought by the piece or by weight."""
        return any(need.quantity_milli for need in self.needs)

    def check_not_empty(self) -> None:
        """Raise InvalidInput for a condition that requires nothing."""
        if not self.has_quantity and not self.minimum_spend_cents:
            raise fault("condition.needs", "asks for nothing", "set a quantity or a minimum spend")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one use requires, computed once per offer for the rules.

    `pieces[i]` and `weights[i]` restate need `i`: whole pieces, or weight in the base of
    `MEASURES`; one of them is 0. `dimensions[i]` is the dimension of the weight, None for pieces.
    `pieces_only`: a weighed line does not count as a piece. `not_spent` is the set that is given
    away and so does not count towards the minimum spend on the others.
    """

    unit: Unit
    pieces: tuple[int, ...]
    weights: tuple[int, ...]
    dimensions: tuple[str | None, ...]
    weighed: bool
    pieces_only: bool
    spend: int
    not_spent: int | None


def requirement(condition: Condition, *, pieces_only: bool, gives_of: int | None) -> Requirement:
    """A condition restated; units are given away of set `gives_of`."""
    needs = condition.needs
    weights = tuple(
        [0 if n.unit == PIECE else n.quantity_milli * MEASURES[n.unit][1] for n in needs]
    )
    weighed = any(weights)
    return Requirement(
        unit=needs[0].unit,
        pieces=tuple([n.quantity_milli // 1000 if n.unit == PIECE else 0 for n in needs]),
        weights=weights,
        dimensions=tuple([None if n.unit == PIECE else MEASURES[n.unit][0] for n in needs]),
        weighed=weighed,
        pieces_only=weighed or pieces_only,
        spend=condition.minimum_spend_cents,
        not_spent=gives_of if condition.minimum_spend_cents and len(needs) > 1 else None,
    )


def fault(where: str, detail: str, remedy: str) -> InvalidInput:
    """The error for terms that cannot be applied; `where` is the field, as `condition.needs`."""
    problem = Problem(where=f"terms.{where}", detail=detail, remedy=remedy)
    return InvalidInput(str(problem), [problem])
