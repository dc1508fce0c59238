"""Share a deal's remaining uses among its lines on several lists presented together."""

from collections.abc import Sequence

from service.engine.redeem.contender import Contender
from service.engine.redeem.draw import Draw
from service.engine.redeem.outcome import Refusal, RefusalReason
from service.engine.redeem.refuse import refuse

ContenderDraw = tuple[Contender, Draw]


def share_limits(drawn: Sequence[ContenderDraw]) -> tuple[list[ContenderDraw], list[Refusal]]:
    """Contenders within the limits of their deals together, and refusals of the others.

    `drawn` has what each draws alone, the first to expire first; the result has the same order. Of
    the lines of one deal the one that draws most gets its uses first, then the earlier one.
    """
    by_deal: dict[int, list[int]] = {}
    for place, (contender, found) in enumerate(drawn):
        open_line = contender.open_line
        if open_line.deal_id is not None and open_line.deal_left is not None and found.uses:
            by_deal.setdefault(open_line.deal_id, []).append(place)
    within: dict[int, ContenderDraw] = dict(enumerate(drawn))
    refusals: list[Refusal] = []
    for places in by_deal.values():
        if len(places) < 2:
            continue
        taken = 0
        for place in sorted(places, key=lambda p: (-drawn[p][1].cents, -drawn[p][1].points, p)):
            contender, found = within.pop(place)
            left = (contender.open_line.deal_left or 0) - taken
            if left <= 0:
                detail = "another list of this household uses the deal in this basket"
                refusals.append(refuse(contender.open_line, RefusalReason.LIMIT_REACHED, detail))
                continue
            # No more uses than were counted here, even if more units are left for it.
            contender.max_uses = min(left, found.uses)
            found = contender.draw(contender.reach)
            taken += found.uses
            within[place] = (contender, found)
    return [within[place] for place in sorted(within)], refusals
