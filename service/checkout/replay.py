"""Replay: what was honoured offline already happened, so it is taken as it was.

A discount that would have been refused is kept as a dispute with who bears it, and holds no use of
its list line. The first copy of a transaction to arrive counts, whatever the order.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from service.checkout import answer
from service.checkout.basket import Honoured, TillBasket
from service.checkout.effect import Use, held_lists, lines_as_paid, rows_of
from service.checkout.recognise import Found, Shown, look_for, read_shown, recognise, require_store
from service.checkout.redeem import stored_answer
from service.engine.money import spread
from service.engine.redeem import Covers, Terms, parse_terms
from service.engine.redeem.outcome import RefusalReason
from service.engine.redeem.terms import BuyGet, FixedPrice, FreeItem, PercentOff
from service.engine.settle import Liability
from service.errors import Conflict
from service.settings import Settings
from service.store.session import Database
from service.store.tables.redemption import RedemptionState, TillVerb
from service.store.tables.shopping_list import ListState
from service.store.tables.types import epoch_micros
from service.store.till import (
    Dispute,
    Effect,
    PresentedLine,
    PresentedList,
    Prior,
    Seen,
    Steps,
    changes,
    gate,
)

OTHER_ANSWER = "other_answer"
"""Why a dispute stands: the service had answered otherwise, and the till did not hear it."""

_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Offline:
    """A basket sold while the service could not be asked, and what the till gave on it."""

    basket: TillBasket
    honoured: tuple[Honoured, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """What the till gave for one list line on one basket line."""

    list_code: str
    list_line: int
    offer_id: int
    line: int
    unit_cents: tuple[int, ...]


def replay(database: Database, settings: Settings, offline: Offline) -> str:
    """Take one offline sale; JSON of `status`, `conflicts` and the stored `answer`.

    `accepted` the first time, `duplicate` after that, `voided` when it was voided meanwhile.
    Raises InvalidInput when the reference was used for another basket, or the store is unknown.
    """
    told = json.loads(gate.run(database, replaying(settings, offline), write=True))
    if told.pop("differs", False):
        told["conflicts"] = [_note_difference(database, told["answer"], offline)]
    return answer.compact(told)


def replaying(settings: Settings, offline: Offline) -> Steps:
    """The steps of `replay`."""
    basket = offline.basket
    shown = read_shown(settings, basket.presented)
    asked = look_for(basket, shown)
    # The lists that discounts name are looked up as well, even if they were not presented.
    named = dict.fromkeys((*asked.codes, *(each.list_code for each in offline.honoured)))
    asked = replace(asked, codes=tuple(named))
    for _ in range(_ATTEMPTS):
        seen = yield asked
        assert isinstance(seen, Seen)
        if seen.prior is not None:
            return _again(seen.prior, offline)
        require_store(seen)
        effect, told = _effect(settings, offline, shown, seen)
        if (yield effect):
            return told
    raise Conflict("Too many tills use this list at once; send the same request again.")


def _again(prior: Prior, offline: Offline) -> str:
    if prior.state == RedemptionState.VOIDED:
        return answer.compact({"status": "voided", "conflicts": [], "answer": None})
    stored = json.loads(stored_answer(prior, offline.basket))
    given = sorted((h.line, h.list_code, h.list_line, h.amount_cents) for h in offline.honoured)
    answered = sorted(
        (d["line"], d["list_code"], d["list_line"], d["amount_cents"]) for d in stored["discounts"]
    )
    told = {"status": "duplicate", "conflicts": [], "answer": stored}
    return answer.compact(told if given == answered else {"differs": True, **told})


def _note_difference(
    database: Database, stored: dict[str, Any], offline: Offline
) -> dict[str, Any]:
    """The till gave something else than the service had answered: noted once, both kept."""
    dispute = Dispute(
        list_id=None,
        list_line=None,
        offer_id=None,
        reason=OTHER_ANSWER,
        amount_cents=sum(h.amount_cents for h in offline.honoured) - stored["total_discount_cents"],
        borne_by=Liability.RETAILER,
    )
    now = datetime.now(UTC)
    with database.write() as session:
        if changes.add_dispute_once(session, stored["redemption_id"], dispute, at=now):
            changes.add_event(
                session,
                stored["redemption_id"],
                TillVerb.REPLAY,
                key_id=offline.basket.key_id,
                detail=answer.compact({"total_discount_cents": dispute.amount_cents}),
                at=now,
            )
    return _conflict(dispute, None)


def _effect(settings: Settings, offline: Offline, shown: Shown, seen: Seen) -> tuple[Effect, str]:
    basket = offline.basket
    liability = Liability(settings.offline_liability)
    found = recognise(basket.presented, shown, seen)
    household_id = found.household_id or _household_of_honoured(offline, seen)
    uses, disputes, conflicts = _judge(offline, seen, household_id, liability)
    redemption_id = uuid.uuid4().hex
    rows, entries = rows_of(uses, liability=liability)
    is_plain = not basket.presented and not offline.honoured
    status = RedemptionState.RECORDED if is_plain else RedemptionState.REDEEMED
    total = sum(h.amount_cents for h in offline.honoured)
    text = _answer(redemption_id, status, found, offline, seen, household_id)
    effect = Effect(
        redemption_id=redemption_id,
        reference=basket.reference,
        household_id=household_id,
        purchased_at=basket.at,
        digest=basket.digest,
        state=str(status),
        total_discount_cents=total,
        answer=text,
        now=datetime.now(UTC),
        key_id=basket.key_id,
        held=held_lists(uses),
        basket_lines=lines_as_paid(basket, offline.honoured),
        uses=rows,
        refusals=[
            (each.list_line, each.offer_id, str(each.reason), each.detail)
            for each in found.refusals
        ],
        entries=entries,
        disputes=tuple(disputes),
        verb=TillVerb.REPLAY,
    )
    told = {"status": "accepted", "conflicts": conflicts, "answer": json.loads(text)}
    return effect, answer.compact(told)


def _household_of_honoured(offline: Offline, seen: Seen) -> int | None:
    by_code = {each.code: each.household_id for each in seen.lists}
    return next((by_code[h.list_code] for h in offline.honoured if h.list_code in by_code), None)


def _judge(
    offline: Offline, seen: Seen, household_id: int | None, liability: Liability
) -> tuple[list[Use], list[Dispute], list[dict[str, Any]]]:
    """What was honoured as uses, and which of it the service would have refused."""
    lists = {each.code: each for each in seen.lists}
    lines = {(line.list_id, line.line): line for line in seen.lines}
    by_line: dict[tuple[str, int], list[Honoured]] = defaultdict(list)
    for each in offline.honoured:
        by_line[each.list_code, each.list_line].append(each)
    uses, disputes, conflicts = [], [], []
    for (code, list_line), given in sorted(by_line.items()):
        presented = lists.get(code)
        line = lines.get((presented.id, list_line)) if presented else None
        cents = sum(each.amount_cents for each in given)
        if presented is None or line is None:
            reason: RefusalReason | None = RefusalReason.UNKNOWN_CODE
            dispute = Dispute(None, None, None, RefusalReason.UNKNOWN_CODE, cents, "retailer")
        else:
            reason, made = _use(presented, line, given, household_id, offline.basket)
            uses.append(made)
            dispute = Dispute(
                presented.id, list_line, line.offer_id, str(reason), cents, str(liability)
            )
        if reason is not None:
            disputes.append(dispute)
            conflicts.append(_conflict(dispute, code))
    return uses, disputes, conflicts


def _use(
    presented: PresentedList,
    line: PresentedLine,
    given: Sequence[Honoured],
    household_id: int | None,
    basket: TillBasket,
) -> tuple[RefusalReason | None, Use]:
    made = uses_made(parse_terms(line.terms), given)
    reason = _standing(presented, line, made, household_id, basket)
    left = line.uses - line.used
    # What is left of a line is used up all the same, unless nobody can ever use it.
    usable = reason in (
        None,
        RefusalReason.LIMIT_REACHED,
        RefusalReason.OFFER_STOPPED,
        RefusalReason.NOT_YET_VALID,
    )
    is_live = usable and left > 0
    discounts = [
        _Given(
            presented.code,
            line.line,
            line.offer_id,
            each.line,
            tuple(spread(each.amount_cents, [1] * each.units)),
        )
        for each in given
    ]
    return reason, Use(
        presented,
        line,
        min(made, left) if is_live else made,
        discounts,
        disputed=reason is not None,
        live=is_live,
    )


def _standing(
    presented: PresentedList,
    line: PresentedLine,
    made: int,
    household_id: int | None,
    basket: TillBasket,
) -> RefusalReason | None:
    """Why the service would have refused these uses; in the order of docs/refusals.md.

    A deal that was stopped after the sale was still good when it was made.
    """
    on = basket.reference.business_date
    if presented.household_id != household_id:
        return RefusalReason.HOUSEHOLD_MISMATCH
    if presented.state == ListState.VOIDED:
        return RefusalReason.VOIDED
    if made > line.uses - line.used:
        single = line.uses == 1 and line.used
        return RefusalReason.ALREADY_REDEEMED if single else RefusalReason.LIMIT_REACHED
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
    benefit = terms.benefit
    covers_all = isinstance(benefit, PercentOff | FixedPrice) and benefit.covers is Covers.ALL
    if covers_all or terms.condition.minimum_spend_cents or any(terms.weights):
        return 1
    if isinstance(benefit, BuyGet):
        per_use = benefit.get
    else:
        per_use = 1 if isinstance(benefit, FreeItem) else sum(terms.pieces)
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


def _conflict(dispute: Dispute, code: str | None) -> dict[str, Any]:
    return {
        "list_code": code,
        "list_line": dispute.list_line,
        "offer": dispute.offer_id,
        "reason": dispute.reason,
        "amount_cents": dispute.amount_cents,
        "borne_by": dispute.borne_by,
    }
