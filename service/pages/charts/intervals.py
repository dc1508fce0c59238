"""Estimates with their intervals, one below the other on one scale of shares."""

from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

from service.pages.charts.shapes import Bar, Chart, Label, Line, Table, View
from service.pages.languages import Language

_ROW, _NAME, _EDGE, _BELOW = 46.0, 14.0, 26.0, 26.0
_LETTER, _MARK = 7.0, 9.0
_WIDTHS = (("wide", 960.0, 12), ("middle", 600.0, 8), ("narrow", 340.0, 4))
_LEAST, _MOST = -1.0, 2.0
"""The scale ends here; an interval that goes on reaches the edge."""
_STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0)


class Estimate(NamedTuple):
    """A row: what it is of, the share with both ends of its interval, and how it is written.

    A share or an end that has no bound is None. What is `sure` is drawn in colour.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    text: str
    is_sure: bool


def intervals(
    name: str,
    rows: Sequence[Estimate],
    *,
    title: str,
    description: str,
    table: Table,
    legend: Sequence[tuple[str, str]],
    language: Language,
) -> Chart:
    """Each row's mark and the bar of its interval."""
    ends = [0.0, 0.1, -0.1]
    for row in rows:
        ends += [each for each in (row.value, row.low, row.high) if each is not None]
    low, high = max(min(ends), _LEAST), min(max(ends), _MOST)
    return Chart(
        name=name,
        title=title,
        description=description,
        views=[_view(*sizes, rows, low, high, language) for sizes in _WIDTHS],
        table=table,
        legend=legend,
    )


def _view(
    name: str,
    width: float,
    labels_fit: int,
    rows: Sequence[Estimate],
    low: float,
    high: float,
    language: Language,
) -> View:
    height = _ROW * len(rows) + _BELOW

    def at(share: float) -> float:
        part = (min(max(share, low), high) - low) / (high - low)
        return round(_EDGE + part * (width - 2 * _EDGE), 2)

    step = next((each for each in _STEPS if (high - low) / each <= labels_fit), _STEPS[-1])
    ticks = [n * step for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]
    lines = []
    labels = [Label(at(tick), height - 8, language.percent(round(tick, 4))) for tick in ticks]
    bars = []
    most = int((width - 2 * _EDGE) / _LETTER)
    for number, row in enumerate(rows):
        above = _ROW * number
        text = f"{row.name}: {row.text}"
        shown = text if len(text) <= most else f"{text[: most - 1]}…"
        labels.append(Label(_EDGE, above + _NAME - 2, shown, "start", "name"))
        middle = above + _NAME + 13
        # The zero of each row, below its name.
        lines.append(Line(f"M{at(0)} {middle - _MARK}L{at(0)} {middle + _MARK}", "bound"))
        if row.value is None:
            continue
        kind = "first" if row.is_sure else "unsure"
        left = low if row.low is None else row.low
        right = high if row.high is None else row.high
        lines.append(Line(f"M{at(left)} {middle}L{at(right)} {middle}", kind))
        bars.append(
            Bar(
                round(at(row.value) - _MARK / 2, 2), round(middle - _MARK / 2, 2), _MARK, _MARK,
                text, kind,
            )
        )  # fmt: skip
    return View(name, width, height, _EDGE, width - _EDGE, (), bars, lines, labels)
