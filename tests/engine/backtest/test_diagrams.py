"""The two diagrams."""

from __future__ import annotations

from xml.etree import ElementTree

from service.engine.backtest.diagrams import precision_curve, reliability_diagram


def test_reliability_draws_every_bin() -> None:
    table = ((0.05, 0.04, 100), (0.5, 0.55, 100), (0.9, 0.88, 100))
    drawn = ElementTree.fromstring(reliability_diagram(table, title="Honest & plain"))
    circles = drawn.findall("{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 3
    assert drawn.findtext("{http://www.w3.org/2000/svg}title") == "Honest & plain"


def test_precision_curve_draws_every_method() -> None:
    curves = {"larder": (0.6, 0.5, 0.4), "personal frequency": (0.5, 0.4, 0.3)}
    text = precision_curve(curves, title="Precision")
    drawn = ElementTree.fromstring(text)
    assert len(drawn.findall("{http://www.w3.org/2000/svg}polyline")) == 2
    assert text == precision_curve(curves, title="Precision")
