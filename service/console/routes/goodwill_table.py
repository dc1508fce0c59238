"""Goodwill as a file: all that was asked for, the newest first."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from service.desk import goodwill
from service.engine.rights import Right
from service.pages import refusals
from service.pages.languages import mark
from service.pages.listing import Cell, Column, csv_file
from service.pages.listing.amounts import plain_amount
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may

router = APIRouter(prefix="/desk")

_ROWS, _MOST_PAGES = 500, 200

Sees = Annotated[Member, Depends(may(Right.GIVE_GOODWILL, Right.CLEAR_MONEY))]


@router.get("/goodwill.csv")
def goodwill_as_csv(database: DatabaseDep, settings: SettingsDep, member: Sees) -> Response:
    """What was given, declined and taken back, up to 100,000 rows; no household is named."""

    def pages() -> Iterator[Sequence[Row]]:
        before = None
        for _ in range(_MOST_PAGES):
            rows = goodwill.show(database, before_id=before, limit=_ROWS)
            yield [{"goodwill": row} for row in rows]
            if len(rows) < _ROWS:
                return
            before = rows[-1].id

    return csv_file("goodwill", pages(), _columns(settings.currency), member.language)


def _columns(currency: str) -> list[Column]:
    return [
        Column("number", mark("Number"), lambda row, _: Cell(str(row["goodwill"].id))),
        Column("asked", mark("When"), lambda row, _: Cell(row["goodwill"].asked_at.isoformat())),
        Column("by", mark("Who"), lambda row, _: Cell(row["goodwill"].actor)),
        Column("amount", mark("Amount"), lambda row, _: Cell(
            plain_amount(row["goodwill"].amount_cents, currency))),
        Column("state", mark("State"), lambda row, language: Cell(
            refusals.goodwill_state(language, row["goodwill"].state))),
        Column("reason", mark("Why"), lambda row, language: Cell(
            refusals.goodwill_reason(language, row["goodwill"].reason))),
        Column("note", mark("Note"), lambda row, _: Cell(row["goodwill"].note)),
        Column("store", mark("Store"), lambda row, _: Cell(row["goodwill"].store_id or "")),
    ]  # fmt: skip
