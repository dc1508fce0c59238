"""Quote and redeem: what a basket gets for what a household presents, once and for ever."""

import uuid
from datetime import UTC, datetime

from service.checkout import answer
from service.checkout.basket import TillBasket
from service.checkout.effect import held_lists, lines_as_paid, rows_of, uses_of
from service.checkout.recognise import (
    Found,
    look_for,
    open_lines,
    read_shown,
    recognise,
    require_store,
)
from service.engine.redeem import Settlement, settle_basket
from service.errors import Busy, Conflict, InvalidInput, Problem
from service.settings import Settings
from service.store.session import Database
from service.store.tables.redemption import RedemptionState
from service.store.till import Effect, Prior, Seen, Steps, gate

# Tills that collide look again and find the other's use; more collisions than this are no chance.
_ATTEMPTS = 10


def quote(database: Database, settings: Settings, basket: TillBasket) -> str:
    """The answer `redeem` would give now, as JSON; nothing is written."""
    return gate.run(database, quoting(settings, basket), write=False)


def redeem(database: Database, settings: Settings, basket: TillBasket) -> str:
    """Redeem what was presented, write the basket into history, mark the household due.

    All of it is one transaction, the answer (JSON) included: the same reference and body get the
    stored answer again. Raises InvalidInput when the reference was used for another body, or the
    store is unknown, Conflict when the transaction was voided, and Busy when other tills never stop
    coming between.
    """
    return gate.run(database, redeeming(settings, basket), write=True)


def quoting(settings: Settings, basket: TillBasket) -> Steps:
    """The steps of `quote`."""
    shown = read_shown(settings, basket.presented)
    seen = yield look_for(basket, shown)
    assert isinstance(seen, Seen)
    require_store(seen)
    found = recognise(basket.presented, shown, seen)
    settlement = _settle(basket, found, seen)
    return answer.settled(None, "quoted", found, settlement)


def redeeming(settings: Settings, basket: TillBasket) -> Steps:
    """The steps of `redeem`: one look and one write unless another till comes between."""
    shown = read_shown(settings, basket.presented)
    look = look_for(basket, shown)
    for _ in range(_ATTEMPTS):
        seen = yield look
        assert isinstance(seen, Seen)
        if seen.prior is not None:
            return stored_answer(seen.prior, basket)
        require_store(seen)
        found = recognise(basket.presented, shown, seen)
        settlement = _settle(basket, found, seen)
        effect = _effect(basket, found, settlement)
        if (yield effect):
            return effect.answer
    raise Busy("Too many tills use this list at once; send the same request again.")


def stored_answer(prior: Prior, basket: TillBasket) -> str:
    """The answer given before; Conflict when it was voided, InvalidInput for another body."""
    if prior.state == RedemptionState.VOIDED:
        raise Conflict(
            "This transaction was voided.",
            [Problem("#/transaction", "a voided sale stays void", "a new sale needs a new number")],
        )
    if prior.digest != basket.digest:
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
    return prior.answer


def _settle(basket: TillBasket, found: Found, seen: Seen) -> Settlement:
    on = basket.reference.business_date
    return settle_basket(basket.lines, open_lines(basket.lines, found, seen), on=on)


def _effect(basket: TillBasket, found: Found, settlement: Settlement) -> Effect:
    redemption_id = uuid.uuid4().hex
    status = RedemptionState.REDEEMED if basket.presented else RedemptionState.RECORDED
    used = uses_of(found, settlement)
    uses, entries = rows_of(used)
    return Effect(
        redemption_id=redemption_id,
        reference=basket.reference,
        household_id=found.household_id,
        purchased_at=basket.at,
        digest=basket.digest,
        state=str(status),
        total_discount_cents=settlement.total_cents,
        answer=answer.settled(redemption_id, status, found, settlement),
        now=datetime.now(UTC),
        key_id=basket.key_id,
        held=held_lists(used),
        basket_lines=lines_as_paid(basket, settlement.discounts),
        uses=uses,
        refusals=[
            (each.list_line, each.offer_id, str(each.reason), each.detail)
            for each in (*found.refusals, *settlement.refusals)
        ],
        entries=entries,
    )
