"""Cells of the CSV files that leave the house: no spreadsheet takes one for a formula."""

import re

import polars as pl
import polars.selectors as cs

_FORMULA = "^('*[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20])"
BOM = b"\xef\xbb\xbf"


def guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before every text that a spreadsheet would compute.

    One that begins with apostrophes before such a sign gets another, so that `unguarded` gives back
    what it was.
    """
    return frame.with_columns(cs.string().str.replace(_FORMULA, "'$1"))


def guarded_text(text: str) -> str:
    """One text as `guarded` writes it."""
    return re.sub(_FORMULA, r"'\1", text)


def unguarded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as it was before `guarded`."""
    quoted = cs.string().str.contains("^'" + _FORMULA[1:])
    return frame.with_columns(pl.when(quoted).then(cs.string().str.slice(1)).otherwise(cs.string()))


def to_csv(frame: pl.DataFrame, *, bom: bool) -> bytes:
    """The file: UTF-8, `,` between cells, CRLF after lines; a byte-order mark where asked for."""
    text = guarded(frame).write_csv(line_terminator="\r\n").encode()
    return BOM + text if bom else text
