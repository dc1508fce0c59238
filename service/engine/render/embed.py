"""Embed a font: the subset that a file uses, and the meaning of its character codes."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from service.engine.render.fonts import Face
from service.engine.render.pdf import PdfWriter


def embed(pdf: PdfWriter, face: Face, used: AbstractSet[str]) -> int:
    """Write a Type 0 font with those of the characters that the face has.

    Its character codes are Unicode code points. Returns its object number.
    """
    subset = face.subset({*map(ord, used & face.advances.keys())} or {0x20})
    program = pdf.add_stream(subset.data, entries=b"/Length1 %d" % len(subset.data))
    ordered = sorted(subset.glyphs)
    glyph_map = bytearray(2 * (ordered[-1] + 1))
    for code in ordered:
        glyph_map[2 * code : 2 * code + 2] = subset.glyphs[code].to_bytes(2, "big")
    gids = pdf.add_stream(bytes(glyph_map))
    name = _subset_name(face.name, ordered)
    descriptor = pdf.add(
        b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0"
        b"/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>"
        % (name, *face.bbox, face.ascent, face.descent, face.cap_height, program)
    )
    widths = b"".join(b"%d[%d]" % (code, face.widths[code]) for code in ordered)
    descendant = pdf.add(
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b/FontDescriptor %d 0 R/DW 1000"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        b"/CIDToGIDMap %d 0 R/W[%b]>>" % (name, descriptor, gids, widths)
    )
    unicode_map = pdf.add_stream(_to_unicode(ordered))
    return pdf.add(
        b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding/Identity-H"
        b"/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>" % (name, descendant, unicode_map),
    )


def _subset_name(name: str, codes: Sequence[int]) -> bytes:
    """The font name of a subset: six letters that depend on its characters, `+`, and the name."""
    rest = _hash(codes)
    letters = ""
    for _ in range(6):
        rest, letter = divmod(rest, 26)
        letters += chr(65 + letter)
    pretty = "".join(word.capitalize() for word in name.split("-")[:-1])
    return f"{letters}+{pretty}-{name.rsplit('-', 1)[-1].capitalize()}".encode()


def _hash(codes: Sequence[int]) -> int:
    """A hash of the code points that is the same in every process."""
    total = 0
    for code in codes:
        total = (total * 65_599 + code) % 2**61
    return total


def _to_unicode(codes: Sequence[int]) -> bytes:
    """A ToUnicode map: codes are Unicode already, listed by ranges within each 256."""
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and code == ranges[-1][1] + 1 and code >> 8 == ranges[-1][0] >> 8:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    blocks = []
    for at in range(0, len(ranges), 100):
        part = ranges[at : at + 100]
        lines = b"\n".join(b"<%04x><%04x><%04x>" % (low, high, low) for low, high in part)
        blocks.append(b"%d beginbfrange\n%b\nendbfrange\n" % (len(part), lines))
    return (
        b"/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n"
        b"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n"
        b"1 begincodespacerange\n<0000><ffff>\nendcodespacerange\n"
        + b"".join(blocks)
        + b"endcmap CMapName currentdict/CMap defineresource pop end end"
    )
