"""The one reason an open line is refused, checked in a fixed order."""

from datetime import date

from service.engine.redeem.contender import Contender, OpenLine
from service.engine.redeem.outcome import Refusal, RefusalReason


def refuse(open_line: OpenLine, reason: RefusalReason, detail: str) -> Refusal:
    """A refusal of this open line."""
    return Refusal(open_line.list_code, open_line.list_line, open_line.offer_id, reason, detail)


def refuse_unusable(open_line: OpenLine, on: date) -> Refusal | None:
    """Why the line cannot be used in any basket on that day, or None.

    In this order: withdrawn, used up itself, its deal used up, stopped, too early, too late.
    """
    if open_line.voided:
        return refuse(open_line, RefusalReason.VOIDED, "the list was withdrawn")
    if open_line.uses_left <= 0:
        if open_line.limit == 1:
            return refuse(open_line, RefusalReason.ALREADY_REDEEMED, "used on an earlier visit")
        detail = f"all {open_line.limit} uses were made"
        return refuse(open_line, RefusalReason.LIMIT_REACHED, detail)
    if open_line.usable <= 0:
        detail = "this household has used the deal as often as it may"
        return refuse(open_line, RefusalReason.LIMIT_REACHED, detail)
    if open_line.stopped:
        return refuse(open_line, RefusalReason.OFFER_STOPPED, "this offer was stopped")
    if on < open_line.valid_from:
        detail = f"valid from {open_line.valid_from.isoformat()}"
        return refuse(open_line, RefusalReason.NOT_YET_VALID, detail)
    if on > open_line.valid_to:
        detail = f"valid to {open_line.valid_to.isoformat()}"
        return refuse(open_line, RefusalReason.EXPIRED, detail)
    return None


def refuse_absent(open_line: OpenLine) -> Refusal:
    """The refusal of a line whose products are not in the basket, or only excluded ones."""
    if open_line.excluded:
        lines = ", ".join(map(str, sorted(open_line.excluded)))
        detail = f"basket line {lines} is excluded from this offer"
        return refuse(open_line, RefusalReason.EXCLUDED_PRODUCT, detail)
    detail = "none of its products is in the basket"
    return refuse(open_line, RefusalReason.NOT_IN_BASKET, detail)


def refuse_short(contender: Contender) -> Refusal:
    """The refusal of an offer that takes nothing off the whole basket, with what is missing.

    In this order: a product set without any product, too few of one, too little spent, nothing
    saved.
    """
    open_line = contender.open_line
    pieces = _pieces_per_use(contender)
    for place, (mask, count) in enumerate(zip(contender.masks, pieces, strict=True)):
        is_needed = count or contender.weights[place] or not any(pieces)
        if is_needed and not mask:
            if open_line.excluded or len(pieces) == 1:
                return refuse_absent(open_line)
            detail = f"nothing of product set {place + 1} is in the basket"
            return refuse(open_line, RefusalReason.NOT_IN_BASKET, detail)
    detail = _quantity_missing(contender, pieces)
    if detail:
        return refuse(open_line, RefusalReason.QUANTITY_SHORT, detail)
    missing = contender.spend - contender.units.gross(contender.base)
    if missing > 0:
        detail = f"{missing} cent{'s' * (missing > 1)} more to spend on its products"
        return refuse(open_line, RefusalReason.SPEND_SHORT, detail)
    if contender.overlapping and not contender.most_uses(contender.reach, pieces):
        detail = "the same products cannot count for two product sets"
        return refuse(open_line, RefusalReason.QUANTITY_SHORT, detail)
    return refuse(open_line, RefusalReason.NO_SAVING, "the price is already as low")


def _pieces_per_use(contender: Contender) -> list[int]:
    """Pieces per set for one use, those bought and those given together."""
    pieces = list(contender.pieces)
    given_of = contender.benefit.gives_of
    if given_of is not None:
        pieces[given_of] += contender.benefit.pieces_given
    return pieces


def _quantity_missing(contender: Contender, pieces: list[int]) -> str:
    for place, mask in enumerate(contender.masks):
        missing = pieces[place] - mask.bit_count()
        if pieces[place] and missing > 0:
            return f"{missing} more to buy"
        weight = contender.weights[place]
        if weight:
            found = contender.units.weight(mask)
            if found < weight:
                need = contender.open_line.terms.condition.needs[place]
                milli = -(-need.quantity_milli * (weight - found) // weight)
                return f"{milli / 1000:g} {need.unit} more to buy"
    return ""
