"""Stores that used to send sales and sent none for days: what a window of days lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

USUAL_DAYS = 56
"""So many days before a window show how a store sends; who sent in their last half is awaited."""
_FEWEST_DAYS = 4
"""On fewer days of the last half a store was hardly open."""
_LONGER = 3
"""So many days longer than any pause before is no weekend and no holiday."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Silence:
    """A store that sent nothing from one day to another, both included."""

    store_id: str
    first_day: date
    last_day: date

    def __str__(self) -> str:
        return f"store {self.store_id} from {self.first_day} to {self.last_day}"


def silences(
    sent: Mapping[str, Sequence[date]], *, first_day: date, until: date
) -> tuple[Silence, ...]:
    """The pauses of stores that reach into a window of days, the longest of each store, by store.

    `sent` are the days on which each store sold anything, in order, from `USUAL_DAYS` before the
    window's `first_day` to before `until`. A pause counts when it is longer by some days than any
    before the window.
    """
    found = (_longest(store, days, first_day, until) for store, days in sorted(sent.items()))
    return tuple(each for each in found if each is not None)


def _longest(store: str, days: Sequence[date], first_day: date, until: date) -> Silence | None:
    before = [day for day in days if day < first_day]
    lately = [day for day in before if day >= first_day - USUAL_DAYS * _DAY / 2]
    if len(lately) < _FEWEST_DAYS:
        return None
    usual = max((_missing(*pair) for pair in pairwise(before)), default=0)
    rest = [before[-1], *(day for day in days if day >= first_day), until]
    first, last = max(pairwise(rest), key=lambda pair: _missing(*pair))
    if _missing(first, last) <= usual + _LONGER:
        return None
    return Silence(store, first + _DAY, last - _DAY)


def _missing(day: date, next_day: date) -> int:
    """How many days lie between two days."""
    return (next_day - day).days - 1
