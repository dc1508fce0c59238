"""Codes of goods as tills send them, among them those that other systems stumbled over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine import codes
from service.engine.scanned import PLAIN, PRESETS, GoodsReader, Scanned, parse_masks, upc_a
from service.errors import InvalidInput

MASKED = GoodsReader(parse_masks("us gb, 21IIIIIWWWWWC; ean6"))


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("4006381333931", 4006381333931),
        ("04006381333931", 4006381333931),
        ("4006381333930", 4006381333930),  # the check digit is not looked at
        ("725272730706", 725272730706),  # a UPC-A, and its EAN-13
        ("0725272730706", 725272730706),
        ("]E00725272730706", 725272730706),
        ("]E00023400000906", 23400000906),  # a UPC-E that the scanner wrote out
        ("]E002345673", 23456000073),  # and one it did not
        ("]E0234567", 23456000073),
        ("02345673", 2345673),  # bare, it is a GTIN-8
        ("]E412345670", 12345670),
        ("]E3400638133393112345", 4006381333931),  # with an add-on
        ("]C04006381333931", 4006381333931),
        ("]C10104006381333931310300175", 4006381333931),
        ("\x1d0104006381333931", 0),  # more than a GTIN, and nobody says what
        ("]d2\x1d010400638133393110LOT", 4006381333931),
        ("]e00104006381333931", 4006381333931),
        ("(01)04006381333931(3103)001750", 4006381333931),
        ("https://id.example.org/01/04006381333931/10/LOT?17=290101", 4006381333931),
        ("4 006381 333931\r\n", 4006381333931),
        ("4011", 4011),
        ("000000000000004011", 0),  # an internal number of 18 digits is no PLU
        ("123456789012345", 0),
        ("0000000000000", 0),
        ("SHIRT-M", 0),
        ("]C1SHIRT", 0),
        ("]E0", 0),
        ("\u0664\u0660\u0661\u0661", 0),
        ("", 0),
    ],
)
def test_what_a_scanner_sends_names_the_product(sent: str, key: int) -> None:
    read = PLAIN.read(sent)
    assert read.gtin == key
    is_said = sent.isascii() and sent.isdigit() and key and int(sent) == key
    assert read.code == ("" if is_said else sent)


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("2100001027506", 2100001000004),
        ("2100001000004", 2100001000004),
        ("]E02100001027506", 2100001000004),
        ("212345612345", 212345000007),
        ("0212345612345", 212345000007),
        ("2011122912346", 2011122000005),
        ("2288060112343", 2288060100009),
        ("20000011", 20000011),
        ("4006381333931", 4006381333931),
        ("12100001027503", 12100001027503),
    ],
)
def test_a_price_or_weight_is_no_part_of_the_product(sent: str, key: int) -> None:
    assert MASKED.read(sent).gtin == key
    assert MASKED.catalogued(codes.gtin_text(key)) == key


@pytest.mark.parametrize(
    "mask", ["21IIIII", "abc", "21IIIIIWWWWWW", "IIIIIIIIIIIIC", "21WWIIIWWWWWC"]
)
def test_a_mask_that_is_none_is_refused(mask: str) -> None:
    with pytest.raises(ValueError, match="is neither a mask of 13 characters nor one of us, ca"):
        parse_masks(mask)


def test_every_preset_reads_and_every_key_is_a_gtin_that_stays_itself() -> None:
    for name, masks in PRESETS.items():
        reader = GoodsReader(parse_masks(name))
        for mask in masks:
            label = mask.translate(str.maketrans("?IVPWC", "171991"))
            key = reader.read(label).gtin
            assert key == codes.gtin(codes.gtin_text(key)) == reader.read(str(key)).gtin
            assert key != int(label)


def test_eight_bare_digits_are_a_upc_e_when_a_setting_says_so() -> None:
    reader = GoodsReader(bare_upc_e=True)
    assert reader.read("02345673") == Scanned(23456000073, "02345673")
    assert reader.read("2345673") == Scanned(23456000073, "2345673")
    assert reader.read("20000011") == Scanned(20000011)
    assert reader.read("]E402345673").gtin == 2345673
    assert reader.catalogued("04252614") == 42100005264
    with pytest.raises(InvalidInput):
        PLAIN.catalogued("04252614")


@given(st.sampled_from("01"), st.integers(0, 999_999))
def test_a_upc_e_stands_for_one_upc_a(system: str, body: int) -> None:
    short = f"{system}{body:06d}"
    key = upc_a(short)
    if key is not None:
        full = f"{key:012d}"
        assert int(full[-1]) == codes.check_digit(full[:-1])
        assert upc_a(short + full[-1]) == key == PLAIN.read(f"]E0{short}{full[-1]}").gtin
        assert upc_a(short + str((int(full[-1]) + 1) % 10)) is None


@given(st.text(max_size=300))
def test_no_code_is_ever_refused(sent: str) -> None:
    for reader in (PLAIN, MASKED):
        read = reader.read(sent)
        assert 0 <= read.gtin < 10**14
        assert len(read.code) <= 256
        assert "\x00" not in read.code


@given(st.integers(1, 10**14 - 1), st.integers(0, 14))
def test_zeros_in_front_change_nothing(key: int, width: int) -> None:
    assert PLAIN.read(str(key).zfill(width)).gtin == key
