"""The next list of one household, written from what it has just bought."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import polars as pl

from service.cycle import stages
from service.cycle.basis import Basis, local_date, read_basis, read_purchases, stored_model
from service.cycle.serials import draw_codes
from service.engine.allocate import PriceBook, Terms, allocate_household
from service.engine.compose import Recipient
from service.engine.predict import default_model
from service.settings import Settings
from service.store import baskets, cycles, households, lists, work
from service.store.session import Database
from service.store.tables.cycle import Cycle
from service.store.tables.shopping_list import ListState, ShoppingList


def write_next_list(
    database: Database, settings: Settings, household_id: int, *, marked_at: datetime
) -> None:
    """Write a household's draft as of the day after its last basket, and end its due mark.

    Offers are chosen at the shadow prices the newest cycle left, so that the draft agrees with
    the cycle; without a cycle the draft has reminders only. The model is the newest stored, or
    the shipped one. The mark stays when another basket came in the meantime; a household without
    a mark keeps the draft it has.
    """
    with database.read() as session:
        newest = baskets.newest_moment(session, household_id)
        if newest is None:
            as_of = local_date(marked_at, settings) + timedelta(days=1)
        else:
            as_of = local_date(newest, settings) + timedelta(days=1)
        purchases = read_purchases(session, settings, before=as_of, household_ids=[household_id])
        basis = read_basis(session, settings, as_of=as_of, bought=purchases)
        model = stored_model(session, as_of=as_of) or default_model(
            as_of=as_of, horizon_days=settings.horizon_days
        )
        cycle = cycles.newest(session)
        prices = cycles.prices(session, cycle.id or 0) if cycle else None
        language = households.languages(session, [household_id])[household_id]
        ref = households.refs(session, [household_id])[household_id]
        (code,) = draw_codes(
            session,
            settings,
            issue=f"draft:{as_of.isoformat()}",
            households=[(household_id, ref)],
        )
    scores = stages.score_households(purchases, model, basis, horizon_days=settings.horizon_days)
    chosen = _chosen(purchases, scores, basis, cycle, prices, settings)
    (drafted,) = stages.compose(
        [Recipient(household_id, language, code)],
        settings=settings,
        basis=basis,
        purchases=purchases,
        scores=scores,
        chosen=chosen,
    )
    draft = ShoppingList(
        code=drafted.document.list_code,
        household_id=household_id,
        cycle_id=None,
        state=ListState.DRAFT,
        valid_from=basis.valid_from,
        valid_to=basis.valid_to,
        document=drafted.document.to_json(),
        written_at=datetime.now(UTC),
    )
    with database.write() as session:
        # Without a mark another worker has written it meanwhile, from a newer basket.
        if work.still_due(session, household_id):
            lists.write_draft(session, draft, drafted.lines)
            work.clear_due(session, household_id, marked_at)


def _chosen(
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    basis: Basis,
    cycle: Cycle | None,
    prices: pl.DataFrame | None,
    settings: Settings,
) -> pl.DataFrame:
    """The household's offers at the prices a cycle left; none without one. Nothing is reserved."""
    pairs = stages.candidates(
        purchases,
        scores,
        basis,
        bounds=_bounds(cycle),
        margin_percent=settings.margin_percent,
        seed=cycle.seed if cycle else 0,
    )
    if prices is None:
        return pairs.clear()
    pairs = pairs.filter(pl.col("offer_id").is_in(prices["offer_id"].implode()))
    return allocate_household(
        pairs,
        PriceBook(prices),
        {
            "slots": settings.offers_per_list,
            "category_max": settings.offers_per_category,
            "face_value_floor_cents": 0,
            "face_value_ceiling_cents": None,
        },
        terms=Terms(floor_shortfall_price=0.0),
    )


def _bounds(cycle: Cycle | None) -> pl.DataFrame:
    schema = {"category_id": pl.Int64, "medium_from": pl.Float64, "heavy_from": pl.Float64}
    if cycle is None:
        return pl.DataFrame(schema=schema)
    return pl.read_json(StringIO(cycle.usage_bounds), schema=schema)
