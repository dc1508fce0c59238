"""The standard that a print file conforms to, and what it needs to."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import ceil

from service.engine.render.parts import MM
from service.engine.render.printing_condition import PrintingCondition
from service.engine.render.symbols import DOT_PT

_GRID_PT = 2 * DOT_PT


class Standard(StrEnum):
    """What a print file claims to be."""

    PLAIN = "plain"
    UA1 = "ua1"
    X4 = "x4"
    VT1 = "vt1"


@dataclass(frozen=True, slots=True)
class Conformance:
    """What a print file conforms to.

    A file for a press (X4, VT1) has a `condition`, a `bleed_pt` around the trimmed page, and the
    day `made_on`: the standards ask for dates, and the same input must give the same file.
    """

    standard: Standard = Standard.PLAIN
    condition: PrintingCondition | None = None
    bleed_pt: float = 0.0
    made_on: date | None = None

    @property
    def is_for_press(self) -> bool:
        """Whether it is one of the PDF/X family."""
        return self.standard in (Standard.X4, Standard.VT1)


def for_press(
    standard: Standard, *, condition: PrintingCondition, bleed_mm: float, made_on: date
) -> Conformance:
    """What a file for a press conforms to; the bleed is rounded up to whole printer dots."""
    bleed = ceil(bleed_mm * MM / _GRID_PT - 1e-6) * _GRID_PT
    return Conformance(standard, condition, bleed, made_on)


PLAIN = Conformance()
