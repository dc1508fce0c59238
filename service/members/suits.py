"""Which lines of a list suit what a household told of what it does not eat, as far as is known."""

from enum import StrEnum

from sqlmodel import Session

from service.engine.records import ListDocument
from service.store import diets

Judged = dict[int, "Suits"]


class Suits(StrEnum):
    """What is known of a line: it does not suit, or of some of its goods nobody knows."""

    NO = "no"
    UNKNOWN = "unknown"


def judge(session: Session, household_id: int, document: ListDocument) -> Judged:
    """What is to be said of the lines of a list, by line; lines that suit are not among them.

    An offer is judged by all goods that count for it, an item by the product that the list names,
    or by all of its products. An offer without goods of its own suits.
    """
    needs = diets.read_household_needs(session, [household_id])["need"].to_list()
    if not needs:
        return {}
    of_offers = diets.known_of_offers(session, needs, [each.offer_id for each in document.offers])
    found = {each.line: of_offers.get(each.offer_id, (False, False)) for each in document.offers}
    of_goods = diets.known_of_goods(session, needs, [each.item_id for each in document.reminders])
    for each in document.reminders:
        named = of_goods.get((each.item_id, each.product))
        all_of = [known for (item_id, _), known in of_goods.items() if item_id == each.item_id]
        broken, unknown = (
            (any(part) for part in zip(*all_of, strict=True)) if all_of else (False, True)
        )
        found[each.line] = named or (broken, unknown)
    return {
        line: Suits.NO if broken else Suits.UNKNOWN
        for line, (broken, unknown) in found.items()
        if broken or unknown
    }
