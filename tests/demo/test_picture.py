"""The picture of what lists and offers are worth: as text and as SVG, from the same rows."""

import re
from xml.etree import ElementTree

import polars as pl
import pytest

from service.demo.picture import mean_by_cell, svg, text_chart
from service.engine.allocate.value import CELLS
from tests.readme import PICTURE

WORTH = [
    {"worth_decile": n, "mean_face_value_cents": 300 * n, "floor_cents": 250 * n}
    for n in range(1, 11)
]
SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_the_lists_are_worth() -> None:
    _, *lines = text_chart(WORTH, {})
    assert [line.count("█") for line in lines[:10]] == [4 * n for n in range(1, 11)]
    assert lines[9].endswith("$30.00, floor $25.00")
    bars = ElementTree.fromstring(svg(WORTH, {})).findall(f"{SVG}rect")[1:11]
    assert [float(bar.get("width", "")) for bar in bars] == [30.0 * n for n in range(1, 11)]


def test_each_cell_has_its_mean_and_one_without_copies_a_dash() -> None:
    printed = pl.DataFrame({"cell": CELLS[:8], "copies": 3, "face_value_cents": range(301, 309)})
    means = mean_by_cell(printed)
    assert means == dict(zip(CELLS[:8], [100, 101, 101, 101, 102, 102, 102, 103], strict=True))
    rows = [line.split()[-3:] for line in text_chart([], means)[-3:]]
    assert rows == [
        ["$1.00", "$1.01", "$1.01"],
        ["$1.01", "$1.02", "$1.02"],
        ["$1.02", "$1.03", "-"],
    ]
    drawn = [each.text for each in ElementTree.fromstring(svg([], means)).findall(f"{SVG}text")]
    for cents in ("$1.00", "$1.01", "$1.02", "$1.03", "-"):
        assert drawn.count(cents) == sum(row.count(cents) for row in rows)


def test_a_shop_without_lists_has_a_picture_too() -> None:
    ElementTree.fromstring(svg([], {}))
    assert len(text_chart([], {})) == 6


@pytest.fixture(scope="module")
def shown() -> ElementTree.Element:
    """The picture in README.md, which a slow test holds to what the sample comes to."""
    return ElementTree.fromstring(PICTURE.read_text("utf-8"))


def test_better_tenths_get_more_and_the_best_some_thirty_dollars(
    shown: ElementTree.Element,
) -> None:
    said = shown.findtext(f"{SVG}desc") or ""
    means = [float(cents) for cents in re.findall(r"tenth \d+: \$(\d+\.\d\d)", said)]
    assert len(means) == 10
    assert means == pytest.approx(sorted(means), rel=0.03)
    assert means[9] >= 29.5
    assert means[9] > 2 * means[0]


def test_heavy_buyers_of_rival_brands_get_the_strongest(shown: ElementTree.Element) -> None:
    drawn = [each.text or "" for each in shown.findall(f"{SVG}text")]
    at = drawn.index("national brand")
    rows = [[float(cents[1:]) for cents in drawn[n + 1 : n + 4]] for n in (at, at + 4, at + 8)]
    (_, _, national), (_, _, store), (_, _, switcher) = rows
    others = [cents for row in rows for cents in row if cents not in (store, switcher)]
    assert min(store, switcher) > max(others)
    assert min(store, switcher) > 1.2 * national
