"""The next list of one household, written from what it has just bought."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from service.cycle.compose import compose, read_around
from service.cycle.drafted import Drafted
from service.cycle.forecast import stored_model
from service.cycle.general import General, choose_lists, score_lists
from service.cycle.inputs import Inputs, local_date, read_inputs, read_purchases
from service.cycle.last_prices import last_prices
from service.cycle.serials import draw_recipients
from service.cycle.unlisted import Unlisted, read_unlisted
from service.engine.predict import default_model
from service.settings import Settings
from service.store import baskets, cycles, general_items, households, lists, work
from service.store.offers import products
from service.store.session import Database
from service.store.tables.shopping_list import ListState, ShoppingList


def write_next_list(
    database: Database, settings: Settings, household_id: int, *, marked_at: datetime
) -> None:
    """Write one household's draft; see `write_next_lists`."""
    write_next_lists(database, settings, [(household_id, marked_at)])


def write_next_lists(
    database: Database, settings: Settings, marks: Sequence[tuple[int, datetime]]
) -> None:
    """Write the drafts of some households, each as of the day after its last basket.

    A basket that says it is of a day to come counts as one of today: a till's wrong clock does not
    end a household's lists.

    `marks` are (household, its due mark). Offers are chosen at the shadow prices the newest cycle
    left, so that a draft agrees with the cycle; without a cycle it has reminders only. The model
    is the newest stored, or the shipped one. A mark ends with its draft; it stays when another
    basket came in the meantime, and a household without a mark keeps the draft it has. Households
    of one day are written together, which gives the same drafts as one by one.
    """
    of_day: dict[date, list[tuple[int, datetime]]] = {}
    today = local_date(datetime.now(UTC), settings)
    with database.read() as session:
        unlisted = read_unlisted(session, settings, [household_id for household_id, _ in marks])
        newest = baskets.newest_moments(session, [household_id for household_id, _ in marks])
    _end_unlisted(database, marks, unlisted)
    for household_id, marked_at in marks:
        if household_id in unlisted:
            continue
        # When it last bought anything is not asked of who agreed to no profile.
        known = newest if household_id not in unlisted.general else {}
        last = min(today, local_date(known.get(household_id, marked_at), settings))
        of_day.setdefault(last + timedelta(days=1), []).append((household_id, marked_at))
    for as_of, due in sorted(of_day.items()):
        drafts = _drafts(
            database,
            settings,
            [household_id for household_id, _ in due],
            as_of=as_of,
            general=unlisted.general,
        )
        with database.write() as session:
            for (household_id, marked_at), (draft, lines) in zip(due, drafts, strict=True):
                # Without a mark another worker has written it meanwhile, from a newer basket.
                if work.still_due(session, household_id):
                    lists.write_draft(session, draft, lines)
                    work.clear_due(session, household_id, marked_at)


def _end_unlisted(
    database: Database, marks: Sequence[tuple[int, datetime]], unlisted: Unlisted
) -> None:
    """End the marks of households of whom no list is made, and their drafts."""
    mine = [(household_id, at) for household_id, at in marks if household_id in unlisted]
    if not mine:
        return
    with database.write() as session:
        lists.remove_drafts(session, [household_id for household_id, _ in mine], until=date.max)
        for household_id, marked_at in mine:
            work.clear_due(session, household_id, marked_at)


def _drafts(
    database: Database,
    settings: Settings,
    household_ids: list[int],
    *,
    as_of: date,
    general: Collection[int],
) -> list[tuple[ShoppingList, list[dict[str, Any]]]]:
    """The drafts of some households as of a day, with their lines, in the order given.

    Of `general` ones no purchase is read.
    """
    known = [each for each in household_ids if each not in general]
    with database.read() as session:
        cycle = cycles.newest(session)
        cycle_id = cycle.id if cycle else None
        others = General(
            sorted({*household_ids} - {*known}), general_items.of_cycle(session, cycle_id)
        )
        purchases = read_purchases(session, settings, before=as_of, household_ids=known)
        asked = [purchases.select(others.selection().columns), others.selection()]
        inputs = read_inputs(session, settings, as_of=as_of, bought=pl.concat(asked))
        model = stored_model(session, as_of=as_of) or default_model(
            as_of=as_of, horizon_days=settings.forecast_days
        )
        seen = cycles.household_worth(session, cycle_id, known)
        inputs = inputs.with_tiers(seen)
        last = last_prices(session, settings, cycle, known, seen, as_of=as_of)
        last = last.beside(others.limits(settings))
        recipients = draw_recipients(
            session,
            settings,
            issue=f"draft:{as_of.isoformat()}",
            household_ids=household_ids,
            languages=households.languages(session, household_ids),
            refs=households.refs(session, household_ids),
            general=others.household_ids,
        )
        around = read_around(
            session,
            settings,
            inputs,
            household_ids,
            gtins=purchases["gtin"].unique().to_list(),
            general=others.household_ids,
        )
    scores = score_lists(purchases, others, model, inputs, horizon_days=settings.forecast_days)
    chosen = choose_lists(last, purchases, others, scores, inputs)
    with database.read() as session:
        goods = products.goods_of(session, chosen["offer_id"].unique().to_list())
    drafted = compose(
        recipients,
        settings=settings,
        inputs=inputs,
        purchases=purchases,
        scores=scores,
        chosen=chosen,
        goods=goods,
        around=around,
    )
    now = datetime.now(UTC)
    return [(_draft(each, inputs, now=now), each.lines) for each in drafted]


def _draft(drafted: Drafted, inputs: Inputs, *, now: datetime) -> ShoppingList:
    return ShoppingList(
        code=drafted.document.list_code,
        household_id=drafted.household_id,
        cycle_id=None,
        state=ListState.DRAFT,
        valid_from=inputs.valid_from,
        valid_to=inputs.valid_to,
        document=drafted.document.as_draft().to_json(),
        written_at=now,
    )
