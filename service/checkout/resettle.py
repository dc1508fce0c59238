"""Settle list lines anew when a claim on them comes or something they hold goes away.

How each claim stands follows from all that is sold (see `standing`), so every sale made offline
comes to the same in whatever order it is heard of. The ledger gets the difference.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from service.checkout import answer
from service.checkout.brought import returned_units, stored_parts
from service.checkout.standing import Claim, Stand, stand
from service.engine.redeem import RefusalReason
from service.engine.reserve import BudgetPosting, supplier_cap_cents, used
from service.engine.settle import (
    Account,
    EntryKind,
    FundedDiscount,
    Funding,
    Liability,
    Posting,
    fund,
)
from service.store import ledger
from service.store.tables.redemption import TillVerb
from service.store.till import Dispute, Reference, changes, claims
from service.store.till.claims import ClaimRow, LineKey, LineRow


class Cause(NamedTuple):
    """What makes lines be settled anew: a redemption, whose key sent it, and when.

    `is_new` when the redemption is a sale that was not in the books before.
    """

    redemption_id: str
    key_id: int | None
    at: datetime
    is_new: bool = False


class _Charged(NamedTuple):
    """What a claim costs: the shares of the units not given back, the fee, what it reserves."""

    supplier_cents: int
    retailer_cents: int
    fee_cents: int
    reserved_cents: int


@dataclass(frozen=True, slots=True)
class _Unit:
    """What was given for a claim on one basket line, unit by unit."""

    list_code: str
    list_line: int
    offer_id: int
    line: int
    unit_cents: tuple[int, ...]


def resettle(session: Session, lines: Collection[LineKey], *, cause: Cause) -> dict[LineKey, int]:
    """Settle the claims on list lines anew; the uses left of the lines that have claims.

    The caller holds their lists.
    """
    rows: dict[LineKey, list[ClaimRow]] = defaultdict(list)
    for row in claims.on_lines(session, lines) if lines else ():
        rows[row.list_id, row.list_line].append(row)
    if not rows:
        return {}
    stood = {
        (each.redemption_id, each.list_id, each.list_line): each.reason
        for each in claims.disputes_on(session, rows)
    }
    left: dict[LineKey, int] = {}
    for key, line in sorted(claims.list_lines(session, rows).items()):
        stands = stand([_claim(row) for row in rows[key]], limit=line.uses, used=line.used)
        left[key] = line.uses - line.used - sum(each.holds for each in stands.values())
        _settle_line(session, line, rows[key], stands, cause)
        for row in rows[key]:
            before = stood.get((row.redemption_id, *key))
            _tell(session, line, row, stands[row.id], before=before, cause=cause)
    return left


def _claim(row: ClaimRow) -> Claim:
    reference = Reference(row.store_id, row.terminal, row.business_date, row.number)
    reason = None if row.reason is None else RefusalReason(row.reason)
    return Claim(row.id, row.at, reference, row.made, reason)


def _settle_line(
    session: Session,
    line: LineRow,
    rows: Sequence[ClaimRow],
    stands: dict[int, Stand],
    cause: Cause,
) -> None:
    changed: list[claims.Standing] = []
    entries: list[dict[str, object]] = []
    last = line.last_use
    for row in rows:
        is_new = cause.is_new and row.redemption_id == cause.redemption_id
        parts = _funded(line, row, stands[row.id])
        now = _standing(line, row, stands[row.id], parts, last=last)
        if not is_new and _same(row, now):
            continue
        last = max(last, now.use_number + now.uses - 1)
        changed.append(now)
        returned = {} if is_new else _returned(session, row)
        before = _Charged(0, 0, 0, 0)
        if not is_new:
            given = _kept(_stored(line, row), returned)
            before = _Charged(*given, row.fee_cents, row.reserved_cents)
        after = _Charged(*_kept(parts, returned), now.fee_cents, now.reserved_cents)
        entries += _entries(line, row, before, after, cause, is_new=is_new)
    if changed:
        claims.change(session, changed)
        ledger.post(session, entries)


def _standing(
    line: LineRow,
    row: ClaimRow,
    stands_as: Stand,
    parts: Sequence[FundedDiscount],
    *,
    last: int,
) -> claims.Standing:
    number = row.use_number
    if stands_as.holds and (not row.live or stands_as.holds != row.uses):
        # A single use has one number for ever; elsewhere the number only grows.
        number = 1 if line.uses == 1 else last + 1
    return claims.Standing(
        id=row.id,
        use_number=number,
        uses=stands_as.holds or row.made,
        live=stands_as.holds > 0,
        supplier_cents=sum(sum(part.supplier_cents) for part in parts),
        retailer_cents=sum(sum(part.retailer_cents) for part in parts),
        reserved_cents=(
            line.reserved_cents * stands_as.holds if line.is_issued else row.reserved_cents
        ),
        parts=answer.compact(
            [[part.line, part.supplier_cents, part.retailer_cents] for part in parts]
        ),
        fee_cents=_fee_cents(line, row, stands_as),
    )


def _same(row: ClaimRow, now: claims.Standing) -> bool:
    stored = (row.live, row.uses, row.parts, row.fee_cents)
    return stored == (now.live, now.uses, now.parts, now.fee_cents)


def _funded(line: LineRow, row: ClaimRow, stands_as: Stand) -> tuple[FundedDiscount, ...]:
    """The split of what was given: as agreed, or by who bears a dispute."""
    given = [
        _Unit(
            line.list_code,
            line.line,
            line.offer_id,
            each.line,
            tuple(s + r for s, r in zip(each.supplier_cents, each.retailer_cents, strict=True)),
        )
        for each in _stored(line, row)
    ]
    cap = supplier_cap_cents(
        line.face_value_cents,
        funding_share=line.funding_share,
        funding_cap_cents=line.funding_cap_cents,
    )
    return fund(
        given,
        uses=row.made,
        funding=Funding(line.supplier_id, line.funding_share * 100, cap),
        honoured_twice=stands_as.reason is not None,
        liability=Liability(row.borne_by),
    )


def _fee_cents(line: LineRow, row: ClaimRow, stands_as: Stand) -> int:
    """The supplier pays for handling what it bears."""
    is_borne = stands_as.reason is None or row.borne_by == Liability.SUPPLIER
    return line.handling_fee_cents * row.made if is_borne else 0


def _stored(line: LineRow, row: ClaimRow) -> tuple[FundedDiscount, ...]:
    """What was given for a claim, with the split that is stored."""
    return tuple(
        FundedDiscount(
            line.list_code,
            line.line,
            line.offer_id,
            line.supplier_id,
            number,
            tuple(supplier),
            tuple(retailer),
        )
        for number, supplier, retailer in json.loads(row.parts)
    )


def _returned(session: Session, row: ClaimRow) -> dict[int, set[int]]:
    """The units of a claim that came back, by basket line."""
    bought = changes.bought_lines(session, changes.redemption(session, row.redemption_id))
    if not any(line.returned_milli for line in bought.values()):
        return {}
    parts = stored_parts(changes.lines_of(session, row.redemption_id))
    return returned_units(row.id, parts=parts, bought=bought)


def _kept(parts: Sequence[FundedDiscount], returned: dict[int, set[int]]) -> tuple[int, int]:
    """The supplier's and the retailer's cents on units that did not come back."""
    supplier = retailer = 0
    for part in parts:
        for unit in range(part.units):
            if unit not in returned.get(part.line, ()):
                supplier += part.supplier_cents[unit]
                retailer += part.retailer_cents[unit]
    return supplier, retailer


def _entries(
    line: LineRow, row: ClaimRow, before: _Charged, after: _Charged, cause: Cause, *, is_new: bool
) -> Iterator[dict[str, object]]:
    supplier, retailer, fee, reserved = (new - old for new, old in zip(after, before, strict=True))
    offer = (line.offer_id, line.supplier_id)
    postings: list[Posting | BudgetPosting] = [
        Posting(Account.SUPPLIER_CLAIM, *offer, supplier),
        Posting(Account.RETAILER_FUNDING, *offer, retailer),
        Posting(Account.HOUSEHOLD_DISCOUNT, *offer, -supplier - retailer),
        *used(line.offer_id, reserved_cents=reserved, spent_cents=supplier + fee),
    ]
    for each in postings:
        if each.amount_cents:
            yield {
                # Under the sale's own name, so that its void finds them with the rest.
                "posting": row.redemption_id,
                "kind": EntryKind.REDEMPTION if is_new else EntryKind.STANDING,
                "account": each.account,
                "offer_id": each.offer_id,
                "amount_cents": each.amount_cents,
                "posted_at": cause.at,
            }


def _tell(
    session: Session,
    line: LineRow,
    row: ClaimRow,
    stands_as: Stand,
    *,
    before: str | None,
    cause: Cause,
) -> None:
    """Note a dispute that begins or ends; of a sale that was in the books, in the audit trail."""
    if stands_as.reason == before:
        return
    key = (line.list_id, line.line)
    if before is not None:
        claims.end_disputes(session, row.redemption_id, at=cause.at, lines=[key])
    if stands_as.reason is not None:
        dispute = Dispute(
            *key, line.offer_id, str(stands_as.reason), row.amount_cents, row.borne_by
        )
        claims.add_disputes(session, row.redemption_id, [dispute], at=cause.at)
    if row.redemption_id != cause.redemption_id:
        changes.add_event(
            session,
            row.redemption_id,
            TillVerb.STANDING,
            key_id=cause.key_id,
            detail=answer.compact(
                {
                    "because_of": cause.redemption_id,
                    "list_line": line.line,
                    "offer": line.offer_id,
                    "reason": stands_as.reason,
                }
            ),
            at=cause.at,
        )
