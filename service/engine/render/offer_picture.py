"""One offer as a layout prints it: where it stands on the page, with its small print."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from service.engine.records import ListDocument, OfferLine
from service.engine.render.batch import render_one
from service.engine.render.elements import OfferGrid
from service.engine.render.layout import Layout
from service.engine.render.parts import MM, TextBox


class Frame(NamedTuple):
    """A part of a page, which counts from 0; in points from its bottom left corner."""

    page: int
    left: float
    bottom: float
    right: float
    top: float


def print_offer(
    offer: OfferLine, layout: Layout, *, retailer: str, currency: str, language: str, on: date
) -> bytes:
    """A PDF of a draft with this offer alone, drawn as lists are, on all pages of the layout.

    Raises InvalidInput for a text that cannot be printed, and for a language without phrases.
    """
    document = ListDocument(
        list_code="", language=language, currency=currency, retailer=retailer, greeting="",
        issued_on=on, valid_from=on, valid_to=on, offers=(offer,), reminders=(),
        worth_cents=offer.face_value_cents, tip="", legal="",
    )  # fmt: skip
    return render_one(document, None, replace(layout, short=None))


def frames_of_offer(layout: Layout, *, has_legal: bool) -> Sequence[Frame]:
    """Where the only offer of a list is printed, and its small print if it has any.

    A frame has room for the longest texts; what is printed may end above its bottom.
    """
    height = layout.size_pt[1]
    found: list[Frame] = []
    for element in layout.elements:
        if isinstance(element, OfferGrid) and element.first == 1:
            # A single offer has a row of its own.
            found.append(_frame(element.page, element.x, element.y, element.w, element.h, height))
        elif has_legal and isinstance(element, TextBox) and _is_legal(element):
            tall = element.lines * element.style.size_pt * element.style.leading / MM
            tall = min(tall, _next_below(layout, element) - element.y)
            found.append(_frame(element.page, element.x, element.y, element.w, tall, height))
    # A box that is printed in one case and another in its place have one frame.
    return list(dict.fromkeys(found))


def _is_legal(box: TextBox) -> bool:
    is_shown = any(part.kind == "variable" and part.value == "legal" for part in box.template)
    return is_shown and ("short", True) not in box.conditions


def _next_below(layout: Layout, box: TextBox) -> float:
    """Where the next element below a text begins, in mm from the top of the page."""
    page = [each.y for each in layout.elements if each.page == box.page and each.y > box.y]
    return min(page, default=layout.size_pt[1] / MM)


def _frame(
    page: int, x_mm: float, y_mm: float, w_mm: float, h_mm: float, page_height: float
) -> Frame:
    top = page_height - y_mm * MM
    return Frame(page - 1, x_mm * MM, top - h_mm * MM, (x_mm + w_mm) * MM, top)
