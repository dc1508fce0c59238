"""The page assembled by hand: the bound to compare with.

It knows every position beforehand: what stands alike on every page is one form, the rest one
template filled with escaped texts; the same words, bars, font subsets and compression, one byte a
character where Latin allows it, and no fitting, kerning, tags or columns.
"""

import zlib
from collections.abc import Sequence
from functools import cache

from bench.render_lists import photographs
from bench.render_texts import RESOLVER, Out, fixed_of, texts_of
from service.engine.records import Mailpiece
from service.engine.render import SymbolProfile
from service.engine.render.pictograms import rounded
from service.engine.render.symbols import make_symbol
from service.files import layouts

COMPRESSION = (12, 6)
"""Window bits and memory level, as the product sets them."""
LATIN_FONTS = ["larder-sans-regular", "larder-sans-semibold", "larder-serif-semibold"]


@cache
def _template(count: int) -> bytes:
    """Text operators at fixed places for so many texts; `%b` stands for each."""
    ops = []
    for number in range(count):
        x, y = 57 + 130 * (number % 4), 740 - 5.5 * number
        font = b"/F%d" % (number % 3 + 1)
        ops.append(b"0.1 g BT %b 9.5 Tf %.1f %.1f Td(%%b)Tj ET" % (font, x, y))
    return b"\n".join(ops)


def _rules() -> bytes:
    """Hairlines, tick boxes, tiles, cards and badges, which stand at fixed places."""
    return b"\n".join(
        [
            b"0.78 g %.2f %.2f %.2f 0.43 re f" % (57, 700 - 12 * number, 237.8)
            for number in range(32)
        ]
        + [
            b"0.95 g %b f" % rounded(57 + 20 * number, 300, 30, 30, 6)
            for number in range(PLACES + 3)
        ]
    )


@cache
def _places() -> bytes:
    """The pictures of the offers at fixed places; `%b` stands for the name of each."""
    return b"\n".join(
        b"q 29.5 0 0 29.5 %.2f %.2f cm /%%b Do Q" % (57 + 20 * number, 300 + number)
        for number in range(PLACES)
    )


PLACES = 12
"""Offers of a list, each with a picture."""


class Hand:
    """A PDF written object by object for this one page: the bound to compare with.

    All that stands alike on every page is one form. Latin text takes one byte a character. Each
    picture is in the file once.
    """

    def __init__(self, out: Out, *, wide: bool) -> None:
        self._out = out
        self._offsets: list[int] = [0] * 3
        self._position = out.write(b"%PDF-1.7\n")
        self._wide = wide
        self._used: set[str] = set("0123456789()")
        self._pictures: dict[str, bytes] = {}
        self._objects: list[int] = []

    def print(self, given: Sequence[Mailpiece]) -> None:
        form = _template(9) % tuple(map(self._shown, fixed_of(given[0]))) + _rules()
        self._stream(b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources 3 0 R", form)
        kids = []
        for piece in given:
            kids.append(self._page(piece))
        self._close(kids)

    def _shown(self, text: str) -> bytes:
        self._used.update(text)
        raw = text.encode("utf-16-be") if self._wide else text.encode("latin-1")
        return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")

    def _page(self, piece: Mailpiece) -> int:
        made = make_symbol(piece.document.list_code, SymbolProfile.GS1_128, resolver=RESOLVER)
        shown = [self._shown(text) for text in (*texts_of(piece), made.human)]
        names = tuple(
            self._pictures.get(offer.picture or offer.pictogram)
            or self._picture(offer.picture, offer.pictogram)
            for offer in piece.document.offers
        )
        content = b"/A Do %b\n%b\nq 0 g 0.96 0 0 45 340 60 cm %b f Q" % (
            _template(len(shown)) % tuple(shown),
            _places() % names,
            made.ops,
        )
        number = self._stream(b"", content)
        return self._put(
            b"<</Type/Page/Parent 1 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources 3 0 R>>"
            % number
        )

    def _picture(self, picture: str | None, pictogram: str) -> bytes:
        """The name of a picture, or a pictogram, which is written at its first use."""
        if picture is None:
            ops = layouts.stationery().pictograms.ops(
                pictogram, colour=b"0.5 0.1 0.1 rg", tint=b"0.9 0.8 0.8 rg"
            )
            form = b"/Type/XObject/Subtype/Form/BBox[0 0 48 48]/Matrix[0.021 0 0 0.021 0 0]"
            number = self._stream(form, ops)
        else:
            data = photographs()[picture]
            number = self._put(
                b"<</Type/XObject/Subtype/Image/Width 120/Height 160/ColorSpace/DeviceRGB"
                b"/BitsPerComponent 8/Filter/DCTDecode/Length %d>>stream\n%b\nendstream"
                % (len(data), data)
            )
        name = b"P%d" % len(self._pictures)
        self._pictures[picture or pictogram] = name
        self._objects.append(number)
        return name

    def _stream(self, entries: bytes, data: bytes) -> int:
        packer = zlib.compressobj(1, zlib.DEFLATED, *COMPRESSION)
        data = packer.compress(data) + packer.flush()
        return self._put(
            b"<<%b/Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (entries, len(data), data)
        )

    def _put(self, body: bytes, number: int = 0) -> int:
        if not number:
            self._offsets.append(0)
            number = len(self._offsets)
        data = b"%d 0 obj%b endobj\n" % (number, body)
        self._offsets[number - 1] = self._position
        self._out.write(data)
        self._position += len(data)
        return number

    def _font(self, name: str) -> int:
        """The same subset as the product embeds, by characters' codes."""
        face = layouts.stationery().faces[name]
        subset = face.subset({*map(ord, self._used)} & face.widths.keys())
        program = self._stream(b"/Length1 %d" % len(subset.data), subset.data)
        glyphs = bytearray(2 * (max(subset.glyphs) + 1))
        for code, glyph in subset.glyphs.items():
            glyphs[2 * code : 2 * code + 2] = glyph.to_bytes(2, "big")
        numbers = self._stream(b"", bytes(glyphs))
        descriptor = self._put(
            b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0"
            b"/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>"
            % (
                name.encode(),
                *face.bbox,
                *face.metrics,
                program,
            )
        )
        widths = b"".join(b"%d[%d]" % (code, face.widths[code]) for code in sorted(subset.glyphs))
        inner = self._put(
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b/FontDescriptor %d 0 R/W[%b]"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/CIDToGIDMap %d 0 R>>" % (name.encode(), descriptor, widths, numbers)
        )
        encoding = b"/Identity-H"
        if not self._wide:
            encoding = b" %d 0 R" % self._stream(
                b"/Type/CMap/CMapName/Byte/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
                b"/Supplement 0>>",
                b"begincmap /CMapName/Byte def 1 begincodespacerange<00><ff>endcodespacerange "
                b"1 begincidrange<00><ff>0 endcidrange endcmap",
            )
        return self._put(
            b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding%b/DescendantFonts[%d 0 R]>>"
            % (name.encode(), encoding, inner)
        )

    def _close(self, kids: Sequence[int]) -> None:
        names = ["larder-han-regular"] if self._wide else LATIN_FONTS
        fonts = [self._font(name) for name in names]
        shown = b"".join(b"/F%d %d 0 R" % (n + 1, fonts[n % len(fonts)]) for n in range(3))
        drawn = b"".join(
            b"/%b %d 0 R" % pair
            for pair in zip(self._pictures.values(), self._objects, strict=True)
        )
        self._put(b"<</Font<<%b>>/XObject<</A 4 0 R%b>>>>" % (shown, drawn), 3)
        self._put(b"<</Type/Catalog/Pages 1 0 R>>", 2)
        refs = b" ".join([b"%d 0 R" % kid for kid in kids])
        self._put(b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(kids), refs), 1)
        self._out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(self._offsets) + 1))
        self._out.write(b"".join([b"%010d 00000 n \n" % offset for offset in self._offsets]))
        self._out.write(
            b"trailer<</Size %d/Root 2 0 R>>\nstartxref\n%d\n%%%%EOF"
            % (len(self._offsets) + 1, self._position)
        )


def by_hand(given: Sequence[Mailpiece], out: Out, *, wide: bool = False) -> None:
    """The reference."""
    Hand(out, wide=wide).print(given)
