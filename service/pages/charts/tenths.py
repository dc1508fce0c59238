"""What lists come to by tenth of the households, between two bounds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from service.pages.charts.shapes import (
    Bar,
    Chart,
    Frame,
    Label,
    Series,
    Table,
    View,
    frames,
    nice_top,
)
from service.pages.languages import Language

_GAP_SHARE = 0.34


class Tenth(NamedTuple):
    """A tenth of the households: its mean, and the floor and ceiling of each."""

    number: int
    households: int
    mean: float
    floor: float
    ceiling: float


def bars_by_tenth(
    name: str,
    tenths: Sequence[Tenth],
    *,
    title: str,
    description: str,
    language: Language,
    write: Callable[[float], str],
) -> Chart:
    """The mean of each tenth as a bar, with lines of its floor and its ceiling."""
    text = language.text
    floors = Series(text("Floor"), [each.floor for each in tenths], "expected")
    ceilings = Series(text("Ceiling"), [each.ceiling for each in tenths], "bound")
    highest = max((max(each.mean, each.ceiling) for each in tenths), default=0)
    return Chart(
        name=name,
        title=title,
        description=description,
        views=[
            _view(frame, tenths, (floors, ceilings), language, write)
            for frame in frames(len(tenths), nice_top(highest), write)
        ],
        table=Table(
            [text("Tenth"), text("Households"), text("Mean"), floors.name, ceilings.name],
            [
                [
                    language.number(each.number),
                    language.number(each.households),
                    *(write(value) for value in (each.mean, each.floor, each.ceiling)),
                ]
                for each in tenths
            ],
        ),
        legend=[
            ("first", text("Mean of a list")),
            *((series.kind, series.name) for series in (floors, ceilings)),
        ],
    )


def _view(
    frame: Frame,
    tenths: Sequence[Tenth],
    bounds: Sequence[Series],
    language: Language,
    write: Callable[[float], str],
) -> View:
    frame = replace(frame, below=24)
    rules, labels = frame.axis(write)
    width = round(frame.step * (1 - _GAP_SHARE), 2)
    bars = [
        Bar(
            x=round(frame.x(place) - width / 2, 2),
            y=frame.y(each.mean),
            width=width,
            height=round(frame.y(0) - frame.y(each.mean), 2),
            text=f"{language.number(each.number)}: {write(each.mean)}",
        )
        for place, each in enumerate(tenths)
        if each.mean > 0
    ]
    named = [
        Label(frame.x(place), frame.height - 7, language.number(each.number))
        for place, each in enumerate(tenths)
    ]
    return View(
        frame.name,
        frame.width,
        frame.height,
        frame.left,
        frame.width - frame.right,
        rules,
        bars,
        [frame.line(series.values, series.kind) for series in bounds],
        [*labels, *named],
    )
