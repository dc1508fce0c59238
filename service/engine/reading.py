"""How one retailer's goods are read: their codes and their units, the same at till and in files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from service.engine.measures import MAX_LENGTH, parse_units, unit_of
from service.engine.scanned import PLAIN as PLAIN_CODES
from service.engine.scanned import GoodsReader, parse_masks
from service.errors import Misconfigured, Problem


class HowGoodsAreRead(Protocol):
    """The settings that say it."""

    @property
    def variable_measure(self) -> str: ...
    @property
    def bare_upc_e(self) -> bool: ...
    @property
    def units(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads codes of goods and names of units."""

    goods: GoodsReader = PLAIN_CODES
    others: Mapping[str, str] = field(default_factory=dict)

    def unit(self, text: str) -> str:
        """The unit a name stands for; one nobody knows is kept, in small letters."""
        found = unit_of(text, self.others)
        return found or "".join(filter(str.isprintable, text.strip().lower()))[:MAX_LENGTH]


PLAIN = Reading()
"""As nothing is set."""


def reading_of(settings: HowGoodsAreRead) -> Reading:
    """How goods are read by these settings. Raises Misconfigured naming the wrong one."""
    return _reading(settings.variable_measure, settings.bare_upc_e, settings.units)


@lru_cache(maxsize=16)
def _reading(variable_measure: str, bare_upc_e: bool, units: str) -> Reading:
    setting = "LARDER_VARIABLE_MEASURE"
    try:
        masks = parse_masks(variable_measure)
        setting = "LARDER_UNITS"
        others = parse_units(units)
    except ValueError as error:
        problem = Problem(setting, str(error))
        raise Misconfigured("The settings are not complete or not valid.", [problem]) from None
    if not (masks or bare_upc_e or others):
        return PLAIN
    return Reading(GoodsReader(masks, bare_upc_e=bare_upc_e), others)
