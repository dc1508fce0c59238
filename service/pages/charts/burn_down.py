"""What is left of a budget, day by day, and how it would go on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.pages.charts.lines import lines_by_day
from service.pages.charts.shapes import Chart, Series
from service.pages.languages import Language

MOST_DAYS = 120


@dataclass(frozen=True, slots=True)
class Burn:
    """What is left of a budget at the end of each day, and how it would go on.

    `ahead` goes on at the pace of `pace_days` days; `runs_out_on` is the day on which nothing is
    left at that pace, None when that is not before the last day.
    """

    days: Sequence[date]
    left_cents: Sequence[float | None]
    ahead_cents: Sequence[float | None]
    runs_out_on: date | None
    pace_days: int


def burn(
    budget_cents: int, spent_by_day: dict[date, int], *, until: date, pace_days: int = 14
) -> Burn | None:
    """The burn-down of a budget; None while nothing was spent of it.

    It goes on at the mean of the last `pace_days` days up to the last day with spending, until the
    day `until`.
    """
    if not spent_by_day:
        return None
    first, last = min(spent_by_day), max(spent_by_day)
    left, remaining = [], budget_cents
    past = (last - first).days + 1
    for place in range(past):
        remaining -= spent_by_day.get(first + timedelta(place), 0)
        left.append(float(remaining))
    counted = min(pace_days, past)
    recent = sum(spent_by_day.get(last - timedelta(back), 0) for back in range(counted))
    pace = recent / counted
    future = max(0, (until - last).days)
    to_zero = int(-(-max(remaining, 0) // pace)) if pace > 0 else future + 1
    runs_out = last + timedelta(to_zero) if to_zero <= future else None
    ahead = [max(0.0, remaining - pace * place) for place in range(min(future, to_zero) + 1)]
    days = [first + timedelta(place) for place in range(past + len(ahead) - 1)]
    start = max(0, past - MOST_DAYS)
    return Burn(
        days[start : past + MOST_DAYS],
        [*left, *[None] * (len(ahead) - 1)][start : past + MOST_DAYS],
        [*[None] * (past - 1), *ahead][start : past + MOST_DAYS],
        runs_out,
        counted,
    )


def burn_down(
    name: str, burned: Burn, *, language: Language, write: Callable[[float], str]
) -> Chart:
    """The burn-down as a chart."""
    if burned.runs_out_on is None:
        note = language.text(
            "At the pace of the last %(days)s days it lasts until the deal ends.",
            days=language.number(burned.pace_days),
        )
    else:
        note = language.text(
            "At the pace of the last %(days)s days nothing is left on %(day)s.",
            days=language.number(burned.pace_days),
            day=language.day(burned.runs_out_on),
        )
    return lines_by_day(
        name,
        burned.days,
        [
            Series(language.text("Left of the budget"), burned.left_cents, "first"),
            Series(language.text("At the same pace"), burned.ahead_cents, "expected"),
        ],
        title=language.text("Budget, day by day"),
        description=note,
        language=language,
        write=write,
        note=note,
    )
