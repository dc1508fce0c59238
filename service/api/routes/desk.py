"""For the service desk: what became of each line, and goodwill by the person behind a key."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from service.admin.keys import Caller
from service.api.deps import DatabaseDep, DeskCaller, Id, SettingsDep
from service.api.description import may_answer
from service.api.paging import After, Limit, Page
from service.api.schemas.desk import (
    GoodwillIn,
    GoodwillOut,
    LineOutcomeOut,
    OutcomesIn,
    OutcomesOut,
    ReceiptIn,
)
from service.api.tables import AS_TABLE, AsCsv, listed
from service.desk import goodwill, outcomes
from service.errors import NotFound
from service.store.session import Database
from service.store.tables.goodwill import GoodwillState

router = APIRouter(tags=["service desk"])

_UNKNOWN = may_answer(HTTPStatus.NOT_FOUND)


class GoodwillPage(Page):
    """Some goodwill, the newest first."""

    goodwill: list[GoodwillOut]


@router.post("/outcomes", response_model=OutcomesOut, responses=_UNKNOWN)
def explain(
    asked: OutcomesIn, database: DatabaseDep, settings: SettingsDep, caller: DeskCaller
) -> OutcomesOut:
    """What each line of a receipt got, or what each offer of a list would get on a day."""
    if asked.receipt is not None:
        sale = outcomes.explain_receipt(database, _sale(database, asked.receipt, caller))
        return OutcomesOut(
            state=sale.state,
            total_discount_cents=sale.total_discount_cents,
            returns=sale.returns,
            lines=[LineOutcomeOut.of(line) for line in sale.lines],
        )
    on = asked.on or datetime.now(ZoneInfo(settings.timezone)).date()
    list_id = outcomes.find_list(database, asked.list_code or "")
    of_list = outcomes.explain_list(database, settings, list_id, on=on)
    return OutcomesOut(
        state=of_list.state,
        total_discount_cents=0,
        returns=0,
        lines=[LineOutcomeOut.of(line) for line in of_list.lines],
    )


@router.post("/goodwill", response_model=GoodwillOut, responses=_UNKNOWN)
def give(
    asked: GoodwillIn, database: DatabaseDep, settings: SettingsDep, caller: DeskCaller
) -> GoodwillOut:
    """Give goodwill as the person that the key is bound to, or let it wait for a second person."""
    is_sale = asked.receipt is not None
    wanted = goodwill.GoodwillWanted(
        request=asked.request,
        amount_cents=asked.amount_cents,
        reason=asked.reason,
        note=asked.note,
        redemption_id=_sale(database, asked.receipt, caller) if asked.receipt else None,
        list_id=None if is_sale else outcomes.find_list(database, asked.list_code or ""),
        list_line=asked.list_line,
    )
    given = goodwill.give(database, settings, wanted, by=caller.actor, now=datetime.now(UTC))
    return GoodwillOut.model_validate(given)


@router.get("/goodwill", response_model=GoodwillPage, responses=AS_TABLE)
def page(
    database: DatabaseDep,
    _caller: DeskCaller,
    as_csv: AsCsv,
    state: GoodwillState | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Any:
    """What was asked for, the newest first."""

    def find(edge: int | None, most: int) -> list[GoodwillOut]:
        rows = goodwill.show(database, state=state, before_id=edge, limit=most)
        return [GoodwillOut.model_validate(row) for row in rows]

    return listed(
        GoodwillPage, GoodwillOut, find, key=lambda row: row.id, after=after, limit=limit,
        as_csv=as_csv,
    )  # fmt: skip


@router.post("/goodwill/{number}/approve", response_model=GoodwillOut)
def approve(number: Id, database: DatabaseDep, caller: DeskCaller) -> GoodwillOut:
    """Give what waits, with a key bound to a second person."""
    given = goodwill.approve(database, number, by=caller.actor, now=datetime.now(UTC))
    return GoodwillOut.model_validate(given)


@router.post("/goodwill/{number}/decline", response_model=GoodwillOut)
def decline(number: Id, database: DatabaseDep, caller: DeskCaller) -> GoodwillOut:
    """Give nothing of what waits."""
    declined = goodwill.decline(database, number, by=caller.actor, now=datetime.now(UTC))
    return GoodwillOut.model_validate(declined)


@router.post("/goodwill/{number}/void", response_model=GoodwillOut)
def take_back(number: Id, database: DatabaseDep, caller: DeskCaller) -> GoodwillOut:
    """Take back what was given; the ledger has the amount again."""
    back = goodwill.take_back(database, number, by=caller.actor, now=datetime.now(UTC))
    return GoodwillOut.model_validate(back)


def _sale(database: Database, receipt: ReceiptIn, caller: Caller) -> str:
    """The sale of a receipt. Raises NotFound also for that of another store than the key's."""
    if caller.store_id is not None and receipt.store != caller.store_id:
        raise NotFound("No till has sent a receipt with these numbers.")
    return outcomes.find_receipt(database, receipt.reference())
