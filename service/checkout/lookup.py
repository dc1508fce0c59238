"""Look-up: what a household that presents something could still use."""

from collections.abc import Sequence
from datetime import date

from service.checkout import answer
from service.checkout.guessing import Tally
from service.checkout.heavy import is_long
from service.checkout.recognise import Found, look, recognise
from service.engine.redeem import OpenLine
from service.engine.redeem.refuse import refuse_unusable
from service.settings import Settings
from service.store.session import Database
from service.store.till import Aside, Presented, Reference, Seen, Steps, gate


def lookup(
    database: Database,
    settings: Settings,
    *,
    store_id: str,
    on: date,
    presented: Sequence[Presented],
    key_id: int | None = None,
) -> str:
    """The open lines on a day, as JSON; nothing is written."""
    steps = looking_up(settings, store_id=store_id, on=on, presented=presented, key_id=key_id)
    return gate.run(database, steps, write=False)


def looking_up(
    settings: Settings,
    *,
    store_id: str,
    on: date,
    presented: Sequence[Presented],
    key_id: int | None = None,
) -> Steps:
    """The steps of `lookup`."""
    # No sale has an empty terminal and number.
    nothing_bought = Reference(store_id, "", on, "")
    tally = Tally.of_lookup(settings, nothing_bought, key_id=key_id)
    wanted = look(settings, nothing_bought, presented, watch=tally.watch)
    seen = yield wanted
    assert isinstance(seen, Seen)
    tally.require_patience(seen)
    if is_long(lines=1, offers=len(seen.lines)):
        yield Aside()
    found = recognise(presented, wanted, seen)
    yield from tally.charge(found.unknown)
    return _answer(found, on)


def look_again(
    database: Database, settings: Settings, *, store_id: str, on: date, code: str
) -> str:
    """The same for a list that is known here, whoever guesses at the tills of the store.

    Raises InvalidInput when the store is not known.
    """
    presented = (Presented("list", code),)

    def steps() -> Steps:
        wanted = look(settings, Reference(store_id, "", on, ""), presented)
        seen = yield wanted
        assert isinstance(seen, Seen)
        return _answer(recognise(presented, wanted, seen), on)

    return gate.run(database, steps(), write=False)


def _answer(found: Found, on: date) -> str:
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
