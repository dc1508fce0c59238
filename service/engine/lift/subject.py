"""What a supplier's report is of: one deal, or the deals of a month, a quarter or a year."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from service.errors import InvalidInput

_PERIOD = re.compile(r"(?P<year>20\d\d)(-(?P<month>0[1-9]|1[0-2])|-Q(?P<quarter>[1-4]))?")
_QUARTER_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """`key` names it for ever. A deal has its reference, a period its first and last day."""

    key: str
    deal_ref: str | None = None
    first_day: date | None = None
    last_day: date | None = None


def of_deal(deal_ref: str) -> Subject:
    """One deal, all its revisions and cycles."""
    return Subject(f"deal:{deal_ref}", deal_ref=deal_ref)


def of_period(text: str) -> Subject:
    """A period as `2026-09`, `2026-Q3` or `2026`: no others, since the cube is fixed.

    Raises InvalidInput.
    """
    found = _PERIOD.fullmatch(text.strip())
    if found is None:
        raise InvalidInput("%(text)s is no period: write 2026-09, 2026-Q3 or 2026.", text=text)
    year = int(found["year"])
    if found["month"]:
        first = last = int(found["month"])
    elif found["quarter"]:
        last = _QUARTER_MONTHS * int(found["quarter"])
        first = last - _QUARTER_MONTHS + 1
    else:
        first, last = 1, 12
    last_day = date(year, last, monthrange(year, last)[1])
    return Subject(f"period:{text.strip()}", first_day=date(year, first, 1), last_day=last_day)
