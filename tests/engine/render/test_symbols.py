import pytest
from barcode.codex import Code128, Gs1_128
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.codes import check_digit, gcn, list_code
from service.engine.render.symbols import DOT_PT, GEOMETRY, SymbolProfile, make_symbol
from service.errors import InvalidInput

CODE = list_code(gcn("952123400001"), "000000000042")
RESOLVER = "https://example.com/"


def _modules(symbol):
    numbers = [int(word) for word in symbol.ops.split() if word != b"re"]
    row = ["0"] * symbol.width
    for x, _, width in zip(numbers[::4], numbers[1::4], numbers[2::4], strict=True):
        row[x : x + width] = "1" * width
    return "".join(row)


@settings(max_examples=60)
@given(st.integers(0, 10**12 - 1))
def test_gs1_128_has_the_modules_of_python_barcode(serial):
    code = list_code(gcn("952123400001"), f"{serial:012d}")
    symbol = make_symbol(code, SymbolProfile.GS1_128, resolver=RESOLVER)
    assert _modules(symbol) == Gs1_128(code).build()[0]
    assert symbol.width == 200


def test_code128_has_the_modules_of_python_barcode():
    symbol = make_symbol(CODE, SymbolProfile.CODE128, resolver=RESOLVER)
    assert _modules(symbol) == Code128(CODE).build()[0]


@pytest.mark.parametrize(
    ("profile", "width", "height", "human"),
    [
        (SymbolProfile.GS1_128, 200, 1, "(255)9521234000013000000000042"),
        (SymbolProfile.CODE128, 189, 1, "2559521234000013000000000042"),
        (SymbolProfile.DATABAR_EXPANDED, 249, 1, "(255)9521234000013000000000042"),
        (SymbolProfile.QR, 29, 29, "(255)9521234000013000000000042"),
    ],
)
def test_sizes_and_human_readable_text(profile, width, height, human):
    symbol = make_symbol(CODE, profile, resolver=RESOLVER)
    assert (symbol.width, symbol.height, symbol.human) == (width, height, human)


def test_qr_carries_a_digital_link_of_the_retailers_own():
    symbol = make_symbol(CODE, SymbolProfile.QR, resolver=RESOLVER)
    assert symbol.data == "https://example.com/255/9521234000013000000000042"


def test_ean13_carries_the_serial_of_the_in_store_range_only():
    code = list_code(gcn("952123400001"), "200000000042")
    symbol = make_symbol(code, SymbolProfile.EAN13, resolver=RESOLVER)
    assert symbol.data == f"200000000042{check_digit('200000000042')}"
    with pytest.raises(InvalidInput, match="in-store range"):
        make_symbol(CODE, SymbolProfile.EAN13, resolver=RESOLVER)


def test_a_wrong_code_is_refused_before_drawing():
    with pytest.raises(InvalidInput):
        make_symbol(CODE.replace("3000000", "4000000", 1), SymbolProfile.GS1_128, resolver=RESOLVER)


def test_modules_are_whole_dots_at_600_and_300_dpi_and_wide_enough():
    for shape in GEOMETRY.values():
        assert shape.dots % 2 == 0
        assert shape.dots * DOT_PT / 72 * 25.4 >= 0.264
