"""Finds the rows below a table that add its amounts up."""

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from service.deals.columns import CellKind, column_of
from service.deals.deal_table import DealTable
from service.deals.numbers import Decimals, read_number
from service.files.headers import plain

_SUMS = (CellKind.MONEY, CellKind.NUMBER, CellKind.COUNT)
_WORDS = (
    "total", "totals", "grand total", "sub total", "subtotal", "sum", "sums", "summe", "summen",
    "gesamt", "gesamtsumme", "zwischensumme", "insgesamt", "somme", "totale", "totales", "totaux",
    "sous total", "suma", "soma", "somma", "totaal", "totalt", "razem", "celkem", "spolu",
    "yhteensa", "toplam", "genel toplam", "ukupno", "osszesen", "total general", "tong cong",
    "итого", "всего", "合计", "总计", "小计", "共计", "合計", "總計", "小計", "総計", "합계",
    "총계", "소계",
    "الإجمالي", "المجموع", "סהכ", "รวม", "average", "durchschnitt", "moyenne", "promedio",
)  # fmt: skip
_BEGIN = tuple(plain(word) for word in _WORDS)
_ASIAN = tuple(word for word in _BEGIN if not word[0].isascii() and len(word) <= 4)


def find_totals(
    table: DealTable, texts: Mapping[str, pl.Series], places: list[int], decimals: Decimals
) -> list[int]:
    """Those of the places (rows below the header) that are no deals but sums of the rows above.

    A sum has no date and no benefit. A word says that it is one, or a number that equals the sum.
    """
    absent = [name for name in ("mail_from", "mail_to", "benefit") if name in texts]
    if len(absent) < 2:
        return []
    undated = pl.select(pl.all_horizontal(texts[name].is_null() for name in absent)).to_series()
    found = []
    for place in undated.gather(places).arg_true().to_list():
        row = places[place]
        cells = table.sheet.frame.row(table.last + 1 + row)
        if any(_says_so(cell) for cell in cells if cell) or _adds_up(
            texts, row, places[:place], decimals
        ):
            found.append(row)
    return found


def _says_so(cell: str) -> bool:
    words = plain(cell)
    return bool(words) and (
        words in _BEGIN
        or any(words.startswith(f"{word} ") for word in _BEGIN)
        or words.startswith(_ASIAN)
    )


def _adds_up(
    texts: Mapping[str, pl.Series], row: int, above: list[int], decimals: Decimals
) -> bool:
    """Whether a row has no name of a deal, and one of its numbers is the sum of those above."""
    if len(above) < 2 or any(
        name in texts and texts[name][row] is not None for name in ("deal_id", "eligible_gtins")
    ):
        return False
    for name, cells in texts.items():
        if column_of(name).kind in _SUMS and cells[row] is not None:
            total = read_number(cells[row], decimals).value
            parts = [read_number(text, decimals).value for text in cells.gather(above).drop_nulls()]
            if len(parts) > 1 and None not in parts and total == sum(parts, Decimal(0)):
                return True
    return False
