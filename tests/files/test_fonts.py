"""Fonts of the retailer's own."""

import struct
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from reportlab.pdfbase.ttfonts import TTFontMaker, TTFontParser

from service.errors import InvalidInput, NotFound
from service.files import fonts, layouts

THAI = (files("templates") / "fonts" / "larder-thai-regular.ttf").read_bytes()


def _licensed(bits: int) -> bytes:
    """The Thai font with these bits of fsType."""
    parser, maker = TTFontParser(BytesIO(THAI)), TTFontMaker()
    for tag in parser.table:
        table = parser.get_table(tag)
        if tag == "OS/2":
            table = table[:8] + struct.pack(">H", bits) + table[10:]
        maker.add(tag, table)
    return bytes(maker.makeStream())


def test_a_font_is_added_and_used_after_the_shipped_ones(tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "My Thai.ttf"
    file.write_bytes(_licensed(4))
    folder = tmp_path / "own"
    added = fonts.add(file, folder)
    assert added.file == folder / "my-thai.ttf"
    assert added.letters == {"Thai": 57}
    monkeypatch.setenv("LARDER_FONTS_FOLDER", str(folder))
    named = [each.name for each in fonts.font_files()]
    assert named[-1] == "my-thai"
    shipped = (files("templates") / "fonts").iterdir()
    assert named[:-1] == sorted(each.name[:-4] for each in shipped if each.name.endswith(".ttf"))


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.ttf", _licensed(2), "does not let it be embedded"),
        ("a.ttf", _licensed(0x100), "does not let it be subset"),
        ("a.otf", b"OTTO" + THAI[4:], "cubic outlines"),
        ("a.ttc", b"ttcf" + THAI[4:], "is a collection"),
        ("a.ttf", THAI[:2000], "cannot be read as a TrueType font"),
        ("a.ttf", b"no font", "cannot be read as a TrueType font"),
        ("Larder Thai regular.ttf", THAI, "a shipped font is called larder-thai-regular.ttf"),
    ],
)
def test_what_cannot_be_printed_with_is_refused_and_not_written(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidInput, match=said):
        fonts.add(tmp_path / name, tmp_path / "own")
    assert not (tmp_path / "own").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"There is no file .*none\.ttf"):
        fonts.add(tmp_path / "none.ttf", tmp_path)


def test_the_letters_of_a_layout_are_counted_by_script() -> None:
    letters = layouts.letters(layouts.load("classic-a4"))
    assert letters["Hangul"] >= 11_172
    assert letters["Han"] >= 20_976 + 6_582
    assert {"Latin", "Greek", "Cyrillic", "Arabic", "Hebrew", "Thai", "Hiragana"} <= {*letters}
