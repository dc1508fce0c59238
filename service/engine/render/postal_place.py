"""Where a postal barcode stands: in a box of its own, else below the address in the window."""

from dataclasses import dataclass, replace
from math import ceil, inf

from service.engine.render.boxes import AddressBox, PostalBarcodeBox
from service.engine.render.four_state import Geometry, PostalBarcode
from service.engine.render.layout import Layout
from service.engine.render.parts import MM
from service.engine.render.symbols import DOT_PT
from service.errors import InvalidInput, Problem

_GRID_PT = 2 * DOT_PT
_LEAST_LINES = 3
"""An address has at least a name, a street and a town."""


@dataclass(frozen=True, slots=True)
class PostalPlace:
    """The place of the barcode on all letters of a layout.

    `element` is the box it is drawn with; `left` and `foot` are its corner in points. `room` is
    what it leaves of the address box that it stands in, else None.
    """

    element: AddressBox | PostalBarcodeBox
    pitch: int
    left: float
    foot: float
    room: AddressBox | None


def place_barcode(layout: Layout, barcode: PostalBarcode) -> PostalPlace:
    """Find the place. Raises `InvalidInput` with what is missing if the layout has none."""
    geometry = barcode.geometry
    for element in layout.elements:
        if isinstance(element, PostalBarcodeBox):
            return _in_own_box(element, geometry, layout)
    for element in layout.elements:
        if isinstance(element, AddressBox):
            return _below_address(element, geometry, layout)
    raise _no_place(layout, "it has no address")


def _in_own_box(box: PostalBarcodeBox, geometry: Geometry, layout: Layout) -> PostalPlace:
    """In the lower left corner of a box that holds what stays clear around it too."""
    pitch = _widest(geometry, box.w - 2 * geometry.side, layout)
    height = geometry.height_mm + 2 * geometry.edge
    if height > box.h + 0.01:
        raise _no_place(layout, f"element {box.id} is less than {height:.1f} mm high")
    foot = _up_to_grid(layout.size_pt[1] - (box.y + box.h - geometry.edge) * MM)
    return PostalPlace(box, pitch, _up_to_grid((box.x + geometry.side) * MM), foot, None)


def _below_address(box: AddressBox, geometry: Geometry, layout: Layout) -> PostalPlace:
    """At the foot of the address box, as far from the edges of the window as the post asks."""
    x0, _, x1, y1 = layout.window.always_visible() if layout.window else (-inf, -inf, inf, inf)
    left = max(box.x, x0 + geometry.side)
    pitch = _widest(geometry, min(box.x + box.w, x1 - geometry.side) - left, layout)
    page_height = layout.size_pt[1]
    foot = _up_to_grid(page_height - min(box.y + box.h, y1 - geometry.edge) * MM)
    top = (page_height - foot) / MM - geometry.height_mm
    room = replace(box, h=top - geometry.edge - box.y)
    if room.h * MM < _LEAST_LINES * box.style.shrink_pt * box.style.leading:
        raise _no_place(layout, f"element {box.id} has no room for an address above it")
    return PostalPlace(box, pitch, _up_to_grid(left * MM), foot, room)


def _widest(geometry: Geometry, room_mm: float, layout: Layout) -> int:
    """The first pitch at which the barcode is no wider than the room."""
    for pitch in geometry.pitches:
        if geometry.width_mm(pitch) <= room_mm + 0.01:
            return pitch
    least = geometry.width_mm(geometry.pitches[-1])
    raise _no_place(layout, f"it needs {least:.1f} mm beside what stays clear, not {room_mm:.1f}")


def _up_to_grid(length: float) -> float:
    return ceil(length / _GRID_PT - 1e-6) * _GRID_PT


def _no_place(layout: Layout, why: str) -> InvalidInput:
    detail = f"has no place for the postal barcode: {why}"
    problem = Problem(f"layout {layout.name}", detail)
    return InvalidInput(f"layout {layout.name} {detail}", [problem])
