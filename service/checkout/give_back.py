"""Return: goods come back, and with them the exact cents that were given on them.

What a unit costs and what it had off is read from what was stored, never worked out again. The
units of a basket line come back in one fixed order, the most discounted first, so that any
sequence of partial returns adds up to the whole and no refund is ever below zero.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from service.checkout import answer
from service.engine.money import spread
from service.engine.redeem.units import MAX_UNITS, PIECE
from service.engine.reserve import BudgetPosting, used
from service.engine.settle import (
    EntryKind,
    FundedDiscount,
    Posting,
    ReopenPolicy,
    TakenBack,
    reopens,
    return_entry,
    take_back,
)
from service.errors import Conflict, InvalidInput, NotFound, Problem
from service.settings import Settings
from service.store import catalogue, ledger, work
from service.store.session import Database, violates_unique
from service.store.tables.redemption import Redemption, RedemptionState, TillReturn, TillVerb
from service.store.till import Reference, changes
from service.store.till.changes import BoughtLine, UsedLine

_ATTEMPTS = 5


class Brought(NamedTuple):
    """How much of a basket line is brought back."""

    line: int
    quantity_milli: int


@dataclass(frozen=True, slots=True)
class Return:
    """A return as a till sent it: its own reference, the sale it takes back from, and what."""

    reference: Reference
    original: Reference
    lines: tuple[Brought, ...]
    digest: str
    key_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """One stored discount of one basket line, with the redemption line it belongs to."""

    owner: UsedLine
    discount: FundedDiscount


class _Unit(NamedTuple):
    """A unit of a basket line: its price, and the stored discounts it had: (part, unit of it)."""

    price_cents: int
    given: tuple[tuple[_Part, int], ...]

    def of(self, part: _Part) -> list[int]:
        """The units of this part that it carries."""
        return [number for each, number in self.given if each is part]


@dataclass(frozen=True, slots=True)
class _LineBack:
    """What one basket line's return comes to."""

    line: int
    quantity_milli: int
    refund_cents: int
    taken: tuple[tuple[UsedLine, TakenBack], ...]


def give_back(database: Database, settings: Settings, request: Return) -> str:
    """Take goods back; the answer as JSON. The same return sent again gets the stored answer.

    Raises NotFound for a sale not known here, Conflict when it was voided or more comes back than
    was bought, InvalidInput for a reference used for another return or an unknown store.
    """
    for _ in range(_ATTEMPTS):
        try:
            with database.write() as session:
                return _give_back_once(session, settings, request)
        except IntegrityError as error:
            # The same return from another connection; its answer is there now.
            if not violates_unique(error):
                raise
    raise Conflict("This return is being written right now; send it again.")


def _give_back_once(session: Session, settings: Settings, request: Return) -> str:
    if catalogue.store_zone(session, request.reference.store_id) is None:
        raise InvalidInput(
            "The store is not known.",
            [Problem("#/transaction/store", "no key or basket has named this store yet")],
        )
    sale = changes.locked_redemption(session, request.original)
    earlier = changes.earlier_return(session, request.reference)
    if earlier is not None:
        return _same_return(earlier, request)
    if sale is None:
        raise NotFound("This sale is not known here; there is nothing to take back.")
    if sale.state == RedemptionState.VOIDED:
        raise Conflict("This sale was voided; there is nothing to take back.")
    bought = changes.bought_lines(session, sale)
    uses = changes.used_lines(session, sale.id)
    parts = _parts(uses)
    back = [
        _line_back(bought.get(brought.line), brought, parts, place)
        for place, brought in enumerate(request.lines)
    ]
    now = datetime.now(UTC)
    returned = TillReturn(
        id=uuid.uuid4().hex,
        redemption_id=sale.id,
        store_id=request.reference.store_id,
        terminal=request.reference.terminal,
        business_date=request.reference.business_date,
        number=request.reference.number,
        digest=request.digest,
        answer="",
        returned_at=now,
        key_id=request.key_id,
    )
    policy = ReopenPolicy(settings.return_reopens)
    reopened = [
        use
        for use in uses
        if use.live and _touched(use, back) and _reopens(use, policy, parts, bought, back)
    ]
    returned.answer = _answer(returned.id, sale, back, reopened)
    _write(session, sale, returned, back, reopened)
    return returned.answer


def _same_return(earlier: TillReturn, request: Return) -> str:
    if earlier.digest != request.digest:
        raise InvalidInput(
            "This transaction reference was used before, for another return.",
            [Problem("#/transaction", "store, terminal, business_date and number are taken")],
        )
    return earlier.answer


def _parts(uses: Sequence[UsedLine]) -> dict[int, list[_Part]]:
    """The stored discounts by basket line."""
    found: dict[int, list[_Part]] = defaultdict(list)
    for use in uses:
        for line, supplier, retailer in json.loads(use.parts):
            discount = FundedDiscount(
                list_code=use.list_code,
                list_line=use.list_line,
                offer_id=use.offer_id,
                supplier_id=use.supplier_id,
                line=line,
                supplier_cents=tuple(supplier),
                retailer_cents=tuple(retailer),
            )
            found[line].append(_Part(use, discount))
    return found


def _units(bought: BoughtLine, parts: Sequence[_Part]) -> list[_Unit]:
    """The units a line was sold in, in the order they come back."""
    given = [
        (part.discount.supplier_cents[n] + part.discount.retailer_cents[n], part, n)
        for part in parts
        for n in range(part.discount.units)
    ]
    # A stable sort: among equal discounts the order of list, line and unit stands.
    given.sort(key=lambda each: -each[0])
    gross = bought.amount_cents + bought.refunded_cents + sum(cents for cents, _, _ in given)
    count = _pieces(bought)
    # The rules give a unit one discount at most; what a till gave offline may be more.
    return [
        _Unit(price, tuple([(part, n) for _, part, n in given[place::count]]))
        for place, price in enumerate(spread(gross, [1] * count))
    ]


def _pieces(bought: BoughtLine) -> int:
    """How many units a line was sold in; a weighed or overlong line is one."""
    pieces, part = divmod(bought.quantity_milli + bought.returned_milli, 1000)
    return pieces if bought.unit == PIECE and not part and pieces <= MAX_UNITS else 1


def _line_back(
    bought: BoughtLine | None, brought: Brought, parts: dict[int, list[_Part]], place: int
) -> _LineBack:
    where = f"#/lines/{place}"
    if bought is None or bought.quantity_milli + bought.returned_milli <= 0:
        raise Conflict(
            "A line that was not sold cannot come back.",
            [Problem(f"{where}/line", f"the sale has no goods in line {brought.line}")],
        )
    if brought.quantity_milli > bought.quantity_milli:
        raise Conflict(
            "More comes back than is left of the sale.",
            [Problem(f"{where}/quantity", f"{bought.quantity_milli / 1000:g} left")],
        )
    count = _pieces(bought)
    if count == 1 and brought.quantity_milli != bought.quantity_milli:
        raise Conflict(
            "A weighed line is one unit and comes back whole.",
            [Problem(f"{where}/quantity", f"must be {bought.quantity_milli / 1000:g}")],
        )
    if count > 1 and brought.quantity_milli % 1000:
        raise Conflict(
            "Pieces come back whole.", [Problem(f"{where}/quantity", "is part of a piece")]
        )
    before = bought.returned_milli // 1000 if count > 1 else 0
    coming = brought.quantity_milli // 1000 if count > 1 else 1
    units = _units(bought, parts.get(bought.line, ()))
    chosen, gone = units[before : before + coming], units[:before]
    taken = tuple(
        (
            part.owner,
            take_back(
                part.discount,
                units=[number for unit in chosen for number in unit.of(part)],
                returned=[number for unit in gone for number in unit.of(part)],
            ),
        )
        for part in parts.get(bought.line, ())
        if any(unit.of(part) for unit in chosen)
    )
    refund = sum(u.price_cents for u in chosen) - sum(each.amount_cents for _, each in taken)
    return _LineBack(bought.line, brought.quantity_milli, refund, taken)


def _touched(use: UsedLine, back: Sequence[_LineBack]) -> bool:
    return any(owner.id == use.id for line in back for owner, _ in line.taken)


def _reopens(
    use: UsedLine,
    policy: ReopenPolicy,
    parts: dict[int, list[_Part]],
    bought: dict[int, BoughtLine],
    back: Sequence[_LineBack],
) -> bool:
    mine = [part for found in parts.values() for part in found if part.owner.id == use.id]
    coming = {line.line: line.quantity_milli for line in back}
    returned: dict[int, list[int]] = {}
    for part in mine:
        line = part.discount.line
        if line not in bought:
            continue
        units = _units(bought[line], parts[line])
        whole = bought[line].returned_milli + coming.get(line, 0)
        count = whole // 1000 if _pieces(bought[line]) > 1 else int(whole > 0)
        returned[line] = [number for unit in units[:count] for number in unit.of(part)]
    return reopens(policy, [part.discount for part in mine], returned)


def _write(
    session: Session,
    sale: Redemption,
    returned: TillReturn,
    back: Sequence[_LineBack],
    reopened: Sequence[UsedLine],
) -> None:
    changes.add_return(
        session,
        returned,
        [
            {"line": b.line, "quantity_milli": b.quantity_milli, "refund_cents": b.refund_cents}
            for b in back
        ],
    )
    changes.take_from_history(
        session, sale.basket_id, [(b.line, b.quantity_milli, b.refund_cents) for b in back]
    )
    changes.reopen(session, [use.id for use in reopened])
    ledger.post(
        session,
        [
            {
                "posting": returned.id,
                "kind": EntryKind.RETURN,
                "account": posting.account,
                "offer_id": posting.offer_id,
                "amount_cents": posting.amount_cents,
                "posted_at": returned.returned_at,
            }
            for posting in _postings(back, reopened)
        ],
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


def _postings(
    back: Sequence[_LineBack], reopened: Sequence[UsedLine]
) -> list[Posting | BudgetPosting]:
    """The claims taken back; a reopened use gets its reservation and its fee back as well."""
    taken = [each for line in back for each in line.taken]
    postings: list[Posting | BudgetPosting] = [*return_entry(each for _, each in taken).postings]
    for owner, each in taken:
        postings += used(owner.offer_id, reserved_cents=0, spent_cents=-each.supplier_cents)
    for use in reopened:
        postings += used(
            use.offer_id,
            reserved_cents=-use.reserved_cents if use.is_issued else 0,
            spent_cents=-use.handling_fee_cents * use.uses,
        )
    return postings


def _answer(
    return_id: str, sale: Redemption, back: Sequence[_LineBack], reopened: Sequence[UsedLine]
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
                }
                for owner, each in line.taken
            ],
        }
        for line in back
    ]
    return answer.compact(
        {
            "return_id": return_id,
            "redemption_id": sale.id,
            "status": "returned",
            "lines": lines,
            "total_refund_cents": sum(line.refund_cents for line in back),
            "total_discount_cents": sum(
                each.amount_cents for line in back for _, each in line.taken
            ),
            "reopened": [
                {"list_code": use.list_code, "list_line": use.list_line} for use in reopened
            ],
        }
    )
