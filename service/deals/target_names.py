"""Names of stores and regions that deals are for: zeros put back, unknown ones noted."""

import difflib
from collections.abc import Callable, Sequence

import numpy as np

from service.deals.coded_grid import CodedGrid
from service.deals.form import MOST_NOTES, Form
from service.deals.status_words import says_off


def restore_stores(form: Form, grid: CodedGrid, stores: Sequence[str]) -> None:
    """Put back the leading zeros that a spreadsheet dropped from target stores; note others."""
    known = {name.lstrip("0"): name for name in stores}

    def remark(name: str) -> str:
        found = known.get(name.lstrip("0"))
        if found is None:
            return f"{name} is no store known yet{_nearest(name, stores)}"
        return "" if found == name else f"{name} was read as store {found}"

    if "target_stores" in grid.columns:
        _note_names(form, grid, "target_stores", remark)
        grid.columns["target_stores"] = grid.columns["target_stores"].map_values(
            lambda names: tuple([known.get(name.lstrip("0"), name) for name in names or ()])
        )


def note_regions(form: Form, grid: CodedGrid, regions: Sequence[str]) -> None:
    """Note the regions in which no household lives, as far as any region is known."""
    known = {name.casefold() for name in regions}

    def remark(name: str) -> str:
        if not known or name.casefold() in known:
            return ""
        return f"{name} is no region of a household{_nearest(name, regions)}"

    if "target_regions" in grid.columns:
        _note_names(form, grid, "target_regions", remark)


def _nearest(name: str, known: Sequence[str]) -> str:
    by_plain = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), list(by_plain), n=1, cutoff=0.4)
    return f"; the nearest is {by_plain[near[0]]}" if near else ""


def _note_names(form: Form, grid: CodedGrid, column: str, remark: Callable[[str], str]) -> None:
    """Note what there is to say of each name, at the first cell that has it; ask about a status."""
    cells, table = grid.columns[column], form.tables[grid.table]
    remarks: dict[str, int] = {}
    for code, names in enumerate(cells.values):
        is_used = bool((cells.codes == code).any())
        for name in (names or ()) if is_used else ():
            if text := remark(name):
                remarks.setdefault(text, code)
            if says_off(name):
                place = table.sheet.address(_first(grid, column, code), table.columns[column])
                form.ask(f"{place}: {name} reads as a status, not as a place")
    for text, code in list(remarks.items())[:MOST_NOTES]:
        place = table.sheet.address(_first(grid, column, code), table.columns[column])
        form.note(f"{place}: {text}")
    if len(remarks) > MOST_NOTES:
        form.note(f"column {column}: {len(remarks) - MOST_NOTES} more like these")


def _first(grid: CodedGrid, column: str, code: int) -> int:
    return int(grid.rows[np.argmax(grid.columns[column].codes == code)])
