"""The tables of one batch as files: what is not mailed, and whose letters are left out."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from service.console.routes.batches import PATH, Sees, batch_of
from service.engine.rights import Right
from service.pages import names
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, csv_file
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.publish import not_mailed, unmailed

router = APIRouter(prefix=PATH)

_ROWS = 500
_LEFT_OUT_ROWS = 100_000
"""Each look reads the whole table of the package."""

Voids = Annotated[Member, Depends(may(Right.VOID_BATCHES))]


@router.get("/{number}/reconciliation.csv")
def reconciliation(number: int, database: DatabaseDep, member: Sees) -> Response:
    """The pieces that are not mailed, all of them."""
    batch = batch_of(database, number)

    def pages() -> Iterator[Sequence[Row]]:
        after = ""
        while rows := unmailed(database, batch.id, after=after, limit=_ROWS):
            yield [each._asdict() for each in rows]
            after = rows[-1].piece_id

    return csv_file("not-mailed", _begun(pages()), _PIECES, member.language)


@router.get("/{number}/left-out.csv")
def left_out(number: int, database: DatabaseDep, settings: SettingsDep, member: Voids) -> Response:
    """Whose letters a package leaves out, all of them."""
    batch = batch_of(database, number)

    def pages() -> Iterator[Sequence[Row]]:
        after = 0
        while rows := not_mailed(database, settings, batch.id, after=after, limit=_LEFT_OUT_ROWS):
            yield [each._asdict() for _, each in rows]
            after = rows[-1][0]

    return csv_file("left-out", _begun(pages()), _LEFT_OUT, member.language)


def _begun(pages: Iterator[Sequence[Row]]) -> Iterator[Sequence[Row]]:
    """The same pages, the first of them read now: what is not there is not found, and no file."""
    first = next(pages, ())
    return (rows for part in ((first,), pages) for rows in part)


def _text(name: str) -> Column:
    return Column(name, _TITLES[name], lambda row, _language: Cell(row[name]))


def _state(row: Row, language: Language) -> Cell:
    return Cell(names.piece(language, row["state"]))


def _reason(row: Row, language: Language) -> Cell:
    return Cell(names.left_out(language, row["reason"]))


def _batch(row: Row, _language: Language) -> Cell:
    return Cell(str(row["batch_id"]))


_TITLES = {
    "piece_id": mark("Piece"),
    "reason": mark("Reason"),
    "household_id": mark("Household"),
    "duplicate_of": mark("Mailed instead"),
    "detail": mark("What of it"),
}
_PIECES = (
    _text("piece_id"),
    Column("state", mark("State"), _state),
    Column("batch_id", mark("Batch"), _batch),
    _text("reason"),
)
_LEFT_OUT = (
    _text("household_id"),
    Column("reason", mark("Reason"), _reason),
    _text("duplicate_of"),
    _text("detail"),
)
