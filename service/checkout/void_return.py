"""Void of a return: the goods never came back, and the household has what it had on them again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlmodel import Session

from service.checkout import answer
from service.checkout.recognise import require_goods
from service.checkout.resettle import Cause, resettle
from service.checkout.returned_units import (
    Part,
    moved,
    reopens_line,
    stored_parts,
    taken_back,
    units_of,
    without_corrections,
)
from service.engine.ledger import EntryKind, Posting, charge, netted
from service.engine.settle import Liability, ReopenPolicy, TakenBack
from service.store import ledger, work
from service.store.tables.redemption import Redemption, RedemptionState, TillReturn, TillVerb
from service.store.till import changes
from service.store.till.changes import BackLine, UsedLine


def undo_return(session: Session, number: Redemption, *, key_id: int | None) -> str:
    """Undo the return under this number, once; the answer as JSON.

    Its refund is taken back: the basket is in history as before, and the cents and points on its
    units are the household's. Uses that it had ended are made again. Where somebody has them
    meanwhile the sale is in dispute about them, as a sale made offline would be, and the retailer
    bears what was given twice. Of a sale that was voided nothing is left to undo.
    Raises Conflict for a sale whose goods are kept no more.
    """
    returned = changes.return_of(session, number.id)
    sale = changes.held_redemption(session, returned.redemption_id)
    require_goods(sale)
    now = datetime.now(UTC)
    uses = changes.used_lines(session, sale.id)
    lines = [
        line
        for line in changes.lines_back(session, sale.id)
        if line.return_id == returned.id and sale.state != RedemptionState.VOIDED
    ]
    parts = stored_parts(uses)
    taken = _taken(session, sale, lines, parts)
    number.state = RedemptionState.VOIDED
    session.add(number)
    changes.put_into_history(session, sale.basket_id, lines)
    again = _ended(session, sale, uses, taken)
    _post(session, returned, taken, again, at=now)
    changes.use_again(session, again, borne_by=Liability.RETAILER)
    cause = Cause(sale.id, key_id, now)
    resettle(session, {(use.list_id, use.list_line) for use in again}, cause=cause)
    number.void_answer = answer.return_voided(
        sale.id,
        returned.id,
        refund_cents=sum(line.refund_cents for line in lines),
        discount_cents=sum(each.amount_cents for _, each in taken),
        applied=moved(taken, uses={use.id: use.uses for use in again}),
    )
    detail = answer.compact({"return_id": returned.id})
    changes.add_event(session, sale.id, TillVerb.VOID, key_id=key_id, detail=detail, at=now)
    if sale.household_id is not None:
        work.mark_due(session, sale.household_id, at=now)
    return number.void_answer


def _taken(
    session: Session,
    sale: Redemption,
    lines: Sequence[BackLine],
    parts: Mapping[int, Sequence[Part]],
) -> list[tuple[UsedLine, TakenBack]]:
    """What the return had taken of the uses of its sale."""
    bought = without_corrections(changes.bought_lines(session, sale), parts)
    taken: list[tuple[UsedLine, TakenBack]] = []
    for line in lines:
        of_line = parts.get(line.line, ())
        units = units_of(bought[line.line], of_line)
        chosen = [units[place] for place in line.units if place < len(units)]
        taken += taken_back(chosen, of_line)
    return taken


def _post(
    session: Session,
    returned: TillReturn,
    taken: Sequence[tuple[UsedLine, TakenBack]],
    again: Sequence[UsedLine],
    *,
    at: datetime,
) -> None:
    """The shares that were taken back are given again; what a use costs beyond is settled later.

    So is whether the supplier is charged for a use that is made again.
    """
    settled_later = {use.id for use in again}
    entries = [
        entry
        for use, each in taken
        for entry in charge(
            use.payer,
            supplier_cents=each.supplier_cents,
            retailer_cents=each.retailer_cents,
            fee_cents=0,
            reserved_cents=0,
            discount_cents=(
                each.amount_cents if use.charged_uses and use.id not in settled_later else 0
            ),
            borne=use.borne(each, sign=1),
        )
    ]
    posting = Posting(
        f"{returned.id}-void",
        EntryKind.VOID,
        at,
        netted(entries),
        returned.store_id,
        returned.business_date,
    )
    ledger.post(session, posting)


def _ended(
    session: Session,
    sale: Redemption,
    uses: Sequence[UsedLine],
    taken: Sequence[tuple[UsedLine, TakenBack]],
) -> list[UsedLine]:
    """The uses that a return had ended and that are not wholly back any more."""
    touched = {use.id for use, _ in taken}
    parts = stored_parts(uses)
    bought = without_corrections(changes.bought_lines(session, sale), parts)
    return [
        use
        for use in uses
        if use.id in touched
        and not use.live
        and not use.is_offline
        and not reopens_line(use, ReopenPolicy.WHEN_WHOLE, parts=parts, bought=bought, back=())
    ]
