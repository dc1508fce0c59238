"""Embedding a font: the subset of it that a file uses, and what its character codes mean."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from service.engine.render.fonts import Face
from service.engine.render.pdf import PdfWriter


def embed(pdf: PdfWriter, face: Face, used: AbstractSet[str]) -> int:
    """Write a Type 0 font that holds these characters as far as the face has them.

    Its character codes are Unicode code points; its object's number comes back.
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
    """The six letters and plus sign that mark a subset, drawn from what it holds."""
    rest = _hash(codes)
    letters = ""
    for _ in range(6):
        rest, letter = divmod(rest, 26)
        letters += chr(65 + letter)
    pretty = "".join(word.capitalize() for word in name.split("-")[:-1])
    return f"{letters}+{pretty}-{name.rsplit('-', 1)[-1].capitalize()}".encode()


def _hash(codes: Sequence[int]) -> int:
    """A number that depends on the code points alone (not on the process)."""
    total = 0
    for code in codes:
        total = (total * 65_599 + code) % 2**61
    return total


def _to_unicode(codes: Sequence[int]) -> bytes:
    """Codes are Unicode already; said range by range within each row of 256."""
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
