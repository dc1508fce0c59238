"""Columns that describe the products named by GTIN, and so add none to them.

A supplier's `Brand` or `Category` beside a UPC says what it is; the form's own `eligible_brands`
and `eligible_categories` say what counts as well.
"""

import numpy as np

from service.deals.coded_grid import CodedGrid, GridColumn
from service.deals.deal_table import DealTable
from service.deals.form import Form
from service.deals.product_sets import ProductSets
from service.deals.row_status import name_deals
from service.files.headers import plain

DESCRIBED = {
    "eligible_brands": "brand",
    "eligible_categories": "category",
    "eligible_items": "item",
}
"""The column that a description would be, and what it says of the products."""


def describing_columns(table: DealTable) -> tuple[str, ...]:
    """The columns that describe the product of their row: also a title called description."""
    if "eligible_gtins" not in table.columns:
        return ()
    return tuple(
        name
        for name in (*DESCRIBED, "title")
        if name in table.columns and not table.names_itself(name)
    )


def set_descriptions_apart(form: Form, table: DealTable, grid: CodedGrid) -> None:
    """Move what describes the GTINs of a row into columns of its own: brand, category, item."""
    moved = []
    for name in describing_columns(table):
        if name not in DESCRIBED:
            continue
        cells = grid.columns[name]
        named = grid.filled("eligible_gtins")
        if not (named & (cells.codes >= 0)).any():
            continue
        grid.columns[name] = GridColumn(cells.values, np.where(named, -1, cells.codes))
        grid.columns[DESCRIBED[name]] = GridColumn(cells.values, np.where(named, cells.codes, -1))
        moved.append(table.headers[table.columns[name]])
    if moved:
        verb = "describes" if len(moved) == 1 else "describe"
        form.note(
            f"{table.where}{' and '.join(moved)} {verb} the products named by GTIN, "
            "and no others count"
        )


def ask_about_contradictions(form: Form, grid: CodedGrid, products: ProductSets) -> None:
    """Ask about rows whose GTIN is of another brand than they say; note another item or category.

    A name that the catalogue does not know contradicts nothing: suppliers have their own.
    """
    for group in DESCRIBED.values():
        if group not in grid.columns:
            continue
        rows = np.flatnonzero(grid.filled(group) & grid.filled("eligible_gtins"))
        wrong: dict[str, list[str]] = {}
        for position in rows.tolist():
            values = grid.values(position, ("eligible_gtins", group))
            said = [name for name in values[group] if products.is_known(group, name)]
            true = {
                name
                for gtin in values["eligible_gtins"]
                if (name := products.names_of(gtin, group))
            }
            if said and true and not {*map(plain, said)} & {*map(plain, true)}:
                text = f"the {group} is {', '.join(sorted(true))} by GTIN, not {', '.join(said)}"
                wrong.setdefault(text, []).extend(name_deals(grid, np.array([position])))
        for text, deals in wrong.items():
            tell = form.ask_of if group == "brand" else form.note_of
            tell(deals, text)
