"""How many of something come through each step."""

from collections.abc import Sequence
from typing import NamedTuple

from service.pages.charts.shapes import Bar, Chart, Label, Table, View
from service.pages.languages import Language

_ROW, _BAR = 46, 16
_WIDTHS = (("wide", 900), ("middle", 560), ("narrow", 320))


class FunnelStep(NamedTuple):
    """A step: what it is called, how many came through, and how that is written."""

    name: str
    number: float
    written: str


def funnel(
    name: str,
    steps: Sequence[FunnelStep],
    *,
    title: str,
    description: str,
    language: Language,
) -> Chart:
    """Each step as a bar, and its share of the first."""
    first = steps[0].number if steps else 0
    shares = [step.number / first if first else 0.0 for step in steps]
    return Chart(
        name=name,
        title=title,
        description=description,
        views=[_view(width, steps, shares, language) for width in _WIDTHS],
        table=Table(
            [language.text("Step"), language.text("Number"), language.text("Of the first")],
            [
                [step.name, step.written, language.percent(share)]
                for step, share in zip(steps, shares, strict=True)
            ],
        ),
    )


def _view(
    size: tuple[str, int],
    steps: Sequence[FunnelStep],
    shares: Sequence[float],
    language: Language,
) -> View:
    name, width = size
    bars, labels = [], []
    for place, (step, share) in enumerate(zip(steps, shares, strict=True)):
        top = place * _ROW
        labels += [
            Label(0, top + 14, step.name, "start", "step"),
            Label(width, top + 14, f"{step.written} · {language.percent(share)}", "end", "value"),
        ]
        bars += [
            Bar(0, top + 22, width, _BAR, "", "track"),
            Bar(0, top + 22, round(max(2.0, width * min(1.0, share)), 2), _BAR, "", "first"),
        ]
    return View(name, width, _ROW * len(steps), 0, width, bars=bars, labels=labels)
