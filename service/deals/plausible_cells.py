"""Cells that can be read and hardly mean what they would do."""

import re
from dataclasses import fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.deals.coded_grid import CodedGrid, GridColumn
from service.deals.deal_table import DealTable
from service.deals.form import Form
from service.deals.row_status import name_deals
from service.engine.redeem import BENEFITS
from service.engine.redeem.units import PIECE

MOST_PIECES = 24
"""More pieces than a shopper takes at once."""

MOST_USES = 50
_PER_CENT = frozenset(
    kind for kind, each in BENEFITS.items() if "basis_points" in (f.name for f in fields(each))
)
# 2/10 net 30, 2% 10 n/30, NET 45, N30, EOM, 14 Tage 2 % Skonto, 30 jours fin de mois.
_PAYMENT = re.compile(
    r"""(?ix)
    \bnet(?:to)? \W{0,3} \d{1,3} \b (?! \s* (?:g|kg|ml|l|oz|lb|cl|%|ct)\b)
    | \b n \W{0,2} \d{2,3} \b
    | \b \d{1,2} (?:[.,]\d)? \s* %? \s* / \s* \d{1,3} \s* ,? \s* n (?:et)? \b
    | \b \d{1,3} \s* (?:days?|tage|jours?|d[ií]as|giorni|dagen|dni|dagar|dager) \s*
      (?: net | netto | nets? | eom | after\ invoice | from\ invoice | fin\ de\ mois | data\ fattura
        | fecha\ (?:de\ )?factura | nach\ rechnung | fm | dffm )
    | \b (?: eom | e\.o\.m\. | prox | skonto | zahlbar | zahlungsziel | zahlungsbedingung\w*
        | due\ (?:on|upon)\ receipt | payment\ (?:terms|due) | payable\ (?:within|on|in)
        | cash\ (?:on\ delivery|in\ advance) | prepaid\ freight | fob | off[- ]invoice
        | bill[- ]?back | deduct(?:ed|ion)?\ from\ invoice | vorkasse | escompte | pronto\ pago )
    | 月结 | 账期 | 货到付款 | 月末締め | 翌月払い
    """
)  # fmt: skip


@lru_cache(maxsize=4096)
def is_payment_terms(text: str) -> bool:
    """Whether a text says when a supplier is paid, and nothing to a shopper."""
    return _PAYMENT.search(text) is not None


def ask_about_cells(form: Form, table: DealTable, grid: CodedGrid) -> None:
    """Ask about quantities, limits, per cents and small print that are hardly meant."""
    _set_payment_terms_apart(form, table, grid)
    pieces = ~grid.filled("unit")
    if "unit" in grid.columns:
        pieces |= grid.columns["unit"].matches(lambda unit: unit == PIECE)
    many = _matches(grid, "min_quantity", lambda number: number.amount > MOST_PIECES) & pieces
    _ask(form, grid, many, f"one use takes more than {MOST_PIECES} pieces, which may be a forecast")
    often = _matches(grid, "limit_per_household", lambda limit: limit > MOST_USES)
    _ask(form, grid, often, f"a household may use it more than {MOST_USES} times")
    one = _matches(grid, "value", lambda number: number[:] == (1, False, False))
    per_cent = _matches(grid, "benefit", lambda kind: kind in _PER_CENT)
    _ask(form, grid, one & per_cent, "1 was read as 1 % off, not as 100 % or an amount")


def _matches(grid: CodedGrid, name: str, wanted: Any) -> NDArray[np.bool_]:
    cells = grid.columns.get(name)
    if cells is None:
        return np.zeros(grid.height, np.bool_)
    return cells.matches(lambda value: value is not None and wanted(value))


def _ask(form: Form, grid: CodedGrid, rows: NDArray[np.bool_], text: str) -> None:
    form.ask_of(name_deals(grid, np.flatnonzero(rows)), text)


def _set_payment_terms_apart(form: Form, table: DealTable, grid: CodedGrid) -> None:
    """Keep terms of payment off the printed lists, unless their column is called `legal_text`."""
    for name in [each for each in grid.columns if each.startswith("legal_text")]:
        cells = grid.columns[name]
        found = _matches(grid, name, is_payment_terms)
        if not found.any():
            continue
        header = table.headers[table.columns[name]]
        if table.names_itself(name):
            _ask(form, grid, found, f"{header} reads as terms of payment, and is printed")
            continue
        grid.columns[name] = GridColumn(cells.values, np.where(found, -1, cells.codes))
        _ask(form, grid, found, f"{header} reads as terms of payment, and is not printed")
