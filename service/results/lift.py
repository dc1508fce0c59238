"""What a cycle's copies did: every deal against both of its controls, from the sums."""

from service.errors import Conflict, NotFound
from service.results.compare import (
    JUDGED,
    Against,
    DealLift,
    Drawn,
    Judgement,
    Side,
    judge,
)
from service.store import cycles
from service.store import outcomes as stored
from service.store.session import Database

__all__ = ["JUDGED", "Against", "DealLift", "Judgement", "Side", "lift_of"]


def lift_of(database: Database, cycle_id: int, *, offer_id: int | None = None) -> list[Judgement]:
    """The lift of a cycle's deals, by deal, window and control; of one deal, if one is named.

    A deal is judged beside all the others, whether they are shown or not. Raises NotFound for a
    cycle there is not, or a deal that it picked for nobody; Conflict where nothing was counted yet,
    or nobody was held out of anything.
    """
    with database.read() as session:
        cycle = cycles.get(session, cycle_id)
        if cycle is None:
            raise NotFound("There is no such cycle.")
        windows = {each.first_day: each for each in stored.windows(session, cycle_id)}
        deals = stored.deals(session, stored.counted_offers(session, cycle_id))
        judged = judge(stored.sums(session, cycle_id), deals, windows, Drawn.of(cycle))
    if not windows:
        raise Conflict("Nothing was counted for that cycle yet; run `larder lift count`.")
    if offer_id is not None and offer_id not in deals:
        raise NotFound("That cycle picked no such deal for anybody.")
    wanted = [each for each in judged if offer_id in (None, each.lift.offer_id)]
    if not wanted:
        raise Conflict("Nobody was held out: there is nothing to compare the copies with.")
    return wanted
