"""Files made to take far more than they weigh, by kind; each is generated in a moment."""

import gzip
import io
import zipfile
from collections.abc import Callable

import openpyxl
import polars as pl

from service.files.package import column_letters

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"


def workbook(rows: str, *, after: str = "", **parts: str) -> bytes:
    """A workbook whose only sheet has these rows of XML; `parts` replace others of its parts.

    A part is named by its file: `sharedStrings`, `styles`.
    """
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'
    replaced = {SHEET: sheet} | {f"xl/{name}.xml": content for name, content in parts.items()}
    return repack(replaced)


def repack(replaced: dict[str, str]) -> bytes:
    """An ordinary workbook with some of its parts replaced, or added."""
    plain, out = io.BytesIO(), io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = "text"
    book.save(plain)
    with (
        zipfile.ZipFile(plain) as package,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in {**dict.fromkeys(package.namelist()), **replaced}:
            packed.writestr(name, replaced.get(name) or package.read(name))
    return out.getvalue()


def cells(count: int, *, cell: str = "<c><v>1</v></c>") -> str:
    """One row of so many cells that do not say where they are."""
    return f'<row r="1">{cell * count}</row>'


def placed(rows: int, columns: int, cell: str = '<c r="{place}"><v>1</v></c>') -> str:
    """Rows of cells that say where they are."""
    letters = [column_letters(place) for place in range(columns)]
    return "".join(
        f'<row r="{row}">{"".join(cell.format(place=f"{x}{row}") for x in letters)}</row>'
        for row in range(1, rows + 1)
    )


def parquet(frame: pl.DataFrame) -> bytes:
    """A frame as a Parquet file."""
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def overlapping() -> bytes:
    """A workbook whose directory names one part's bytes many times under other names."""
    body = workbook(placed(1, 1), styles_more="x" * 100_000)
    directory = body.rindex(b"PK\x05\x06")
    start = int.from_bytes(body[directory + 16 : directory + 20], "little")
    entries = body[start:directory]
    size = 46 + len("xl/styles_more.xml")
    last = entries[-size:]
    assert last.endswith(b"xl/styles_more.xml")
    copies = b"".join(last.replace(b"styles_more", b"bomb_%06d" % n) for n in range(2000))
    end = bytearray(body[directory:])
    count = int.from_bytes(end[8:10], "little") + 2000
    end[8:10] = end[10:12] = count.to_bytes(2, "little")
    end[12:16] = (len(entries) + len(copies)).to_bytes(4, "little")
    return body[:start] + entries + copies + bytes(end)


def nested() -> bytes:
    """An archive in an archive in an archive, of nothing."""
    body = b"\0" * 10_000_000
    for level in range(3):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(f"level{level}.zip", body)
        body = out.getvalue()
    return body


_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def many_sheets(count: int, *, one_part: bool) -> bytes:
    """A workbook that lists so many sheets, each in a part of its own or all in one."""
    rels = (
        f'<Relationship Id="r{n}" Type="{_REL}/worksheet" '
        f'Target="worksheets/sheet{1 if one_part else n}.xml"/>'
        for n in range(1, count + 1)
    )
    sheets = (f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, count + 1))
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    listed = {
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">{"".join(rels)}'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{_REL}"><sheets>{"".join(sheets)}'
        "</sheets></workbook>",
    }
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{placed(1, 2)}</sheetData></worksheet>'
    own = {} if one_part else {f"xl/worksheets/sheet{n}.xml": sheet for n in range(1, count + 1)}
    return repack(listed | own)


def merges(count: int) -> str:
    """Merged cells over a whole column, so many times."""
    merged = '<mergeCell ref="A1:A1048576"/>'
    return f"<mergeCells>{merged * count}</mergeCells>"


A_PLACE = " r='A1'"
ENTITIES = (
    '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    '<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;">]>'
)


def gzip_bomb(megabytes: int) -> bytes:
    """Blanks inside a POSLog, packed a thousandfold."""
    return gzip.compress(b"<POSLog>" + b" " * (megabytes << 20) + b"</POSLog>", 9)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "cells without a place": lambda: workbook(cells(60_000)),
    "rows without a place": lambda: workbook(placed(1, 1) + "<row><c><v>1</v></c></row>" * 60_000),
    "empty cells without a place": lambda: workbook(
        f'<row r="1">{"<c/>" * 60_000}<c><v>1</v></c></row>'
    ),
    "two far cells": lambda: workbook(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="999999"><c r="T999999"><v>1</v></c></row>'
    ),
    "a place beyond any sheet": lambda: workbook(
        '<row r="1"><c r="ZZZZZ1"><v>1</v></c></row><row r="99999999"><c r="A99999999"/></row>'
    ),
    "places in single quotes": lambda: workbook(
        "<row r='1'>"
        + "".join(f"<c r='{column_letters(n)}1'><v>1</v></c>" for n in range(9000))
        + "</row>"
    ),
    "300 MB of blanks": lambda: workbook(placed(1, 1) + " " * 300_000_000),
    "many sheets": lambda: many_sheets(3000, one_part=False),
    "one part as many sheets": lambda: many_sheets(3000, one_part=True),
    "a long text in many cells": lambda: workbook(
        placed(3000, 40, '<c r="{place}" t="s"><v>0</v></c>'),
        sharedStrings=f'<sst xmlns="{MAIN}"><si><t>{"x" * 1_000_000}</t></si></sst>',
    ),
    "deep XML": lambda: workbook(placed(1, 1), styles="<a>" * 300_000 + "</a>" * 300_000),
    "entities": lambda: workbook(placed(1, 1), styles=ENTITIES + "<a>&e;</a>"),
    "merges over the whole sheet": lambda: workbook(placed(20_000, 1), after=merges(60_000)),
    "styles to the last column": lambda: workbook(
        placed(40, 9000, '<c r="{place}" s="0"/>') + '<row r="50"><c r="XFD50"><v>1</v></c></row>'
    ),
    "a long tag": lambda: workbook(f'<row r="1"><c r="A1"{A_PLACE * 300_000}/></row>'),
    "overlapping entries": overlapping,
    "an archive in an archive": nested,
    "many entries": lambda: repack({f"x{n}": "x" for n in range(60_000)}),
    "a cell of 20 MB": lambda: b"deal_id,supplier,title\nD1,S," + b"x" * 20_000_000,
    "100,000 columns": lambda: b"deal_id" + b",x" * 100_000 + b"\nD1" + b",1" * 100_000,
    "a million columns of nothing": lambda: b"deal_id,supplier,title\n" + b"," * 1_000_000,
    "100 million rows of one value": lambda: parquet(
        pl.DataFrame({"deal_id": ["D"]})
        .select(pl.col("deal_id").repeat_by(100).list.explode())
        .select(pl.col("deal_id").repeat_by(30_000).list.explode())
    ),
    "a long text in a dictionary": lambda: parquet(
        pl.DataFrame({"deal_id": pl.Series(["x" * 1_000_000]).new_from_index(0, 600)})
    ),
    "5,000 columns of Parquet": lambda: parquet(pl.DataFrame({f"c{n}": [1] for n in range(5000)})),
}
"""Every kind of file that this reader refuses before it costs much."""
