"""A view of a table as a CSV file."""

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from service.console.languages import Language
from service.console.listing.columns import Column, Row
from service.files.csv_cells import BOM, guarded


def csv_rows(
    pages: Iterable[Sequence[Row]], columns: Sequence[Column], language: Language
) -> Iterator[bytes]:
    """The parts of the file, page by page: the heads, and the columns that are shown.

    No spreadsheet takes a cell for a formula, and the byte-order mark lets it read the letters.
    """
    heads = [language.text(column.title) for column in columns]
    yield (
        BOM
        + guarded(pl.DataFrame([heads], orient="row", schema=_names(heads)))
        .write_csv(include_header=False, line_terminator="\r\n")
        .encode()
    )
    for rows in pages:
        cells = [[_plain(column, row, language) for column in columns] for row in rows]
        if cells:
            frame = pl.DataFrame(cells, orient="row", schema=_names(heads))
            yield guarded(frame).write_csv(include_header=False, line_terminator="\r\n").encode()


def _plain(column: Column, row: Row, language: Language) -> str:
    cell = column.cell(row, language)
    if cell.plain is not None:
        return cell.plain
    return f"{cell.text} ({cell.below})" if cell.below else cell.text


def _names(heads: Sequence[str]) -> dict[str, type[pl.DataType]]:
    return {str(place): pl.String for place in range(len(heads))}
