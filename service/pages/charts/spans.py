"""Rows of days: what runs from when to when, one row below the other."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from service.pages.charts.shapes import Bar, Chart, Frame, Label, Table, View
from service.pages.languages import Language

_ROW = 42.0
_NAME = 14.0
_HIGHEST = 20.0
_EDGE = 24.0
_BELOW = 26.0
_LETTER = 7.0
_WIDTHS = (("wide", 960.0, 14), ("middle", 600.0, 8), ("narrow", 340.0, 4))


class DaySpan(NamedTuple):
    """A bar from a day to another, both included: its kind, how high it is (0 to 1), its text."""

    first: date
    last: date
    kind: str
    height: float
    text: str


class SpanRow(NamedTuple):
    """A row: its name and its bars."""

    name: str
    spans: Sequence[DaySpan]


def rows_of_days(
    name: str,
    rows: Sequence[SpanRow],
    *,
    first: date,
    days: int,
    title: str,
    description: str,
    table: Table,
    legend: Sequence[tuple[str, str]],
    language: Language,
) -> Chart:
    """Each row's bars over the same days; what lies outside of them is cut off."""
    return Chart(
        name=name,
        title=title,
        description=description,
        views=[_view(*sizes, rows, first, days, language) for sizes in _WIDTHS],
        table=table,
        legend=legend,
    )


def _view(
    name: str,
    width: float,
    labels_fit: int,
    rows: Sequence[SpanRow],
    first: date,
    days: int,
    language: Language,
) -> View:
    height = _ROW * len(rows) + _BELOW
    frame = Frame(name, width, height, days, 1, labels_fit, left=_EDGE, right=_EDGE)
    last = first + timedelta(days=days - 1)
    bars, labels = [], []
    for number, row in enumerate(rows):
        above = _ROW * number
        most = int((width - 2 * _EDGE) / _LETTER)
        labels.append(Label(_EDGE, above + _NAME - 2, _shortened(row.name, most), "start", "name"))
        floor = above + _NAME + _HIGHEST + 2
        for span in row.spans:
            begin, end = max(span.first, first), min(span.last, last)
            if begin > end:
                continue
            left = _EDGE + frame.step * (begin - first).days
            high = max(3.0, _HIGHEST * span.height)
            bars.append(
                Bar(
                    round(left, 2),
                    round(floor - high, 2),
                    round(max(1.0, frame.step * ((end - begin).days + 1) - 1), 2),
                    round(high, 2),
                    span.text,
                    span.kind,
                )
            )
    shown = [first + timedelta(days=place) for place in range(days)]
    labels += frame.day_labels(shown, lambda day: language.day(day, year=False))
    return View(name, width, height, _EDGE, width - _EDGE, bars=bars, labels=labels)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
