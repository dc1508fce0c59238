"""Lines of one deal on several lists presented together share what the household has left."""

from collections.abc import Sequence

from service.engine.redeem.contender import Contender
from service.engine.redeem.draw import Draw
from service.engine.redeem.outcome import Refusal, RefusalReason
from service.engine.redeem.refuse import refuse

Drawn = tuple[Contender, Draw]


def share_limits(drawn: Sequence[Drawn]) -> tuple[list[Drawn], list[Refusal]]:
    """Contenders that keep the limits of their deals together, and those left without a use.

    `drawn` has what each draws alone, whoever expires first coming first; so do the kept. Of the
    lines of one deal the one that draws most gets its uses first, then whichever comes first.
    """
    by_deal: dict[int, list[int]] = {}
    for place, (contender, found) in enumerate(drawn):
        open_line = contender.open_line
        if open_line.deal_id is not None and open_line.deal_left is not None and found.uses:
            by_deal.setdefault(open_line.deal_id, []).append(place)
    kept: dict[int, Drawn] = dict(enumerate(drawn))
    refusals: list[Refusal] = []
    for places in by_deal.values():
        if len(places) < 2:
            continue
        taken = 0
        for place in sorted(places, key=lambda p: (-drawn[p][1].cents, -drawn[p][1].points, p)):
            contender, found = kept.pop(place)
            left = (contender.open_line.deal_left or 0) - taken
            if left <= 0:
                detail = "another list of this household uses the deal in this basket"
                refusals.append(refuse(contender.open_line, RefusalReason.LIMIT_REACHED, detail))
                continue
            # No more uses than it was counted with, whatever units are left for it.
            contender.max_uses = min(left, found.uses)
            found = contender.draw(contender.reach)
            taken += found.uses
            kept[place] = (contender, found)
    return [kept[place] for place in sorted(kept)], refusals
