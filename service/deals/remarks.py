"""Adds a column to the spreadsheet that was sent: what is wrong in each row, or what it means.

A workbook is not rewritten: the cells are inserted into its own XML, so that every other cell,
formula, format and width stays as it was.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from html import escape

import xlsxwriter

from service.deals.columns import REMARKS
from service.deals.form import Fault, Form
from service.errors import InvalidInput
from service.files.package import column_index, column_letters
from service.files.workbook import DAMAGED, unreadable_workbook
from service.notice import Count

WIDTH = 90
LINE_POINTS = 15
_MOST_CHARACTERS = 32_000
_MOST_ROWS = 1_048_576
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ROW = re.compile(
    rb"<(?P<empty>\w+:)?row\b(?P<tag>[^>]*?)/>"
    rb"|<(?P<prefix>\w+:)?row\b(?P<open>[^>]*)>(?P<cells>.*?)</(?:\w+:)?row>",
    re.DOTALL,
)
_PLACE = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})\d')
_NUMBER = re.compile(rb'\br="(\d+)"')
_FAULTY, _INTERPRETED, _HEADING = range(3)
_FILLS = ("FFF8D7DA", "FFE2F0D9", "FFD9D9D9")

SheetRemarks = Mapping[int, tuple[str, int]]
"""Remarks of a sheet by row, each with the style of its cell."""


def write_remarks(form: Form, sentences: Mapping[tuple[int, int], str]) -> bytes:
    """Write the document of a form as XLSX with a column of remarks.

    `sentences` describe the rows without a fault, by table and row.
    """
    remarks: dict[str, dict[int, tuple[str, int]]] = {}
    for number, table in enumerate(form.tables):
        remarks.setdefault(table.sheet.part, {}).update(_table_remarks(form, number, sentences))
    if form.document.is_workbook:
        try:
            return _amend_workbook(form, remarks)
        except DAMAGED as error:
            # A part that was not needed for reading may be damaged.
            raise unreadable_workbook(form.document.name) from error
    return _write_workbook(form, remarks[""])


def _table_remarks(
    form: Form, number: int, sentences: Mapping[tuple[int, int], str]
) -> SheetRemarks:
    table = form.tables[number]
    faults: dict[int, list[str]] = {}
    for fault in form.faults:
        if fault.table == number:
            faults.setdefault(fault.row, []).append(_fault_text(fault))
    by_row = {row: (text, _INTERPRETED) for (of, row), text in sentences.items() if of == number}
    by_row |= {row: ("\n".join(lines), _FAULTY) for row, lines in faults.items()}
    heading = "\n".join([REMARKS, *faults.get(table.last, ())])
    return by_row | {table.last: (heading, _FAULTY if table.last in faults else _HEADING)}


def _fault_text(fault: Fault) -> str:
    place = f"{column_letters(fault.column)}{fault.row + 1}, " if fault.column is not None else ""
    column = f"{place}{fault.column_name}: " if fault.column_name else f"{place.rstrip(', ')}: "
    return f"{column}{fault.detail}" + (f" ({fault.remedy})" if fault.remedy else "")


def row_height(text: str, width: int) -> int:
    """Height in points of a text in a column `width` characters wide."""
    return LINE_POINTS * sum(max(1, -(-len(line) // width)) for line in text.split("\n"))


def _clean_text(text: str) -> str:
    return _FORBIDDEN.sub("", text)[:_MOST_CHARACTERS]


def _write_workbook(form: Form, by_row: SheetRemarks) -> bytes:
    """Write a text file as a workbook: every cell as text, unchanged."""
    frame = form.tables[0].sheet.frame
    headers = {row for table in form.tables for row in range(table.first, table.last + 1)}
    if frame.height > _MOST_ROWS:
        raise InvalidInput(
            "A workbook has at most %(number)s rows; split the file.", number=Count(_MOST_ROWS)
        )
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False,
               "strings_to_urls": False}  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("Deals")
        looks = [
            book.add_format({"bg_color": f"#{fill[2:]}", "text_wrap": True, "valign": "top"})
            for fill in _FILLS
        ]
        plain, heading = book.add_format({"valign": "top"}), book.add_format({"bold": True})
        for place, column in enumerate(frame.get_columns()):
            width = 6
            for row, text in enumerate(column.to_list()):
                if text:
                    look = heading if row in headers else plain
                    sheet.write_string(row, place, _clean_text(text), look)
                    width = max(width, min(len(text), 28))
            sheet.set_column(place, place, width + 2)
        for row, (text, look) in by_row.items():
            sheet.write_string(row, frame.width, _clean_text(text), looks[look])
            sheet.set_row(row, row_height(text, WIDTH))
        sheet.set_column(frame.width, frame.width, WIDTH)
        sheet.freeze_panes(form.tables[0].last + 1, 0)
    return out.getvalue()


def _amend_workbook(form: Form, remarks: Mapping[str, SheetRemarks]) -> bytes:
    headers: dict[str, dict[int, str]] = {}
    for table in form.tables:
        headers.setdefault(table.sheet.part, {}).update(table.headers)
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(form.document.body)) as package,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as amended,
    ):
        styles = None
        if "xl/styles.xml" in package.namelist():
            styles, first = _add_styles(package.read("xl/styles.xml"))
        for entry in package.infolist():
            content = package.read(entry)
            if entry.filename == "xl/styles.xml" and styles is not None:
                content = styles
            elif by_row := remarks.get(entry.filename):
                named = headers[entry.filename].items()
                old = [place for place, text in named if text.startswith(REMARKS)]
                content = _add_column(content, by_row, old, first if styles is not None else None)
            amended.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _add_styles(raw: bytes) -> tuple[bytes, int | None]:
    """The styles with three added, and the number of the first; None where they cannot be added."""
    fills = re.search(rb"<((?:\w+:)?)fills\b[^>]*>(.*?)</(?:\w+:)?fills>", raw, re.DOTALL)
    styles = re.search(rb"<((?:\w+:)?)cellXfs\b[^>]*>(.*?)</(?:\w+:)?cellXfs>", raw, re.DOTALL)
    if fills is None or styles is None:
        return raw, None
    tag = fills[1].decode()
    first_fill = len(re.findall(rb"<(?:\w+:)?fill\b", fills[2]))
    first = len(re.findall(rb"<(?:\w+:)?xf\b", styles[2]))
    more_fills = "".join(
        f'<{tag}fill><{tag}patternFill patternType="solid"><{tag}fgColor rgb="{colour}"/>'
        f"</{tag}patternFill></{tag}fill>"
        for colour in _FILLS
    )
    more_styles = "".join(
        f'<{tag}xf numFmtId="0" fontId="0" fillId="{first_fill + each}" borderId="0" xfId="0" '
        f'applyFill="1" applyAlignment="1"><{tag}alignment vertical="top" wrapText="1"/></{tag}xf>'
        for each in range(len(_FILLS))
    )
    new_fills = _element(f"{tag}fills", first_fill + 3, fills[2], more_fills)
    new_styles = _element(f"{tag}cellXfs", first + 3, styles[2], more_styles)
    return raw.replace(fills[0], new_fills, 1).replace(styles[0], new_styles, 1), first


def _element(tag: str, count: int, inner: bytes, more: str) -> bytes:
    return f'<{tag} count="{count}">'.encode() + inner + f"{more}</{tag}>".encode()


def _add_column(raw: bytes, by_row: SheetRemarks, old: list[int], first_style: int | None) -> bytes:
    """Add a cell to a sheet's XML at the end of each row that has a remark."""
    for place in old:
        cell = rb'<(?:\w+:)?c\b[^>]*?\br="' + column_letters(place).encode() + rb'\d+"[^>]*?'
        raw = re.sub(cell + rb"(?:/>|>.*?</(?:\w+:)?c>)", b"", raw, flags=re.DOTALL)
    places = {column_index(each.decode()) for each in set(_PLACE.findall(raw))}
    place = max(places, default=-1) + 1
    column = column_letters(place)

    def amend_row(row: re.Match[bytes]) -> bytes:
        tag = row["tag"] if row["cells"] is None else row["open"]
        prefix = (row["empty"] or row["prefix"] or b"").decode()
        number = _NUMBER.search(tag)
        remark = by_row.get(int(number[1]) - 1) if number else None
        if remark is None or number is None:
            return row[0]
        text, look = remark
        style = f' s="{first_style + look}"' if first_style is not None else ""
        cell = (
            f'<{prefix}c r="{column}{int(number[1])}"{style} t="inlineStr"><{prefix}is>'
            f'<{prefix}t xml:space="preserve">{escape(_clean_text(text))}</{prefix}t>'
            f"</{prefix}is></{prefix}c>"
        )
        tag = re.sub(rb'\s+spans="[^"]*"', b"", tag)
        # Some programs show one line of wrapped text unless the row has a height.
        if b'customHeight="1"' not in tag and row_height(text, WIDTH) > LINE_POINTS:
            tag = re.sub(rb'\s+(?:ht|customHeight)="[^"]*"', b"", tag).rstrip()
            tag += f' ht="{row_height(text, WIDTH)}" customHeight="1"'.encode()
        start = f"<{prefix}row".encode() + tag.rstrip() + b">"
        return start + (row["cells"] or b"") + cell.encode() + f"</{prefix}row>".encode()

    raw = _ROW.sub(amend_row, raw)
    raw = re.sub(
        rb'(<(?:\w+:)?dimension\b[^>]*ref="[A-Z]+\d+:)[A-Z]+(\d+")',
        rb"\g<1>" + column.encode() + rb"\g<2>",
        raw,
        count=1,
    )
    return _widen_column(raw, place + 1)


def _widen_column(raw: bytes, number: int) -> bytes:
    """Make the column with that number (from 1) wide."""
    start = re.search(rb"<((?:\w+:)?)sheetData\b", raw)
    if start is None:
        return raw
    tag = start[1].decode()
    wide = f'<{tag}col min="{number}" max="{number}" width="{WIDTH}" customWidth="1"/>'
    head = raw[: start.start()]
    cols = re.search(rb"<(?:\w+:)?cols\b[^>]*>(.*?)</(?:\w+:)?cols>", head, re.DOTALL)
    if cols is None:
        whole = f"<{tag}cols>{wide}</{tag}cols>".encode()
        return head + whole + raw[start.start() :]
    others: list[bytes] = []
    for each in re.findall(rb"<(?:\w+:)?col\b[^>]*/>", cols[1]):
        low, high = (int(re.search(name, each)[1]) for name in (rb'min="(\d+)', rb'max="(\d+)'))  # type: ignore[index]
        if low < number:
            others.append(re.sub(rb'max="\d+"', f'max="{min(high, number - 1)}"'.encode(), each))
    inner = b"".join(others) + wide.encode()
    new = f"<{tag}cols>".encode() + inner + f"</{tag}cols>".encode()
    return head[: cols.start()] + new + head[cols.end() :] + raw[start.start() :]
