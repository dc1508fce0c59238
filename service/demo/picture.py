"""What lists are worth by tenth of the households, and an offer by cell: as SVG and as text.

Both are made of the same rows by rule; the same rows give the same bytes.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from service.engine.allocate.value import BRANDS, USAGES
from service.engine.money import format_money

TITLE = "What lists are worth by tenth of the households, and an offer by cell"
_CURRENCY = "USD"
_BAR_CHARACTERS = 40
_WIDE, _HIGH = 820, 360
_TOP, _LEFT, _ROW = 58, 70, 26
_BAR, _CELL_LEFT, _CELL_WIDE, _CELL_HIGH = 300, 560, 80, 62
_GREEN, _FLOOR = (0x1B, 0x4D, 0x3E), "#b45f06"
_BRAND_NAMES = {brand: brand.replace("_", " ") for brand in BRANDS}


def mean_by_cell(printed: pl.DataFrame) -> dict[str, int]:
    """The mean face value of a printed offer in cents, by cell: a cell without copies has none.

    `printed` as `store.copies.worth_by_cell` gives it.
    """
    return {cell: round(cents / copies) for cell, copies, cents in printed.iter_rows()}


def text_chart(worth: Sequence[Mapping[str, Any]], cells: Mapping[str, int]) -> list[str]:
    """The picture in lines of text. `worth` as `offers.worth.by_worth` gives it, as rows."""
    longest = _longest(worth)
    lines = ["What lists are worth, by tenth of the households (the best last)"]
    for row in worth:
        cents = row["mean_face_value_cents"]
        bar = "█" * round(_BAR_CHARACTERS * cents / longest)
        floor = f"floor {_money(row['floor_cents'])}"
        lines.append(f"{row['worth_decile']:>3} {bar:<{_BAR_CHARACTERS}} {_money(cents)}, {floor}")
    lines.append("What an offer is worth, by what households buy of its category")
    lines.append(" " * 18 + "".join(f"{usage:>9}" for usage in USAGES))
    for brand, name in _BRAND_NAMES.items():
        found = (cells.get(f"{brand}_{usage}") for usage in USAGES)
        shown = "".join(f"{'-' if cents is None else _money(cents):>9}" for cents in found)
        lines.append(f"  {name:<16}{shown}")
    return lines


def svg(worth: Sequence[Mapping[str, Any]], cells: Mapping[str, int]) -> str:
    """The picture as SVG; the arguments as those of `text_chart`."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" '
        'font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(TITLE)}</title>",
        f"<desc>{escape(_described(worth))}</desc>",
        f'<rect width="{_WIDE}" height="{_HIGH}" fill="#fff"/>',
        f'<text x="{_LEFT - 50}" y="26" font-size="15">'
        "Worth of a list, by tenth of the households</text>",
        f'<text x="{_CELL_LEFT - 100}" y="26" font-size="15">Worth of an offer, by cell</text>',
        *_bars(worth),
        *_grid(cells),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bars(worth: Sequence[Mapping[str, Any]]) -> list[str]:
    longest = _longest(worth)
    parts = []
    for place, row in enumerate(worth):
        y, cents = _TOP + _ROW * place, row["mean_face_value_cents"]
        width, floor = _BAR * cents / longest, _LEFT + _BAR * row["floor_cents"] / longest
        parts += [
            f'<text x="{_LEFT - 10}" y="{y + 14}" text-anchor="end">{row["worth_decile"]}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="18" fill="{_shade(0.7)}"/>',
            f'<line x1="{floor:.1f}" y1="{y - 2}" x2="{floor:.1f}" y2="{y + 20}" '
            f'stroke="{_FLOOR}" stroke-width="2"/>',
            f'<text x="{_LEFT + width + 6:.1f}" y="{y + 14}">{_money(cents)}</text>',
        ]
    y = _TOP + _ROW * len(worth) + 16
    parts.append(
        f'<text x="{_LEFT}" y="{y}" fill="{_FLOOR}">line: what the list should be worth</text>'
    )
    return parts


def _grid(cells: Mapping[str, int]) -> list[str]:
    most = max([1, *cells.values()])
    parts = []
    for across, usage in enumerate(USAGES):
        x = _CELL_LEFT + _CELL_WIDE * across + _CELL_WIDE / 2
        parts.append(f'<text x="{x:.0f}" y="{_TOP + 2}" text-anchor="middle">{usage}</text>')
    for down, (brand, name) in enumerate(_BRAND_NAMES.items()):
        y = _TOP + 12 + _CELL_HIGH * down
        parts.append(
            f'<text x="{_CELL_LEFT - 8}" y="{y + _CELL_HIGH / 2 + 4:.0f}" text-anchor="end">'
            f"{escape(name)}</text>"
        )
        for across, usage in enumerate(USAGES):
            x, cents = _CELL_LEFT + _CELL_WIDE * across, cells.get(f"{brand}_{usage}")
            share = (cents or 0) / most
            ink = "#fff" if share * share > 0.6 else "#222"
            parts += [
                f'<rect x="{x}" y="{y}" width="{_CELL_WIDE - 3}" height="{_CELL_HIGH - 3}" '
                f'fill="{_shade(share * share)}"/>',
                f'<text x="{x + _CELL_WIDE / 2 - 1:.0f}" y="{y + _CELL_HIGH / 2 + 4:.0f}" '
                f'fill="{ink}" text-anchor="middle">{"-" if cents is None else _money(cents)}'
                "</text>",
            ]
    y = _TOP + 12 + _CELL_HIGH * len(BRANDS) + 22
    parts.append(
        f'<text x="{_CELL_LEFT - 100}" y="{y}">by the brand they buy in the category, and how much'
        "</text>"
    )
    return parts


def _longest(worth: Sequence[Mapping[str, Any]]) -> int:
    return int(max([1, *(row["mean_face_value_cents"] for row in worth)]))


def _described(worth: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"tenth {row['worth_decile']}: {_money(row['mean_face_value_cents'])}, "
        f"floor {_money(row['floor_cents'])}"
        for row in worth
    )


def _shade(share: float) -> str:
    """From white at 0 to the house's green at 1."""
    return "#" + "".join(f"{round(255 - (255 - ink) * share):02x}" for ink in _GREEN)


def _money(cents: int) -> str:
    return format_money(cents, _CURRENCY, "en")
