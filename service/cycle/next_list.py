"""The next list of one household, written from what it has just bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from sqlmodel import Session

from service.cycle import stages
from service.cycle.compose import compose
from service.cycle.drafted import Drafted
from service.cycle.forecast import stored_model
from service.cycle.inputs import Inputs, local_date, read_inputs, read_purchases
from service.cycle.learn import model_of
from service.cycle.serials import draw_recipients
from service.engine.allocate import PriceBook, ShortfallPrices, allocate_household
from service.engine.allocate.value import ResponseModel
from service.engine.offers import candidates, given
from service.engine.predict import default_model
from service.settings import Settings
from service.store import baskets, cycles, households, lists, work
from service.store.offers import responses
from service.store.session import Database
from service.store.tables.cycle import Cycle
from service.store.tables.shopping_list import ListState, ShoppingList

_BOUNDS = {"category_id": pl.Int64, "medium_from": pl.Float64, "heavy_from": pl.Float64}


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
        newest = baskets.newest_moments(session, [household_id for household_id, _ in marks])
    for household_id, marked_at in marks:
        last = min(today, local_date(newest.get(household_id, marked_at), settings))
        of_day.setdefault(last + timedelta(days=1), []).append((household_id, marked_at))
    for as_of, due in sorted(of_day.items()):
        drafts = _drafts(database, settings, [household_id for household_id, _ in due], as_of=as_of)
        with database.write() as session:
            for (household_id, marked_at), (draft, lines) in zip(due, drafts, strict=True):
                # Without a mark another worker has written it meanwhile, from a newer basket.
                if work.still_due(session, household_id):
                    lists.write_draft(session, draft, lines)
                    work.clear_due(session, household_id, marked_at)


def _drafts(
    database: Database, settings: Settings, household_ids: list[int], *, as_of: date
) -> list[tuple[ShoppingList, list[dict[str, Any]]]]:
    """The drafts of some households as of a day, with their lines, in the order given."""
    with database.read() as session:
        purchases = read_purchases(session, settings, before=as_of, household_ids=household_ids)
        inputs = read_inputs(session, settings, as_of=as_of, bought=purchases)
        model = stored_model(session, as_of=as_of) or default_model(
            as_of=as_of, horizon_days=settings.horizon_days
        )
        cycle = cycles.newest(session)
        left = _left_by(session, cycle, household_ids, as_of=as_of) if cycle else None
        if cycle:
            inputs = inputs.with_tiers(cycles.tiers(session, cycle.id, household_ids))
        recipients = draw_recipients(
            session,
            settings,
            issue=f"draft:{as_of.isoformat()}",
            household_ids=household_ids,
            languages=households.languages(session, household_ids),
            refs=households.refs(session, household_ids),
        )
    scores = stages.score_households(purchases, model, inputs, horizon_days=settings.horizon_days)
    drafted = compose(
        recipients,
        settings=settings,
        inputs=inputs,
        purchases=purchases,
        scores=scores,
        chosen=_chosen(purchases, scores, inputs, left, settings),
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
        document=drafted.document.to_json(),
        written_at=now,
    )


@dataclass(frozen=True, slots=True)
class _Left:
    """What the newest cycle left for single households: its prices, bounds, and their worth."""

    seed: int
    bounds: pl.DataFrame
    prices: pl.DataFrame
    worth_deciles: dict[int, int | None]
    response: ResponseModel


def _left_by(session: Session, cycle: Cycle, household_ids: Sequence[int], *, as_of: date) -> _Left:
    return _Left(
        seed=cycle.seed,
        bounds=pl.DataFrame(cycle.usage_bounds, schema=_BOUNDS),
        prices=cycles.prices(session, cycle.id),
        worth_deciles=cycles.worth_deciles(session, cycle.id, household_ids),
        response=model_of(responses.newest(session, on=as_of)),
    )


def _chosen(
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    inputs: Inputs,
    left: _Left | None,
    settings: Settings,
) -> pl.DataFrame:
    """Each household's offers at the prices a cycle left; none without one. Nothing is reserved."""
    by = stages.valuation(
        settings,
        seed=left.seed if left else 0,
        response=left.response if left else ResponseModel(),
    )
    bounds = left.bounds if left else pl.DataFrame(schema=_BOUNDS)
    considered = candidates(
        purchases, scores, inputs.running, as_of=inputs.as_of, bounds=bounds, by=by
    )
    pairs = given(considered)
    if left is None:
        return pairs.clear()
    pairs = pairs.filter(pl.col("offer_id").is_in(left.prices["offer_id"].implode()))
    book = PriceBook(left.prices)
    terms = ShortfallPrices(floor_shortfall_price=settings.floor_shortfall_price)
    chosen = (
        allocate_household(
            mine,
            book,
            _limits(settings, left.worth_deciles.get(mine["household_id"][0])),
            terms=terms,
        )
        for mine in pairs.partition_by("household_id", maintain_order=True)
    )
    return pl.concat([pairs.clear(), *chosen])


def _limits(settings: Settings, worth_decile: int | None) -> dict[str, int | None]:
    """A household's limits; one that no cycle saw has neither floor nor ceiling of face value."""
    floor, ceiling = None, None
    if worth_decile is not None:
        floor, ceiling = stages.face_value_band(settings).limits(worth_decile)
    return {
        "slots": settings.offers_per_list,
        "category_max": settings.offers_per_category,
        "face_value_floor_cents": floor,
        "face_value_ceiling_cents": ceiling,
    }
