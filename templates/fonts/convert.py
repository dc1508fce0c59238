"""Convert the shipped fonts, once, from the `@fontsource` packages on npm.

    npm pack @fontsource/source-sans-3@5.3.1 @fontsource/source-serif-4@5.3.1 \
        @fontsource/noto-sans-arabic@5.3.0 @fontsource/noto-sans-hebrew@5.3.0 \
        @fontsource/noto-sans-thai@5.3.0
    apt-get download fonts-noto-cjk=1:20220127+repack1-1
    (unpack each into SOURCE/<package name>/; of the last, NotoSansCJK-Regular.ttc)
    uv run --with fonttools --with brotli python templates/fonts/convert.py SOURCE TARGET

Each face of @fontsource comes as one WOFF2 file per script. Those of the text faces are joined into
one TrueType file, hinting and layout tables are dropped, and the pair kerning of the GPOS table is
flattened into a `kern` table. Faces of scripts that are shaped keep their layout tables. The Han,
kana and Hangul faces are cut out of a collection whose outlines are cubic, and made quadratic. The
files get names of their own because the licence (SIL OFL 1.1) keeps the name "Source" for the
originals.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.merge import Merger, Options
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options as SubsetOptions
from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0

SCRIPTS = ("latin", "latin-ext", "greek", "cyrillic", "cyrillic-ext", "vietnamese")
FACES = (
    ("source-sans-3", 400, "larder-sans-regular", "Larder Sans", "Regular"),
    ("source-sans-3", 600, "larder-sans-semibold", "Larder Sans", "SemiBold"),
    ("source-serif-4", 600, "larder-serif-semibold", "Larder Serif", "SemiBold"),
)
SHAPED = ("arabic", "hebrew", "thai")
WEIGHTS = {400: "Regular", 600: "SemiBold"}
COLLECTION = "NotoSansCJK-Regular.ttc"
JAPANESE, KOREAN, CHINESE = range(3)
"""The fonts of the collection: the forms that each country is used to."""
HAN = (
    range(0x2E80, 0x2FE0), range(0x3000, 0x3130), range(0x3190, 0x3200), range(0x31F0, 0x3200),
    range(0x3220, 0x3260), range(0x3280, 0x3400), range(0x3400, 0x4DC0), range(0x4E00, 0xA000),
    range(0xF900, 0xFB00), range(0xFE30, 0xFE50), range(0xFF00, 0xFFF0), range(0x20000, 0x32000),
)  # fmt: skip
HANGUL = (range(0x1100, 0x1200), range(0x3130, 0x3190), range(0xAC00, 0xD7A4))
MOST_ERROR = 1.0
"""How far a quadratic outline may lie from the cubic one, in thousandths of the type size."""
DROPPED = ("GPOS", "GSUB", "GDEF", "BASE", "STAT", "GlyphOrder", "prep", "fpgm", "gasp", "kern")
WIDEST_KERN_TABLE = 10_900
"""A format 0 subtable counts its bytes in 16 bits, so it holds at most 10,920 pairs."""
KERNED = {
    *range(0x20, 0x180),
    *range(0x370, 0x400),
    *range(0x400, 0x460),
    *map(ord, "–—‘’‚“”„…€ҐґІіЇїЄє"),
}


def kern_pairs(font: TTFont) -> dict[tuple[int, int], int]:
    """Pair kerning by code points, in font units, from the `kern` feature of GPOS."""
    table = font["GPOS"].table
    wanted = {
        index
        for record in table.FeatureList.FeatureRecord
        if record.FeatureTag == "kern"
        for index in record.Feature.LookupListIndex
    }
    codes: dict[str, list[int]] = {}
    for code, name in font.getBestCmap().items():
        codes.setdefault(name, []).append(code)
    pairs: dict[tuple[int, int], int] = {}
    for index in sorted(wanted):
        found: dict[tuple[str, str], int] = {}
        for subtable in table.LookupList.Lookup[index].SubTable:
            inner = subtable.ExtSubTable if subtable.LookupType == 9 else subtable
            if inner.LookupType == 2:
                for pair, value in _subtable_pairs(inner, codes).items():
                    found.setdefault(pair, value)
        for (left, right), value in found.items():
            for first in codes[left]:
                for second in codes[right]:
                    pairs[first, second] = pairs.get((first, second), 0) + value
    return pairs


def _subtable_pairs(subtable: Any, codes: dict[str, list[int]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    covered = list(subtable.Coverage.glyphs)
    if subtable.Format == 1:
        for left, pair_set in zip(covered, subtable.PairSet, strict=True):
            for record in pair_set.PairValueRecord:
                if left in codes and record.SecondGlyph in codes:
                    value = record.Value1.XAdvance if record.Value1 else 0
                    found[left, record.SecondGlyph] = value or 0
        return found
    first_class = subtable.ClassDef1.classDefs
    second_class = subtable.ClassDef2.classDefs
    for left in covered:
        if left not in codes:
            continue
        row = subtable.Class1Record[first_class.get(left, 0)].Class2Record
        for right in codes:
            value1 = row[second_class.get(right, 0)].Value1
            found[left, right] = getattr(value1, "XAdvance", 0) or 0 if value1 else 0
    return found


def slim(source: Path, target: Path, keep: set[int]) -> dict[tuple[int, int], int]:
    """Write the glyphs of `keep` without layout tables; return the kerning it had."""
    font = TTFont(source)
    pairs = kern_pairs(font) if "GPOS" in font else {}
    options = SubsetOptions(
        layout_features=[], hinting=False, glyph_names=False, notdef_outline=True
    )
    options.drop_tables += DROPPED
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=keep)
    subsetter.subset(font)
    font.flavor = None
    font.save(target)
    kerned = keep & KERNED
    return {pair: value for pair, value in pairs.items() if value and kerned.issuperset(pair)}


def join(
    parts: list[Path], *, target: Path, family: str, style: str, pairs: dict[tuple[int, int], int]
) -> None:
    """Merge the parts into one TrueType file with its own name and a `kern` table."""
    font = Merger(Options(drop_tables=DROPPED)).merge([str(part) for part in parts])
    rename(font, family=family, style=style)
    cmap = font.getBestCmap()
    strongest = sorted(pairs.items(), key=lambda item: (-abs(item[1]), item[0]))
    kept = [(pair, value) for pair, value in strongest if abs(value) >= 10][:WIDEST_KERN_TABLE]
    if kept:
        table = KernTable_format_0(False)
        table.coverage, table.apple = 1, False
        table.kernTable = {(cmap[left], cmap[right]): value for (left, right), value in kept}
        font["kern"] = newTable("kern")
        font["kern"].version, font["kern"].kernTables = 0, [table]
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(target)


def rename(font: TTFont, *, family: str, style: str) -> None:
    """Give a font a name of its own, and leave its copyright and licence."""
    names = font["name"]
    for record in list(names.names):
        if record.nameID not in (0, 13, 14):
            names.removeNames(nameID=record.nameID)
    postscript = f"{family.replace(' ', '')}-{style}"
    for name_id, text in {1: family, 2: style, 4: f"{family} {style}", 6: postscript}.items():
        names.setName(text, name_id, 3, 1, 0x409)


def shaped(source: Path, target: Path) -> int:
    """Write the one script of a face that is shaped, with its layout tables; return its count."""
    font = TTFont(source)
    options = SubsetOptions(layout_features=["*"], hinting=False, glyph_names=False)
    options.drop_tables += ["STAT", "prep", "fpgm", "gasp"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=set(font.getBestCmap()))
    subsetter.subset(font)
    font.flavor = None
    _, script, weight = target.stem.split("-")
    rename(font, family=f"Larder {script.capitalize()}", style=weight.capitalize())
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(target)
    return len(font.getBestCmap())


def quadratic(font: TTFont, codes: set[int], target: Path, *, family: str) -> None:
    """Write these characters of a font with cubic outlines as a TrueType file."""
    cmap = {code: name for code, name in font.getBestCmap().items() if code in codes}
    used = set(cmap.values())
    order = [".notdef", *(name for name in font.getGlyphOrder() if name in used)]
    outlines, glyphs, metrics = font.getGlyphSet(), {}, {}
    for name in order:
        pen = TTGlyphPen(None)
        outlines[name].draw(Cu2QuPen(pen, MOST_ERROR, reverse_direction=True))
        glyphs[name] = pen.glyph()
        metrics[name] = font["hmtx"][name]
    builder = FontBuilder(font["head"].unitsPerEm, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(cmap)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(metrics)
    hhea, system = font["hhea"], font["OS/2"]
    builder.setupHorizontalHeader(ascent=hhea.ascent, descent=hhea.descent)
    builder.setupOS2(
        version=4, fsType=0, sTypoAscender=system.sTypoAscender,
        sTypoDescender=system.sTypoDescender,
        usWinAscent=system.usWinAscent, usWinDescent=system.usWinDescent,
        sCapHeight=system.sCapHeight, sxHeight=system.sxHeight,
    )  # fmt: skip
    builder.setupPost(keepGlyphNames=False)
    made = builder.font
    made["name"] = font["name"]
    rename(made, family=family, style="Regular")
    made["head"].created = made["head"].modified = font["head"].created
    made.recalcTimestamp = False
    made.save(target)


def collected(source: Path, target: Path) -> None:
    """Cut the Han face, kanji that look otherwise in Japan, and Hangul out of the collection."""
    chinese, japanese, korean = (
        TTFont(source, fontNumber=number) for number in (CHINESE, JAPANESE, KOREAN)
    )
    held = set(chinese.getBestCmap())
    han = {code for codes in HAN for code in codes} & held
    forms = japanese.getBestCmap()
    kanji = {code for code in han if forms[code] != chinese.getBestCmap()[code]}
    hangul = {code for codes in HANGUL for code in codes} & held
    for font, codes, name in (
        (chinese, han, "larder-han-regular"),
        (japanese, {code for code in kanji if in_jis(code)}, "larder-kanji-regular"),
        (korean, hangul, "larder-hangul-regular"),
    ):
        quadratic(
            font, codes, target / f"{name}.ttf", family=f"Larder {name.split('-')[1].title()}"
        )
        report(target / f"{name}.ttf", len(codes))


def in_jis(code: int) -> bool:
    """Whether the character belongs to JIS X 0213."""
    try:
        chr(code).encode("shift_jisx0213")
    except UnicodeEncodeError:
        return False
    return True


def report(file: Path, characters: int) -> None:
    """Say what was written."""
    sys.stdout.write(f"{file.stem}: {characters} characters, {file.stat().st_size} bytes\n")


def convert(source: Path, target: Path) -> None:
    """Convert every face; `source` holds one folder per package."""
    target.mkdir(parents=True, exist_ok=True)
    for package, weight, name, family, style in FACES:
        files = source / package / "files"
        seen: set[int] = set()
        parts, pairs = [], {}
        with tempfile.TemporaryDirectory() as folder:
            for number, script in enumerate(SCRIPTS):
                file = files / f"{package}-{script}-{weight}-normal.woff2"
                fresh = {c for c in set(TTFont(file).getBestCmap()) - seen if c <= 0xFFFF}
                seen |= fresh
                part = Path(folder) / f"{number:03}.ttf"
                pairs |= slim(file, part, fresh)
                parts.append(part)
            join(parts, target=target / f"{name}.ttf", family=family, style=style, pairs=pairs)
        report(target / f"{name}.ttf", len(seen))
    for script in SHAPED:
        package = f"noto-sans-{script}"
        for weight, style in WEIGHTS.items():
            file = target / f"larder-{script}-{style.lower()}.ttf"
            made = shaped(
                source / package / "files" / f"{package}-{script}-{weight}-normal.woff2", file
            )
            report(file, made)
    collected(source / "fonts-noto-cjk" / COLLECTION, target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    convert(given.source, given.target)
