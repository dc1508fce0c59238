"""Whom and what the presented things lead to; the first one known decides on the household."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.checkout.sales import TillBasket
from service.checkout.unnamed_goods import with_spent
from service.digests import key_mark
from service.engine import codes
from service.engine.redeem import BasketLine, OpenLine, Refusal, RefusalReason, Shown, parse_terms
from service.errors import Conflict, InvalidInput, Problem
from service.settings import Settings
from service.store.identities import known_as
from service.store.tables.redemption import Redemption, RedemptionState
from service.store.tables.shopping_list import ListState
from service.store.till import (
    NOBODY,
    DraftLine,
    Identity,
    Look,
    MovedIdentity,
    NamedProduct,
    Presented,
    PresentedLine,
    PresentedList,
    Reference,
    Seen,
    Watch,
)

_NO_LINES: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """The household, its lists by code, its offer lines, and what was refused at once.

    `lines` are as the rules want them; `presented` are the same by list and line, as stored.
    `unknown` is what was presented and is not known, each value once however it was written.
    `drafts` are what is left of the drafts of everybody presented.
    """

    household_id: int | None
    lists: dict[str, PresentedList]
    presented: dict[tuple[int, int], PresentedLine]
    lines: list[OpenLine]
    refusals: list[Refusal]
    unknown: list[str]
    drafts: Sequence[DraftLine]
    moved: tuple[MovedIdentity, ...] = ()


def look_for(settings: Settings, basket: TillBasket, *, watch: Watch = NOBODY) -> Look:
    """What must be looked up for this basket."""
    gtins = frozenset([line.gtin for line in basket.lines if line.gtin])
    bought = frozenset(
        [line.gtin for line in basket.lines if line.gtin and line.quantity_milli > 0]
    )
    return look(
        settings, basket.reference, basket.presented, gtins=gtins, bought=bought, watch=watch
    )


def look(
    settings: Settings,
    reference: Reference,
    presented: Iterable[Presented],
    *,
    gtins: frozenset[int] = frozenset(),
    watch: Watch = NOBODY,
    bought: frozenset[int] = frozenset(),
) -> Look:
    """What must be looked up; a code that does not read as one is never looked up."""
    by_code: dict[str, Presented] = {}
    identities: dict[Identity, Presented] = {}
    moves: dict[Identity, MovedIdentity] = {}
    unreadable = []
    for shown in presented:
        if shown.kind != "list":
            _add_identity(settings, shown, identities, moves)
            continue
        try:
            by_code[str(codes.parse_list_code(shown.value))] = shown
        except InvalidInput:
            unreadable.append(shown)
    return Look(reference, by_code, identities, gtins, tuple(unreadable), watch, moves, bought)


def _add_identity(
    settings: Settings,
    shown: Presented,
    identities: dict[Identity, Presented],
    moves: dict[Identity, MovedIdentity],
) -> None:
    """Look up every form of a card or phone, unless it was shown before in another."""
    first, *others = known_as(
        settings.secret_key, shown.kind, shown.value, country=settings.country
    )
    identity = Identity(shown.kind, first.digest)
    if identity in identities:
        return
    identities[identity] = shown
    for other in others:
        older = Identity(shown.kind, other.digest)
        identities.setdefault(older, shown)
        if other.moves_to:
            mark = key_mark(settings.secret_key)
            moves[older] = MovedIdentity(shown.kind, other.digest, other.moves_to, mark)


def require_store(*, is_known: bool) -> None:
    """Raises InvalidInput when nobody ever named the store."""
    if not is_known:
        raise InvalidInput(
            "The store is not known.",
            [Problem("#/transaction/store", "no key or basket has named this store yet")],
        )


def require_goods(sale: Redemption) -> None:
    """Raises Conflict for a sale whose goods were removed, since they are kept for a time only."""
    if sale.basket_id is None and sale.state != RedemptionState.VOIDED:
        raise Conflict("What this sale had in it is kept no more; it cannot be undone here.")


def recognise(
    presented: Sequence[Presented],
    look: Look,
    seen: Seen,
    *,
    bought: Sequence[BasketLine] = (),
    unnamed_cents: int = 0,
) -> Found:
    """The household of the first presented thing that is known, and what of it can be used.

    `unnamed_cents` count towards the minimum spend of every offer.

    Raises InvalidInput when the store is not known.
    """
    require_store(is_known=seen.store_known)
    lists = {each.code: each for each in seen.lists}
    by_presented = {
        each: lists[code].household_id for code, each in look.codes.items() if code in lists
    }
    moved = []
    for identity, each in look.identities.items():
        # The first form that is known decides, and the one to be known by comes first.
        if each not in by_presented and identity.digest in seen.households:
            by_presented[each] = seen.households[identity.digest]
            if identity in look.moves:
                moved.append(look.moves[identity])
    household_id = next((by_presented[each] for each in presented if each in by_presented), None)
    shown_once = dict.fromkeys((*look.codes.values(), *look.identities.values()))
    refusals = [
        _unidentified(each, presented.index(each), is_known=each in by_presented)
        for each in (*look.unreadable, *shown_once)
        if household_id is None or by_presented.get(each) != household_id
    ]
    unknown = {each: each.value for each in look.unreadable}
    unknown |= {each: code for code, each in look.codes.items() if each not in by_presented}
    for identity, each in look.identities.items():
        if each not in by_presented:
            # One guess in all its forms, named by the first of them.
            unknown.setdefault(each, identity.digest)
    usable = {code: each for code, each in lists.items() if each.household_id == household_id}
    by_id = {each.id: each for each in usable.values()}
    lines = {(line.list_id, line.line): line for line in seen.lines if line.list_id in by_id}
    return Found(
        household_id,
        usable,
        lines,
        open_lines(bought, lines.values(), by_id, seen.products, unnamed_cents) if lines else [],
        refusals,
        [*unknown.values()],
        seen.drafts,
        tuple(moved),
    )


def _unidentified(shown: Presented, place: int, *, is_known: bool) -> Refusal:
    if is_known:
        reason = RefusalReason.HOUSEHOLD_MISMATCH
        detail = f"this {shown.kind} belongs to another household than what was presented first"
    else:
        reason = RefusalReason.UNKNOWN_CODE
        detail = f"this {shown.kind} is not known"
    which = Shown(shown.kind, place)
    return Refusal(None, None, None, reason=reason, detail=detail, presented=which)


def open_lines(
    bought: Sequence[BasketLine],
    lines: Iterable[PresentedLine],
    lists: dict[int, PresentedList],
    products: Iterable[NamedProduct],
    unnamed_cents: int,
) -> list[OpenLine]:
    """The offer lines as the rules want them, with the basket lines that count for each."""
    numbers: dict[int, list[int]] = {}
    for each in bought:
        numbers.setdefault(each.gtin, []).append(each.line)
    counting: dict[int, list[tuple[int, int]]] = {}
    excluding: dict[int, list[tuple[int, int]]] = {}
    for offer_id, set_number, gtin, excluded in products:
        named = excluding if excluded else counting
        named.setdefault(offer_id, []).append((set_number, gtin))
    sold = _sold(bought) if excluding else frozenset()
    result = []
    for line in lines:
        presented = lists[line.list_id]
        terms = parse_terms(line.terms)
        eligible = (_NO_LINES,) * len(terms.condition.needs)
        if goods := counting.get(line.offer_id):
            sets: list[set[int]] = [set() for _ in eligible]
            for set_number, gtin in goods:
                sets[set_number].update(numbers[gtin])
            eligible = tuple([frozenset(members) for members in sets])
        excluded_lines = _NO_LINES
        if goods := excluding.get(line.offer_id):
            excluded_lines = frozenset(
                [
                    number
                    for set_number, gtin in goods
                    if not eligible[set_number]
                    for number in numbers[gtin]
                    if number in sold
                ]
            )
        # The first nine by their places: named, all fifteen cost as much as all else here.
        open_line = OpenLine(
            presented.code,
            line.line,
            line.offer_id,
            terms,
            line.text,
            eligible,
            line.uses - line.used,
            presented.valid_from,
            presented.valid_to,
            limit=line.uses,
            voided=presented.state == ListState.VOIDED,
            excluded=excluded_lines,
            stopped=line.stopped_at is not None,
            deal_id=line.deal_id,
            deal_left=line.deal_limit - line.deal_used,
        )
        if unnamed_cents and terms.condition.minimum_spend_cents:
            open_line = with_spent(open_line, unnamed_cents, bought)
        result.append(open_line)
    return result


def _sold(bought: Iterable[BasketLine]) -> frozenset[int]:
    """The basket lines that offers see: not those of goods paid back."""
    return frozenset(
        [each.line for each in bought if each.quantity_milli > 0 and each.amount_cents > 0]
    )
