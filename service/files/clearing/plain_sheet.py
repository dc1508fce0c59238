"""A sheet of a workbook with many plain rows, written as XML at once.

A claim may have a thousand lines of sixteen cells; written cell by cell, they took most of what all
documents of a claim cost.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from html import escape
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
Value = str | int | Decimal


class PlainSheet(Worksheet):  # type: ignore[misc]
    """A sheet whose `plain` rows follow those that were written cell by cell.

    Texts are texts, whatever they begin with; amounts (`Decimal`) have the format `money`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.plain: Sequence[Sequence[Value]] = ()
        self.money: Any = None
        self.dim_rowmax: int | None = None

    def add_plain(self, rows: Sequence[Sequence[Value]], *, money: Any) -> None:
        """Let rows follow what was written so far; `money` is a format of the workbook."""
        self.plain, self.money = rows, money
        if rows:
            self.dim_rowmax = (self.dim_rowmax or 0) + len(rows)

    def _write_rows(self) -> None:
        """What the library writes of a sheet's cells, and the plain rows after them."""
        super()._write_rows()
        first = (self.dim_rowmax or 0) - len(self.plain) + 2
        style = self.money._get_xf_index() if self.plain else 0
        columns = [xl_col_to_name(each) for each in range(max(map(len, self.plain), default=0))]
        self.fh.write(
            "".join(
                f'<row r="{number}">{_cells(row, columns, number, style)}</row>'
                for number, row in enumerate(self.plain, start=first)
            )
        )


def _cells(row: Sequence[Value], columns: Sequence[str], number: int, style: int) -> str:
    cells = []
    for column, value in zip(columns, row, strict=True):
        if isinstance(value, str):
            if value:
                text = escape(_CONTROL.sub("", value), quote=False)
                cells.append(
                    f'<c r="{column}{number}" t="inlineStr"><is>'
                    f'<t xml:space="preserve">{text}</t></is></c>'
                )
        elif isinstance(value, Decimal):
            cells.append(f'<c r="{column}{number}" s="{style}"><v>{value}</v></c>')
        else:
            cells.append(f'<c r="{column}{number}"><v>{value}</v></c>')
    return "".join(cells)
