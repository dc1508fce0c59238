"""The mark that a machine knows a piece by decodes to its id, on the whole page too."""

from io import BytesIO
from typing import Any

import pypdfium2 as pdfium
import pytest
import zxingcpp

from service.engine.render import Layout, layout_from, render_batch
from service.engine.render.faults import find_faults
from service.errors import InvalidInput
from service.files import layouts
from tests.engine.render.lists import piece

MARK = {"id": "mark", "kind": "piece_mark", "page": 1, "x": 108, "y": 30, "w": 12, "h": 12}


def layout_with_mark(**changes: Any) -> Layout:
    """The compact page with a mark right of the address."""
    data = {
        "schema": "larder-layout/1",
        "extends": "compact-a4",
        "name": "marked",
        "elements": [{**MARK, **changes}],
    }
    return layout_from(
        layouts.merge(data, base=layouts._layout_data),
        windows=layouts.windows(),
        stationery=layouts.stationery(),
    )


def read_marks(layout: Layout, dpi: int) -> list[str]:
    out = BytesIO()
    render_batch([piece()], layout, out, title="Marks", language="en")
    page = pdfium.PdfDocument(out.getvalue())[0]
    image = page.render(scale=dpi / 72, grayscale=True).to_numpy()
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.DataMatrix)
    return [symbol.text for symbol in found]


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_the_mark_decodes_to_the_piece_s_id(dpi: int) -> None:
    assert read_marks(layout_with_mark(), dpi) == [piece().piece_id]


def test_a_mark_may_be_made_of_the_number_too() -> None:
    layout = layout_with_mark(text="{piece_id}/{seq}")
    assert read_marks(layout, 300) == [f"{piece().piece_id}/{piece().seq:06d}"]


def test_a_room_too_small_is_an_error_that_names_the_mark() -> None:
    with pytest.raises(InvalidInput, match=r"element mark: a data matrix needs \d+\.\d x"):
        read_marks(layout_with_mark(w=4, h=4), 300)


def test_a_mark_is_made_of_nothing_else() -> None:
    with pytest.raises(InvalidInput, match=r"mark\.text: has greeting \(use piece_id or seq\)"):
        layout_with_mark(text="{greeting}")


def test_a_mark_stays_clear_of_folds_and_of_the_window_s_edge() -> None:
    assert find_faults(layout_with_mark()) == ()
    (fold,) = find_faults(layout_with_mark(y=100))
    assert "fold" in fold.detail
