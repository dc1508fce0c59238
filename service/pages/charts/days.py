"""Bars by day, with a line of what was expected."""

from collections.abc import Callable, Sequence
from datetime import date

from service.pages.charts.shapes import Bar, Chart, Frame, Series, Table, View, frames, nice_top
from service.pages.languages import Language

_GAP_SHARE = 0.28


def bars_by_day(
    name: str,
    days: Sequence[date],
    happened: Series,
    expected: Series | None,
    *,
    title: str,
    description: str,
    language: Language,
    write: Callable[[float], str] | None = None,
) -> Chart:
    """How often something happened on each day as a bar, with a line of what was expected."""
    write = write or language.number
    lines = [expected] if expected is not None else []
    highest = max(
        (value or 0 for series in (happened, *lines) for value in series.values), default=0
    )
    views = [
        _view(frame, days, happened, lines, language, write)
        for frame in frames(len(days), nice_top(highest), write)
    ]
    columns = [happened, *lines]
    return Chart(
        name=name,
        title=title,
        description=description,
        views=views,
        table=Table(
            [language.text("Day"), *(series.name for series in columns)],
            [
                [
                    language.day(day),
                    *("" if series.values[row] is None else write(series.values[row] or 0)
                      for series in columns),
                ]
                for row, day in enumerate(days)
            ],
        ),
        legend=[(series.kind, series.name) for series in columns],
    )  # fmt: skip


def _view(
    frame: Frame,
    days: Sequence[date],
    happened: Series,
    lines: Sequence[Series],
    language: Language,
    write: Callable[[float], str],
) -> View:
    rules, labels = frame.axis(write, whole=True)
    gap = frame.step * _GAP_SHARE
    bars = [
        Bar(
            x=round(frame.x(place) - (frame.step - gap) / 2, 2),
            y=frame.y(value),
            width=round(frame.step - gap, 2),
            height=round(frame.y(0) - frame.y(value), 2),
            text=f"{language.day(days[place])}: {write(value)}",
            kind=happened.kind,
        )
        for place, value in enumerate(happened.values)
        if value
    ]
    return View(
        frame.name,
        frame.width,
        frame.height,
        frame.left,
        frame.width - frame.right,
        rules,
        bars,
        [frame.line(series.values, series.kind) for series in lines],
        [*labels, *frame.day_labels(days, lambda day: language.day(day, year=False))],
    )
