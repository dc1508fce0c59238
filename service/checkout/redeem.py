"""Quote and redeem: what a basket gets for what a household presents, once and for ever."""

import uuid
from datetime import UTC, datetime

from service.checkout import answer
from service.checkout.effect import (
    Funded,
    bought_rows,
    fund_discounts,
    refusal_rows,
    use_rows,
)
from service.checkout.guessing import Tally
from service.checkout.heavy import is_long
from service.checkout.recognise import Found, look_for, recognise
from service.checkout.sales import TillBasket
from service.engine.redeem import Settlement, is_heavy, settle_basket
from service.errors import Busy, Conflict, InvalidInput, Problem
from service.settings import Settings
from service.store.session import Database
from service.store.tables.redemption import RedemptionState
from service.store.till import Aside, Effect, Look, Prior, RedemptionRow, Seen, Steps, gate

# Tills that collide look again and find the other's use; more collisions than this are no chance.
_ATTEMPTS = 10


def quote(database: Database, settings: Settings, basket: TillBasket) -> str:
    """The answer `redeem` would give now, as JSON; nothing is written."""
    return gate.run(database, quoting(settings, basket), write=False)


def redeem(database: Database, settings: Settings, basket: TillBasket) -> str:
    """Redeem what was presented, write the basket into history, mark the household due.

    All of it is one transaction, the answer (JSON) included: the same reference and body get the
    stored answer again. Raises InvalidInput when the reference was used for another body, or the
    store is unknown, Conflict when the transaction was voided, and Busy when every attempt lost a
    race against other tills.
    """
    return gate.run(database, redeeming(settings, basket), write=True)


def quoting(settings: Settings, basket: TillBasket) -> Steps:
    """The steps of `quote`."""
    tally = Tally.of_basket(settings, basket)
    look = look_for(settings, basket, watch=tally.watch)
    seen = yield look
    assert isinstance(seen, Seen)
    tally.require_patience(seen)
    if is_long(lines=len(basket.lines), offers=len(seen.lines)):
        yield Aside()
    found = _recognise(basket, look, seen)
    yield from tally.charge(found.unknown)
    if is_heavy(basket.lines, found.lines):
        yield Aside()
    return _answer(None, "quoted", basket, found, *_settle(basket, found))


def redeeming(settings: Settings, basket: TillBasket) -> Steps:
    """The steps of `redeem`: one look and one write unless it loses a race.

    What is not known is counted between them, once.
    """
    tally = Tally.of_basket(settings, basket)
    look = look_for(settings, basket, watch=tally.watch)
    for attempt in range(_ATTEMPTS):
        seen = yield look
        assert isinstance(seen, Seen)
        if seen.prior is not None:
            return stored_answer(seen.prior, basket)
        if is_long(lines=len(basket.lines), offers=len(seen.lines)):
            yield Aside()
        found = _recognise(basket, look, seen)
        if not attempt:
            yield from tally.admit(basket, seen, found.unknown)
        if is_heavy(basket.lines, found.lines):
            yield Aside()
        effect = _effect(settings, basket, found, *_settle(basket, found))
        if (yield effect):
            return effect.redemption.answer
    raise Busy("Too many tills use this list at once; send the same request again.")


def stored_answer(prior: Prior, basket: TillBasket) -> str:
    """The answer given before; Conflict when it was voided, InvalidInput for another body."""
    if prior.state == RedemptionState.VOIDED:
        raise Conflict(
            "This transaction was voided.",
            [Problem("#/transaction", "a voided sale stays void", "a new sale needs a new number")],
        )
    if not basket.digest.is_of(prior.digest):
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


def _recognise(basket: TillBasket, look: Look, seen: Seen) -> Found:
    return recognise(
        basket.presented, look, seen, bought=basket.lines, unnamed_cents=basket.unnamed_cents
    )


def _settle(basket: TillBasket, found: Found) -> tuple[Settlement, Funded]:
    settlement = settle_basket(basket.lines, found.lines, on=basket.reference.business_date)
    return settlement, fund_discounts(found, settlement)


def _effect(
    settings: Settings, basket: TillBasket, found: Found, settlement: Settlement, funded: Funded
) -> Effect:
    redemption_id = uuid.uuid4().hex
    status = RedemptionState.REDEEMED if basket.presented else RedemptionState.RECORDED
    over_all = settings.return_spread == "over_all"
    uses = use_rows(found, settlement, funded, over_all=over_all)
    return Effect(
        redemption=RedemptionRow(
            redemption_id,
            *basket.reference,
            digest=basket.digest.text,
            state=str(status),
            household_id=found.household_id,
            total_discount_cents=settlement.total_cents,
            answer=_answer(redemption_id, status, basket, found, settlement, funded),
            redeemed_at=datetime.now(UTC),
            key_id=basket.key_id,
            sent_at=basket.sent_at,
        ),
        purchased_at=basket.at,
        bought=bought_rows(basket, uses.taken),
        held=uses.held,
        uses=uses.rows,
        refusals=refusal_rows((*found.refusals, *settlement.refusals)),
        entries=uses.entries,
        moved=found.moved,
    )


def _answer(
    redemption_id: str | None,
    status: str,
    basket: TillBasket,
    found: Found,
    settlement: Settlement,
    funded: Funded,
) -> str:
    # Both are in the order of list and line.
    parts = [part for each in funded.values() for part in each]
    return answer.sale(
        redemption_id,
        status,
        discounts=zip(settlement.discounts, map(answer.borne, parts), strict=True),
        total_cents=settlement.total_cents,
        applied=settlement.applied,
        refusals=(*found.refusals, *settlement.refusals),
        household_id=found.household_id,
        drafts=found.drafts,
        clock_skew=basket.clock_skew,
    )
