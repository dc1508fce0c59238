"""Replay: what was honoured offline already happened, so it is taken as it was.

Every discount becomes uses of its list line, and the line is settled again: what the sale holds of
it and what is in dispute follows from all the sales there are, in whatever order they arrive.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.checkout import answer
from service.checkout.believe import at_best, at_most_its_line, doubt
from service.checkout.effect import bought_rows, refusal_rows
from service.checkout.guessing import Tally
from service.checkout.recognise import Found, look_for, open_lines, recognise
from service.checkout.redeem import stored_answer
from service.checkout.resettle import Cause, resettle
from service.checkout.returned_units import moved
from service.checkout.sales import Honoured, TillBasket
from service.engine.clearing.standing import closed_month
from service.engine.money import spread
from service.engine.redeem import Applied, OpenLine, RefusalReason, Terms
from service.engine.settle import Liability, Split, take_back
from service.settings import Settings
from service.store.clearing.grace import grace_days
from service.store.session import Database
from service.store.tables.guess import GuessKind
from service.store.tables.redemption import RedemptionLine, RedemptionState, TillVerb
from service.store.tables.shopping_list import ListState
from service.store.tables.types import epoch_micros
from service.store.till import (
    NOBODY,
    Dispute,
    Effect,
    Presented,
    PresentedLine,
    PresentedList,
    Prior,
    RedemptionRow,
    Seen,
    changes,
    gate,
    in_session,
    offline,
    splits,
)

OTHER_ANSWER = "other_answer"
"""Why there is a dispute: the service had answered otherwise, and the till did not hear it."""

_BUSY = "Too many tills use this list at once; send the same sale again."


@dataclass(frozen=True, slots=True)
class Offline:
    """A basket sold while the service could not be reached, and what the till gave on it."""

    basket: TillBasket
    honoured: tuple[Honoured, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """What the till gave for one list line; all but that is None when nobody knows it.

    `believed` is of each what its basket line can bear.
    """

    code: str
    list_line: int
    given: tuple[Honoured, ...]
    believed: tuple[Honoured, ...]
    presented: PresentedList | None
    line: PresentedLine | None
    open_line: OpenLine | None

    @property
    def given_cents(self) -> int:
        return sum(each.amount_cents for each in self.given)

    @property
    def believed_cents(self) -> int:
        return sum(each.amount_cents for each in self.believed)


class _NotKnown(Exception):
    """Something presented or honoured is not known, and was not counted yet."""

    def __init__(self, values: Sequence[str]) -> None:
        super().__init__()
        self.values = values


def replay(database: Database, settings: Settings, sale: Offline) -> str:
    """Take one offline sale; JSON of `status`, `conflicts` and the stored `answer`.

    `accepted` the first time, `duplicate` after that, `voided` when it was voided meanwhile; the
    conflicts are those of now. Raises InvalidInput when the reference was used for another basket,
    or the store is unknown, and Busy when every attempt lost a race against other tills.
    """
    tally = Tally.of_lookup(
        settings,
        sale.basket.reference,
        key_id=sale.basket.key_id if sale.basket.presented or sale.honoured else None,
        kind=GuessKind.REPLAYED,
    )
    try:
        return database.settle(
            lambda session: take(session, settings, sale, tally=tally), busy=_BUSY
        )
    except _NotKnown as found:
        unknown = found.values
    # Counted before the sale is taken: what is refused was looked up all the same.
    if not gate.count(database, tally.guesses(unknown)):
        raise tally.throttled()
    return database.settle(lambda session: take(session, settings, sale), busy=_BUSY)


def take(session: Session, settings: Settings, sale: Offline, *, tally: Tally | None = None) -> str:
    """`replay` within a unit of work; with a tally only if all that is presented is known.

    Raises _NotKnown otherwise, and Throttled when the tally has to wait.
    """
    basket = sale.basket
    look = look_for(settings, basket, watch=NOBODY if tally is None else tally.watch)
    # The lists that discounts name are looked up as well, even if they were not presented.
    named = {each.list_code: Presented("list", each.list_code) for each in sale.honoured}
    offline.hold_lists(session, named)
    seen = in_session.look(session, replace(look, codes={**look.codes, **named}))
    believed = at_most_its_line(basket, sale.honoured)
    lines = _lines(sale, believed, seen)
    if seen.prior is not None:
        return _again(session, seen.prior, sale, lines, believed)
    if tally is not None:
        tally.require_patience(seen)
    found = recognise(
        basket.presented, look, seen, bought=basket.lines, unnamed_cents=basket.unnamed_cents
    )
    if tally is not None and (unknown := [*found.unknown, *_unknown_codes(lines)]):
        raise _NotKnown(unknown)
    household_id = found.household_id or _household_of_honoured(sale, seen)
    effect = _effect(sale, believed, found, household_id)
    redemption = effect.redemption
    in_session.write(session, effect)
    liability = Liability(settings.offline_liability)
    late = _late_offers(session, settings, lines, redemption)
    for each in lines:
        _write_uses(session, redemption, each, basket, liability, late)
    cause = Cause(redemption.id, basket.key_id, redemption.redeemed_at, is_new=True)
    keys = {(each.presented.id, each.list_line) for each in lines if each.presented and each.line}
    resettle(session, keys, cause=cause)
    changes.add_event(
        session,
        redemption.id,
        TillVerb.REPLAY,
        key_id=basket.key_id,
        detail=answer.compact({"beyond_grace": late} if late else {}),
        at=redemption.redeemed_at,
    )
    stored = _sale_answer(session, sale, redemption, lines, believed, found)
    changes.store_answer(session, redemption.id, stored)
    return _answer(session, "accepted", redemption.id, lines, json.loads(stored))


def _again(
    session: Session,
    prior: Prior,
    sale: Offline,
    lines: Sequence[_Line],
    believed: Sequence[Honoured],
) -> str:
    if prior.state == RedemptionState.VOIDED:
        return answer.replayed("voided", conflicts=[], answer=None)
    stored = json.loads(stored_answer(prior, sale.basket))
    given = sorted((h.line, h.list_code, h.list_line, h.amount_cents) for h in believed)
    answered = sorted(
        (d["line"], d["list_code"], d["list_line"], d["amount_cents"]) for d in stored["discounts"]
    )
    if given != answered:
        _note_difference(session, stored, sale)
        lines = ()
    return _answer(session, "duplicate", prior.id, lines, stored)


def _note_difference(session: Session, stored: dict[str, Any], sale: Offline) -> None:
    """The till gave something else than the service had answered: noted once, both kept."""
    redemption_id = stored["redemption_id"]
    changes.locked_redemption(session, sale.basket.reference)
    if any(each.reason == OTHER_ANSWER for each, _ in offline.disputes_of(session, redemption_id)):
        return
    more = sum(h.amount_cents for h in sale.honoured) - stored["total_discount_cents"]
    now = datetime.now(UTC)
    dispute = Dispute(None, None, None, OTHER_ANSWER, more, Liability.RETAILER)
    offline.add_disputes(session, redemption_id, [dispute], at=now)
    changes.add_event(
        session,
        redemption_id,
        TillVerb.REPLAY,
        key_id=sale.basket.key_id,
        detail=answer.compact({"total_discount_cents": more}),
        at=now,
    )


def _answer(
    session: Session,
    status: str,
    redemption_id: str,
    lines: Sequence[_Line],
    stored: dict[str, Any],
) -> str:
    """The answer to a replay, with the conflicts of now, in order of list and line."""
    found = [
        answer.conflict(dispute, code)
        for dispute, code in offline.disputes_of(session, redemption_id)
        if dispute.reason != RefusalReason.UNKNOWN_CODE
    ]
    found += [answer.conflict(_unknown(each), each.code) for each in lines if each.line is None]
    found.sort(key=lambda each: (each["list_code"] or "", each["list_line"] or 0))
    return answer.replayed(status, conflicts=found, answer=stored)


def _lines(sale: Offline, believed: Sequence[Honoured], seen: Seen) -> list[_Line]:
    """What was given by list line, in the order of the conflicts in the answer."""
    basket = sale.basket
    lists = {each.code: each for each in seen.lists}
    by_id = {each.id: each for each in seen.lists}
    lines = {(line.list_id, line.line): line for line in seen.lines}
    opened = {
        (each.list_code, each.list_line): each
        for each in open_lines(basket.lines, seen.lines, by_id, seen.products, basket.unnamed_cents)
    }
    by_line: dict[tuple[str, int], list[tuple[Honoured, Honoured]]] = defaultdict(list)
    for pair in zip(sale.honoured, believed, strict=True):
        by_line[pair[0].list_code, pair[0].list_line].append(pair)
    found = []
    for (code, list_line), pairs in sorted(by_line.items()):
        given, its = zip(*pairs, strict=True)
        presented = lists.get(code)
        line = lines.get((presented.id, list_line)) if presented else None
        opening = opened.get((code, list_line))
        found.append(_Line(code, list_line, given, its, presented, line, opening))
    return found


def _effect(
    sale: Offline, believed: Sequence[Honoured], found: Found, household_id: int | None
) -> Effect:
    """The sale without its answer, which follows from what it holds once it is settled."""
    basket = sale.basket
    is_plain = not basket.presented and not sale.honoured
    status = RedemptionState.RECORDED if is_plain else RedemptionState.REDEEMED
    return Effect(
        redemption=RedemptionRow(
            uuid.uuid4().hex,
            *basket.reference,
            digest=basket.digest.text,
            state=str(status),
            household_id=household_id,
            total_discount_cents=sum(each.amount_cents for each in believed),
            answer="",
            redeemed_at=datetime.now(UTC),
            key_id=basket.key_id,
            sent_at=basket.sent_at,
        ),
        purchased_at=basket.at,
        bought=bought_rows(basket, believed),
        refusals=refusal_rows(found.refusals),
        moved=found.moved,
    )


class _Discount(NamedTuple):
    """A discount that was given offline, as an answer has it."""

    line: int
    list_code: str
    list_line: int
    offer_id: int | None
    text: str
    units: int
    amount_cents: int


def _sale_answer(
    session: Session,
    sale: Offline,
    redemption: RedemptionRow,
    lines: Sequence[_Line],
    believed: Sequence[Honoured],
    found: Found,
) -> str:
    """The answer to the sale, with who bears what as it was settled now."""
    uses = changes.lines_of(session, redemption.id)
    # Points take the place of the discounts of nothing that the till sent for them.
    parts = {
        (use.list_code, use.list_line): iter([p for p in use.parts if not p.points]) for use in uses
    }
    by_line = {(each.code, each.list_line): each.line for each in lines}
    discounts = []
    for each in believed:
        key = (each.list_code, each.list_line)
        known = by_line[key]
        discount = _Discount(
            each.line,
            each.list_code,
            each.list_line,
            known.offer_id if known else None,
            known.text if known else "",
            each.units,
            each.amount_cents,
        )
        part = next(parts[key], None) if known else None
        share = answer.borne(part) if part else answer.Borne(0, each.amount_cents)
        discounts.append((discount, share))
    return answer.sale(
        redemption.id,
        redemption.state,
        discounts=discounts,
        total_cents=redemption.total_discount_cents,
        applied=moved(
            [(use, take_back(part, units=range(part.units))) for use in uses for part in use.parts],
            uses={use.id: use.uses for use in uses},
        ),
        refusals=found.refusals,
        household_id=redemption.household_id,
        drafts=found.drafts,
        clock_skew=sale.basket.clock_skew,
    )


def _household_of_honoured(sale: Offline, seen: Seen) -> int | None:
    by_code = {each.code: each.household_id for each in seen.lists}
    return next((by_code[h.list_code] for h in sale.honoured if h.list_code in by_code), None)


def _write_uses(
    session: Session,
    redemption: RedemptionRow,
    each: _Line,
    basket: TillBasket,
    liability: Liability,
    late: Collection[int],
) -> None:
    """Put what was given into the books: uses that hold nothing yet, or a dispute at once."""
    if each.presented is None or each.line is None:
        unknown = [_unknown(each)]
        offline.add_disputes(session, redemption.id, unknown, at=redemption.redeemed_at)
        return
    assert each.open_line is not None
    made = uses_made(each.open_line.terms, each.believed)
    reason: str | None = _refused(each.presented, each.line, redemption.household_id, basket)
    best = at_best(basket, each.open_line, made=made)
    doubted = doubt(basket, each.open_line, best, given=each.given, believed=each.believed)
    if doubted is not None:
        liability = Liability.RETAILER
    if doubted is not None and reason is None:
        reason = doubted
        # It is over when the sale is; how much was given is known here only.
        dispute = Dispute(
            each.presented.id,
            each.list_line,
            each.line.offer_id,
            str(doubted),
            each.given_cents,
            str(liability),
        )
        offline.add_disputes(session, redemption.id, [dispute], at=redemption.redeemed_at)
    row = RedemptionLine(
        redemption_id=redemption.id,
        list_id=each.presented.id,
        list_line=each.list_line,
        use_number=0,
        uses=made,
        live=False,
        offer_id=each.line.offer_id,
        household_id=each.presented.household_id,
        deal_id=each.line.deal_id,
        units=sum(part.units for part in each.believed),
        amount_cents=each.believed_cents,
        supplier_cents=0,
        retailer_cents=each.believed_cents,
        reserved_cents=0,
        parts=splits.encode(_parts(each, best)),
    )
    offline.add(
        session,
        row,
        made=made,
        reason=None if reason is None else str(reason),
        borne_by=str(liability),
        beyond_grace=each.line.offer_id in late,
    )


def _late_offers(
    session: Session, settings: Settings, lines: Sequence[_Line], redemption: RedemptionRow
) -> list[int]:
    """The offers of which the sale came in after the days of grace: nobody is asked for them.

    Each supplier's agreement of the day says how many days follow the month. What no agreement
    covers waits for one.
    """
    day = redemption.business_date
    today = redemption.redeemed_at.astimezone(ZoneInfo(settings.timezone)).date()
    offer_ids = {each.line.offer_id for each in lines if each.line is not None}
    if not offer_ids or day > closed_month(today, grace_days=0):
        return []
    grace = grace_days(session, offer_ids, on=day)
    return sorted(
        offer_id for offer_id, days in grace.items() if day <= closed_month(today, grace_days=days)
    )


def _parts(each: _Line, best: Applied | RefusalReason) -> list[Split]:
    """What was given unit by unit, borne by the retailer until it is settled."""
    if isinstance(best, Applied) and best.points and not each.believed_cents:
        return [
            Split(share.line, share.unit_cents, share.unit_cents, share.points)
            for share in best.shares
        ]
    return [_borne_by_retailer(part) for part in each.believed]


def _borne_by_retailer(part: Honoured) -> Split:
    cents = spread(part.amount_cents, [1] * part.units)
    return Split(part.line, (0,) * len(cents), tuple(cents))


def _refused(
    presented: PresentedList, line: PresentedLine, household_id: int | None, basket: TillBasket
) -> RefusalReason | None:
    """Why the service would have refused these uses whatever else was sold.

    A deal that was stopped after the sale was still good when it was made.
    """
    on = basket.reference.business_date
    if presented.household_id != household_id:
        return RefusalReason.HOUSEHOLD_MISMATCH
    if presented.state == ListState.VOIDED:
        return RefusalReason.VOIDED
    if line.stopped_at is not None and epoch_micros(basket.at) >= line.stopped_at:
        return RefusalReason.OFFER_STOPPED
    if on < presented.valid_from:
        return RefusalReason.NOT_YET_VALID
    if on > presented.valid_to:
        return RefusalReason.EXPIRED
    return None


def uses_made(terms: Terms, given: Sequence[Honoured]) -> int:
    """How many uses the till made: as it says, or the fewest that reach the units it gave."""
    said = [each.uses for each in given if each.uses is not None]
    if said:
        return max(said)
    per_use = terms.benefit.units_per_use(sum(terms.requires.pieces))
    if per_use is None or terms.condition.minimum_spend_cents or terms.requires.weighed:
        return 1
    return -(-sum(each.units for each in given) // max(per_use, 1)) or 1


def _unknown_codes(lines: Sequence[_Line]) -> list[str]:
    return [each.code for each in lines if each.presented is None]


def _unknown(each: _Line) -> Dispute:
    return Dispute(
        None, None, None, str(RefusalReason.UNKNOWN_CODE), each.given_cents, Liability.RETAILER
    )
