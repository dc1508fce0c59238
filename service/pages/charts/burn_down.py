"""What is left of a budget, day by day, and how it would go on, as a chart."""

from collections.abc import Callable

from service.deals.burn import Burn
from service.pages.charts.lines import lines_by_day
from service.pages.charts.shapes import Chart, Series
from service.pages.languages import Language


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
