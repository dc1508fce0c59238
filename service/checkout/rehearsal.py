"""A sale for the sake of trying: everything that a till's sale writes, then all of it undone."""

from datetime import UTC, datetime

from service.checkout.replay import Offline, take
from service.checkout.sales import BodyDigest, TillBasket
from service.engine.redeem import BasketLine
from service.settings import Settings
from service.store import catalogue
from service.store.session import Database
from service.store.till import Reference

STORE = "larder doctor"


class _Undone(Exception):
    """Nothing of the sale is to stay."""


def rehearse(database: Database, settings: Settings) -> None:
    """Sell one piece of something nobody sells, in a store that is not there afterwards.

    Raises what a till's sale would: Misconfigured, Busy.
    """
    now = datetime.now(UTC)
    basket = TillBasket(
        reference=Reference(STORE, "0", now.date(), f"{now:%H%M%S%f}"),
        at=now,
        presented=(),
        lines=(BasketLine(1, 0, 1000, "each", 1),),
        digest=BodyDigest("", str),
        key_id=None,
    )
    try:
        with database.write() as session:
            catalogue.ensure_stores(session, [STORE], timezone=settings.timezone)
            take(session, settings, Offline(basket, ()))
            raise _Undone
    except _Undone:
        return
