"""Reliability diagram and precision curve as SVG text; the same data gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

WIDE, HIGH = 560, 420
LEFT, TOP, RIGHT, BOTTOM = 64, 40, 20, 52
COLOURS = ("#0b5394", "#b45f06", "#38761d", "#741b47", "#666666", "#cc0000", "#3d85c6")


def reliability_diagram(table: tuple[tuple[float, float, int], ...], *, title: str) -> str:
    """Plot the share bought over the forecast, by bins; a calibrated forecast is on the diagonal.

    `table` is what `metrics.reliability` returns.
    """
    top = max([0.1, *(max(mean, share) for mean, share, _ in table)]) * 1.05
    marks = [_diagonal()]
    points = [(_x(mean / top), _y(share / top)) for mean, share, _ in table]
    marks.append(_path(points, COLOURS[0]))
    marks += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{COLOURS[0]}"/>' for x, y in points]
    ticks = [(step / 5, f"{top * step / 5:.2f}") for step in range(6)]
    return _frame(title, "forecast probability", "share bought", ticks, ticks, marks)


def precision_curve(curves: Mapping[str, tuple[float, ...]], *, title: str) -> str:
    """Plot the precision among the first k items, one curve per method."""
    high = max([0.1, *(value for curve in curves.values() for value in curve)]) * 1.05
    longest = max([2, *(len(curve) for curve in curves.values())])
    marks: list[str] = []
    for place, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[place % len(COLOURS)]
        points = [(_x(k / (longest - 1)), _y(value / high)) for k, value in enumerate(curve)]
        marks.append(_path(points, colour))
        y = TOP + 14 + 16 * place
        marks.append(f'<rect x="{WIDE - 190}" y="{y - 8}" width="12" height="4" fill="{colour}"/>')
        marks.append(f'<text x="{WIDE - 172}" y="{y - 2}">{escape(name)}</text>')
    along = [((k - 1) / (longest - 1), str(k)) for k in (1, 5, 10, 15, 20, 25, 30) if k <= longest]
    up = [(step / 5, f"{high * step / 5:.2f}") for step in range(6)]
    return _frame(title, "items shown", "share bought", along, up, marks)


def _x(share: float) -> float:
    return LEFT + share * (WIDE - LEFT - RIGHT)


def _y(share: float) -> float:
    return HIGH - BOTTOM - share * (HIGH - TOP - BOTTOM)


def _diagonal() -> str:
    ends = f'x1="{_x(0):.1f}" y1="{_y(0):.1f}" x2="{_x(1):.1f}" y2="{_y(1):.1f}"'
    return f'<line {ends} stroke="#999" stroke-dasharray="4 4"/>'


def _path(points: list[tuple[float, float]], colour: str) -> str:
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _frame(
    title: str,
    across: str,
    up: str,
    ticks_across: list[tuple[float, str]],
    ticks_up: list[tuple[float, str]],
    marks: list[str],
) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{escape(title)}</text>',
    ]
    for share, text in ticks_across:
        x = _x(share)
        parts.append(
            f'<line x1="{x:.1f}" y1="{_y(0):.1f}" x2="{x:.1f}" y2="{_y(1):.1f}" stroke="#eee"/>'
        )
        parts.append(f'<text x="{x:.1f}" y="{_y(0) + 18:.1f}" text-anchor="middle">{text}</text>')
    for share, text in ticks_up:
        y = _y(share)
        parts.append(
            f'<line x1="{_x(0):.1f}" y1="{y:.1f}" x2="{_x(1):.1f}" y2="{y:.1f}" stroke="#eee"/>'
        )
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    middle = (LEFT + WIDE - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HIGH - 12}" text-anchor="middle">{escape(across)}</text>')
    turn = f'transform="rotate(-90 16 {HIGH / 2})"'
    parts.append(f'<text x="16" y="{HIGH / 2}" {turn} text-anchor="middle">{escape(up)}</text>')
    return "\n".join([*parts, *marks, "</svg>"]) + "\n"
