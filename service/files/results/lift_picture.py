"""Lifts as a picture: a mark for each estimate and a bar for its interval, on one scale."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor

from service.engine.lift.cube import REGION
from service.engine.lift.shown import Range, ShownDeal, ShownLift
from service.files.clearing.letterhead import MARGIN, Letter
from service.files.results.wording import Wording

_LABEL, _VALUE = 148.0, 136.0
_ROW = 30.0
_LEAST, _MOST = -1.0, 2.0
"""The scale ends here; an interval that goes on has an arrow."""
_STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0)
_MOST_TICKS = 7
_SOLD_MORE = (b"0.05 0.42 0.36 RG", b"0.05 0.42 0.36 rg")
_OTHER = (b"0.45 G", b"0.45 g")
_GRID, _ZERO = b"0.88 G", b"0.3 G"


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a lift lies between the left and the right end of the picture."""

    low: float
    high: float
    left: float
    right: float

    def at(self, lift: float) -> float:
        share = (min(max(lift, self.low), self.high) - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)

    def ticks(self) -> Iterator[float]:
        span = self.high - self.low
        step = next((each for each in _STEPS if span / each <= _MOST_TICKS), _STEPS[-1])
        for n in range(ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9) + 1):
            yield n * step


def draw_lifts(letter: Letter, wording: Wording, deal: ShownDeal) -> None:
    """The lifts of a deal's windows, where the letter has come to."""
    rows = [
        _Row(wording.window(window), wording.against(lift), lift.lift, wording.lift(lift),
             lift.sold_more)
        for window in deal.windows
        for lift in window.lifts
    ]  # fmt: skip
    _draw(letter, wording, rows)


def draw_places(letter: Letter, wording: Wording, lifts: Sequence[ShownLift], side: str) -> None:
    """The lifts of a window by region or by cell (`side`), against each control."""
    name = wording.region if side == REGION else wording.cell
    rows = [
        _Row(name(key), wording.against(lift), place.lift, wording.lift(place), False)
        for lift in lifts
        for key, place in (lift.regions if side == REGION else lift.cells).items()
    ]
    if rows:
        letter.heading(letter.words[f"lift_by_{side}"], least=110)
        _draw(letter, wording, rows)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the picture: its name, the control, the lift, that in words."""

    name: str
    against: str
    lift: Range | None
    said: str
    sold_more: bool


def _draw(letter: Letter, wording: Wording, rows: Sequence[_Row]) -> None:
    scale = _scale(letter, [row.lift for row in rows if row.lift is not None])
    letter.room(2 * _ROW + 40)
    _axis(letter, wording, scale)
    for row in rows:
        if letter.y + _ROW > letter.bottom:
            letter.next_page()
            _axis(letter, wording, scale)
        _row(letter, scale, row)
    letter.y += 6


def _scale(letter: Letter, found: Sequence[Range]) -> _Scale:
    ends = [0.0, 0.1, -0.1]
    for each in found:
        ends += [end for end in (each.value, each.low, each.high) if end is not None]
    low, high = max(min(ends), _LEAST), min(max(ends), _MOST)
    pad = 0.04 * (high - low)
    left, right = MARGIN + _LABEL, MARGIN + letter.width - _VALUE - 14
    return _Scale(low - pad, high + pad, left, right)


def _axis(letter: Letter, wording: Wording, scale: _Scale) -> None:
    sheet, small = letter.sheet, letter.texts.small
    title = letter.words["lift_axis"]
    letter.y += sheet.text(title, small, x=MARGIN, y=letter.y, width=letter.width) + 5
    for tick in scale.ticks():
        label = wording.percent(tick, signed=True)
        sheet.text(label, small, x=scale.at(tick) - 48, y=letter.y, width=60, align="right")
    letter.y += 13


def _row(letter: Letter, scale: _Scale, row: _Row) -> None:
    sheet, texts = letter.sheet, letter.texts
    top, middle = letter.y, letter.y + _ROW / 2 - 2
    for tick in scale.ticks():
        colour = _ZERO if abs(tick) < 1e-9 else _GRID
        sheet.line((scale.at(tick), top), (scale.at(tick), top + _ROW), colour=colour, weight=0.6)
    height = sheet.text(row.name, texts.cell, x=MARGIN, y=top + 2, width=_LABEL - 10)
    sheet.text(row.against, texts.small, x=MARGIN, y=top + 2 + height, width=_LABEL - 10)
    if row.lift is not None:
        _bar(letter, scale, row.lift, middle, _SOLD_MORE if row.sold_more else _OTHER)
    x = scale.right + 14
    style = texts.strong_cell if row.sold_more else texts.cell
    height = sheet.text(row.said, style, x=x, y=top + 2, width=_VALUE)
    if row.sold_more:
        said = letter.words["sold_more"]
        sheet.text(said, texts.small, x=x, y=top + 2 + height, width=_VALUE)
    letter.y += _ROW


def _bar(
    letter: Letter, scale: _Scale, found: Range, y: float, colours: tuple[bytes, bytes]
) -> None:
    sheet, (stroke, fill) = letter.sheet, colours
    low = scale.low if found.low is None else found.low
    high = scale.high if found.high is None else found.high
    sheet.line((scale.at(low), y), (scale.at(high), y), colour=stroke, weight=2.2)
    for end, towards in ((low, -1), (high, 1)):
        x = scale.at(end)
        if scale.low < end < scale.high:
            sheet.line((x, y - 4), (x, y + 4), colour=stroke, weight=1.2)
        else:
            sheet.shape([(x, y - 4), (x + 6 * towards, y), (x, y + 4)], colour=fill)
    x = scale.at(found.value)
    sheet.shape([(x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)], colour=fill)
