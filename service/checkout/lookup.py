"""Look-up: what a household that presents something could still use."""

from collections.abc import Sequence
from datetime import date

from service.checkout import answer
from service.checkout.recognise import look, recognise
from service.engine.redeem import OpenLine
from service.engine.redeem.refuse import refuse_unusable
from service.settings import Settings
from service.store.session import Database
from service.store.till import Presented, Reference, Seen, Steps, gate


def lookup(
    database: Database,
    settings: Settings,
    *,
    store_id: str,
    on: date,
    presented: Sequence[Presented],
) -> str:
    """The open lines on a day, as JSON; nothing is written."""
    steps = looking_up(settings, store_id=store_id, on=on, presented=presented)
    return gate.run(database, steps, write=False)


def looking_up(
    settings: Settings, *, store_id: str, on: date, presented: Sequence[Presented]
) -> Steps:
    """The steps of `lookup`."""
    # No sale has an empty terminal and number.
    nothing_bought = Reference(store_id, "", on, "")
    wanted = look(settings, nothing_bought, presented)
    seen = yield wanted
    assert isinstance(seen, Seen)
    found = recognise(presented, wanted, seen)
    lines: dict[str, list[OpenLine]] = {}
    refusals = list(found.refusals)
    for line in found.lines:
        refusal = refuse_unusable(line, on)
        if refusal is not None:
            refusals.append(refusal)
            continue
        lines.setdefault(line.list_code, []).append(line)
    return answer.open_lists(
        found.lists.values(), lines, refusals=refusals, household_id=found.household_id
    )
