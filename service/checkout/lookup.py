"""Look-up: what a household that presents something could still use."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from service.checkout import answer
from service.checkout.basket import Presented
from service.checkout.recognise import look, open_lines, read_shown, recognise, require_store
from service.engine.redeem.refuse import standing
from service.settings import Settings
from service.store.session import Database
from service.store.till import Reference, Seen, Steps, gate


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
    shown = read_shown(settings, presented)
    # No sale has an empty terminal and number.
    nothing_bought = Reference(store_id, "", on, "")
    seen = yield look(nothing_bought, shown, gtins=set())
    assert isinstance(seen, Seen)
    require_store(seen)
    found = recognise(presented, shown, seen)
    lines: dict[str, list[dict[str, Any]]] = {code: [] for code in found.lists}
    refusals = list(found.refusals)
    for line in open_lines((), found, seen):
        refusal = standing(line, on)
        if refusal is not None:
            refusals.append(refusal)
            continue
        lines[line.list_code].append(
            {
                "list_line": line.list_line,
                "offer": line.offer_id,
                "text": line.text,
                "uses_left": line.uses_left,
            }
        )
    return answer.compact(
        {
            "household_known": found.household_id is not None,
            "lists": [
                {
                    "list_code": each.code,
                    "valid_from": each.valid_from.isoformat(),
                    "valid_to": each.valid_to.isoformat(),
                    "lines": lines[each.code],
                }
                for each in found.lists.values()
            ],
            "refused": answer.refused(refusals),
        }
    )
