"""The shapes that charts are made of, and the scales they lie on."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

_LETTER = 6.8


class Bar(NamedTuple):
    """A bar: its place and size, what a pointer reads on it, and its kind."""

    x: float
    y: float
    width: float
    height: float
    text: str
    kind: str = "first"


class Line(NamedTuple):
    """A line through points, as the data of an SVG path, and its kind."""

    path: str
    kind: str


class Label(NamedTuple):
    """A text at a place; `anchor` is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "middle"
    kind: str = "axis"


class Rule(NamedTuple):
    """A horizontal rule at a height."""

    y: float


class Table(NamedTuple):
    """The same numbers as a table: its heads and rows, as they are written."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


class Series(NamedTuple):
    """Values by day, what they are called, and the kind they are drawn as."""

    name: str
    values: Sequence[float | None]
    kind: str


@dataclass(frozen=True, slots=True)
class View:
    """A chart laid out for one width; all lengths are those of its view box."""

    name: str
    width: float
    height: float
    left: float
    right: float
    rules: Sequence[Rule] = ()
    bars: Sequence[Bar] = ()
    lines: Sequence[Line] = ()
    labels: Sequence[Label] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart. `legend` is (kind, name) of what is drawn; `name` is unique on its page."""

    name: str
    title: str
    description: str
    views: Sequence[View]
    table: Table
    legend: Sequence[tuple[str, str]] = ()
    note: str = field(default="")


@dataclass(frozen=True, slots=True)
class Frame:
    """The area that values are drawn in: `days` places from left to right, 0 to `top` upwards."""

    name: str
    width: float
    height: float
    days: int
    top: float
    labels_fit: int
    left: float = 44
    right: float = 10
    above: float = 10
    below: float = 26

    def x(self, place: float) -> float:
        """Where the middle of a day is."""
        step = (self.width - self.left - self.right) / max(self.days, 1)
        return round(self.left + step * (place + 0.5), 2)

    def y(self, value: float) -> float:
        """Where a value is."""
        high = self.height - self.above - self.below
        share = value / self.top if self.top else 0
        return round(self.height - self.below - high * share, 2)

    @property
    def step(self) -> float:
        """The width of a day."""
        return (self.width - self.left - self.right) / max(self.days, 1)

    def axis(
        self, write: Callable[[float], str], *, whole: bool = False
    ) -> tuple[list[Rule], list[Label]]:
        """The rules of the scale and their labels; of `whole` things no part is named."""
        ticks = [tick for tick in nice_ticks(self.top) if not whole or tick == int(tick)]
        rules = [Rule(self.y(tick)) for tick in ticks]
        labels = [Label(self.left - 8, self.y(tick) + 4, write(tick), "end") for tick in ticks]
        return rules, labels

    def day_labels(self, days: Sequence[date], write: Callable[[date], str]) -> list[Label]:
        """So many days named below the scale as fit, the first and evenly on."""
        every = max(1, math.ceil(len(days) / self.labels_fit))
        return [
            Label(self.x(place), self.height - 8, write(day))
            for place, day in enumerate(days)
            if place % every == 0
        ]

    def line(self, values: Sequence[float | None], kind: str) -> Line:
        """A line through the values that there are; it is interrupted where one is missing."""
        parts: list[str] = []
        pen = "M"
        for place, value in enumerate(values):
            if value is None:
                pen = "M"
                continue
            parts.append(f"{pen}{self.x(place)} {self.y(value)}")
            pen = "L"
        return Line("".join(parts), kind)


def frames(days: int, top: float, write: Callable[[float], str]) -> Sequence[Frame]:
    """A chart's frames, for much room to little; the longest label of the scale has its place."""
    longest = max(len(write(tick)) for tick in nice_ticks(top))
    left = 16 + _LETTER * longest
    return (
        Frame("wide", 960, 230, days, top, labels_fit=14, left=left),
        Frame("middle", 600, 220, days, top, labels_fit=8, left=left),
        Frame("narrow", 340, 200, days, top, labels_fit=4, left=left, right=6),
    )


def nice_top(highest: float) -> float:
    """The end of a scale that has a value on it: a round number, 1 for nothing."""
    if highest <= 0:
        return 1
    size = 10 ** math.floor(math.log10(highest))
    return float(
        next(each * size for each in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if each * size >= highest)
    )


def nice_ticks(top: float) -> list[float]:
    """Round numbers from 0 to the end of a scale, which is the last of them: four to six."""
    size = 10 ** math.floor(math.log10(top))
    lead = round(top / size, 6)
    parts = {1: 4, 1.5: 3, 2: 4, 3: 3, 4: 4, 5: 5, 6: 3, 8: 4, 10: 5}.get(lead, 4)
    return [*(top * place / parts for place in range(parts)), top]
