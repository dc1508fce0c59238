"""From the wire to the till: bodies as what `checkout` takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from service.admin.keys import Caller
from service.api.till.digests import NOT_KEPT, digest_of_basket, digest_of_return
from service.api.till.schemas import (
    BasketIn,
    LineIn,
    OfflineIn,
    OriginalIn,
    PresentedIn,
    ReturnIn,
    TransactionIn,
)
from service.checkout import (
    ClockSkew,
    Honoured,
    Offline,
    Presented,
    Return,
    ReturnedLine,
    TillBasket,
    spent_on_unnamed,
)
from service.engine import clocks, codes
from service.engine.reading import PLAIN, Reading, reading_of
from service.engine.redeem import BasketLine
from service.errors import Forbidden, InvalidInput, Problem
from service.settings import Settings
from service.store.till import Reference


@dataclass(frozen=True, slots=True)
class House:
    """How one retailer's bodies are read: its goods, its clocks, and what a minimum spend counts.

    `unnamed_count` says that goods without a GTIN count towards a minimum spend.
    """

    reading: Reading = PLAIN
    zone: ZoneInfo | None = None
    unnamed_count: bool = False

    def today(self, now: datetime) -> date:
        """The day it is where the stores are."""
        return now.astimezone(self.zone or UTC).date()


ANY_HOUSE = House()
"""As nothing is set."""


def house_of(settings: Settings) -> House:
    """How bodies are read by these settings. Raises Misconfigured naming a wrong one."""
    return House(
        reading_of(settings),
        ZoneInfo(settings.timezone),
        unnamed_count=settings.unnamed_goods_count,
    )


def own_store(caller: Caller, store: str) -> None:
    """Raises Forbidden when a key that is bound to a store speaks for another."""
    if caller.store_id is not None and caller.store_id != store:
        raise Forbidden("This key may not do that.")


def basket_of(
    body: BasketIn, caller: Caller, *, house: House = ANY_HOUSE, is_kept: bool = True
) -> TillBasket:
    """The body as the till's basket, if this key may speak for its store.

    Of a basket that is not kept nobody asks later whether it was the same; it has no digest.
    Raises InvalidInput for a business date too far ahead.
    """
    own_store(caller, body.transaction.store)
    at, sent_at = _moment(body.transaction, house)
    reading = house.reading
    lines, codes_sent = _lines(body.lines, reading)
    digest = NOT_KEPT
    if is_kept:
        digest = digest_of_basket(
            body, *((lines, codes_sent) if reading is PLAIN else _lines(body.lines, PLAIN))
        )
    return TillBasket(
        reference=reference_of(body.transaction),
        at=at,
        presented=presented_of(body.presented),
        lines=lines,
        digest=digest,
        key_id=caller.key_id,
        sent_at=sent_at,
        codes=codes_sent,
        unnamed_cents=spent_on_unnamed(lines) if house.unnamed_count else 0,
    )


def offline_of(body: OfflineIn, caller: Caller, *, house: House = ANY_HOUSE) -> Offline:
    """A sale made offline; its digest is that of its basket, so that its redemption is known."""
    return Offline(
        basket_of(body, caller, house=house),
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


def return_of(body: ReturnIn, caller: Caller, *, house: House = ANY_HOUSE) -> Return:
    """The body as a return. Raises InvalidInput for a business date too far ahead."""
    at, sent_at = _moment(body.transaction, house)
    return Return(
        reference=reference_of(body.transaction),
        original=reference_of(body.original),
        lines=tuple(ReturnedLine(line.line, int(line.quantity * 1000)) for line in body.lines),
        digest=digest_of_return(body),
        key_id=caller.key_id,
        clock_skew=None if sent_at is None else ClockSkew(sent_at, at),
    )


def reference_of(named: TransactionIn | OriginalIn) -> Reference:
    """What names a till transaction."""
    return Reference(named.store, named.terminal, named.business_date, named.number)


def presented_of(presented: Sequence[PresentedIn]) -> tuple[Presented, ...]:
    """What the customer showed."""
    return tuple([Presented(shown.kind, shown.value) for shown in presented])


def require_day(day: date, house: House, *, now: datetime, where: str) -> None:
    """Raises InvalidInput for a business date too far ahead of the clock here."""
    if clocks.is_ahead(day, today=house.today(now)):
        detail = f"is more than {clocks.DAYS_AHEAD} days ahead of {house.today(now).isoformat()}"
        problem = Problem(where, detail, "set the till's date, and send the sale again")
        raise InvalidInput("The business date is ahead of the clock.", [problem])


def _moment(named: TransactionIn, house: House) -> tuple[datetime, datetime | None]:
    """The moment a transaction counts with, and what was sent where that could not be."""
    now = datetime.now(UTC)
    require_day(named.business_date, house, now=now, where="#/transaction/business_date")
    at = named.at.astimezone(UTC)
    is_odd = clocks.is_odd(at, named.business_date, now=now)
    return clocks.taken_as(at, named.business_date, now=now), at if is_odd else None


def _lines(
    lines: Sequence[LineIn], reading: Reading
) -> tuple[tuple[BasketLine, ...], dict[int, str]]:
    """The lines, and what was scanned in those whose GTIN does not say it."""
    found = []
    codes_sent: dict[int, str] = {}
    read, unit_of = reading.goods.read, reading.unit
    for sent in lines:
        gtin, code = read(sent.gtin if type(sent.gtin) is str else str(sent.gtin or ""))
        if code:
            codes_sent[sent.line] = code
        milli, unit = int(sent.quantity * 1000), unit_of(sent.unit or "")
        found.append(BasketLine(sent.line, gtin, milli, unit, sent.amount_cents))
    return tuple(found), codes_sent


def _list_code(text: str) -> str:
    try:
        return str(codes.parse_list_code(text))
    except InvalidInput:
        # The till honoured it all the same; it is kept as a code nobody knows.
        return text
