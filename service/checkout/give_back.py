"""Return: goods come back, and with them the exact cents that were given on them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from service.checkout import answer
from service.checkout.recognise import require_goods, require_store
from service.checkout.resettle import Cause, resettle
from service.checkout.returned_units import (
    LineBack,
    line_back,
    moved,
    reopens_line,
    stored_parts,
    touches,
    without_corrections,
)
from service.checkout.sales import BodyDigest, ClockSkew, ReturnedLine
from service.engine.ledger import Entry, EntryKind, Posting, charge, netted
from service.engine.settle import ReopenPolicy
from service.errors import Conflict, InvalidInput, NotFound, Problem
from service.settings import Settings
from service.store import catalogue, ledger, work
from service.store.session import Database
from service.store.tables.redemption import Redemption, RedemptionState, TillReturn, TillVerb
from service.store.till import Reference, changes, offline
from service.store.till.changes import BackLine, UsedLine

_BUSY = "This return is being written right now; send it again."


@dataclass(frozen=True, slots=True)
class Return:
    """A return as a till sent it: its own reference, the sale it takes back from, and what.

    `clock_skew` is there where its moment could not be.
    """

    reference: Reference
    original: Reference
    lines: tuple[ReturnedLine, ...]
    digest: BodyDigest
    key_id: int | None = None
    clock_skew: ClockSkew | None = None


def give_back(database: Database, settings: Settings, request: Return) -> str:
    """Take goods back; the answer as JSON. The same return sent again gets the stored answer.

    Raises NotFound for a sale not known here, Conflict when it was voided, its goods are kept no
    more, or more comes back than was bought, InvalidInput for a reference used for another return
    or an unknown store, and Busy when every attempt lost a race against other tills.
    """
    return database.settle(lambda session: take_back(session, settings, request), busy=_BUSY)


def take_back(session: Session, settings: Settings, request: Return) -> str:
    """`give_back` within a unit of work."""
    require_store(is_known=catalogue.store_zone(session, request.reference.store_id) is not None)
    sale = changes.locked_redemption(session, request.original)
    earlier = changes.earlier_return(session, request.reference)
    used = changes.used_number(session, request.reference)
    if earlier is not None and (used is None or used.id == earlier.id):
        return _same_return(earlier, request, is_voided=_is_voided(used))
    if used is not None:
        _refuse_number(used)
    if sale is None or sale.state == RedemptionState.RETURNED:
        raise NotFound("This sale is not known here; there is nothing to take back.")
    if sale.state == RedemptionState.VOIDED:
        raise Conflict("This sale was voided; there is nothing to take back.")
    require_goods(sale)
    uses = changes.used_lines(session, sale.id)
    parts = stored_parts(uses)
    bought = without_corrections(changes.bought_lines(session, sale), parts)
    back = [
        line_back(bought.get(wanted.line), wanted, parts=parts, place=place)
        for place, wanted in enumerate(request.lines)
    ]
    now = datetime.now(UTC)
    returned = TillReturn(
        id=uuid.uuid4().hex,
        redemption_id=sale.id,
        **request.reference._asdict(),
        digest=request.digest.text,
        answer="",
        returned_at=now,
        key_id=request.key_id,
        sent_at=request.clock_skew and request.clock_skew.sent_at,
    )
    policy = ReopenPolicy(settings.return_reopens)
    ended = [
        use
        for use in uses
        if (use.live or use.is_offline)
        and touches(use, back)
        and reopens_line(use, policy, parts=parts, bought=bought, back=back)
    ]
    _write(session, sale, returned, back, ended)
    reopened = _open_again(session, ended, returned)
    returned.answer = _answer(
        returned.id, sale, back, ended=ended, reopened=reopened, clock_skew=request.clock_skew
    )
    session.add(returned)
    return returned.answer


def _open_again(
    session: Session, ended: Sequence[UsedLine], returned: TillReturn
) -> list[UsedLine]:
    """The lines with uses that can be made again, once sales in dispute have got theirs."""
    freed = [use for use in ended if use.live]
    cause = Cause(returned.redemption_id, returned.key_id, returned.returned_at)
    left = resettle(session, {(use.list_id, use.list_line) for use in freed}, cause=cause)
    return [use for use in freed if left.get((use.list_id, use.list_line), 1)]


def _is_voided(used: Redemption | None) -> bool:
    return used is not None and used.state == RedemptionState.VOIDED


def _refuse_number(used: Redemption) -> None:
    """Raises Conflict for a number that was voided, InvalidInput for that of a sale."""
    remedy = "a return needs a number of its own"
    if _is_voided(used):
        raise Conflict(
            "This transaction was voided.",
            [Problem("#/transaction", "a voided number stays void", remedy)],
        )
    raise InvalidInput(
        "This transaction reference was used before, for a sale.",
        [Problem("#/transaction", "store, terminal, business_date and number are taken", remedy)],
    )


def _same_return(earlier: TillReturn, request: Return, *, is_voided: bool) -> str:
    if is_voided:
        raise Conflict(
            "This return was voided.",
            [
                Problem(
                    "#/transaction", "a voided return stays void", "a new return needs a new number"
                )
            ],
        )
    if not request.digest.is_of(earlier.digest):
        raise InvalidInput(
            "This transaction reference was used before, for another return.",
            [Problem("#/transaction", "store, terminal, business_date and number are taken")],
        )
    return earlier.answer


def _write(
    session: Session,
    sale: Redemption,
    returned: TillReturn,
    back: Sequence[LineBack],
    ended: Sequence[UsedLine],
) -> None:
    changes.add_return(
        session,
        returned,
        [
            BackLine(
                returned.id,
                b.line,
                b.quantity_milli,
                b.refund_cents,
                b.gtin or None,
                b.unit or None,
                b.units,
            )
            for b in back
        ],
    )
    changes.take_from_history(
        session, sale.basket_id, [(b.line, b.quantity_milli, b.refund_cents) for b in back]
    )
    changes.reopen(session, ended)
    in_dispute = [(use.list_id, use.list_line) for use in ended if use.is_offline]
    if in_dispute:
        offline.end_disputes(session, sale.id, at=returned.returned_at, lines=in_dispute)
    ledger.post(
        session,
        Posting(
            returned.id,
            EntryKind.RETURN,
            returned.returned_at,
            _entries(back, ended),
            returned.store_id,
            returned.business_date,
        ),
    )
    changes.add_event(
        session,
        sale.id,
        TillVerb.RETURN,
        key_id=returned.key_id,
        detail=answer.compact({"return_id": returned.id}),
        at=returned.returned_at,
    )
    if sale.household_id is not None:
        work.mark_due(session, sale.household_id, at=returned.returned_at)


def _entries(back: Sequence[LineBack], ended: Sequence[UsedLine]) -> tuple[Entry, ...]:
    """The shares taken back; a use that ends gives its reservation and its fee back as well."""
    entries = [
        entry
        for line in back
        for owner, each in line.taken
        for entry in charge(
            owner.payer,
            supplier_cents=-each.supplier_cents,
            retailer_cents=-each.retailer_cents,
            fee_cents=0,
            reserved_cents=0,
            discount_cents=-each.amount_cents if owner.charged_uses else 0,
            borne=owner.borne(each, sign=-1),
        )
    ]
    for use in ended:
        entries += charge(
            use.payer,
            supplier_cents=0,
            retailer_cents=0,
            fee_cents=-use.fee_cents,
            reserved_cents=-use.reserved_cents if use.is_issued else 0,
            uses=-use.charged_uses,
        )
    return netted(entries)


def _answer(
    return_id: str,
    sale: Redemption,
    back: Sequence[LineBack],
    *,
    ended: Sequence[UsedLine],
    reopened: Sequence[UsedLine],
    clock_skew: ClockSkew | None,
) -> str:
    lines: list[dict[str, Any]] = [
        {
            "line": line.line,
            "quantity": line.quantity_milli / 1000,
            "refund_cents": line.refund_cents,
            "discounts": [
                {
                    "list_code": owner.list_code,
                    "list_line": owner.list_line,
                    "offer": owner.offer_id,
                    "units": len(each.units),
                    "amount_cents": each.amount_cents,
                    "supplier_cents": each.supplier_cents,
                    "retailer_cents": each.retailer_cents,
                }
                for owner, each in line.taken
                if not each.earns
            ],
        }
        for line in back
    ]
    return answer.returned(
        return_id,
        sale.id,
        lines=lines,
        refund_cents=sum(line.refund_cents for line in back),
        discount_cents=sum(each.amount_cents for line in back for _, each in line.taken),
        applied=moved(
            [each for line in back for each in line.taken],
            uses={use.id: use.uses for use in ended if use.live},
        ),
        reopened=reopened,
        clock_skew=clock_skew,
    )
