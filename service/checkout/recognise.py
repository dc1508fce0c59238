"""Whom and what the presented things lead to; the first one known decides on the household."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.checkout.basket import Presented, TillBasket
from service.digests import identity_digest
from service.engine import codes
from service.engine.redeem import BasketLine, OpenLine, Refusal, RefusalReason, parse_terms
from service.errors import InvalidInput, Problem
from service.settings import Settings
from service.store.tables.shopping_list import ListState
from service.store.till import Look, PresentedLine, PresentedList, Reference, Seen


@dataclass(frozen=True, slots=True)
class Shown:
    """What was presented, made ready to be looked up: by list code, and by digest."""

    codes: dict[str, Presented]
    digests: dict[str, Presented]
    unreadable: tuple[Presented, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The household, its lists by code, their offer lines, and what was refused at once."""

    household_id: int | None
    lists: dict[str, PresentedList]
    lines: Sequence[PresentedLine]
    refusals: Sequence[Refusal]


def read_shown(settings: Settings, presented: Sequence[Presented]) -> Shown:
    """Take apart what was presented; a code that does not read as one is never looked up."""
    by_code: dict[str, Presented] = {}
    digests: dict[str, Presented] = {}
    unreadable = []
    for shown in presented:
        if shown.kind != "list":
            digests[identity_digest(settings.secret_key, shown.kind, shown.value)] = shown
            continue
        try:
            by_code[str(codes.parse_list_code(shown.value))] = shown
        except InvalidInput:
            unreadable.append(shown)
    return Shown(by_code, digests, tuple(unreadable))


def look_for(basket: TillBasket, shown: Shown) -> Look:
    """What must be looked up for this basket."""
    return look(basket.reference, shown, gtins={line.gtin for line in basket.lines})


def look(reference: Reference, shown: Shown, *, gtins: set[int]) -> Look:
    """What must be looked up for these things presented."""
    return Look(
        reference=reference,
        codes=tuple(shown.codes),
        identities=tuple((each.kind, digest) for digest, each in shown.digests.items()),
        gtins=tuple(gtins),
    )


def require_store(seen: Seen) -> None:
    """Raises InvalidInput when nobody ever named the store."""
    if not seen.store_known:
        raise InvalidInput(
            "The store is not known.",
            [Problem("#/transaction/store", "no key or basket has named this store yet")],
        )


def recognise(presented: Sequence[Presented], shown: Shown, seen: Seen) -> Found:
    """The household of the first presented thing that is known, and what of it can be used."""
    lists = {each.code: each for each in seen.lists}
    by_presented = {
        **{each: lists[code].household_id for code, each in shown.codes.items() if code in lists},
        **{
            each: seen.households[digest]
            for digest, each in shown.digests.items()
            if digest in seen.households
        },
    }
    household_id = next((by_presented[each] for each in presented if each in by_presented), None)
    refusals = [_unidentified(each, known=False) for each in shown.unreadable]
    for each in (*shown.codes.values(), *shown.digests.values()):
        if household_id is None or by_presented.get(each) != household_id:
            refusals.append(_unidentified(each, known=each in by_presented))
    usable = {code: each for code, each in lists.items() if each.household_id == household_id}
    ids = {each.id for each in usable.values()}
    lines = [line for line in seen.lines if line.list_id in ids]
    return Found(household_id, usable, lines, refusals)


def _unidentified(shown: Presented, *, known: bool) -> Refusal:
    if known:
        reason = RefusalReason.HOUSEHOLD_MISMATCH
        detail = f"this {shown.kind} belongs to another household than what was presented first"
    else:
        reason = RefusalReason.UNKNOWN_CODE
        detail = f"this {shown.kind} is not known"
    return Refusal(list_code=None, list_line=None, offer_id=None, reason=reason, detail=detail)


def open_lines(lines: Sequence[BasketLine], found: Found, seen: Seen) -> list[OpenLine]:
    """The offer lines as the rules want them, with the basket lines that count for each."""
    if not found.lines:
        return []
    by_id = {each.id: each for each in found.lists.values()}
    numbers: dict[int, list[int]] = {}
    for bought in lines:
        numbers.setdefault(bought.gtin, []).append(bought.line)
    products: dict[int, list[tuple[int, int]]] = {}
    for offer_id, set_number, gtin in seen.products:
        products.setdefault(offer_id, []).append((set_number, gtin))
    result = []
    for line in found.lines:
        presented = by_id[line.list_id]
        terms = parse_terms(line.terms)
        sets: list[set[int]] = [set() for _ in terms.condition.needs]
        for set_number, gtin in products.get(line.offer_id, ()):
            sets[set_number].update(numbers[gtin])
        result.append(
            OpenLine(
                list_code=presented.code,
                list_line=line.line,
                offer_id=line.offer_id,
                terms=terms,
                text=line.text,
                eligible=tuple([frozenset(members) for members in sets]),
                uses_left=line.uses - line.used,
                limit=line.uses,
                valid_from=presented.valid_from,
                valid_to=presented.valid_to,
                voided=presented.state == ListState.VOIDED,
                stopped=line.stopped_at is not None,
            )
        )
    return result
