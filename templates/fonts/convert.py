"""Convert the shipped fonts, once, from the `@fontsource` packages on npm.

    npm pack @fontsource/source-sans-3@5.3.1 @fontsource/source-serif-4@5.3.1 \
        @fontsource/noto-sans-sc@5.3.0
    (unpack each into SOURCE/<package name>/)
    uv run --with fonttools --with brotli python templates/fonts/convert.py SOURCE TARGET

Each face comes as one WOFF2 file per script. They are joined into one TrueType file, hinting
and layout tables are dropped, and the pair kerning of the GPOS table is flattened into a
`kern` table, which is all that the engine reads. The files get names of their own because the
licence (SIL OFL 1.1) keeps the names "Source" and "Noto" for the originals.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from fontTools.merge import Merger, Options
from fontTools.subset import Options as SubsetOptions
from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0

SCRIPTS = ("latin", "latin-ext", "greek", "cyrillic", "cyrillic-ext")
FACES = (
    ("source-sans-3", 400, "larder-sans-regular", "Larder Sans", "Regular"),
    ("source-sans-3", 600, "larder-sans-semibold", "Larder Sans", "SemiBold"),
    ("source-serif-4", 600, "larder-serif-semibold", "Larder Serif", "SemiBold"),
)
HAN = ("noto-sans-sc", 400, "larder-han-regular", "Larder Han", "Regular")
DROPPED = ("GPOS", "GSUB", "GDEF", "BASE", "STAT", "GlyphOrder", "prep", "fpgm", "gasp", "kern")
WIDEST_KERN_TABLE = 10_900
"""A format 0 subtable counts its bytes in 16 bits, so it holds at most 10,920 pairs."""
KERNED = {
    *range(0x20, 0x180),
    *range(0x370, 0x400),
    *range(0x400, 0x460),
    *map(ord, "–—‘’‚“”„…€ҐґІіЇїЄє"),
}


def in_gb2312(code: int) -> bool:
    """Whether the character belongs to the 7,445 of GB 2312, the everyday simplified set."""
    try:
        chr(code).encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


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
    postscript = f"{family.replace(' ', '')}-{style}"
    names = font["name"]
    for record in list(names.names):
        if record.nameID not in (0, 13, 14):
            names.removeNames(nameID=record.nameID)
    for name_id, text in {1: family, 2: style, 4: f"{family} {style}", 6: postscript}.items():
        names.setName(text, name_id, 3, 1, 0x409)
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


def convert(source: Path, target: Path) -> None:
    """Convert every face; `source` holds one folder per npm package."""
    target.mkdir(parents=True, exist_ok=True)
    for package, weight, name, family, style in (*FACES, HAN):
        files = source / package / "files"
        latin = name != HAN[2]
        ending = f"-{weight}-normal.woff2"
        found = (
            [files / f"{package}-{script}{ending}" for script in SCRIPTS]
            if latin
            else sorted(files.glob(f"{package}-[0-9]*{ending}"))
        )
        seen: set[int] = set()
        parts, pairs = [], {}
        with tempfile.TemporaryDirectory() as folder:
            for number, file in enumerate(found):
                fresh = set(TTFont(file).getBestCmap()) - seen
                fresh = {c for c in fresh if c <= 0xFFFF and (latin or in_gb2312(c))}
                if not fresh:
                    continue
                seen |= fresh
                part = Path(folder) / f"{number:03}.ttf"
                kerned = slim(file, part, fresh)
                pairs |= kerned if latin else {}
                parts.append(part)
            join(parts, target=target / f"{name}.ttf", family=family, style=style, pairs=pairs)
        size = (target / f"{name}.ttf").stat().st_size
        sys.stdout.write(f"{name}: {len(seen)} characters, {len(pairs)} pairs, {size} bytes\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    convert(given.source, given.target)
