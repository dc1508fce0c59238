"""Settle deals again when uses of them made offline come in or something they hold goes away.

A deal is settled for one household, over all its lists. What each sale holds follows from all that
is sold (see `offline_uses`), so every sale made offline comes to the same in whatever order it
arrives. The ledger gets the difference.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from service.checkout import answer
from service.checkout.effect import funding_of, shares
from service.checkout.offline_uses import Holding, LineUses, OfflineUses, hold_uses
from service.checkout.returned_units import returned_units, stored_parts, without_corrections
from service.engine.clearing import parties
from service.engine.ledger import EntryKind, Payer, Posting, charge
from service.engine.settle import Liability, Split, fund
from service.store import ledger
from service.store.tables.redemption import TillVerb
from service.store.till import Dispute, Reference, changes, offline
from service.store.till.offline import DealKey, DealRow, HoldingRow, LineKey, LineRow, OfflineRow


class Cause(NamedTuple):
    """Why lines are settled again: a redemption, whose key sent it, and when.

    `is_new` when the redemption is a sale that was not in the books before.
    """

    redemption_id: str
    key_id: int | None
    at: datetime
    is_new: bool = False


class _Charged(NamedTuple):
    """What uses cost: the shares of the units not given back, the fee, what they reserve.

    `uses` are those the supplier is charged for, `borne` its part by party, if it has some.
    """

    supplier_cents: int = 0
    retailer_cents: int = 0
    fee_cents: int = 0
    reserved_cents: int = 0
    uses: int = 0
    borne: Mapping[int, int] | None = None

    @property
    def discount_cents(self) -> int:
        """What came off for the uses that the supplier is charged for."""
        return self.supplier_cents + self.retailer_cents if self.uses else 0


def resettle(session: Session, lines: Collection[LineKey], *, cause: Cause) -> dict[LineKey, int]:
    """Settle the deals of list lines again; the uses that can be made of these lines now.

    The caller holds the lists of `offline.hold_lists`.
    """
    if not lines:
        return {}
    deals = offline.deals_of(session, lines)
    rows: dict[DealKey, list[OfflineRow]] = defaultdict(list)
    for row in offline.on_deals(session, deals):
        rows[row.household_id, row.deal_id].append(row)
    made_on = {(row.list_id, row.list_line) for each in rows.values() for row in each}
    of_deal: dict[DealKey, dict[LineKey, LineRow]] = defaultdict(dict)
    for key, line in sorted(offline.list_lines(session, {*lines, *made_on}).items()):
        of_deal[line.household_id, line.deal_id][key] = line
    disputed = {
        (each.redemption_id, each.list_id, each.list_line): each.reason
        for each in (offline.disputes_on(session, made_on) if made_on else ())
    }
    left: dict[LineKey, int] = {}
    for key, its_lines in sorted(of_deal.items()):
        deal = deals[key]
        holdings = _holdings(its_lines, rows[key], deal)
        _settle_deal(session, its_lines, rows[key], holdings, deal, cause)
        for row in rows[key]:
            line_key = (row.list_id, row.list_line)
            before = disputed.get((row.redemption_id, *line_key))
            line = its_lines[line_key]
            _note_dispute(session, line, row, holdings[row.id], before=before, cause=cause)
        left |= _left(its_lines, rows[key], holdings, deal)
    return left


def _holdings(
    lines: Mapping[LineKey, LineRow], rows: Sequence[OfflineRow], deal: DealRow
) -> dict[int, Holding]:
    uses = {key: LineUses(line.uses, line.used, line.deal_limit) for key, line in lines.items()}
    return hold_uses([_made(row) for row in rows], lines=uses, deal_used=deal.used)


def _made(row: OfflineRow) -> OfflineUses:
    reference = Reference(row.store_id, row.terminal, row.business_date, row.number)
    line = (row.list_id, row.list_line)
    return OfflineUses(row.id, row.at, reference, line, row.made, row.reason)


def _left(
    lines: Mapping[LineKey, LineRow],
    rows: Sequence[OfflineRow],
    holdings: Mapping[int, Holding],
    deal: DealRow,
) -> dict[LineKey, int]:
    """How often each line can be used now."""
    held: dict[LineKey, int] = defaultdict(int)
    for row in rows:
        held[row.list_id, row.list_line] += holdings[row.id].uses
    of_deal = deal.used + sum(held.values())
    return {
        key: max(min(line.uses - line.used - held[key], line.deal_limit - of_deal), 0)
        for key, line in lines.items()
    }


def _settle_deal(
    session: Session,
    lines: Mapping[LineKey, LineRow],
    rows: Sequence[OfflineRow],
    holdings: Mapping[int, Holding],
    deal: DealRow,
    cause: Cause,
) -> None:
    changed: list[HoldingRow] = []
    postings: list[Posting] = []
    last = {key: line.last_use for key, line in lines.items()}
    last_deal_use = deal.last_use
    for row in rows:
        key = (row.list_id, row.list_line)
        line, holding = lines[key], holdings[row.id]
        is_new = cause.is_new and row.redemption_id == cause.redemption_id
        numbers = (row.use_number, row.deal_use)
        if holding.uses and (not row.live or holding.uses != row.uses):
            # A single use has one number for ever; elsewhere the number only grows.
            numbers = (1 if line.uses == 1 else last[key] + 1, last_deal_use + 1)
            last_deal_use += holding.uses
        now = _holding_row(line, row, holding, numbers)
        if not is_new and _is_same(row, now):
            continue
        last[key] = max(last[key], now.use_number + now.uses - 1)
        changed.append(now)
        returned = {} if is_new else _returned(session, row)
        before = _Charged() if is_new else _charged(line, row, row, returned)
        after = _charged(line, row, now, returned)
        postings.append(_posting(line, row, before, after, cause, is_new=is_new))
    if changed:
        offline.change(session, changed)
        offline.look_again(session, [deal.key])
        ledger.post(session, *postings)


def _holding_row(
    line: LineRow, row: OfflineRow, holding: Holding, numbers: tuple[int, int | None]
) -> HoldingRow:
    parts = _split(line, row, holding)
    supplier, retailer = shares(parts)
    use_number, deal_use = numbers
    return HoldingRow(
        id=row.id,
        use_number=use_number,
        deal_use=deal_use,
        uses=holding.uses or row.made,
        live=holding.uses > 0,
        supplier_cents=supplier,
        retailer_cents=retailer,
        reserved_cents=(
            line.reserved_cents * holding.uses if line.is_issued else row.reserved_cents
        ),
        parts=parts,
        charged_uses=_charged_uses(line, row, holding),
    )


def _is_same(row: OfflineRow, now: HoldingRow) -> bool:
    stored = (row.live, row.uses, row.parts, row.charged_uses)
    return stored == (now.live, now.uses, now.parts, now.charged_uses)


def _split(line: LineRow, row: OfflineRow, holding: Holding) -> tuple[Split, ...]:
    """The split of what was given: as agreed, or by who bears a dispute or a sale that is late."""
    funded = fund(
        row.parts,
        uses=row.made,
        funding=funding_of(line),
        honoured_twice=holding.reason is not None or row.beyond_grace,
        liability=Liability.RETAILER if row.beyond_grace else Liability(row.borne_by),
    )
    return tuple(
        [part._replace(points=given.points) for part, given in zip(funded, row.parts, strict=True)]
    )


def _charged_uses(line: LineRow, row: OfflineRow, holding: Holding) -> int:
    """The uses that the supplier pays for: those it bears, if it bears anything of the offer."""
    is_borne = holding.reason is None or row.borne_by == Liability.SUPPLIER
    is_claimed = line.funding_share > 0 or line.handling_fee_cents > 0
    return row.made if is_borne and is_claimed and not row.beyond_grace else 0


def _charged(
    line: LineRow, row: OfflineRow, stored: OfflineRow | HoldingRow, returned: dict[int, set[int]]
) -> _Charged:
    """What the uses of a row cost as they are stored, or as they will be."""
    supplier, retailer = shares(_without(stored.parts, returned))
    return _Charged(
        supplier,
        retailer,
        line.handling_fee_cents * stored.charged_uses,
        stored.reserved_cents,
        stored.charged_uses,
        _borne(line, row, stored.parts, returned),
    )


def _borne(
    line: LineRow, row: OfflineRow, parts: Sequence[Split], returned: dict[int, set[int]]
) -> dict[int, int] | None:
    if not line.parties:
        return None
    kept = {
        part.line: [n for n in range(part.units) if n not in returned.get(part.line, ())]
        for part in parts
    }
    return parties.borne(parts, parties.decode(line.parties), uses=row.made, units=kept)


def _returned(session: Session, row: OfflineRow) -> dict[int, set[int]]:
    """The units of offline uses that came back, by basket line."""
    bought = changes.bought_lines(session, changes.redemption(session, row.redemption_id))
    if not any(line.returned_milli for line in bought.values()):
        return {}
    parts = stored_parts(changes.lines_of(session, row.redemption_id))
    bought = without_corrections(bought, parts)
    return returned_units(row.id, parts=parts, bought=bought)


def _without(parts: Sequence[Split], returned: dict[int, set[int]]) -> list[Split]:
    """The splits of the units that did not come back."""
    if not returned:
        return [*parts]
    kept = []
    for part in parts:
        units = [n for n in range(part.units) if n not in returned.get(part.line, ())]
        kept.append(
            Split(
                part.line,
                tuple(part.supplier_cents[unit] for unit in units),
                tuple(part.retailer_cents[unit] for unit in units),
            )
        )
    return kept


def _posting(
    line: LineRow, row: OfflineRow, before: _Charged, after: _Charged, cause: Cause, *, is_new: bool
) -> Posting:
    borne = after.borne
    if borne is not None and before.borne is not None:
        borne = {supplier: cents - before.borne[supplier] for supplier, cents in borne.items()}
    entries = charge(
        Payer(line.offer_id, line.supplier_id),
        supplier_cents=after.supplier_cents - before.supplier_cents,
        retailer_cents=after.retailer_cents - before.retailer_cents,
        fee_cents=after.fee_cents - before.fee_cents,
        reserved_cents=after.reserved_cents - before.reserved_cents,
        uses=after.uses - before.uses,
        discount_cents=after.discount_cents - before.discount_cents,
        borne=borne,
    )
    return Posting(
        # Under the sale's own name, so that its void finds them with the rest.
        row.redemption_id,
        EntryKind.REDEMPTION if is_new else EntryKind.RESETTLEMENT,
        cause.at,
        tuple(entries),
        row.store_id,
        row.business_date,
    )


def _note_dispute(
    session: Session,
    line: LineRow,
    row: OfflineRow,
    holding: Holding,
    *,
    before: str | None,
    cause: Cause,
) -> None:
    """Note a dispute that begins or ends; of a sale that was in the books, in the audit trail."""
    if holding.reason == before:
        return
    key = (line.list_id, line.line)
    if before is not None:
        offline.end_disputes(session, row.redemption_id, at=cause.at, lines=[key])
    if holding.reason is not None:
        dispute = Dispute(*key, line.offer_id, str(holding.reason), row.amount_cents, row.borne_by)
        offline.add_disputes(session, row.redemption_id, [dispute], at=cause.at)
    if row.redemption_id != cause.redemption_id:
        changes.add_event(
            session,
            row.redemption_id,
            TillVerb.RESETTLEMENT,
            key_id=cause.key_id,
            detail=answer.compact(
                {
                    "because_of": cause.redemption_id,
                    "list_line": line.line,
                    "offer": line.offer_id,
                    "reason": holding.reason,
                }
            ),
            at=cause.at,
        )
