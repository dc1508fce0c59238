"""From the wire to the till: bodies as what `checkout` takes."""

import hashlib
from collections.abc import Sequence

from pydantic import BaseModel

from service.admin.keys import Caller
from service.api.till.schemas import (
    BasketIn,
    OfflineIn,
    OriginalIn,
    PresentedIn,
    ReturnIn,
    TransactionIn,
)
from service.checkout import Honoured, Offline, Presented, Return, ReturnedLine, TillBasket
from service.engine import codes
from service.engine.redeem import BasketLine
from service.errors import Forbidden, InvalidInput
from service.store.till import Reference

_BASKET = set(BasketIn.model_fields)


def own_store(caller: Caller, store: str) -> None:
    """Raises Forbidden when a key that is bound to a store speaks for another."""
    if caller.store_id is not None and caller.store_id != store:
        raise Forbidden("This key may not do that.")


def basket_of(body: BasketIn, caller: Caller, *, is_kept: bool = True) -> TillBasket:
    """The body as the till's basket, if this key may speak for its store.

    Of a basket that is not kept nobody asks later whether it was the same; it has no digest.
    """
    own_store(caller, body.transaction.store)
    return TillBasket(
        reference=reference_of(body.transaction),
        at=body.transaction.at,
        presented=presented_of(body.presented),
        lines=tuple(
            [
                BasketLine(
                    line.line,
                    int(line.gtin),
                    int(line.quantity * 1000),
                    line.unit,
                    line.amount_cents,
                )
                for line in body.lines
            ]
        ),
        digest=_digest(body, only=None if type(body) is BasketIn else _BASKET) if is_kept else "",
        key_id=caller.key_id,
    )


def offline_of(body: OfflineIn, caller: Caller) -> Offline:
    """A sale made offline; its digest is that of its basket, so that its redemption is known."""
    return Offline(
        basket_of(body, caller),
        tuple(
            Honoured(
                each.line,
                _list_code(each.list_code),
                each.list_line,
                each.units,
                each.amount_cents,
                each.uses,
            )
            for each in body.discounts
        ),
    )


def return_of(body: ReturnIn, caller: Caller) -> Return:
    """The body as a return."""
    return Return(
        reference=reference_of(body.transaction),
        original=reference_of(body.original),
        lines=tuple(ReturnedLine(line.line, int(line.quantity * 1000)) for line in body.lines),
        digest=_digest(body),
        key_id=caller.key_id,
    )


def reference_of(named: TransactionIn | OriginalIn) -> Reference:
    """What names a till transaction."""
    return Reference(named.store, named.terminal, named.business_date, named.number)


def presented_of(presented: Sequence[PresentedIn]) -> tuple[Presented, ...]:
    """What the customer showed."""
    return tuple([Presented(shown.kind, shown.value) for shown in presented])


def _digest(body: BaseModel, *, only: set[str] | None = None) -> str:
    """The digest of a body, the same however its JSON was written."""
    return hashlib.sha256(body.model_dump_json(include=only).encode()).hexdigest()


def _list_code(text: str) -> str:
    try:
        return str(codes.parse_list_code(text))
    except InvalidInput:
        # The till honoured it all the same; it is kept as a code nobody knows.
        return text
