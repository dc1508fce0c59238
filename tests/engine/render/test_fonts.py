import io

import pytest
from reportlab.pdfbase.ttfonts import TTFontFile

from service.files import layouts

FACES = layouts.stationery().faces
ALPHABETS = {
    "Latin": "ÀÂÄÅÆÇÉÈÊËÍÎÏÑÓÔÖØŒÚÛÜÝßàâäåæçéèêëíîïñóôöøœúûüýÿĄĆĘŁŃŚŹŻąćęłńśźż"
    "ČĎĚŇŘŠŤŮŽčďěňřšťůžŐŰőűȘȚșțĞİğı",
    "Greek": "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏΪΫαβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ",
    "Cyrillic": "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюяҐЄІЇґєії",
    "signs": "$€£¥₽₴%&@#·–—‘’“”„…•×°½¼©®№−",
}


@pytest.mark.parametrize("script", ALPHABETS)
@pytest.mark.parametrize("name", ["larder-sans-regular", "larder-sans-semibold"])
def test_the_text_faces_hold_whole_alphabets(name, script):
    assert [c for c in ALPHABETS[script] if ord(c) not in FACES[name].widths] == []


@pytest.mark.parametrize("script", ["Latin", "Greek", "Cyrillic"])
def test_the_heading_face_holds_whole_alphabets(script):
    widths = FACES["larder-serif-semibold"].widths
    assert [c for c in ALPHABETS[script] if ord(c) not in widths] == []


def _gb2312(first: int, last: int) -> list[str]:
    """The characters of these rows of GB 2312."""
    pairs = [bytes((row, cell)) for row in range(first, last + 1) for cell in range(0xA1, 0xFF)]
    return [c for c in (pair.decode("gb2312", errors="ignore") for pair in pairs) if c]


def test_the_chinese_face_holds_the_common_characters_of_gb_2312_and_nearly_all_rare_ones():
    widths = FACES["larder-han-regular"].widths
    common, rare = _gb2312(0xB0, 0xD7), _gb2312(0xD8, 0xF7)
    assert (len(common), len(rare)) == (3755, 3008)
    assert [c for c in common if ord(c) not in widths] == []
    assert len([c for c in rare if ord(c) not in widths]) == 33


def test_a_subset_is_small_repeatable_and_maps_its_characters():
    face = FACES["larder-sans-regular"]
    codes = {ord(c) for c in "Milk é"}
    subset = face.subset(codes)
    assert subset == face.subset({ord(c) for c in "é kliM"})
    assert len(subset.data) < 6_000
    assert set(subset.glyphs) == codes
    read = TTFontFile(io.BytesIO(subset.data), charInfo=0)
    assert read.numGlyphs >= len(codes)


def test_kerning_is_read_by_code_points():
    kerns = FACES["larder-sans-regular"].kerns
    assert kerns[ord("T") << 16 | ord("o")] < 0
    assert kerns[ord("A") << 16 | ord("V")] < 0
    assert FACES["larder-han-regular"].kerns == {}
