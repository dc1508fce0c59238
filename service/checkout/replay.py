"""Replay: what was honoured offline already happened, so it is taken as it was.

Every discount becomes a claim on its list line, and the line is settled anew: what the sale holds
of it and what is in dispute follows from all the sales there are, in whatever order they are heard
of.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from service.checkout import answer
from service.checkout.basket import Honoured, TillBasket
from service.checkout.effect import lines_as_paid
from service.checkout.recognise import Found, look_for, read_shown, recognise, require_store
from service.checkout.redeem import stored_answer
from service.checkout.resettle import Cause, resettle
from service.engine.money import spread
from service.engine.redeem import Terms, parse_terms
from service.engine.redeem.outcome import RefusalReason
from service.engine.settle import Liability
from service.settings import Settings
from service.store.session import Database
from service.store.tables.redemption import RedemptionLine, RedemptionState, TillVerb
from service.store.tables.shopping_list import ListState
from service.store.tables.types import epoch_micros
from service.store.till import (
    Dispute,
    Effect,
    PresentedLine,
    PresentedList,
    Prior,
    Seen,
    changes,
    claims,
    within,
)

OTHER_ANSWER = "other_answer"
"""Why a dispute stands: the service had answered otherwise, and the till did not hear it."""

_BUSY = "Too many tills use this list at once; send the same sale again."


@dataclass(frozen=True, slots=True)
class Offline:
    """A basket sold while the service could not be asked, and what the till gave on it."""

    basket: TillBasket
    honoured: tuple[Honoured, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """What the till gave for one list line; `presented` and `line` are None when nobody knows it.

    Its order is that of the conflicts in the answer.
    """

    code: str
    list_line: int
    given: tuple[Honoured, ...]
    presented: PresentedList | None
    line: PresentedLine | None

    @property
    def amount_cents(self) -> int:
        return sum(each.amount_cents for each in self.given)


def replay(database: Database, settings: Settings, offline: Offline) -> str:
    """Take one offline sale; JSON of `status`, `conflicts` and the stored `answer`.

    `accepted` the first time, `duplicate` after that, `voided` when it was voided meanwhile; the
    conflicts are those that stand now. Raises InvalidInput when the reference was used for another
    basket, or the store is unknown, and Busy when other tills never stop coming between.
    """
    return database.settle(lambda session: take(session, settings, offline), busy=_BUSY)


def take(session: Session, settings: Settings, offline: Offline) -> str:
    """`replay` within a unit of work."""
    basket = offline.basket
    shown = read_shown(settings, basket.presented)
    asked = look_for(basket, shown)
    # The lists that discounts name are looked up as well, even if they were not presented.
    named = dict.fromkeys(each.list_code for each in offline.honoured)
    claims.hold_lists(session, named)
    seen = within.look(
        session, replace(asked, codes=tuple({**dict.fromkeys(asked.codes), **named}))
    )
    lines = _lines(offline, seen)
    if seen.prior is not None:
        return _again(session, seen.prior, offline, lines)
    require_store(seen)
    found = recognise(basket.presented, shown, seen)
    household_id = found.household_id or _household_of_honoured(offline, seen)
    effect = _effect(offline, found, seen, household_id)
    within.write(session, effect)
    liability = Liability(settings.offline_liability)
    for each in lines:
        _claim(session, effect, each, basket, household_id, liability)
    cause = Cause(effect.redemption_id, basket.key_id, effect.now, is_new=True)
    keys = {(each.presented.id, each.list_line) for each in lines if each.presented and each.line}
    resettle(session, keys, cause=cause)
    changes.add_event(
        session,
        effect.redemption_id,
        TillVerb.REPLAY,
        key_id=basket.key_id,
        detail="{}",
        at=effect.now,
    )
    return _told(session, "accepted", effect.redemption_id, lines, json.loads(effect.answer))


def _again(session: Session, prior: Prior, offline: Offline, lines: Sequence[_Line]) -> str:
    if prior.state == RedemptionState.VOIDED:
        return answer.compact({"status": "voided", "conflicts": [], "answer": None})
    stored = json.loads(stored_answer(prior, offline.basket))
    given = sorted((h.line, h.list_code, h.list_line, h.amount_cents) for h in offline.honoured)
    answered = sorted(
        (d["line"], d["list_code"], d["list_line"], d["amount_cents"]) for d in stored["discounts"]
    )
    if given != answered:
        _note_difference(session, stored, offline)
        lines = ()
    return _told(session, "duplicate", prior.id, lines, stored)


def _note_difference(session: Session, stored: dict[str, Any], offline: Offline) -> None:
    """The till gave something else than the service had answered: noted once, both kept."""
    redemption_id = stored["redemption_id"]
    changes.locked_redemption(session, offline.basket.reference)
    if any(each.reason == OTHER_ANSWER for each, _ in claims.disputes_of(session, redemption_id)):
        return
    more = sum(h.amount_cents for h in offline.honoured) - stored["total_discount_cents"]
    now = datetime.now(UTC)
    dispute = Dispute(None, None, None, OTHER_ANSWER, more, Liability.RETAILER)
    claims.add_disputes(session, redemption_id, [dispute], at=now)
    changes.add_event(
        session,
        redemption_id,
        TillVerb.REPLAY,
        key_id=offline.basket.key_id,
        detail=answer.compact({"total_discount_cents": more}),
        at=now,
    )


def _told(
    session: Session,
    status: str,
    redemption_id: str,
    lines: Sequence[_Line],
    stored: dict[str, Any],
) -> str:
    """The answer to a replay, with the conflicts that stand, in order of list and line."""
    unknown = {RefusalReason.UNKNOWN_CODE}
    found = [
        _conflict(dispute, code)
        for dispute, code in claims.disputes_of(session, redemption_id)
        if dispute.reason not in unknown
    ]
    found += [_conflict(_unknown(each), each.code) for each in lines if each.line is None]
    found.sort(key=lambda each: (each["list_code"] or "", each["list_line"] or 0))
    return answer.compact({"status": status, "conflicts": found, "answer": stored})


def _lines(offline: Offline, seen: Seen) -> list[_Line]:
    lists = {each.code: each for each in seen.lists}
    lines = {(line.list_id, line.line): line for line in seen.lines}
    by_line: dict[tuple[str, int], list[Honoured]] = defaultdict(list)
    for each in offline.honoured:
        by_line[each.list_code, each.list_line].append(each)
    found = []
    for (code, list_line), given in sorted(by_line.items()):
        presented = lists.get(code)
        line = lines.get((presented.id, list_line)) if presented else None
        found.append(_Line(code, list_line, tuple(given), presented, line))
    return found


def _effect(offline: Offline, found: Found, seen: Seen, household_id: int | None) -> Effect:
    basket = offline.basket
    redemption_id = uuid.uuid4().hex
    is_plain = not basket.presented and not offline.honoured
    status = RedemptionState.RECORDED if is_plain else RedemptionState.REDEEMED
    return Effect(
        redemption_id=redemption_id,
        reference=basket.reference,
        household_id=household_id,
        purchased_at=basket.at,
        digest=basket.digest,
        state=str(status),
        total_discount_cents=sum(h.amount_cents for h in offline.honoured),
        answer=_answer(redemption_id, status, found, offline, seen, household_id),
        now=datetime.now(UTC),
        key_id=basket.key_id,
        held=(),
        basket_lines=lines_as_paid(basket, offline.honoured),
        uses=[],
        refusals=[
            (each.list_line, each.offer_id, str(each.reason), each.detail)
            for each in found.refusals
        ],
        entries=[],
    )


def _household_of_honoured(offline: Offline, seen: Seen) -> int | None:
    by_code = {each.code: each.household_id for each in seen.lists}
    return next((by_code[h.list_code] for h in offline.honoured if h.list_code in by_code), None)


def _claim(
    session: Session,
    effect: Effect,
    each: _Line,
    basket: TillBasket,
    household_id: int | None,
    liability: Liability,
) -> None:
    """Put what was given into the books: a claim that holds nothing yet, or a dispute at once."""
    if each.presented is None or each.line is None:
        claims.add_disputes(session, effect.redemption_id, [_unknown(each)], at=effect.now)
        return
    made = uses_made(parse_terms(each.line.terms), each.given)
    reason = _refused(each.presented, each.line, household_id, basket)
    units = [(part.line, spread(part.amount_cents, [1] * part.units)) for part in each.given]
    row = RedemptionLine(
        redemption_id=effect.redemption_id,
        list_id=each.presented.id,
        list_line=each.list_line,
        use_number=0,
        uses=made,
        live=False,
        offer_id=each.line.offer_id,
        units=sum(part.units for part in each.given),
        amount_cents=each.amount_cents,
        supplier_cents=0,
        retailer_cents=each.amount_cents,
        reserved_cents=0,
        parts=answer.compact([[line, [0] * len(cents), cents] for line, cents in units]),
    )
    claims.add(
        session,
        row,
        made=made,
        reason=None if reason is None else str(reason),
        borne_by=str(liability),
    )


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
    told = [each.uses for each in given if each.uses is not None]
    if told:
        return max(told)
    per_use = terms.benefit.units_per_use(sum(terms.requires.pieces))
    if per_use is None or terms.condition.minimum_spend_cents or terms.requires.weighed:
        return 1
    return -(-sum(each.units for each in given) // max(per_use, 1)) or 1


def _answer(
    redemption_id: str,
    status: str,
    found: Found,
    offline: Offline,
    seen: Seen,
    household_id: int | None,
) -> str:
    codes = {each.id: each.code for each in seen.lists}
    known = {(codes[line.list_id], line.line): line for line in seen.lines}
    discounts = []
    for each in offline.honoured:
        line = known.get((each.list_code, each.list_line))
        discounts.append(
            {
                "line": each.line,
                "list_code": each.list_code,
                "list_line": each.list_line,
                "offer": line.offer_id if line else None,
                "text": line.text if line else "",
                "units": each.units,
                "amount_cents": each.amount_cents,
            }
        )
    return answer.compact(
        {
            "redemption_id": redemption_id,
            "status": status,
            "discounts": discounts,
            "total_discount_cents": sum(each.amount_cents for each in offline.honoured),
            "refused": answer.refused(found.refusals),
            "next_list": {"status": "none" if household_id is None else "due"},
        }
    )


def _unknown(each: _Line) -> Dispute:
    return Dispute(
        None, None, None, str(RefusalReason.UNKNOWN_CODE), each.amount_cents, Liability.RETAILER
    )


def _conflict(dispute: Dispute, code: str | None) -> dict[str, Any]:
    return {
        "list_code": code,
        "list_line": dispute.list_line,
        "offer": dispute.offer_id,
        "reason": dispute.reason,
        "amount_cents": dispute.amount_cents,
        "borne_by": dispute.borne_by,
    }
