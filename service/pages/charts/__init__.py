"""Charts as shapes: where each bar, line and label lies, for `parts/chart.html` to draw.

Each chart has a title, a sentence that says what it shows, and its numbers as a table. It is laid
out twice, wide and narrow, so that its letters keep their size on a small screen.
"""

from service.pages.charts.burn_down import burn_down
from service.pages.charts.days import bars_by_day
from service.pages.charts.funnel import FunnelStep, funnel
from service.pages.charts.intervals import Estimate, intervals
from service.pages.charts.lines import lines_by_day
from service.pages.charts.shapes import Chart, Series, Table
from service.pages.charts.spans import DaySpan, SpanRow, rows_of_days
from service.pages.charts.tenths import Tenth, bars_by_tenth

__all__ = [
    "Chart",
    "DaySpan",
    "Estimate",
    "FunnelStep",
    "Series",
    "SpanRow",
    "Table",
    "Tenth",
    "bars_by_day",
    "bars_by_tenth",
    "burn_down",
    "funnel",
    "intervals",
    "lines_by_day",
    "rows_of_days",
]
