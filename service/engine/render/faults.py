"""Check the geometry of a layout: page edges, folds, and what shows in an envelope window."""

from collections.abc import Iterator

from service.engine.render.boxes import AddressBox, PageCode, PieceMark, PostalBarcodeBox, SymbolBox
from service.engine.render.elements import Element, Slot
from service.engine.render.layout import Layout
from service.engine.render.parts import MM, Rule, TextBox
from service.errors import Problem

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in mm from the top left corner."""
FOLD_CLEARANCE_MM = 3.0


def find_faults(layout: Layout) -> tuple[Problem, ...]:
    """Problems with the positions of elements, for any texts; empty if there are none."""
    problems = [*_sheet_faults(layout)]
    width, height = (edge / MM for edge in layout.size_pt)
    safe = (layout.safe_mm, layout.safe_mm, width - layout.safe_mm, height - layout.safe_mm)
    for element in layout.all_elements():
        if not 1 <= element.page <= layout.pages:
            problems.append(Problem(element.id, f"is on page {element.page}, which does not exist"))
        if not isinstance(element, Rule) and not _within(_box(element), safe):
            problems.append(Problem(element.id, "leaves the safe area", "move it inwards"))
        if layout.window is not None:
            problems += _window_faults(element, layout)
    return tuple(problems)


def _sheet_faults(layout: Layout) -> Iterator[Problem]:
    """A piece that ends on the front of a sheet: the next one would begin on its back."""
    counts = [("pages", layout.pages)]
    if layout.short is not None:
        counts.append(("short.pages", len(layout.short.pages)))
    for name, count in counts:
        if layout.duplex and count % 2:
            detail = f"are {count} on both sides of sheets: the next piece would begin on the back"
            yield Problem(name, detail, "make them even; a page may be empty")


def _window_faults(element: Element, layout: Layout) -> list[Problem]:
    window = layout.window
    if window is None:
        return []
    box = _box(element)
    if isinstance(element, AddressBox):
        if not _within(box, window.always_visible()):
            return [Problem(element.id, f"is not always inside the {window.name} window")]
        return []
    if isinstance(element, SymbolBox | PieceMark | PageCode | PostalBarcodeBox):
        crossed = [
            fold
            for fold in window.folds
            if box[1] - FOLD_CLEARANCE_MM < fold < box[3] + FOLD_CLEARANCE_MM
        ]
        if crossed:
            return [Problem(element.id, f"lies on the fold at {crossed[0]:g} mm")]
    seen = (
        element.page == 1 and not isinstance(element, Rule) and _meets(box, window.ever_visible())
    )
    if seen and not _within(box, window.always_visible()):
        return [Problem(element.id, f"may show in part in the {window.name} window")]
    return []


def _box(element: Element) -> Box:
    """The box of an element. A text has the height of its maximum number of lines."""
    if isinstance(element, Slot):
        raise AssertionError(element.id)
    if not isinstance(element, TextBox):
        height = float(element.h)
    else:
        style = element.style
        height = element.lines * style.size_pt * style.leading / MM
        if element.lines > 1 and element.flow:
            height = element.lines * style.shrink_pt * style.leading / MM
    return element.x, element.y, element.x + element.w, element.y + height


def _meets(one: Box, other: Box) -> bool:
    return one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]


def _within(inner: Box, outer: Box) -> bool:
    slack = 0.05
    return (
        inner[0] >= outer[0] - slack
        and inner[1] >= outer[1] - slack
        and inner[2] <= outer[2] + slack
        and inner[3] <= outer[3] + slack
    )
