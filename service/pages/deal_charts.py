"""Charts of what a deal came to."""

from datetime import date, timedelta

from service.deals.results import DealResults
from service.pages.charts import Chart, Series, bars_by_day
from service.pages.languages import Language

_MOST_DAYS = 60


def uses_by_day(language: Language, came_to: DealResults) -> Chart:
    """How often a deal was used on each day, the newest days of it."""
    uses: dict[date, int] = {
        day: made for day, made in came_to.by_day.select("day", "uses").iter_rows() if made
    }
    last = max(uses)
    first = max(min(uses), last - timedelta(_MOST_DAYS - 1))
    days = [first + timedelta(place) for place in range((last - first).days + 1)]
    return bars_by_day(
        "days",
        days,
        Series(language.text("Uses"), [uses.get(day, 0) for day in days], "first"),
        None,
        title=language.text("Uses by day"),
        description=language.text(
            "%(uses)s uses in all, the last on %(day)s.",
            uses=language.number(came_to.uses),
            day=language.day(last),
        ),
        language=language,
    )
