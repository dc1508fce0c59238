"""The terms of an offer: what must be bought, what comes off, how often in one basket.

Terms are stored with the offer as JSON and copied onto every printed list, so reading is strict:
an unknown field, a missing one or a number out of range is refused with its place.
Products are not named here. An offer has one product set per `Need`; the caller of the engine
resolves which basket lines belong to which set.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from service.engine.redeem.benefits import BENEFITS, StoredBenefit
from service.engine.redeem.condition import Condition, Positive, Requirement, fault, requirement
from service.engine.redeem.units import PIECE
from service.engine.validation import place_of, said_of
from service.errors import InvalidInput, Problem


@dataclass(frozen=True, slots=True)
class Terms:
    """An offer's condition and benefit, and how often it may be used in one basket.

    `requires` is the condition in the form that the rules use. Raises InvalidInput where condition
    and benefit contradict each other, so that the engine never has to guess.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    condition: Condition
    benefit: StoredBenefit
    uses_per_basket: Positive | None = None
    requires: Requirement = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for place, need in enumerate(self.condition.needs):
            if need.unit == PIECE and need.quantity_milli % 1000:
                where = f"condition.needs[{place}].quantity_milli"
                raise fault(where, "is part of a piece", "thousands only")
        benefit = self.benefit
        benefit.check(self.condition)
        requires = requirement(
            self.condition, pieces_only=benefit.pieces_only, gives_of=benefit.gives_of
        )
        object.__setattr__(self, "requires", requires)

    def at_face_value(self, cents: int) -> "Terms":
        """The terms for a cell with its own face value."""
        return Terms(self.condition, self.benefit.at_face_value(cents), self.uses_per_basket)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; `from_dict` returns equal terms."""
        stored: dict[str, Any] = _STORED.dump_python(self, mode="json", exclude_none=True)
        return stored

    def to_json(self) -> str:
        """The text that is stored; `parse_terms` returns equal terms."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))

    @staticmethod
    def from_dict(stored: Mapping[str, Any]) -> "Terms":
        """Read and check stored terms; `InvalidInput` names the fields at fault."""
        try:
            return _STORED.validate_python(stored)
        except ValidationError as error:
            raise _faults(error) from None


_STORED = TypeAdapter(Terms)


@lru_cache(maxsize=8192)
def parse_terms(text: str) -> Terms:
    """Terms from their stored JSON text; cached, since many lists have the same."""
    try:
        return _STORED.validate_json(text)
    except ValidationError as error:
        raise _faults(error) from None


def _faults(error: ValidationError) -> InvalidInput:
    problems = [_problem(each) for each in error.errors(include_url=False)]
    return InvalidInput(str(problems[0]), problems)


def _problem(error: ErrorDetails) -> Problem:
    if error["type"] == "json_invalid":
        return Problem("terms", "is not JSON", "store what to_json gives")
    where = "terms"
    before: int | str = ""
    for step in place_of(error):
        if isinstance(step, int):
            where += f"[{step}]"
        elif before != "benefit" or step not in BENEFITS:
            where += f".{step}"
        before = step
    return Problem(where, *said_of(error))
