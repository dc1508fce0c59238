"""The till: what a basket gets for the lists a household presents, once and for ever."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from service.digests import identity_digest
from service.engine import codes
from service.engine.redeem import (
    BasketLine,
    OpenLine,
    Refusal,
    RefusalReason,
    Settlement,
    Terms,
    settle_basket,
)
from service.engine.reserve import BudgetPosting, used
from service.engine.settle import (
    EntryKind,
    FundedDiscount,
    Funding,
    Posting,
    fund,
    redemption_entry,
)
from service.errors import Conflict, InvalidInput, Problem
from service.settings import Settings
from service.store import catalogue, till, work
from service.store.session import Database, violates_unique
from service.store.tables.basket import Basket
from service.store.tables.redemption import Redemption, RedemptionState
from service.store.tables.shopping_list import ListState
from service.store.till import PresentedLine, PresentedList, Reference

# Two tills that collide on a unique constraint: the second reads again and finds the first.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Presented:
    """One thing the customer showed: kind `list`, `card` or `phone`, and its value."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class TillBasket:
    """A basket as a till sent it. `digest` stands for the whole body: same digest, same request."""

    reference: Reference
    at: datetime
    presented: tuple[Presented, ...]
    lines: tuple[BasketLine, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class _Found:
    """Whom and what the presented things led to."""

    household_id: int | None
    lists: dict[str, PresentedList]
    lines: Sequence[PresentedLine]
    open_lines: Sequence[OpenLine]
    refusals: Sequence[Refusal]


def quote(database: Database, settings: Settings, basket: TillBasket) -> str:
    """The answer `redeem` would give now, as JSON; nothing is written."""
    with database.read() as session:
        _known_store(session, basket)
        found = _find(session, settings, basket)
    settlement = settle_basket(basket.lines, found.open_lines, on=basket.reference.business_date)
    return _answer(None, "quoted", found, settlement)


def redeem(database: Database, settings: Settings, basket: TillBasket) -> str:
    """Redeem what was presented, write the basket into history, mark the household due.

    All of it is one transaction, the answer (JSON) included: the same reference and body get the
    stored answer again. Raises InvalidInput when the reference was used for another body, or the
    store is unknown.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with database.write() as session:
                earlier = till.prior(session, basket.reference)
                if earlier is None:
                    return _redeem_once(session, settings, basket)
            return _same_body(earlier, basket)
        except IntegrityError as error:
            if not violates_unique(error) or attempt == _ATTEMPTS:
                raise
    raise Conflict("Too many tills use this list at once; send the same request again.")


def _same_body(earlier: tuple[str, str], basket: TillBasket) -> str:
    digest, answer = earlier
    if digest != basket.digest:
        raise InvalidInput(
            "This transaction reference was used before, for another basket.",
            [
                Problem(
                    "#/transaction",
                    "store, terminal, business_date and number are taken",
                    "a new sale needs a new number; a retry must repeat its body unchanged",
                )
            ],
        )
    return answer


def _redeem_once(session: Session, settings: Settings, basket: TillBasket) -> str:
    _known_store(session, basket)
    found = _find(session, settings, basket, lock=True)
    settlement = settle_basket(basket.lines, found.open_lines, on=basket.reference.business_date)
    redemption_id = uuid.uuid4().hex
    status = RedemptionState.REDEEMED if basket.presented else RedemptionState.RECORDED
    answer = _answer(redemption_id, status, found, settlement)
    now = datetime.now(UTC)
    basket_id = till.add_basket(
        session,
        Basket(
            store_id=basket.reference.store_id,
            terminal=basket.reference.terminal,
            business_date=basket.reference.business_date,
            number=basket.reference.number,
            household_id=found.household_id,
            purchased_at=basket.at,
        ),
        _lines_as_paid(basket, settlement),
    )
    uses, entries = _uses(redemption_id, found, settlement, now)
    till.add_redemption(
        session,
        Redemption(
            id=redemption_id,
            store_id=basket.reference.store_id,
            terminal=basket.reference.terminal,
            business_date=basket.reference.business_date,
            number=basket.reference.number,
            digest=basket.digest,
            state=status,
            basket_id=basket_id,
            household_id=found.household_id,
            total_discount_cents=settlement.total_cents,
            answer=answer,
            redeemed_at=now,
        ),
        uses=uses,
        refusals=[
            {
                "redemption_id": redemption_id,
                "list_line": refusal.list_line,
                "offer_id": refusal.offer_id,
                "reason": refusal.reason,
                "detail": refusal.detail,
            }
            for refusal in (*found.refusals, *settlement.refusals)
        ],
        entries=entries,
    )
    if found.household_id is not None:
        work.mark_due(session, found.household_id, at=now)
    return answer


def _known_store(session: Session, basket: TillBasket) -> None:
    if catalogue.store_zone(session, basket.reference.store_id) is None:
        raise InvalidInput(
            "The store is not known.",
            [Problem("#/transaction/store", "no key or basket has named this store yet")],
        )


def _find(
    session: Session, settings: Settings, basket: TillBasket, *, lock: bool = False
) -> _Found:
    """Whom the presented things lead to and what may be used; the first one known decides."""
    on = basket.reference.business_date
    by_code, refusals = _codes(basket)
    lists = {found.code: found for found in till.lists_presented(session, by_code)}
    digests = {
        identity_digest(settings.secret_key, shown.kind, shown.value): shown
        for shown in basket.presented
        if shown.kind != "list"
    }
    households = till.households_presented(session, digests)
    by_presented = {
        **{shown: lists[code].household_id for code, shown in by_code.items() if code in lists},
        **{shown: households[digest] for digest, shown in digests.items() if digest in households},
    }
    household_id = next(
        (by_presented[shown] for shown in basket.presented if shown in by_presented), None
    )
    for shown in dict.fromkeys((*by_code.values(), *digests.values())):
        if by_presented.get(shown) != household_id or household_id is None:
            refusals.append(_unidentified(shown, known=shown in by_presented))
    usable = {code: found for code, found in lists.items() if found.household_id == household_id}
    if household_id is not None and household_id in households.values():
        for found in till.lists_of_household(session, household_id, on=on):
            usable[found.code] = found
    list_ids = {found.id for found in usable.values()}
    if lock and list_ids:
        states = till.lock_lists(session, list_ids)
        usable = {code: found._replace(state=states[found.id]) for code, found in usable.items()}
    lines = till.offer_lines(session, list_ids)
    open_lines = _open_lines(session, basket, usable, lines)
    return _Found(household_id, usable, lines, open_lines, refusals)


def _codes(basket: TillBasket) -> tuple[dict[str, Presented], list[Refusal]]:
    found: dict[str, Presented] = {}
    refusals = []
    for shown in basket.presented:
        if shown.kind == "list":
            try:
                found[str(codes.parse_list_code(shown.value))] = shown
            except InvalidInput:
                refusals.append(_unidentified(shown, known=False))
    return found, refusals


def _unidentified(shown: Presented, *, known: bool) -> Refusal:
    if known:
        reason = RefusalReason.HOUSEHOLD_MISMATCH
        detail = f"this {shown.kind} belongs to another household than what was presented first"
    else:
        reason = RefusalReason.UNKNOWN_CODE
        detail = f"this {shown.kind} is not known"
    return Refusal(list_code=None, list_line=None, offer_id=None, reason=reason, detail=detail)


def _open_lines(
    session: Session,
    basket: TillBasket,
    lists: dict[str, PresentedList],
    lines: Sequence[PresentedLine],
) -> list[OpenLine]:
    if not lines:
        return []
    by_id = {found.id: found for found in lists.values()}
    products = till.eligible_products(
        session, {line.offer_id for line in lines}, {line.gtin for line in basket.lines}
    )
    numbers: dict[int, list[int]] = {}
    for bought in basket.lines:
        numbers.setdefault(bought.gtin, []).append(bought.line)
    result = []
    for line in lines:
        found = by_id[line.list_id]
        terms = Terms.from_dict(json.loads(line.terms))
        sets: list[set[int]] = [set() for _ in terms.condition.needs]
        for set_number, gtin in products.get(line.offer_id, ()):
            sets[set_number].update(numbers[gtin])
        result.append(
            OpenLine(
                list_code=found.code,
                list_line=line.line,
                offer_id=line.offer_id,
                terms=terms,
                text=line.text,
                eligible=tuple(frozenset(members) for members in sets),
                uses_left=line.uses - line.used,
                limit=line.uses,
                valid_from=found.valid_from,
                valid_to=found.valid_to,
                voided=found.state == ListState.VOIDED,
            )
        )
    return result


def _lines_as_paid(basket: TillBasket, settlement: Settlement) -> list[dict[str, Any]]:
    off: dict[int, int] = {}
    for discount in settlement.discounts:
        off[discount.line] = off.get(discount.line, 0) + discount.amount_cents
    return [
        {
            "line": line.line,
            "gtin": line.gtin,
            "quantity_milli": line.quantity_milli,
            "unit": line.unit,
            "amount_cents": line.amount_cents - off.get(line.line, 0),
        }
        for line in basket.lines
    ]


def _uses(
    redemption_id: str, found: _Found, settlement: Settlement, now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The redemption lines, and the ledger's entries for them, as rows."""
    list_ids = {code: presented.id for code, presented in found.lists.items()}
    by_key = {(line.list_id, line.line): line for line in found.lines}
    funded: list[FundedDiscount] = []
    postings: list[Posting | BudgetPosting] = []
    rows = []
    for applied in settlement.applied:
        list_id = list_ids[applied.list_code]
        line = by_key[list_id, applied.list_line]
        parts = fund(
            [
                discount
                for discount in settlement.discounts
                if (discount.list_code, discount.list_line)
                == (applied.list_code, applied.list_line)
            ],
            uses=applied.uses,
            funding=Funding(line.supplier_id, line.funding_share * 100),
        )
        supplier_cents = sum(sum(part.supplier_cents) for part in parts)
        funded.extend(parts)
        postings.extend(
            used(
                line.offer_id,
                reserved_cents=line.reserved_cents * applied.uses,
                spent_cents=supplier_cents + line.handling_fee_cents * applied.uses,
            )
        )
        rows.append(
            {
                "redemption_id": redemption_id,
                "list_id": list_id,
                "list_line": applied.list_line,
                "use_number": line.last_use + 1,
                "uses": applied.uses,
                "live": True,
                "offer_id": applied.offer_id,
                "units": sum(part.units for part in parts),
                "amount_cents": applied.amount_cents,
                "supplier_cents": supplier_cents,
                "retailer_cents": applied.amount_cents - supplier_cents,
                "parts": json.dumps(
                    [[part.line, part.supplier_cents, part.retailer_cents] for part in parts],
                    separators=(",", ":"),
                ),
            }
        )
    postings.extend(redemption_entry(funded).postings)
    entries = [
        {
            "posting": redemption_id,
            "kind": EntryKind.REDEMPTION,
            "account": posting.account,
            "offer_id": posting.offer_id,
            "amount_cents": posting.amount_cents,
            "posted_at": now,
        }
        for posting in postings
    ]
    return rows, entries


def _answer(redemption_id: str | None, status: str, found: _Found, settlement: Settlement) -> str:
    """The wire answer as compact JSON, stored and sent byte for byte."""
    answer = {
        "redemption_id": redemption_id,
        "status": status,
        "discounts": [
            {
                "line": discount.line,
                "list_code": discount.list_code,
                "list_line": discount.list_line,
                "offer": discount.offer_id,
                "text": discount.text,
                "units": discount.units,
                "amount_cents": discount.amount_cents,
            }
            for discount in settlement.discounts
        ],
        "total_discount_cents": settlement.total_cents,
        "refused": [
            {
                "list_line": refusal.list_line,
                "offer": refusal.offer_id,
                "reason": refusal.reason,
                "detail": refusal.detail,
            }
            for refusal in (*found.refusals, *settlement.refusals)
        ],
        "next_list": {"status": "none" if found.household_id is None else "due"},
    }
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
