"""Lines by day."""

from collections.abc import Callable, Sequence
from datetime import date

from service.pages.charts.shapes import Chart, Frame, Series, Table, View, frames, nice_top
from service.pages.languages import Language


def lines_by_day(
    name: str,
    days: Sequence[date],
    series: Sequence[Series],
    *,
    title: str,
    description: str,
    language: Language,
    write: Callable[[float], str] | None = None,
    note: str = "",
) -> Chart:
    """One line for each series; it is interrupted where a value is missing."""
    write = write or language.number
    highest = max((value or 0 for each in series for value in each.values), default=0)
    return Chart(
        name=name,
        title=title,
        description=description,
        views=[
            _view(frame, days, series, language, write)
            for frame in frames(len(days), nice_top(highest), write)
        ],
        table=Table(
            [language.text("Day"), *(each.name for each in series)],
            [
                [language.day(day), *(_cell(each.values[row], write) for each in series)]
                for row, day in enumerate(days)
            ],
        ),
        legend=[(each.kind, each.name) for each in series],
        note=note,
    )


def _cell(value: float | None, write: Callable[[float], str]) -> str:
    return "" if value is None else write(value)


def _view(
    frame: Frame,
    days: Sequence[date],
    series: Sequence[Series],
    language: Language,
    write: Callable[[float], str],
) -> View:
    rules, labels = frame.axis(write)
    return View(
        frame.name,
        frame.width,
        frame.height,
        frame.left,
        frame.width - frame.right,
        rules,
        lines=[frame.line(each.values, each.kind) for each in series],
        labels=[*labels, *frame.day_labels(days, lambda day: language.day(day, year=False))],
    )
