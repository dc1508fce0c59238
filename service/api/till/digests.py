"""What tells one body from another: the values in it, however they are written."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json

from service.api.till.schemas import BasketIn, OriginalIn, PresentedIn, ReturnIn, TransactionIn
from service.checkout import BodyDigest
from service.checkout.sales import DIGEST_VERSION
from service.digests import normal_identity
from service.engine import codes
from service.engine.redeem import BasketLine
from service.errors import InvalidInput
from service.store.tables.types import epoch_micros

NOT_KEPT = BodyDigest("", str)
"""Of a body that nobody asks for again."""

_BASKET = set(BasketIn.model_fields)


def digest_of_basket(
    basket: BasketIn, lines: Sequence[BasketLine], codes_sent: Mapping[int, str]
) -> BodyDigest:
    """The digest of a basket; of an offline sale that of its basket.

    `lines` are the basket's as `reading.PLAIN` reads them: settings may change between a sale and
    its retry. What was sent (`codes_sent`) counts in lines without a GTIN.
    """
    return _digest(
        basket,
        [
            *_transaction(basket.transaction),
            epoch_micros(basket.transaction.at),
            [_presented(shown) for shown in basket.presented],
            # Plain tuples are written ten times as fast.
            sorted([(*line,) for line in lines]),
            sorted([(line.line, codes_sent.get(line.line, "")) for line in lines if not line.gtin]),
        ],
        only=None if type(basket) is BasketIn else _BASKET,
    )


def digest_of_return(body: ReturnIn) -> BodyDigest:
    """The digest of a return."""
    return _digest(
        body,
        [
            *_transaction(body.transaction),
            epoch_micros(body.transaction.at),
            *_transaction(body.original),
            sorted([(line.line, int(line.quantity * 1000)) for line in body.lines]),
        ],
    )


def _digest(
    body: BasketIn | ReturnIn, values: list[Any], *, only: set[str] | None = None
) -> BodyDigest:
    def earlier() -> str:
        return hashlib.sha256(body.model_dump_json(include=only).encode()).hexdigest()

    return BodyDigest(DIGEST_VERSION + hashlib.sha256(to_json(values)).hexdigest(), earlier)


def _transaction(named: TransactionIn | OriginalIn) -> list[str]:
    return [named.store, named.terminal, named.business_date.isoformat(), named.number]


def _presented(shown: PresentedIn) -> tuple[str, str]:
    if shown.kind != "list":
        return shown.kind, normal_identity(shown.kind, shown.value) or shown.value
    try:
        return shown.kind, str(codes.parse_list_code(shown.value))
    except InvalidInput:
        return shown.kind, shown.value
