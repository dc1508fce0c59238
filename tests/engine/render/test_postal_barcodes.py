"""Barcodes of posts are those of their specifications, and are read back from the printed page."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.records import Address, Mailpiece
from service.engine.render import (
    AddressTrial,
    IntelligentMail,
    Layout,
    Mailmark,
    PostalBarcode,
    Sender,
    layout_from,
    render_batch,
)
from service.engine.render.boxes import AddressBox
from service.engine.render.faults import find_faults
from service.engine.render.intelligent_mail import encode as encode_intelligent_mail
from service.engine.render.mailmark import encode as encode_mailmark
from service.engine.render.postal_place import place_barcode
from service.engine.render.samples import longest_piece
from service.errors import InvalidInput
from service.files import layouts
from service.files.postal import sender_from
from tests.engine.render.four_state_reader import (
    decode_intelligent_mail,
    decode_mailmark,
    read_bars,
)
from tests.engine.render.lists import ADDRESS, piece

# fmt: off
INTELLIGENT_MAIL = {
    # USPS-B-3200, examples 1 to 4.
    "01234567094987654321": "ATTFATTDTTADTAATTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTDT",
    "0123456709498765432101234":
        "DTTAFADDTTFTDTFTFDTDDADADAFADFATDDFTAAAFDTTADFAAATDFDTDFADDDTDFFT",
    "01234567094987654321012345678":
        "ADFTTAFDTTTTFATTADTAAATFTFTATDAAAFDDADATATDTDTTDFDTDATADADTDFFTFA",
    "0123456709498765432101234567891":
        "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA",
    # Origin tracing, and one that a mailer had from the post's own encoder.
    "00050010203123456789012345678":
        "FTTATTTTTDFAADTATAFTFTTTAAAAFTTDDDTFTDDAFTADDFDTDAFTDATTDFADDDDDA",
    "2327059283148203124096713024817":
        "DDADATADTAATDTTTDFDTTFTFFADTFTDFTATAAFTTFATDAATATDATATFADAADDTFDT",
}
MAILMARK = {
    # Barcode C, examples 1 and 2, and barcode L, examples 1 and 2, of the Royal Mail's documents.
    "1100000000000XY11     ": "TTDTTATTDTAATTDTAATTDTAATTDTTDDAATAADDATAATDDFAFTDDTAADDDTAAFDFAFF",
    "21B2254800659JW5O9QA6Y": "DAATATTTADTAATTFADDDDTTFTFDDDDFFDFDAFTADDTFFTDDATADTTFATTDAFDTFDDA",
    "11000000000000000XY11     ":
        "TTDTTATDDTTATTDTAATTDTAATDDTTATTDTTDATFTAATDDTAATDDTATATFAADDAATAATDDTAADFTFTA",
    "41038422416563762EF61AH8T ":
        "DTTFATTDDTATTTATFTDFFFTFDFDAFTTTADTTFDTFDDDTDFDDFTFAADTFDTDTDTFAATAFDDTAATTDTT",
    # Each form of a postcode, as the encoder that most others are checked against has it.
    "1234567890123C1I2JQ3N ": "TTDTDFTFDTAAFFDATAATFDDTATTTFDFTDTTFDFTTTFAAFFTDTADDATDDDTFFATFFAF",
    "2345678901234KM12JQ3N ": "TDTFAFADDATATATTAAFAFTFTDADFDTDAAADFFDTTDDTDDFATDDTFDATFDFTFFFDFTA",
    "34A6789012345OV123JQ4U": "TDTTATADDATDADADATTAFATDAADAFTTTAAFDATFAFDDFDATFDTADDTFFAAFDDTTAAD",
    "44E9999999999CI1K3JQ4U": "DADTFDATFAFAFFAADTDFTTAAFFAFFDFATFTFDDAAFDFDDFAFDTDTDDATTDATTAFDAD",
    "0418070504030C12JQ3U  ": "FTAFFDAFTDDFTDTAFAADDDTADFTFAFFFATAAATFTDDDATFATFTTFTFFATADTDAAFTA",
    "02D7543219876C123JQ4U ": "AFTFAFATFDDFFDTTDDFAFDFDAFFTFAAFTTDATDFATATFTDFTFTTTFFTTATDATFDFTA",
}
# fmt: on
MAILER = IntelligentMail(barcode_id="00", service_type="270", mailer_id="567094")
CHAIN = Mailmark(kind="c", mail_class="9", supply_chain_id="12")
LONDON = Address(
    name="A. Person", street="1 High Street", extra="", postcode="sw1a 1aa", city="London",
    region="", country="GB",
)  # fmt: skip


@pytest.mark.parametrize("digits", INTELLIGENT_MAIL)
def test_intelligent_mail_has_the_bars_of_the_published_examples(digits: str) -> None:
    assert encode_intelligent_mail(digits) == INTELLIGENT_MAIL[digits]
    assert decode_intelligent_mail(INTELLIGENT_MAIL[digits]) == digits


@pytest.mark.parametrize("content", MAILMARK)
def test_mailmark_has_the_bars_of_the_published_examples(content: str) -> None:
    assert encode_mailmark(content) == MAILMARK[content]
    assert decode_mailmark(MAILMARK[content]) == content


def test_nothing_but_zeros_is_read_back() -> None:
    """A reader elsewhere failed on them: the first code word is 0, and then 659 with the check."""
    assert decode_intelligent_mail(encode_intelligent_mail("0" * 20)) == "0" * 20
    assert decode_mailmark(encode_mailmark("0100000000000A00AA0A  ")) == "0100000000000A00AA0A  "


DIGITS = st.text("0123456789", min_size=18, max_size=18)


@settings(max_examples=60)
@given(
    start=st.tuples(st.sampled_from("0123456789"), st.sampled_from("01234")).map("".join),
    rest=DIGITS,
    routing=st.sampled_from((0, 5, 9, 11)).flatmap(
        lambda length: st.text("0123456789", min_size=length, max_size=length)
    ),
)
def test_any_digits_are_read_back_and_a_wrong_bar_is_not(
    start: str, rest: str, routing: str
) -> None:
    content = f"{start}{rest}{routing}"
    bars = encode_intelligent_mail(content)
    assert decode_intelligent_mail(bars) == content
    wrong = bars.translate(str.maketrans("FADT", "ATFD"))[:1] + bars[1:]
    with pytest.raises((AssertionError, KeyError)):
        decode_intelligent_mail(wrong)


@settings(max_examples=60)
@given(
    st.from_regex(
        r"[0-4][1-4][0-9A-E]([0-9]{10}|[0-9]{14})"
        r"[A-Z]([0-9]|[0-9][0-9A-Z]|[A-Z][0-9]|[A-Z][0-9]{2}|[A-Z][0-9][A-Z])"
        r"[0-9][ABDEFGHJLNPQRSTUWXYZ]{2}[0-9][ABDEFGHJLNPQRSTUWXYZ]",
        fullmatch=True,
    )
)
def test_any_mailmark_is_read_back_and_a_wrong_bar_is_not(content: str) -> None:
    content = content.ljust(22 if len(content) <= 22 and not content[3:17].isdigit() else 26)
    bars = encode_mailmark(content)
    assert decode_mailmark(bars) == content
    wrong = ("T" if bars[0] != "T" else "F") + bars[1:]
    with pytest.raises((AssertionError, ValueError)):
        decode_mailmark(wrong)


@pytest.mark.parametrize("content", ["", "12", "05" + "0" * 18, "0" * 22, "0" * 21 + "a"])
def test_what_is_no_tracking_code_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match="no tracking code"):
        encode_intelligent_mail(content)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "1100000000000",
        "5100000000000XY11     ",
        "1100000000000XY12     ",
        "110000000000SW1A1CC9Z",
    ],
)
def test_what_is_no_mailmark_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match="no content of a 4-state Mailmark"):
        encode_mailmark(content)


def test_letters_say_who_mails_which_of_them_where() -> None:
    assert MAILER.content(ADDRESS, 77) == "0027056709400000007762704"
    assert MAILER.content(replace(ADDRESS, postcode="62704-1234"), 77)[20:] == "627041234"
    long_id = replace(MAILER, mailer_id="912345678")
    assert long_id.content(ADDRESS, 12_345_678) == "0027091234567834567862704"
    assert CHAIN.content(LONDON, 77) == "1191200000077SW1A1AA9Z"
    assert CHAIN.content(replace(LONDON, postcode="M1 1AE"), 1) == "1191200000001M11AE9Z  "
    assert Mailmark("l", "1", "123456").content(LONDON, 9) == "11112345600000009SW1A1AA9Z"


@pytest.mark.parametrize(
    ("barcode", "address"),
    [
        (MAILER, LONDON),
        (MAILER, replace(ADDRESS, postcode="")),
        (MAILER, replace(ADDRESS, postcode="6270")),
        (CHAIN, ADDRESS),
        (CHAIN, replace(LONDON, postcode="SW1A")),
        (CHAIN, replace(LONDON, postcode="SW1A 1CC")),
    ],
)
def test_an_address_that_the_post_does_not_serve_has_none(
    barcode: PostalBarcode, address: Address
) -> None:
    assert barcode.content(address, 1) == ""


def printed(layout: Layout, barcode: PostalBarcode, *pieces: Mailpiece) -> pdfium.PdfDocument:
    out = BytesIO()
    render_batch(pieces, layout, out, title="T", language="en", sender=Sender(barcode=barcode))
    return pdfium.PdfDocument(out.getvalue())


def pixels(page: Any, dpi: int) -> Any:
    return page.render(scale=dpi / 72, grayscale=True).to_numpy()


@pytest.mark.parametrize("dpi", [300, 600])
@pytest.mark.parametrize("name", ["classic-letter", "large-print-letter", "classic-a4"])
def test_each_letter_s_tracking_code_is_read_from_its_page(name: str, dpi: int) -> None:
    layout = layouts.load(name)
    pieces = [replace(piece(seq), serial=400 + seq) for seq in (1, 2)]
    drawn = printed(layout, MAILER, *pieces)
    read = [read_bars(pixels(drawn[at * len(drawn) // 2], dpi)) for at in range(2)]
    assert [decode_intelligent_mail(bars) for bars in read] == [
        f"00270567094{400 + seq:09d}62704" for seq in (1, 2)
    ]


@pytest.mark.parametrize("name", ["classic-a4", "compact-a4", "large-print-a4"])
def test_a_mailmark_is_read_from_its_page(name: str) -> None:
    letter = replace(piece(), address=LONDON, serial=8_123)
    bars = read_bars(pixels(printed(layouts.load(name), CHAIN, letter)[0], 300))
    assert decode_mailmark(bars) == "1191200008123SW1A1AA9Z"


def test_letters_that_have_none_look_as_before() -> None:
    layout = layouts.load("classic-letter")
    letters = [replace(piece(), address=LONDON)]
    with_barcode, without = BytesIO(), BytesIO()
    for out, barcode in ((with_barcode, MAILER), (without, None)):
        render_batch(letters, layout, out, title="T", language="en", sender=Sender(barcode=barcode))
    assert with_barcode.getvalue() == without.getvalue()


@pytest.mark.parametrize(("barcode", "clear"), [(MAILER, (3.175, 0.711)), (CHAIN, (2.0, 2.0))])
def test_what_the_post_wants_clear_is_clear_however_the_insert_slides(
    barcode: PostalBarcode, clear: tuple[float, float]
) -> None:
    layout = layouts.load("classic-letter" if barcode is MAILER else "classic-a4")
    assert layout.window is not None
    side, edge = clear
    letter = piece() if barcode is MAILER else replace(piece(), address=LONDON)
    dark = pixels(printed(layout, barcode, letter)[0], 600) < 128
    place = place_barcode(layout, barcode)
    height = layout.size_pt[1]
    mm = 25.4 / 600
    foot = int((height - place.foot) * 600 / 72)
    top = foot - round(barcode.geometry.height_mm / mm)
    x0, x1 = place.left * 25.4 / 72, place.left * 25.4 / 72 + barcode.geometry.width_mm(place.pitch)
    visible = layout.window.always_visible()
    assert x0 >= visible[0] + side - 0.01
    assert x1 <= visible[2] - side + 0.01
    assert foot * mm <= visible[3] - edge + 0.05
    left, right = round(x0 / mm), round(x1 / mm)
    assert dark[top : foot - 1, left:right].any()
    above = dark[top - int(edge / mm) + 1 : top - 1, left - int(side / mm) : right + int(side / mm)]
    beside = dark[top:foot, right + 2 : right + int(side / mm)]
    assert not above.any()
    assert not beside.any()


@pytest.mark.parametrize("name", layouts.names())
def test_the_longest_address_still_has_room_above_its_barcode(name: str) -> None:
    longest = longest_piece(layouts.samples()["en-US"], language="en-US").address
    home = sender_from(address="", country="US", language="en")
    trial = AddressTrial(layouts.load(name), replace(home, barcode=MAILER))
    assert MAILER.content(longest, 1)
    assert trial.fault_of(longest) is None


def with_element(**box: Any) -> Layout:
    data = {
        "schema": "larder-layout/1",
        "extends": "compact-a4",
        "name": "barred",
        "elements": [{"id": "barcode", "kind": "postal_barcode", "page": 1, **box}],
    }
    merged = layouts.merge(data, base=layouts._layout_data)
    kept = [each for each in merged["elements"] if each["id"] in ("address", "symbol", "barcode")]
    return layout_from(
        {**merged, "elements": kept},
        windows=layouts.windows(),
        stationery=layouts.stationery(),
    )


def test_a_layout_may_give_it_a_box_of_its_own() -> None:
    long = Mailmark(kind="l", mail_class="1", supply_chain_id="123456")
    layout = with_element(x=100, y=32, w=98, h=12)
    assert find_faults(layout) == ()
    letter = replace(piece(), address=LONDON, serial=5)
    bars = read_bars(pixels(printed(layout, long, letter)[0], 300))
    assert decode_mailmark(bars) == "11112345600000005SW1A1AA9Z"
    (fault,) = find_faults(with_element(x=20, y=100, w=96, h=9.2))
    assert "fold" in fault.detail


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ({"x": 100, "y": 32, "w": 60, "h": 12}, r"needs 72\.1 mm beside what stays clear, not 56"),
        ({"x": 100, "y": 32, "w": 90, "h": 5}, r"element barcode is less than 9\.0 mm high"),
    ],
)
def test_a_box_too_small_is_an_error_that_names_the_layout(box: Any, why: str) -> None:
    with pytest.raises(InvalidInput, match=f"layout barred has no place.*{why}"):
        printed(with_element(**box), CHAIN, piece())


def test_the_address_above_keeps_all_its_lines() -> None:
    layout = layouts.load("classic-a4")
    texts = printed(layout, CHAIN, replace(piece(), address=LONDON))[0].get_textpage()
    assert "A. Person\r\n1 High Street\r\nLONDON\r\nSW1A 1AA" in texts.get_text_bounded()
    box = next(each for each in layout.elements if isinstance(each, AddressBox))
    room = place_barcode(layout, CHAIN).room
    assert room is not None
    assert (room.x, room.y, room.w) == (box.x, box.y, box.w)
    assert room.h < box.h
