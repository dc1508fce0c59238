"""Makes or edits one deal by itself: a sheet with one row, which is read as any other."""

import csv
import io
import re
from collections.abc import Mapping

from service.deals.columns import CellKind, column_named, column_of
from service.engine.codes import gtin_text
from service.errors import InvalidInput, NotFound, Problem
from service.store.offers import overview, revisions
from service.store.session import Database

_THOUSANDTHS = re.compile(r"(\d+\.\d{3})(%?)")


def row_with(
    database: Database, supplier: str, deal_id: str, changes: Mapping[str, str]
) -> tuple[str, bytes]:
    """A deal's newest revision as a sheet of one row, with other cells; an empty one is cleared.

    A deal that does not exist begins with its supplier and its id alone. Returns the file's name
    and its bytes, which are the same for the same row. Raises InvalidInput for a column that the
    form does not have.
    """
    before = cells_of(database, supplier, deal_id)
    return _sheet(deal_id, {**before, **_known(changes), "supplier": supplier, "deal_id": deal_id})


def cells_of(database: Database, supplier: str, deal_id: str) -> dict[str, str]:
    """The cells of a deal's newest revision by column, as they can be written; none without one."""
    with database.read() as session:
        found = revisions.of_deal(session, supplier, deal_id)
    given = found[-1].given if found else {}
    return {name: _as_written(name, str(text)) for name, text in given.items()}


def new_row(cells: Mapping[str, str]) -> tuple[str, bytes]:
    """A sheet of one row with these cells. Raises InvalidInput as `row_with` does."""
    known = _known(cells)
    return _sheet(known.get("deal_id", ""), known)


def name_of(database: Database, number: int) -> tuple[str, str]:
    """The supplier and the id of a deal by its number. Raises NotFound."""
    with database.read() as session:
        found = overview.deals(session, offer_id=number)
    if found.is_empty():
        raise NotFound("There is no such deal.")
    supplier, deal_id = found.select("supplier", "deal_id").row(0)
    return supplier, deal_id


def _known(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells by the form's names of their columns."""
    known: dict[str, str] = {}
    problems = []
    for name, text in cells.items():
        column = column_named(name)
        if column is None:
            problems.append(
                Problem(name, "is no column of the form", "see `larder deals template`")
            )
        elif column in known:
            problems.append(Problem(name, f"is {column} once more", "give it once"))
        else:
            known[column] = text
    if problems:
        raise InvalidInput(f"{problems[0]}.", problems)
    return known


def _as_written(name: str, text: str) -> str:
    """A stored cell so that it can only be read as what it was."""
    kind = column_of(name).kind
    if kind is CellKind.GTINS:
        return "; ".join(gtin_text(int(key)) for key in text.split("; "))
    if kind is CellKind.NUMBER and (found := _THOUSANDTHS.fullmatch(text)):
        # 1.234 could be a thousand and more; 1.2340 could not.
        return f"{found[1]}0{found[2]}"
    return text


def _sheet(deal_id: str, cells: Mapping[str, str]) -> tuple[str, bytes]:
    filled = {name: text for name, text in sorted(cells.items()) if text.strip()}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(filled)
    writer.writerow(filled.values())
    return f"{deal_id}.csv", out.getvalue().encode()
