"""For tills: quote and redeem."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from service import checkout
from service.access import Caller
from service.api.deps import DatabaseDep, PosCaller, SettingsDep
from service.api.schemas import AnswerOut, BasketIn
from service.checkout import Presented, TillBasket
from service.engine.redeem import BasketLine
from service.errors import Forbidden
from service.store.till import Reference

router = APIRouter(tags=["till"])


def basket_of(body: BasketIn, caller: PosCaller) -> TillBasket:
    """The body as the till's basket, if this key may speak for its store."""
    _own_store(caller, body.transaction.store)
    canonical = body.model_dump_json()
    named = body.transaction
    return TillBasket(
        reference=Reference(named.store, named.terminal, named.business_date, named.number),
        at=named.at,
        presented=tuple(Presented(shown.kind, shown.value) for shown in body.presented),
        lines=tuple(
            BasketLine(
                line=line.line,
                gtin=int(line.gtin),
                quantity_milli=int(line.quantity * 1000),
                unit=line.unit,
                amount_cents=line.amount_cents,
            )
            for line in body.lines
        ),
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _own_store(caller: Caller, store: str) -> None:
    if caller.store_id is not None and caller.store_id != store:
        raise Forbidden("This key may not do that.")


BasketDep = Annotated[TillBasket, Depends(basket_of)]


@router.post("/quotes", response_model=AnswerOut)
def quote(basket: BasketDep, database: DatabaseDep, settings: SettingsDep) -> Response:
    """What this basket would get now. Nothing is written."""
    return _json(checkout.quote(database, settings, basket))


@router.post("/redemptions", response_model=AnswerOut)
def redeem(basket: BasketDep, database: DatabaseDep, settings: SettingsDep) -> Response:
    """Redeem what is presented and write the basket into history.

    Safe to send again: the same transaction and body get the stored answer. The same transaction
    with another body is 422. A basket with nothing presented is history only.
    """
    return _json(checkout.redeem(database, settings, basket))


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")
